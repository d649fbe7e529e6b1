// Starts Swagger UI. Fields of a form stay empty: filled in from the examples, they would all be sent at once.
const empty = (Original, system) => (props) =>
  system.React.createElement(Original, { ...props, defaultToFirstExample: false });

const quoted = (text) => JSON.stringify(String(text));
const asked = (request) => ({
  url: request.get("url"),
  headers: Object.entries(request.get("headers")?.toJS?.() ?? {}),
});

function python(request) {
  const { url, headers } = asked(request);
  const given = headers.map(([name, value]) => `${quoted(name)}: ${quoted(value)}`).join(", ");
  return `from urllib.request import Request, urlopen\n\nwith urlopen(Request(${quoted(url)}, headers={${given}})) as answer:\n    print(answer.read().decode())\n`;
}

function javascript(request) {
  const { url, headers } = asked(request);
  const given = headers.map(([name, value]) => `${quoted(name)}: ${quoted(value)}`).join(", ");
  return `const answer = await fetch(${quoted(url)}, { headers: { ${given} } });\nconsole.log(await answer.text());\n`;
}

window.ui = SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
  docExpansion: "none",
  filter: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
  plugins: [
    () => ({
      wrapComponents: { ExamplesSelectValueRetainer: empty },
      fn: { requestSnippetGenerator_python: python, requestSnippetGenerator_javascript: javascript },
    }),
  ],
  requestSnippetsEnabled: true,
  requestSnippets: {
    generators: {
      curl_bash: { title: "curl", syntax: "bash" },
      python: { title: "Python", syntax: "python" },
      javascript: { title: "JavaScript", syntax: "javascript" },
    },
  },
  layout: "BaseLayout",
});

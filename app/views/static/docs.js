// Starts Swagger UI.

// Swagger UI fills a form in from the examples, and would send all of them at once. So those of parameters that one may
// leave out go into the description.
function shown(parameter) {
  const { examples, ...rest } = parameter;
  if (!examples || parameter.required) return parameter;
  const value = Object.values(examples)[0].value;
  return { ...rest, description: `${rest.description}\n\nExample: \`${Array.isArray(value) ? value.join(",") : value}\`` };
}

function withEmptyForms(spec) {
  const known = spec.components.parameters;
  for (const name in known) known[name] = shown(known[name]);
  for (const path in spec.paths) {
    const operation = spec.paths[path].get;
    operation.parameters = (operation.parameters ?? []).map(shown);
  }
  return spec;
}

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

const answer = await fetch("/openapi.json");
window.ui = SwaggerUIBundle({
  spec: withEmptyForms(await answer.json()),
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

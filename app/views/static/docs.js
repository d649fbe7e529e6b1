// Starts Swagger UI.

// Swagger UI fills a form in from the examples, and would send all of them at once. So those of parameters that one may
// leave out go into the description.
function shown(parameter) {
  const { examples, ...rest } = parameter;
  if (!examples || parameter.required) return parameter;
  const value = Object.values(examples)[0].value;
  return { ...rest, description: `${rest.description}\n\nExample: \`${Array.isArray(value) ? value.join(",") : value}\`` };
}

// Swagger UI shows code only of a request that was sent. So samples go into the description, with the address by which
// this page was reached.
function samples(operation) {
  const blocks = (operation["x-codeSamples"] ?? []).map(({ lang, label, source }) => {
    const here = source.replace(/https?:\/\/[^/'"]+/, location.origin);
    return `${label}\n\n\`\`\`${lang.toLowerCase()}\n${here}\`\`\`\n\n`;
  });
  return blocks.length ? `\n\n<details><summary>Code samples</summary>\n\n${blocks.join("")}</details>` : "";
}

function readable(spec) {
  const known = spec.components.parameters;
  for (const name in known) known[name] = shown(known[name]);
  for (const path in spec.paths) {
    const operation = spec.paths[path].get;
    operation.parameters = (operation.parameters ?? []).map(shown);
    operation.description += samples(operation);
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
  spec: readable(await answer.json()),
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

// What pages can do better with a script: suggestions while typing, copying, and the address of this very server.
const wide = matchMedia("(min-width: 60rem)");
for (const facets of document.querySelectorAll("[data-facets]")) if (wide.matches) facets.open = true;

for (const code of document.querySelectorAll("[data-copy]")) {
  code.textContent = code.textContent.replaceAll(/http:\/\/127\.0\.0\.1:[0-9]+\//g, `${location.origin}/`);
  if (!navigator.clipboard) continue;
  const button = Object.assign(document.createElement("button"), { type: "button", className: "copy", textContent: "Copy" });
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(code.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 1500);
  });
  code.parentElement.append(button);
}

for (const input of document.querySelectorAll("[data-suggest]")) suggest(input);

function suggest(input) {
  const list = Object.assign(document.createElement("ul"), { className: "suggestions", id: `${input.id}-suggestions`, hidden: true });
  const said = Object.assign(document.createElement("span"), { className: "hidden" });
  let found = [], at = -1, wait = 0, asked = "";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  said.setAttribute("role", "status");
  for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id })) input.setAttribute(name, value);
  input.form.append(list, said);

  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (next) => {
    at = next;
    [...list.children].forEach((item, i) => item.setAttribute("aria-selected", String(i === at)));
    if (at < 0) input.removeAttribute("aria-activedescendant");
    else input.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const show = (records) => {
    found = records;
    at = -1;
    list.replaceChildren(...records.map((record, i) => {
      const item = Object.assign(document.createElement("li"), { id: `${list.id}-${i}` });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", "false");
      const kind = Object.assign(document.createElement("span"), { className: "soft", textContent: record.resource });
      item.append(record.title ?? record.id, " ", kind);
      item.addEventListener("pointerdown", (event) => { event.preventDefault(); go(i); });
      return item;
    }));
    list.hidden = !records.length;
    input.setAttribute("aria-expanded", String(records.length > 0));
    said.textContent = records.length ? `${records.length} suggestions` : "";
  };
  const go = (i) => { location.href = found[i].url.replace(/^\/v1/, ""); };
  const ask = async () => {
    const text = input.value.trim();
    if (text === asked) return;
    asked = text;
    if (text.length < 2 || !/[\p{L}\p{N}]/u.test(text)) { show([]); return; }
    try {
      const answer = await fetch(`/v1/suggest?prefix=${encodeURIComponent(text)}`);
      const body = answer.ok ? await answer.json() : { data: [] };
      if (text === input.value.trim()) show(body.data);
    } catch { close(); }
  };
  input.addEventListener("input", () => { clearTimeout(wait); wait = setTimeout(ask, 90); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !list.hidden) { event.preventDefault(); close(); }
    else if (event.key === "Enter" && at >= 0) { event.preventDefault(); go(at); }
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && found.length) {
      event.preventDefault();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
      const step = event.key === "ArrowDown" ? 1 : -1;
      mark((at + step + found.length + (at < 0 && step < 0 ? 1 : 0)) % found.length);
    }
  });
}

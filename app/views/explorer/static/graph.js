// Shows what a record in the graph is linked to while it is pointed at or focused; a changed filter is asked for at once.
for (const picture of document.querySelectorAll("svg.picture")) {
  const nodes = new Map([...picture.querySelectorAll("[data-n]")].map((node) => [node.dataset.n, node]));
  const edges = [...picture.querySelectorAll(".edge")];
  const clear = () => {
    picture.classList.remove("on");
    for (const one of picture.querySelectorAll(".hot")) one.classList.remove("hot");
  };
  const show = (event) => {
    const node = event.target.closest("[data-n]");
    clear();
    if (!node) return;
    picture.classList.add("on");
    node.classList.add("hot");
    for (const edge of edges) {
      const { a, b } = edge.dataset;
      if (a !== node.dataset.n && b !== node.dataset.n) continue;
      edge.classList.add("hot");
      nodes.get(a)?.classList.add("hot");
      nodes.get(b)?.classList.add("hot");
    }
  };
  picture.addEventListener("pointerover", show);
  picture.addEventListener("focusin", show);
  picture.addEventListener("pointerleave", clear);
  picture.addEventListener("focusout", clear);
}
for (const form of document.querySelectorAll("[data-auto]")) form.addEventListener("change", () => form.requestSubmit());

// Suggestions under the search box (htmx brings them): arrows walk, Escape closes, leaving closes.
(() => {
  const listOf = (box) => box.querySelector(".suggest-list");
  document.addEventListener("keydown", (event) => {
    const box = event.target.closest?.("[data-suggest]");
    if (!box) return;
    const links = [...listOf(box).querySelectorAll("a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Escape") {
      listOf(box).replaceChildren();
      box.querySelector("input").focus();
    } else if (links.length && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      const next = at + (event.key === "ArrowDown" ? 1 : -1);
      (links[next] ?? box.querySelector("input")).focus();
    }
  });
  document.addEventListener("focusout", (event) => {
    const box = event.target.closest?.("[data-suggest]");
    if (box && event.relatedTarget && !box.contains(event.relatedTarget)) listOf(box).replaceChildren();
  });
  document.addEventListener("click", (event) => {
    for (const box of document.querySelectorAll("[data-suggest]")) if (!box.contains(event.target)) listOf(box).replaceChildren();
  });
})();

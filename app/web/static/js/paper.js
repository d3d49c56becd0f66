// Copy to the clipboard, print.
(() => {
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy && navigator.clipboard) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      copy.classList.add("changed");
    }
    if (event.target.closest("[data-print]")) window.print();
  });
})();

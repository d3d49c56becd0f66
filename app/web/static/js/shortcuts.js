// Single keys: `/` search, `c` create, `?` help, `g` then a letter goes places. Off when the reader says so; never in a field.
(() => {
  const on = document.documentElement.dataset.shortcuts !== "off";
  const typing = (element) => element.closest("input, textarea, select, [contenteditable], auto-complete");
  let waiting = 0;
  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    const after = waiting && Date.now() - waiting < 1200 ? "g " : "";
    waiting = 0;
    if (!after && event.key === "g") { waiting = Date.now(); return; }
    const target = document.querySelector(`[data-key="${CSS.escape(after + event.key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input")) { target.focus(); target.select(); } else target.click();
  });
})();

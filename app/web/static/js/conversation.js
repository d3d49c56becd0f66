// Writing on a record: a tab takes the cursor to its box, Ctrl+Enter sends, an act that opens takes the cursor to its first field.
(() => {
  document.addEventListener("click", (event) => {
    const box = document.getElementById(event.target.closest("label[data-write]")?.dataset.write ?? "");
    if (box) setTimeout(() => { box.focus(); box.scrollIntoView({ block: "nearest" }); });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || !event.target.matches("textarea[data-send]")) return;
    const form = event.target.form;
    const button = event.shiftKey ? form.querySelector("[data-send-resolve]") : form.querySelector("button:not([name]), button");
    if (!button) return;
    event.preventDefault();
    form.requestSubmit(button);
  });
  document.addEventListener("toggle", (event) => {
    if (!event.target.matches?.("details.act[open]")) return;
    const first = event.target.querySelector("[data-first]") ?? event.target.querySelector("select, textarea, input:not([type=hidden])");
    first?.focus();
  }, true);
})();

// Forms: the error summary takes the focus, its links go to the field, and a form is sent only once.
(() => {
  const summary = document.querySelector("[data-focus]");
  summary?.focus();
  summary?.addEventListener("click", (event) => {
    const field = document.getElementById(event.target.closest("a")?.hash.slice(1) ?? "");
    if (!field) return;
    event.preventDefault();
    (field.matches("input, select, textarea, button") ? field : field.querySelector("input, select, textarea") ?? field).focus();
    field.scrollIntoView({ block: "center" });
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[data-again]")) return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    setTimeout(() => delete form.dataset.sent, 5000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
  // A choice that applies at once; without script the button beside it does the same.
  document.addEventListener("change", (event) => { if (event.target.matches("[data-submit]")) event.target.form.requestSubmit(); });
})();
// Fields that only matter after a certain answer: data-shown-by="name=value|other value". Without script they are all there, with a note.
(() => {
  const answersTo = (name) => [...document.querySelectorAll(`[name="${CSS.escape(name)}"]`)]
    .filter((field) => !field.matches("[type=radio], [type=checkbox]") || field.checked)
    .map((field) => field.value);
  const fit = (box) => {
    const [name, values] = box.dataset.shownBy.split("=");
    const above = document.querySelector(`[name="${CSS.escape(name)}"]`)?.closest("[data-shown-by]");
    box.hidden = Boolean(above?.hidden) || !answersTo(name).some((value) => values.split("|").includes(value));
  };
  const all = () => document.querySelectorAll("[data-shown-by]").forEach(fit);
  all();
  document.addEventListener("change", all);
})();
// A form that keeps itself (data-autosave="where"): what is typed goes to the server a moment after the last key. Files only go when it is sent.
document.querySelectorAll("form[data-autosave]").forEach((form) => {
  const told = form.querySelector("[data-kept]");
  const typed = () => new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
  let timer = 0, kept = typed().toString();
  const keep = async () => {
    clearTimeout(timer);
    timer = 0;
    const body = typed();
    if (body.toString() === kept) return;
    const answer = await fetch(form.dataset.autosave, { method: "POST", body, headers: { "X-Autosave": "1" }, redirect: "error", keepalive: true }).catch(() => null);
    if (!answer?.ok) return; // the button “Keep for later” is there still
    kept = body.toString();
    told.hidden = false;
  };
  form.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(keep, 1200); told.hidden = true; });
  form.addEventListener("submit", () => { clearTimeout(timer); timer = 0; });
  document.addEventListener("visibilitychange", () => { if (document.visibilityState === "hidden" && timer) keep(); });
});

// Toasts: dismissed by button, or by themselves after a while unless they report an error or are being read.
(() => {
  const STAY = 8000, UNDO = 10000;   // what can be taken back stays as long as it can
  const settle = (toast) => {
    if (toast.dataset.toast === "error" || toast.dataset.settled) return;
    toast.dataset.settled = "yes";
    const stay = toast.dataset.toast === "undo" ? UNDO : STAY;
    let timer = setTimeout(() => toast.remove(), stay);
    const hold = () => clearTimeout(timer);
    const go = () => { timer = setTimeout(() => toast.remove(), stay); };
    toast.addEventListener("pointerenter", hold);
    toast.addEventListener("focusin", hold);
    toast.addEventListener("pointerleave", go);
    toast.addEventListener("focusout", go);
  };
  const region = document.getElementById("toasts");
  if (!region) return;
  region.querySelectorAll("[data-toast]").forEach(settle);
  new MutationObserver(() => region.querySelectorAll("[data-toast]").forEach(settle)).observe(region, { childList: true });
  document.addEventListener("click", (event) => { event.target.closest("[data-dismiss]")?.closest("[data-toast]")?.remove(); });
})();

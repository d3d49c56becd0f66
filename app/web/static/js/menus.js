// Menus are <details>: only one is open, a click elsewhere or Escape closes it, arrows walk through it.
(() => {
  const openMenus = () => document.querySelectorAll("details[data-menu][open]");
  const inside = (menu) => [...menu.querySelectorAll(".menu a, .menu button, .menu input")];

  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.("details[data-menu][open]");
    if (event.key === "Escape") {
      for (const open of openMenus()) open.open = false;
      menu?.querySelector("summary").focus();
    } else if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      const items = inside(menu);
      const step = event.key === "ArrowDown" ? 1 : -1;
      const next = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
      if (next) { event.preventDefault(); next.focus(); }
    }
  });
  document.addEventListener("focusin", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });

  // On a phone a row of tabs is longer than the screen: the one that is open is in sight.
  for (const tabs of document.querySelectorAll("nav.tabs")) {
    const open = tabs.querySelector("[aria-current]");
    if (open) tabs.scrollLeft = open.offsetLeft - tabs.offsetLeft - (tabs.clientWidth - open.offsetWidth) / 2;
  }

  // Dialogs: data-dialog="id" opens, data-close closes; the browser keeps the focus inside and gives it back.
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    const dialog = opener && document.getElementById(opener.dataset.dialog);
    if (dialog) { event.preventDefault(); dialog.showModal(); }
    if (event.target.closest("[data-close]") || event.target instanceof HTMLDialogElement) event.target.closest("dialog")?.close();
  });
})();

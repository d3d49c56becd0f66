// A queue by keyboard: j/k go, x ticks, space looks at it beside the list, Enter opens it, a takes it; the menu of a cell filters by it.
(() => {
  const queue = document.querySelector("[data-queue]");
  const bar = document.querySelector("[data-bulk]");
  const fold = document.querySelector("[data-columns]");
  if (fold) { // the order of the ticks is the order of the columns
    const order = fold.querySelector("[name=columns]");
    order.hidden = true;
    fold.addEventListener("change", (event) => {
      const box = event.target.closest("[data-column]");
      if (!box) return;
      const names = order.value.split(",").filter((name) => name && name !== box.value);
      order.value = (box.checked ? [...names, box.value] : names).join(",");
    });
  }
  if (!queue || !bar) return;
  const panel = document.getElementById("queue-panel");
  const rows = () => [...queue.querySelectorAll("tr[data-number]")];
  const on = document.documentElement.dataset.shortcuts !== "off";
  const chosen = bar.querySelector("[data-chosen]");
  let at = -1;
  let shown = "";
  const wide = window.matchMedia("(min-width: 1001px)");

  const ticks = () => [...queue.querySelectorAll("input[name=number]:checked")];
  const count = () => { const many = ticks().length; bar.hidden = many === 0; chosen.textContent = many; };
  queue.addEventListener("change", count);
  count();

  const go = (to) => {
    const all = rows();
    if (!all.length) return;
    at = Math.max(0, Math.min(all.length - 1, to));
    all.forEach((row, place) => row.classList.toggle("row-here", place === at));
    const link = all[at].querySelector("a.row-link");
    link?.focus({ preventScroll: true });
    all[at].scrollIntoView({ block: "nearest" });
    if (!panel.hidden) look(all[at].dataset.number);
  };
  const close = () => { panel.hidden = true; shown = ""; panel.replaceChildren(); };
  const look = async (number) => {
    if (shown === number) return;
    shown = number;
    const answer = await fetch(`/incidents/${number}/panel`, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (!answer?.ok || shown !== number) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    panel.replaceChildren(...page.body.childNodes);
    panel.hidden = false;
    panel.querySelectorAll("form[data-quick]").forEach((form) => { form.action += window.location.search; });
  };
  queue.addEventListener("click", (event) => { // where a row has nothing else to press, it opens beside the list
    const row = event.target.closest("tr[data-number]");
    if (!row || event.target.closest("a, input, label, button, .menu") || !window.getSelection().isCollapsed || !wide.matches) return;
    at = rows().indexOf(row);
    look(row.dataset.number).then(() => go(at));
  });
  panel.addEventListener("click", (event) => { if (event.target.closest("[data-close-panel]")) { close(); go(at); } });

  const menu = (cell, x, y) => {
    document.querySelector(".cell-pop")?.remove();
    const base = new URL(queue.dataset.base, window.location.href);
    const only = new URL(base);
    only.searchParams.delete(cell.dataset.filter);
    only.searchParams.append(cell.dataset.filter, cell.dataset.value);
    const without = new URL(base);
    without.searchParams.append("not", `${cell.dataset.filter}:${cell.dataset.value}`);
    const box = document.createElement("div");
    box.className = "menu cell-pop";
    box.setAttribute("role", "menu");
    for (const [words, url] of [[queue.dataset.only, only], [queue.dataset.not, without]]) {
      const link = document.createElement("a");
      link.href = url.href;
      link.setAttribute("role", "menuitem");
      link.textContent = `${words} ${cell.dataset.text}`;
      box.append(link);
    }
    document.body.append(box);
    box.style.left = `${Math.min(x, window.innerWidth - box.offsetWidth - 8) + window.scrollX}px`;
    box.style.top = `${y + window.scrollY}px`;
    box.querySelector("a").focus();
    box.addEventListener("keydown", (event) => { if (event.key === "Escape") { box.remove(); go(at); } });
  };
  queue.addEventListener("contextmenu", (event) => {
    const cell = event.target.closest("td[data-filter]");
    if (!cell || event.shiftKey) return;
    event.preventDefault();
    menu(cell, event.clientX, event.clientY);
  });
  document.addEventListener("click", (event) => { if (!event.target.closest(".cell-pop")) document.querySelector(".cell-pop")?.remove(); });

  document.addEventListener("keydown", (event) => {
    if (!on || event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const field = event.target.closest("input:not([type=checkbox]), textarea, select, auto-complete");
    if (event.key === "Escape" && !panel.hidden) { close(); go(at); return; }
    if (field || event.target.closest(".cell-pop")) return;
    const row = rows()[at];
    if (event.key === "j") go(at + 1);
    else if (event.key === "k") go(at < 0 ? 0 : at - 1);
    else if (event.key === "x" && row) { const box = row.querySelector("input[name=number]"); box.checked = !box.checked; count(); }
    else if (event.key === " " && row && !event.target.closest("button, summary")) { if (shown === row.dataset.number) close(); else look(row.dataset.number); }
    else if (event.key === "f" && row) { const cell = row.querySelector("td[data-filter]"); const place = cell?.getBoundingClientRect(); if (cell) menu(cell, place.left, place.bottom); }
    else if (event.key === "a" && row) {
      look(row.dataset.number).then(() => panel.querySelector("[data-take]")?.click());
    } else return;
    event.preventDefault();
  });
  const back = rows().findIndex((row) => `#${row.dataset.number}` === location.hash); // what was just changed from here
  if (back >= 0) go(back);
})();

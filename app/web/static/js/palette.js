// Ctrl/Cmd-K: go anywhere by typing. The places are links of the page; records come from the server as suggestions.
(() => {
  const dialog = document.getElementById("palette");
  if (!dialog) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const LAST = "desk.palette.last";
  const plain = (text) => text.normalize("NFD").replace(/\p{Diacritic}/gu, "").toLowerCase();
  const places = [...dialog.querySelectorAll("[data-place]")].map((link) => ({ text: link.textContent.trim(), href: link.href, icon: link.dataset.icon, node: link }));
  const remembered = () => { try { return JSON.parse(localStorage.getItem(LAST)) ?? []; } catch { return []; } };
  // What may be done on this page: the server drew only what is allowed.
  const commands = () => [...document.querySelectorAll("[data-command], .acts form > button, .acts summary")].filter((node) => node.checkVisibility?.() ?? true)
    .map((node) => ({ text: (node.dataset.command || node.textContent).trim().replace(/\s+/g, " "), act: node, node }));
  let chosen = 0;
  let asked = 0;
  let found = [];

  const row = (entry, index) => {
    const item = document.createElement("li");
    item.id = `palette-${index}`;
    item.setAttribute("role", "option");
    if (entry.act) item.act = entry.act;
    else item.dataset.href = entry.href;
    const icon = entry.node?.querySelector("svg")?.cloneNode(true);
    if (icon) item.append(icon);
    if (entry.number) {
      const number = document.createElement("span");
      number.className = "number quiet";
      number.textContent = entry.number;
      item.append(number);
    }
    item.append(entry.text);
    return item;
  };
  const mark = () => {
    const rows = [...list.children];
    rows.forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    input.setAttribute("aria-activedescendant", rows[chosen]?.id ?? "");
    rows[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const draw = () => {
    const words = plain(input.value).split(/\s+/).filter(Boolean);
    const last = remembered();
    const rank = (entry) => { const at = last.indexOf(entry.href); return at < 0 ? 99 : at; };
    const fitting = places.filter((entry) => words.every((word) => plain(entry.text).includes(word))).sort((a, b) => rank(a) - rank(b));
    const acts = commands().filter((entry) => words.every((word) => plain(entry.text).includes(word)));
    const rows = words.length ? [...found, ...acts, ...fitting] : [...acts, ...fitting];
    chosen = 0;
    list.replaceChildren(...rows.map(row));
    dialog.querySelector("[data-none]").hidden = rows.length > 0;
    mark();
  };
  const ask = async () => {
    const source = dialog.dataset.source;
    const mine = ++asked;
    found = [];
    draw();
    if (!source || input.value.trim().length < 2) return;
    const answer = await fetch(`${source}?q=${encodeURIComponent(input.value)}`, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer?.ok || mine !== asked) return;
    found = (await answer.json()).results;
    draw();
  };
  const go = (item) => {
    if (!item) return;
    if (item.act) {
      dialog.close();
      item.act.click();
      item.act.closest("details")?.querySelector("textarea, select, input:not([type=hidden])")?.focus();
      return;
    }
    const href = item.dataset.href;
    try { localStorage.setItem(LAST, JSON.stringify([href, ...remembered().filter((one) => one !== href)].slice(0, 5))); } catch { /* private window: nothing is remembered */ }
    window.location.assign(href);
  };
  const open = () => { if (!dialog.open) { input.value = ""; found = []; dialog.showModal(); draw(); } };

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "k") { event.preventDefault(); open(); }
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-palette]")) { event.preventDefault(); open(); } });
  input.addEventListener("input", ask);
  input.addEventListener("keydown", (event) => {
    const rows = list.children.length;
    if (event.key === "Enter") { event.preventDefault(); go(list.children[chosen]); }
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = rows ? (chosen + (event.key === "ArrowDown" ? 1 : -1) + rows) % rows : 0;
      mark();
    }
  });
  list.addEventListener("click", (event) => go(event.target.closest("[role=option]")));
})();

// Markdown in a box to write in, by a button or Ctrl/Cmd with B, I or K; and how it will be read. Without script the box is all there is.
(() => {
  const AROUND = { bold: "**", italic: "_", code: "`" }, BEFORE = { list: "- ", quote: "> " }, KEYS = { b: "bold", i: "italic", k: "link" };
  const boxOf = (bar) => document.getElementById(bar.getAttribute("aria-controls"));
  const barOf = (box) => box.id && document.querySelector(`[data-markdown][aria-controls="${CSS.escape(box.id)}"]`);
  // As if it was typed: so the browser's own undo takes it back.
  const put = (box, from, to, text, start, end) => {
    box.focus();
    box.setSelectionRange(from, to);
    if (!(text ? document.execCommand("insertText", false, text) : document.execCommand("delete"))) {
      box.setRangeText(text, from, to, "end");
      box.dispatchEvent(new Event("input", { bubbles: true }));
    }
    box.setSelectionRange(start, end);
  };
  const around = (box, sign) => {
    const { value, selectionStart: from, selectionEnd: to } = box, chosen = value.slice(from, to);
    if (sign === "`" && chosen.includes("\n")) return put(box, from, to, `\`\`\`\n${chosen}\n\`\`\``, from + 4, to + 4);
    const long = sign.length, there = value.slice(from - long, from) === sign && value.slice(to, to + long) === sign;
    if (there) put(box, from - long, to + long, chosen, from - long, to - long);
    else put(box, from, to, sign + chosen + sign, from + long, to + long);
  };
  const before = (box, sign) => {
    const from = box.value.lastIndexOf("\n", box.selectionStart - 1) + 1, end = box.value.indexOf("\n", box.selectionEnd), to = end < 0 ? box.value.length : end;
    const lines = box.value.slice(from, to).split("\n"), all = lines.every((line) => line.startsWith(sign));
    const text = lines.map((line) => (all ? line.slice(sign.length) : sign + line)).join("\n");
    put(box, from, to, text, lines.length > 1 ? from : from + text.length, from + text.length);
  };
  const link = (box) => {
    const { value, selectionStart: from, selectionEnd: to } = box, chosen = value.slice(from, to), leads = /^https?:\/\/\S+$/.test(chosen);
    const text = leads ? `[](${chosen})` : `[${chosen}](https://)`, inside = leads || !chosen ? from + 1 : from + chosen.length + 3;
    put(box, from, to, text, inside, leads || !chosen ? inside : inside + 8);
  };
  const set = (box, what) => {
    if (what in AROUND) around(box, AROUND[what]);
    else if (what in BEFORE) before(box, BEFORE[what]);
    else link(box);
  };
  const look = async (bar, box, shows) => {
    const button = bar.querySelector("[data-preview]");
    document.getElementById(`${box.id}-preview`)?.remove();
    if (shows && box.value.trim()) {
      const body = new URLSearchParams({ csrf_token: box.form.elements.csrf_token.value, body: box.value });
      const answer = await fetch(bar.dataset.markdown, { method: "POST", body }).catch(() => null);
      if (answer?.ok) {
        const view = document.createElement("div");
        view.id = `${box.id}-preview`;
        view.className = "prose preview";
        view.setAttribute("role", "region");
        view.setAttribute("aria-label", button.textContent.trim());
        view.tabIndex = 0;
        view.append(...new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes);
        box.after(view);
      } else shows = false;
    } else shows = false;
    button.setAttribute("aria-pressed", String(shows));
    bar.querySelectorAll("[data-set]").forEach((each) => { each.disabled = shows; });
    box.hidden = shows;
    if (!shows) box.focus();
  };
  document.querySelectorAll("[data-markdown]").forEach((bar) => { bar.hidden = false; });
  document.addEventListener("click", (event) => {
    const bar = event.target.closest("[data-markdown]"), button = event.target.closest("button");
    if (!bar || !button) return;
    if (button.dataset.set) set(boxOf(bar), button.dataset.set);
    else look(bar, boxOf(bar), button.getAttribute("aria-pressed") !== "true");
  });
  document.addEventListener("keydown", (event) => {
    const bar = event.target.closest("[data-markdown]"), what = KEYS[event.key.toLowerCase()];
    if (bar && (event.key === "ArrowRight" || event.key === "ArrowLeft")) { // one stop of the Tab key: arrows go on inside
      const all = [...bar.querySelectorAll("button:not(:disabled)")], place = all.indexOf(event.target) + (event.key === "ArrowRight" ? 1 : -1);
      const next = all[(place + all.length) % all.length];
      bar.querySelectorAll("button").forEach((each) => { each.tabIndex = each === next ? 0 : -1; });
      next.focus();
    } else if (what && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.target.matches("textarea") && barOf(event.target)) set(event.target, what);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  // What stays empty is asked for where one can type it.
  document.addEventListener("invalid", (event) => { if (event.target.hidden && barOf(event.target)) look(barOf(event.target), event.target, false); }, true);
})();

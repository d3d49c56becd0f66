// Writing on a record: a tab takes the cursor to its box, Ctrl+Enter sends, an act that opens takes the cursor to its first field.
(() => {
  document.addEventListener("click", (event) => {
    const box = document.getElementById(event.target.closest("label[data-write]")?.dataset.write ?? "");
    if (box) setTimeout(() => {
      box.focus();
      if (box.selectionEnd === 0) box.setSelectionRange(box.value.length, box.value.length); // behind the draft
      box.scrollIntoView({ block: "nearest" });
    });
  });
  document.querySelector(`label[data-write="${CSS.escape(location.hash.slice(1))}"]`)?.click(); // a draft that is there again
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
// In a box to write in: `:` and a few letters bring a ready answer, `@` and a few letters a person. The list beside the box does the same.
(() => {
  let list = null, box = null, start = 0, asking = 0;
  const close = () => { list?.remove(); list = null; box?.removeAttribute("aria-activedescendant"); };
  const options = () => [...list.querySelectorAll("[role=option]")];
  const mark = (option) => {
    options().forEach((each, place) => { each.id = `box-option-${place}`; each.setAttribute("aria-selected", String(each === option)); });
    if (option) box.setAttribute("aria-activedescendant", option.id);
    option?.scrollIntoView({ block: "nearest" });
  };
  const put = (text) => {
    box.setRangeText(text, start, box.selectionStart, "end");
    close();
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.focus();
  };
  const show = (rows) => {
    close();
    if (!rows.length) return;
    list = document.createElement("ul");
    list.className = "box-list";
    list.setAttribute("role", "listbox");
    list.append(...rows);
    list.addEventListener("mousedown", (event) => { event.preventDefault(); const row = event.target.closest("[role=option]"); if (row) put(row.dataset.put); });
    box.after(list);
    mark(rows[0]);
  };
  const row = (text, puts) => {
    const made = document.createElement("li");
    made.setAttribute("role", "option");
    made.textContent = text;
    made.dataset.put = puts;
    return made;
  };
  const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  document.addEventListener("input", async (event) => {
    if (!event.target.matches("textarea[data-people]")) return;
    box = event.target;
    const before = box.value.slice(0, box.selectionStart);
    const found = before.match(/(?:^|\s)([:@])([\p{L}\p{N}._-]*)$/u);
    if (!found) return close();
    start = before.length - found[2].length - 1;
    if (found[1] === ":") {
      const ready = [...(box.form.querySelector("#canned")?.options ?? [])].filter((each) => each.value);
      const typed = plain(found[2]), late = (each) => Number(!each.value.startsWith(typed));
      show(ready.filter((each) => plain(`${each.value} ${each.text}`).includes(typed)).sort((one, other) => late(one) - late(other)).map((each) => row(each.text, each.dataset.text)));
    } else if (found[2].length >= 2) {
      const mine = ++asking;
      const answer = await fetch(`${box.dataset.people}?q=${encodeURIComponent(found[2])}`).catch(() => null);
      if (!answer?.ok || mine !== asking) return;
      const part = new DOMParser().parseFromString(`<ul>${await answer.text()}</ul>`, "text/html");
      show([...part.querySelectorAll("[data-autocomplete-value]")].map((each) => row(`${each.querySelector("span:not(.avatar)")?.textContent ?? ""} @${each.dataset.autocompleteValue}`, `@${each.dataset.autocompleteValue} `)));
    } else close();
  });
  document.addEventListener("keydown", (event) => {
    if (!list || event.target !== box) return;
    const rows = options(), place = rows.findIndex((each) => each.getAttribute("aria-selected") === "true");
    if (event.key === "Escape") close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") mark(rows[(place + (event.key === "ArrowDown" ? 1 : -1) + rows.length) % rows.length]);
    else if ((event.key === "Enter" || event.key === "Tab") && !event.ctrlKey && !event.metaKey) put(rows[place].dataset.put);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);
  document.addEventListener("focusout", (event) => { if (event.target === box) setTimeout(close, 150); });
  // The list itself: what is chosen stands in the box at once.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("#canned")) return;
    const text = event.target.selectedOptions[0]?.dataset.text;
    box = event.target.form.querySelector("textarea");
    start = box.selectionStart;
    event.target.value = "";
    if (text) put(text);
  });
})();
// A picture that is pasted, or dropped on the box, goes along as a file and stands in the text where the cursor is.
(() => {
  const bring = (event, files) => {
    const box = event.target.closest?.("textarea[data-people]");
    const picker = box?.form.querySelector("input[type=file]");
    const pictures = [...(files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (!picker || !pictures.length) return;
    event.preventDefault();
    const all = new DataTransfer();
    for (const file of picker.files) all.items.add(file);
    for (const file of pictures) {
      const name = file.name === "image.png" || !file.name ? `picture-${all.items.length + 1}-${Date.now() % 100000}.png` : file.name.replace(/[^\w.-]+/g, "-");
      all.items.add(new File([file], name, { type: file.type }));
      box.setRangeText(`![${name}](${name})`, box.selectionStart, box.selectionEnd, "end");
    }
    picker.files = all.files;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  };
  document.addEventListener("paste", (event) => bring(event, event.clipboardData?.files));
  document.addEventListener("drop", (event) => bring(event, event.dataTransfer?.files));
})();

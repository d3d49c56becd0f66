// Who else is at a record, in its page and in the rows of a queue; and the word that one writes, said at most every three seconds.
(() => {
  const address = document.querySelector('meta[name="desk-live"]')?.content;
  const initials = (name) => { const words = name.split(/\s+/).filter(Boolean); return ((words[0]?.[0] ?? "") + (words.length > 1 ? words.at(-1)[0] : "")).toUpperCase(); };
  const one = (person, box) => {
    const node = document.createElement("span");
    node.className = person.writing ? "presence-one presence-writes" : "presence-one";
    const face = document.createElement("span");
    face.className = "avatar";
    face.setAttribute("aria-hidden", "true");
    face.textContent = initials(person.name);
    node.title = `${person.name} ${person.writing ? box.dataset.writes : box.dataset.looks}`;
    node.append(face, ` ${node.title}`);
    return node;
  };
  document.addEventListener("desk:presence", ({ detail }) => {
    for (const box of document.querySelectorAll(`[data-presence="${CSS.escape(detail.number)}"]`)) box.replaceChildren(...detail.people.map((person) => one(person, box)));
    const cell = document.querySelector(`[data-queue] tr[data-number="${CSS.escape(detail.number)}"] .queue-title`);
    if (!cell) return;
    cell.querySelector(".row-people")?.remove();
    if (!detail.people.length) return;
    const people = document.createElement("span");
    people.className = "row-people";
    for (const person of detail.people) {
      const face = document.createElement("span");
      face.className = person.writing ? "avatar presence-writes" : "avatar";
      face.title = person.name;
      face.textContent = initials(person.name);
      people.append(face);
    }
    cell.append(people);
  });
  document.addEventListener("desk:changed", ({ detail }) => {
    const row = detail.number && document.querySelector(`[data-queue] tr[data-number="${CSS.escape(detail.number)}"]`);
    if (!row) return;
    row.classList.add("row-changed");
    const news = document.querySelector("[data-news]");
    if (news) news.hidden = false;
  });
  let said = 0;
  document.addEventListener("input", (event) => {
    const number = document.getElementById("incident")?.dataset.number;
    if (!address || !number || !event.target.closest("textarea") || Date.now() - said < 3000) return;
    said = Date.now();
    fetch(`${address}/writing?number=${encodeURIComponent(number)}`, { method: "POST", credentials: "include" }).catch(() => {});
  });
})();

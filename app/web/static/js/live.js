// <live-record numbers="REQ0000001 RIT0000002" pages="approvals" since="2026-11-21T12:00:00+00:00" hx-get="…" hx-trigger="changed">
// fires "changed" on itself when one of these records, or one's own worklist, has changed. The page then asks for itself again.
// One stream serves all tabs of the browser: the tab that holds the lock listens for everybody, the others hear of it through a
// channel. Without JavaScript, or without the stream, a page is as fresh as its last reload and nothing else is missing.
(() => {
  const address = document.querySelector('meta[name="desk-live"]')?.content;
  if (!address || !window.EventSource || !window.customElements) return;
  const FIRST = 2000, LONGEST = 60000, GATHER = 150, PULSE = 20000;

  const here = new Set();                     // the elements of this tab
  const wishes = new Map();                   // tab → what it listens to and when it said so; of interest to the leader alone
  const me = Math.random().toString(36).slice(2);
  const channel = window.BroadcastChannel ? new BroadcastChannel("desk-live") : { postMessage() {}, onmessage: null };
  let source = null, asked = "", isLeader = false, pause = FIRST, timer = 0;

  const mine = () => {
    const all = { numbers: [], pages: [], here: [], since: "" };
    for (const element of here) {
      all.here.push(...element.words("here"));
      all.numbers.push(...element.words("numbers"));
      all.pages.push(...element.words("pages"));
      const since = element.getAttribute("since") || "";
      if (since && (!all.since || since < all.since)) all.since = since;
    }
    return all;
  };

  // Two changes in a row are one reload of the part; a hidden tab waits until somebody looks at it.
  const tell = (change) => {
    document.dispatchEvent(new CustomEvent("desk:changed", { detail: change }));
    for (const element of here) if (element.concerns(change)) element.mark();
  };

  const listen = () => {
    clearTimeout(timer);
    if (!isLeader) return;
    const old = Date.now() - 3 * PULSE;
    for (const [tab, wish] of wishes) if (tab !== me && wish.at < old) wishes.delete(tab);
    wishes.set(me, { ...mine(), at: Date.now() });
    const all = [...wishes.values()];
    const numbers = [...new Set(all.flatMap((wish) => wish.numbers))].sort().slice(0, 200);
    const pages = [...new Set(all.flatMap((wish) => wish.pages))].sort();
    const open = [...new Set(all.flatMap((wish) => wish.here ?? []))].sort();
    const wanted = `numbers=${numbers.join(",")}&pages=${pages.join(",")}${open.length ? `&here=${open.join(",")}` : ""}`;
    if (wanted === asked && source && source.readyState !== EventSource.CLOSED) return;
    source?.close();
    source = null;
    asked = wanted;
    if (!numbers.length && !pages.length) return;
    const since = all.map((wish) => wish.since).filter(Boolean).sort()[0];
    source = new EventSource(`${address}/stream?${wanted}${since ? `&since=${encodeURIComponent(since)}` : ""}`, { withCredentials: true });
    source.addEventListener("ready", () => { pause = FIRST; });
    source.addEventListener("changed", (event) => {
      const change = JSON.parse(event.data);
      channel.postMessage({ change });
      tell(change);
    });
    source.addEventListener("presence", (event) => {
      const presence = JSON.parse(event.data);
      channel.postMessage({ presence });
      document.dispatchEvent(new CustomEvent("desk:presence", { detail: presence }));
    });
    source.onerror = () => {                  // the browser tries again by itself, except after a refusal
      if (source?.readyState !== EventSource.CLOSED) return;
      timer = setTimeout(listen, pause * (0.75 + Math.random() / 2));
      pause = Math.min(pause * 2, LONGEST);
    };
  };

  let gathering = 0;
  const wish = () => {
    clearTimeout(gathering);
    gathering = setTimeout(() => {
      channel.postMessage({ tab: me, wish: mine() });
      listen();
    }, GATHER);
  };

  channel.onmessage = ({ data }) => {
    if (data.change) tell(data.change);
    else if (data.presence) document.dispatchEvent(new CustomEvent("desk:presence", { detail: data.presence }));
    else if (data.who) wish();
    else if (data.gone) { wishes.delete(data.gone); listen(); }
    else if (data.wish) { wishes.set(data.tab, { ...data.wish, at: Date.now() }); if (isLeader) listen(); }
  };

  const lead = () => {
    isLeader = true;
    channel.postMessage({ who: me });         // everybody, say what you listen to
    listen();
    return new Promise(() => {});             // until this tab is closed
  };

  let begun = false;
  const begin = () => {
    if (begun) return;
    begun = true;
    if (navigator.locks) navigator.locks.request("desk-live", lead);
    else lead();
    setInterval(wish, PULSE);
    addEventListener("pagehide", () => channel.postMessage({ gone: me }));
    addEventListener("pageshow", (event) => { if (event.persisted) wish(); });
  };

  customElements.define("live-record", class extends HTMLElement {
    constructor() {
      super();
      this.addEventListener("htmx:before:response", (event) => {  // what is shown stays, rather than an error or the sign-in page
        const answer = event.detail.ctx.response;
        if (answer.status >= 400 || answer.raw.redirected) event.preventDefault();
      });
      this.addEventListener("htmx:finally:request", (event) => { if (event.target === this) this.shown(event.detail.ctx); });
    }
    connectedCallback() { here.add(this); begin(); wish(); }
    disconnectedCallback() { here.delete(this); wish(); }
    words(name) { return (this.getAttribute(name) || "").split(/[\s,]+/).filter(Boolean); }
    concerns(change) { return change.number ? this.words("numbers").includes(change.number) : this.words("pages").includes(change.page); }
    mark() {
      clearTimeout(this.waiting);
      this.waiting = setTimeout(() => this.show(), GATHER);
    }
    show() {
      if (document.hidden) return document.addEventListener("visibilitychange", () => this.mark(), { once: true });
      if (this.isBusy) { this.again = true; return; }   // what is under way may have been read before this change
      this.isBusy = true;
      this.dispatchEvent(new CustomEvent("changed", { bubbles: true }));
    }
    shown(context) {
      this.isBusy = false;
      const failed = !context.response || context.response.status >= 500;
      this.pause = failed ? Math.min((this.pause || FIRST / 2) * 2, LONGEST) : 0;
      if (failed) this.waiting = setTimeout(() => this.show(), this.pause);
      else if (this.again) this.show();
      this.again = false;
    }
  });
})();

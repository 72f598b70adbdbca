/* The pages that stand open: a pill, a bell, and messages that renew themselves.
   Never moves the scroll, never touches what somebody writes. Frames carry keys
   and counts; words come from the ordinary pages. */
(() => {
  "use strict";
  const list = document.querySelector("[data-live-topic]");
  const bell = document.querySelector("[data-live-bell]");
  if (!list && !bell) return;

  const pill = document.querySelector("[data-live-pill]");
  const link = pill && pill.querySelector("a");
  const status = document.querySelector("[data-live-status]");
  const cut = document.querySelector("[data-live-cut]");
  const topic = list ? list.dataset.liveTopic : "";
  const isThread = topic.startsWith("p:");
  const isOlderPage = /[?&]avant=/.test(location.search);
  const POLL_MS = 15000, SILENCE_MS = 75000, HIDDEN_MS = 30000, MOST_PAGES = 10;
  const FIELDS = "textarea, input, select, [contenteditable]";

  let after = list ? list.dataset.liveAfter : "";
  let socket = null, failures = 0, stopped = false, busy = false;
  let retryTimer, pollTimer, silenceTimer, hiddenTimer, refreshTimer;
  const arrived = new Set();
  const changed = new Set();

  // --- Keys: 64 bits, as strings of figures -----------------------------------
  const isLater = (one, other) =>
    one.length - other.length ? one.length > other.length : one > other;
  const article = (key) => document.getElementById("publication-" + key);
  const keyOf = (item) => {
    const found = item && item.querySelector("[id^=publication-]");
    return found ? found.id.slice(12) : "";
  };

  // --- What a frame says --------------------------------------------------------
  function hear(frame) {
    if (isLater(frame.after, after || "")) after = frame.after;
    if (bell) ring(frame.bell);
    if (!list) return;
    frame.removed.forEach(remove);
    frame.changed.forEach((key) => article(key) && changed.add(key));
    if (changed.size) refreshSoon();
    if (frame.stale) return showPill(pill && pill.dataset.stale);
    const last = isThread ? "" : keyOf(list.lastElementChild);
    const before = arrived.size;
    for (const key of frame.arrived) {
      if (!article(key) && !(last && isLater(last, key))) arrived.add(key);
    }
    if (arrived.size !== before) showArrived();
  }

  // A page that has just come knows best: the other tabs take its number.
  const tabs = bell && "BroadcastChannel" in window ? new BroadcastChannel("bell") : null;
  if (tabs) {
    const badge = bell.querySelector("b");
    tabs.onmessage = (event) => Number.isInteger(event.data) && ring(event.data);
    if (badge) tabs.postMessage(badge.hidden ? 0 : parseInt(badge.textContent, 10) + /\+/.test(badge.textContent));
  }

  function ring(number) {
    const badge = bell.querySelector("b");
    if (!badge) return;
    badge.textContent = number > 99 ? "99+" : number ? String(number) : "";
    badge.hidden = !number;
  }

  function showArrived() {
    if (!pill) return;
    const words = pill.dataset.words.split("|"), number = arrived.size;
    showPill(number > 10 ? words[9].replace("10", number) : words[number - 1]);
  }

  function showPill(words) {
    if (!pill) return;
    pill.hidden = !words;
    link.textContent = words || "";
    if (status) status.textContent = words || "";
  }

  function sayCut(isCut) {
    if (cut && cut.hidden === isCut) cut.hidden = !isCut;
  }

  // --- The pill: new messages come in when they are asked for ---------------------
  if (link) link.addEventListener("click", async (event) => {
    if (isOlderPage || !list.children.length || !arrived.size) return;
    event.preventDefault();
    if (busy) return;
    busy = true;
    try {
      const first = await takeIn();
      showPill("");
      arrived.clear();
      if (first) {
        first.tabIndex = -1;
        first.focus();
      }
    } catch {
      location.assign(link.href);
    } finally {
      busy = false;
    }
  });

  async function page(url) {
    // To look is not to read: what is shown at last is said by sayRead.
    const headers = { Accept: "text/html", "Ruche-Look": "1" };
    const answer = await fetch(url, { credentials: "same-origin", headers });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  }

  /* Bring in what the page would show now, down to the first message it shows already. */
  async function takeIn() {
    const fetched = [];
    let url = location.pathname + location.search, meets = false, more = null;
    for (let number = 0; number < MOST_PAGES && url && !meets; number++) {
      const fresh = await page(url);
      const items = fresh.querySelector("[data-live-topic]");
      if (!items) throw new Error("no list");
      fetched.push(...items.children);
      meets = isThread || fetched.some((item) => article(keyOf(item)));
      more = fresh.querySelector("a[rel~=next]");
      url = more && new URL(more.getAttribute("href"), location.href).href;
    }
    if (!meets) throw new Error("too far");
    let next = null, first = null;
    for (const item of fetched.reverse()) {
      const known = article(keyOf(item));
      if (known) next = list.contains(known) ? known.closest("li") : next;
      else if (keyOf(item)) {
        next = list.insertBefore(document.importNode(item, true), next);
        first = next.querySelector("article");
      }
    }
    sayRead();
    return first;
  }

  /* As far as this page shows. Without it the messages stay new at the next visit: no harm. */
  function sayRead() {
    const token = document.querySelector("[name=csrfmiddlewaretoken]");
    const body = new URLSearchParams({ topic, key: keyOf(list.firstElementChild) });
    if (!token || isThread) return;
    const headers = { "X-CSRFToken": token.value };
    fetch("/moi/lu", { method: "POST", credentials: "same-origin", headers, body }).catch(() => {});
  }

  // --- Messages that changed: renewed where they are seen --------------------------
  function refreshSoon() {
    clearTimeout(refreshTimer);
    refreshTimer = setTimeout(refresh, 400 + Math.random() * 800);
  }

  const isSeen = (element) => {
    const box = element.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight;
  };
  const isWritten = (element) => {
    const active = document.activeElement;
    if (element.contains(active) && active.matches(FIELDS)) return true;
    return [...element.querySelectorAll("textarea")].some((area) => area.value !== area.defaultValue);
  };

  async function refresh() {
    const wanted = [...changed].filter((key) => {
      const known = article(key);
      if (!known) changed.delete(key);
      return known && isSeen(known) && !isWritten(known);
    });
    if (!wanted.length || document.hidden) return;
    const above = wanted.filter((key) => article(key).closest("[data-live-pinned]"));
    // What is pinned stands on the first page alone; it goes first, the others wait their turn.
    if (above.length) wanted.splice(0, wanted.length, ...above);
    const top = wanted.reduce((one, other) => (isLater(other, one) ? other : one));
    // The page from that message on: the same cards.
    const from = location.pathname + "?avant=" + (BigInt(top) + 1n);
    const url = isThread ? location.href : above.length ? location.pathname : from;
    wanted.forEach((key) => changed.delete(key));
    try {
      const fresh = await page(url);
      for (const key of wanted) {
        const renewed = fresh.getElementById("publication-" + key);
        if (renewed) renew(article(key), renewed);
        else if (key !== top && !above.length) changed.add(key);
      }
      if (changed.size) refreshSoon();
    } catch { /* The next visit shows it. */ }
  }

  function renew(old, renewed) {
    if (!old || isWritten(old)) return;
    const focusable = "a[href], button, summary";
    const place = [...old.querySelectorAll(focusable)].indexOf(document.activeElement);
    // The heading says "new": that is the reader's, and stays.
    const heading = old.querySelector(".message-title");
    const entered = document.importNode(renewed, true);
    const its = entered.querySelector(".message-title");
    if (heading && its) its.replaceWith(heading);
    old.replaceChildren(...entered.childNodes);
    if (place >= 0) {
      const again = old.querySelectorAll(focusable)[place];
      if (again) again.focus({ preventScroll: true });
    }
  }

  /* What is gone says so. It keeps its height unless it is below what is seen: nothing moves. */
  function remove(key) {
    arrived.delete(key);
    changed.delete(key);
    if (pill && !pill.hidden) arrived.size ? showArrived() : showPill("");
    const known = article(key), item = known && known.closest("li");
    if (!known) return;
    const box = known.getBoundingClientRect();
    if (item && box.top > innerHeight && !isWritten(known)) return item.remove();
    if (isWritten(known)) {
      known.querySelectorAll(".message-body, .message-foot form").forEach((part) => part.remove());
      return;
    }
    const words = document.createElement("p");
    words.className = "message-by gone";
    words.textContent = (pill && pill.dataset.gone) || "";
    words.tabIndex = -1;
    const hadFocus = known.contains(document.activeElement);
    known.style.minHeight = box.height + "px";
    known.replaceChildren(words);
    if (hadFocus) words.focus({ preventScroll: true });
  }

  addEventListener("scroll", () => changed.size && refreshSoon(), { passive: true });
  addEventListener("focusout", () => changed.size && refreshSoon());

  // --- The line ------------------------------------------------------------------
  const question = () => "/live?" + new URLSearchParams({ topic, after });

  function connect() {
    clearTimeout(retryTimer);
    if (stopped || socket || document.hidden) return;
    const opened = new WebSocket(location.origin.replace(/^http/, "ws") + question());
    socket = opened;
    opened.onmessage = (event) => {
      clearTimeout(pollTimer);
      pollTimer = failures = 0;
      sayCut(false);
      listenForSilence();
      hear(JSON.parse(event.data));
    };
    opened.onclose = (event) => {
      if (socket !== opened) return;
      socket = null;
      clearTimeout(silenceTimer);
      if ([4401, 4404, 1003, 1008].includes(event.code)) return stop();
      failures += 1;
      if (failures >= 3) pollSoon();
      // Not all at once: a server that comes back has many to greet.
      const wait = Math.min(60000, 1000 * 2 ** Math.min(failures - 1, 6));
      retryTimer = setTimeout(connect, wait * (0.5 + Math.random()));
    };
  }

  function listenForSilence() {
    clearTimeout(silenceTimer);
    silenceTimer = setTimeout(hangUp, SILENCE_MS);
  }

  function hangUp() {
    if (!socket) return;
    const closing = socket;
    closing.close();
    // A dead line never says that it closed.
    closing.onclose && closing.onclose({ code: 1006 });
  }

  function stop() {
    stopped = true;
    [retryTimer, pollTimer, silenceTimer].forEach(clearTimeout);
    sayCut(false);
  }

  function pollSoon() {
    sayCut(true);
    if (!pollTimer && !stopped) pollTimer = setTimeout(poll, POLL_MS * (0.8 + Math.random() * 0.2));
  }

  async function poll() {
    pollTimer = 0;
    if (stopped || document.hidden || (socket && socket.readyState === 1)) return;
    try {
      const answer = await fetch(question(), { credentials: "same-origin" });
      if (answer.status === 404) return stop();
      if (answer.ok) hear(await answer.json());
    } catch { /* Asked again in 15 s. */ }
    pollSoon();
  }

  function pause() {
    clearTimeout(retryTimer);
    clearTimeout(pollTimer);
    pollTimer = 0;
    if (!socket) return;
    const closing = socket;
    socket = null;
    clearTimeout(silenceTimer);
    closing.close();
  }

  function resume() {
    clearTimeout(hiddenTimer);
    if (stopped) return;
    connect();
    if (failures >= 3) pollSoon();
    if (changed.size) refreshSoon();
  }

  document.addEventListener("visibilitychange", () => {
    if (document.hidden) hiddenTimer = setTimeout(pause, HIDDEN_MS);
    else resume();
  });
  addEventListener("pagehide", pause);
  addEventListener("pageshow", (event) => event.persisted && resume());
  addEventListener("online", () => setTimeout(connect, Math.random() * 2000));
  addEventListener("offline", hangUp);
  connect();
})();

// One WebSocket per tab. An element with data-topic (one or more, between spaces) gets a "changed" event when a
// topic of it changes, and htmx then fetches it again. A message says that something changed, never what.
const FIRST_RETRY = 1000;
const LONGEST_RETRY = 30000;
const POLL = 30000; // while the socket is away
const LATE_AFTER = 2000; // A short gap is nobody's business.
const NEW_ROW = 3000;
const SAY_EVERY = 5000;
const SIGNED_OUT = 4401;
const BAD_TOPICS = 4400;

const dirty = new Set(); // ids of panels that changed while they could not be fetched
const busy = new Set(); // ids of panels that are being fetched
const asked = new Map(); // id -> when a panel with data-every was last asked for
const soon = new Map(); // id -> timer of its next time
const held = new Map(); // id -> changes that wait until the mouse leaves
const paused = new Set();
let socket = null;
let followed = "";
let retry = FIRST_RETRY;
let away = false;
let lateTimer = 0;
let pollTimer = 0;
let saidAt = 0;

const panels = () => [...document.querySelectorAll("[data-topic]")];
const topicsOf = (panel) => panel.dataset.topic.split(" ").filter(Boolean);
const rowsOf = (root) => [...root.querySelectorAll("tbody tr[id]")].map((row) => row.id);

function tell(topics) {
  for (const panel of panels()) {
    if (topics === null || topicsOf(panel).some((topic) => topics.includes(topic))) refresh(panel);
  }
}

function refresh(panel) {
  if (paused.has(panel.id) || soon.has(panel.id)) return;
  // A panel whose answer costs more says how often it may be asked for: data-every, in ms.
  const wait = (asked.get(panel.id) || 0) + Number(panel.dataset.every || 0) - Date.now();
  if (document.hidden || busy.has(panel.id)) dirty.add(panel.id);
  else if (wait > 0) soon.set(panel.id, setTimeout(refreshLater, wait, panel.id));
  else {
    if (panel.dataset.every) asked.set(panel.id, Date.now());
    panel.dispatchEvent(new CustomEvent("changed"));
  }
}

function refreshLater(id) {
  soon.delete(id);
  const panel = document.getElementById(id);
  if (panel) refresh(panel);
}

function catchUp() {
  for (const panel of panels()) if (dirty.delete(panel.id)) refresh(panel);
}

// What no watch follows is read again, as long as somebody can see it.
setInterval(() => {
  if (!document.hidden) document.querySelectorAll("[data-poll]").forEach(refresh);
}, POLL);

// --- the socket

function listen() {
  const topics = [...new Set(panels().flatMap(topicsOf))].sort().slice(0, 20);
  followed = topics.join(" ");
  if (topics.length === 0) return;
  const url = new URL("/dashboard/live", location.href.replace(/^http/, "ws"));
  topics.forEach((topic) => url.searchParams.append("topic", topic));
  const mine = new WebSocket(url);
  socket = mine;
  mine.onopen = () => {
    retry = FIRST_RETRY;
    setAway(false);
    tell(null); // Whatever happened before the socket was open was missed.
  };
  mine.onmessage = (message) => tell(JSON.parse(message.data).changed);
  mine.onclose = (event) => {
    if (mine !== socket || event.code === BAD_TOPICS) return;
    if (event.code === SIGNED_OUT) return location.reload();
    setAway(true);
    setTimeout(listen, retry * (0.5 + Math.random() / 2));
    retry = Math.min(LONGEST_RETRY, retry * 2);
  };
}

function listenAgain() {
  const topics = [...new Set(panels().flatMap(topicsOf))].sort().slice(0, 20).join(" ");
  if (topics === followed) return;
  const old = socket;
  socket = null;
  old?.close();
  listen();
}

function setAway(value) {
  clearTimeout(lateTimer);
  if (!value) {
    clearInterval(pollTimer);
    pollTimer = 0;
    away = false;
    markChips();
    return;
  }
  pollTimer ||= setInterval(() => tell(null), POLL);
  lateTimer = setTimeout(() => {
    away = true;
    markChips();
  }, away ? 0 : LATE_AFTER);
}

// A chip says what the server knows of its source; what this page knows of the server goes on top.
function markChips() {
  for (const panel of panels()) {
    const word = paused.has(panel.id) ? "paused by you" : away ? "reconnecting" : "";
    for (const chip of panel.querySelectorAll(".o-age.live, .o-age.ours")) {
      chip.className = word ? "o-age late ours" : "o-age live";
      chip.querySelector("b").textContent = word || "live";
      chip.querySelector("time")?.setAttribute("data-age", word ? "old" : "fresh");
    }
  }
}

// --- swaps

const isRefresh = (event) => event.detail.requestConfig?.triggeringEvent?.type === "changed";

function inUse(panel) {
  const body = panel.querySelector("tbody");
  const selection = getSelection();
  return (
    body !== null &&
    (body.matches(":hover") ||
      body.contains(document.activeElement) ||
      (!selection.isCollapsed && body.contains(selection.anchorNode)))
  );
}

function showHeld(panel) {
  const button = panel.querySelector("[data-show]");
  const count = held.get(panel.id) || 0;
  if (!button) return;
  button.hidden = count === 0;
  button.textContent = `${count} ${count === 1 ? "change" : "changes"}, show`;
}

function release(panel) {
  if (held.delete(panel.id)) panel.dispatchEvent(new CustomEvent("changed"));
}

document.addEventListener("htmx:configRequest", (event) => {
  const { triggeringEvent, headers, elt } = event.detail;
  // What a person asks for is answered in full; only a refresh may hear that nothing changed.
  if (triggeringEvent?.type === "changed" && elt.dataset.etag) headers["If-None-Match"] = elt.dataset.etag;
});

document.addEventListener("htmx:beforeRequest", (event) => busy.add(event.detail.target.id));

document.addEventListener("htmx:afterRequest", (event) => {
  const panel = event.detail.target;
  busy.delete(panel.id);
  if (event.detail.xhr.status >= 500 && panel.dataset.topic && !away) setAway(true);
  if (event.detail.successful && socket?.readyState === WebSocket.OPEN) setAway(false);
  if (panel.isConnected && dirty.delete(panel.id)) refresh(panel);
});

document.addEventListener("htmx:sendError", (event) => {
  if (event.detail.target.dataset.topic && !away) setAway(true);
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const panel = event.detail.target;
  if (!isRefresh(event)) return held.delete(panel.id);
  if (event.detail.xhr.status >= 400) {
    event.detail.shouldSwap = false; // An error never takes the place of good data.
    return;
  }
  const before = rowsOf(panel);
  const fresh = new DOMParser().parseFromString(event.detail.serverResponse, "text/html");
  const moved = rowsOf(fresh).join("\n") !== before.join("\n");
  if (moved && "hold" in panel.dataset && inUse(panel)) {
    event.detail.shouldSwap = false;
    held.set(panel.id, (held.get(panel.id) || 0) + 1);
    showHeld(panel);
    return;
  }
  held.delete(panel.id);
  const known = new Set(before);
  if (before.length) panel.arrivals = rowsOf(fresh).filter((id) => !known.has(id));
});

document.addEventListener("htmx:afterSettle", (event) => {
  const panel = event.detail.target;
  listenAgain();
  markChips();
  for (const each of panels()) each.querySelector("[data-pause]")?.removeAttribute("hidden");
  for (const id of panel.arrivals || []) {
    const row = document.getElementById(id);
    row?.classList.add("new");
    setTimeout(() => row?.classList.remove("new"), NEW_ROW);
  }
  panel.arrivals = [];
  say(panel.querySelector(".o-head p")?.textContent);
});

function say(sentence) {
  const region = document.getElementById("said");
  if (!sentence || !region || sentence === region.textContent || Date.now() - saidAt < SAY_EVERY) return;
  saidAt = Date.now();
  region.textContent = sentence;
}

// --- what people do

document.addEventListener("mouseout", (event) => {
  const body = event.target.closest?.("[data-hold] tbody");
  if (body && !body.contains(event.relatedTarget)) release(body.closest("[data-hold]"));
});

document.addEventListener("focusout", (event) => {
  const panel = event.target.closest?.("[data-hold]");
  if (panel && !panel.contains(event.relatedTarget)) release(panel);
});

document.addEventListener("click", (event) => {
  const show = event.target.closest("[data-show]");
  if (show) release(show.closest("[data-hold]"));
  const button = event.target.closest("[data-pause]");
  if (!button) return;
  const panel = button.closest("[data-topic]");
  const resumed = paused.delete(panel.id);
  if (!resumed) paused.add(panel.id);
  button.querySelector("span").textContent = resumed ? "Pause updates" : "Go on";
  markChips();
  if (resumed) refresh(panel);
});

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) catchUp();
});

for (const panel of panels()) panel.querySelector("[data-pause]")?.removeAttribute("hidden");
if (window.Idiomorph) {
  document.addEventListener("htmx:beforeSwap", () => {
    // Nobody's typing is undone by a refresh. A link or button that has the focus gets its new words all the same.
    Idiomorph.defaults.ignoreActiveValue = document.activeElement.matches("input, textarea, select");
  });
  // What is open stays open, a row that was chosen stays chosen, one that is new is marked for its time, and what
  // scripts have shown stays shown.
  const keeps = { open: "details", checked: "tbody input", class: "tr.new", hidden: "[data-copy], [data-choose-all]" };
  const kept = (name, node) => name in keeps && node.matches(keeps[name]);
  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, node) => !kept(name, node);
}
listen();

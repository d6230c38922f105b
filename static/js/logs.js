// Follows the log of a page. Rows look as the server makes them; see dashboard/logs.py and dashboard/ansi.py.
const MOST = 5000; // lines in the page
const EVERY = 250; // ms between two paints
const AT_ONCE = 300; // lines of one paint: more than anybody reads
const NEAR = 24; // px from the end that count as being there
const WORSE = { WARN: "w", WARNING: "w", ERROR: "e", ERR: "e", FATAL: "e", CRITICAL: "e", CRIT: "e", PANIC: "e", ALERT: "e", EMERG: "e", EMERGENCY: "e" };
const SEQUENCE = /\x1b\[([0-9;]*)m|\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]/g;
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f]/g;
const SETTLING = 4000; // ms in which the pods that there are begin to be read
const COLOURS = 6; // of pods, as in dashboard/logs.py
const POD_LENGTH = 16;
const STYLES = { 1: "a-bold", 2: "a-dim", 3: "a-italic", 4: "a-underline" };

const panel = document.querySelector("#log");
const box = panel.querySelector("#log-lines");
const state = panel.querySelector("[data-state] .st");
const toggle = panel.querySelector("[data-toggle]");
const fresh = panel.querySelector("[data-new]");
const mark = panel.dataset.mark.trim();
let waiting = []; // entries that are not painted yet
let unseen = 0; // lines that came while somebody reads further up
let passed = 0; // lines that came too fast to be painted
let timer = 0;
let source = null;
let paused = false;
let quietUntil = 0;

function element(name, css, text) {
  const made = document.createElement(name);
  if (css) made.className = css;
  if (text) made.textContent = text;
  return made;
}

// --- colours

function changed(styles, codes) {
  const numbers = codes.split(";").map(Number);
  let now = new Set(styles);
  while (numbers.length) {
    const code = numbers.shift();
    if (code === 0) now = new Set();
    else if (STYLES[code]) now.add(STYLES[code]);
    else if (code === 22) ["a-bold", "a-dim"].forEach((each) => now.delete(each));
    else if (code === 38 || code === 48) numbers.splice(0, numbers[0] === 5 ? 2 : 4);
    else if ((code >= 30 && code <= 37) || code === 39 || (code >= 90 && code <= 97)) {
      for (const each of now) if (/^a-\d$/.test(each)) now.delete(each);
      if (code !== 39) now.add(`a-${code % 10}`);
    }
  }
  return now;
}

function append(parent, text, styles) {
  if (!text) return;
  const place = styles.size ? element("span", [...styles].sort().join(" ")) : parent;
  marked(place, text.replace(CONTROLS, ""));
  if (place !== parent) parent.append(place);
}

function marked(place, text) {
  const lower = mark && text.toLowerCase();
  let at = 0;
  for (let found = mark ? lower.indexOf(mark.toLowerCase()) : -1; found >= 0; found = lower.indexOf(mark.toLowerCase(), at)) {
    place.append(text.slice(at, found), element("mark", "", text.slice(found, found + mark.length)));
    at = found + mark.length;
  }
  place.append(text.slice(at));
}

function coloured(text) {
  const made = element("span");
  let styles = new Set();
  let at = 0;
  for (const found of text.matchAll(SEQUENCE)) {
    append(made, text.slice(at, found.index), styles);
    if (found[1] !== undefined) styles = changed(styles, found[1]);
    at = found.index + found[0].length;
  }
  append(made, text.slice(at), styles);
  return made;
}

// --- rows

// The end of a pod's name tells it from the others of its workload; each keeps its colour.
function whose({ pod, container }) {
  const sum = [...pod].reduce((total, each, at) => total + (at + 1) * each.charCodeAt(0), 0);
  const made = element("b", `pod p-${sum % COLOURS}`, pod.slice(-POD_LENGTH));
  made.title = `${pod}/${container}`;
  return made;
}

function row(entry) {
  if (entry.gap) return element("span", "gap", entry.gap);
  const made = element("span", `l ${WORSE[entry.level] || ""}`.trim());
  const time = entry.timestamp || "";
  const clock = /T(\d\d:\d\d:\d\d\.\d{3})/.exec(time);
  const shown = "timestamps" in panel.dataset || !clock ? time : clock[1];
  made.append(element("s", "", shown));
  if (entry.pod) made.append(whose(entry));
  made.append(element("span", "lv", (entry.level || "").slice(0, 8)), coloured(entry.message));
  return made;
}

const isAtEnd = () => box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;

function toEnd() {
  box.scrollTop = box.scrollHeight;
}

function paint() {
  timer = 0;
  if (!waiting.length) return;
  if (paused || !isAtEnd()) return offer();
  show();
}

// Keep what one paint shows; a note of lines that were missed counts for those.
function shorten() {
  for (const entry of waiting.slice(0, -AT_ONCE)) passed += entry.lines ?? (entry.gap ? 0 : 1);
  waiting = waiting.slice(-AT_ONCE);
}

function show() {
  if (waiting.length > AT_ONCE) shorten();
  const rows = document.createDocumentFragment();
  if (passed) rows.append(row({ gap: `${passed.toLocaleString("en")} lines came too fast to be shown; the download has them` }));
  rows.append(...waiting.map(row));
  waiting = [];
  unseen = passed = 0;
  fresh.hidden = true;
  box.querySelector("[data-none]")?.remove();
  box.append(rows);
  while (box.childElementCount > MOST) box.firstElementChild.remove();
  toEnd();
}

function offer() {
  fresh.hidden = !unseen;
  fresh.textContent = `${unseen.toLocaleString("en")} new line${unseen === 1 ? "" : "s"}`;
}

function take(entry) {
  waiting.push(entry);
  if (!entry.gap) unseen += 1;
  if (waiting.length > MOST) shorten();
  if (!timer) timer = setTimeout(paint, EVERY);
}

// --- the stream

function say(glyph, text) {
  state.className = `st ${glyph} quiet`;
  const use = state.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#s-${glyph}`));
  state.lastChild.replaceWith(text);
}

function end(text, glyph = "off") {
  source.close();
  toggle.hidden = true;
  say(glyph, text);
}

function follow() {
  source = new EventSource(panel.dataset.follow);
  source.addEventListener("open", () => {
    quietUntil = Date.now() + SETTLING;
    say(paused ? "off" : "prog", paused ? "Paused" : "Following");
  });
  source.addEventListener("log", (event) => take(JSON.parse(event.data)));
  source.addEventListener("missed", (event) => {
    const { lines } = JSON.parse(event.data);
    const gap = `${lines.toLocaleString("en")} lines were left out: they came faster than they could be sent`;
    take({ gap, lines });
  });
  source.addEventListener("source", (event) => {
    const { source: name, type } = JSON.parse(event.data);
    if (type === "joined" && Date.now() < quietUntil) return; // They were there before.
    take({ gap: type === "joined" ? `${name} is read` : `${name} ended` });
  });
  source.addEventListener("sources", (event) => {
    const { leftOut } = JSON.parse(event.data);
    if (leftOut.length) take({ gap: `${leftOut.length} containers are too many to be followed at once` });
  });
  source.addEventListener("end", () => {
    const words = "pods" in panel.dataset ? "Every pod ended" : "The container ended";
    take({ gap: words.toLowerCase() });
    end(words);
  });
  source.addEventListener("error", (event) => {
    if (event.data) end(JSON.parse(event.data).message, "crit");
    else if (source.readyState === EventSource.CLOSED) end("Not following: the server refused", "crit");
    else say("warn", "Reconnecting");
  });
  toggle.hidden = false;
}

toggle.addEventListener("click", () => {
  paused = !paused;
  toggle.textContent = paused ? "Follow" : "Pause";
  say(paused ? "off" : "prog", paused ? "Paused" : "Following");
  if (!paused) {
    toEnd();
    paint();
  }
});

fresh.addEventListener("click", () => {
  show();
  box.focus();
});

box.addEventListener("scroll", () => {
  if (!paused && waiting.length && isAtEnd()) paint();
});

panel.querySelector("form").addEventListener("change", (event) => event.currentTarget.requestSubmit());
toEnd();
if (panel.dataset.follow) follow();
addEventListener("pagehide", () => source?.close());

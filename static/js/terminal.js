// A shell in a container. Frames of bytes are typed and printed, frames of text are JSON: see dashboard/terminal.py.
const READ_AT = 32768; // bytes drawn before the server hears of it
const RESIZE_AFTER = 100; // ms
const SCROLLBACK = 10000; // lines
const SIGNED_OUT = 4401;
const COLOURS = { background: "#0c0d10", foreground: "#eceef2", cursor: "#eceef2", selectionBackground: "#3d4f8f" };
const AS_AT_FIRST = "\x1b[?1047l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?2004l\x1b[!p\x1b[0m"; // whatever a program left behind

const panel = document.querySelector("#terminal");
const screen = panel.querySelector(".o-term");
const state = panel.querySelector("[data-state] .st");
const again = panel.querySelector("[data-again]");
const said = document.getElementById("said");
let socket = null;
let live = false; // a shell is there
let last = ""; // what the server said at the end
let read = 0;
let resizing = 0;

// The policy of the page lets in the styles that carry its nonce, and xterm makes elements without one.
const { nonce } = document.querySelector("link[nonce]");
const create = document.createElement;
document.createElement = function (name, options) {
  const made = create.call(this, name, options);
  if (name === "style") made.nonce = nonce;
  return made;
};

screen.hidden = panel.querySelector("footer").hidden = false;
const terminal = new Terminal({
  cursorBlink: !matchMedia("(prefers-reduced-motion: reduce)").matches,
  fontFamily: getComputedStyle(screen).fontFamily,
  fontSize: 13,
  scrollback: SCROLLBACK,
  theme: COLOURS,
});
const fit = new FitAddon.FitAddon();
terminal.loadAddon(fit);
terminal.open(screen);
terminal.textarea.setAttribute("aria-label", panel.getAttribute("aria-label"));
fit.fit();

function say(glyph, text) {
  state.className = `st ${glyph} quiet`;
  const use = state.querySelector("use");
  use.setAttribute("href", use.getAttribute("href").replace(/#.*/, `#s-${glyph}`));
  state.lastChild.replaceWith(text);
  said.textContent = text;
}

function tell(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(message);
}

function draw(bytes) {
  terminal.write(bytes, () => {
    read += bytes.length;
    if (read < READ_AT) return;
    tell(JSON.stringify({ read }));
    read = 0;
  });
}

function note(text) {
  terminal.write(`\r\n\x1b[2m── ${text} ──\x1b[0m\r\n`);
}

function finish(glyph, text) {
  live = false;
  last = text;
  terminal.write(AS_AT_FIRST);
  note(text);
  say(glyph, text);
}

function hear(message) {
  if (message.ready) {
    live = true;
    say("ok", `Connected: ${message.ready.shell} in ${message.ready.container}`);
    terminal.focus();
  } else if (message.note) note(message.note);
  else if (message.error) finish("crit", message.error);
  else if (message.ended) finish("off", message.ended);
  else if ("exit" in message) finish(message.exit ? "warn" : "off", `Ended with exit code ${message.exit}`);
}

function connect() {
  const url = new URL(panel.dataset.socket, location.href.replace(/^http/, "ws"));
  url.searchParams.set("columns", terminal.cols);
  url.searchParams.set("rows", terminal.rows);
  const mine = new WebSocket(url);
  socket = mine;
  last = "";
  read = 0;
  again.hidden = true;
  say("prog", "Connecting");
  mine.binaryType = "arraybuffer";
  mine.onmessage = ({ data }) => (typeof data === "string" ? hear(JSON.parse(data)) : draw(new Uint8Array(data)));
  mine.onclose = (event) => {
    if (mine !== socket) return;
    if (event.code === SIGNED_OUT) return location.reload();
    if (!last) finish("crit", live ? "The connection was lost, and the shell with it" : "No connection: the server refused it or is away");
    again.hidden = false;
    if (screen.contains(document.activeElement)) again.focus();
  };
}

terminal.onData((text) => live && tell(new TextEncoder().encode(text)));
terminal.onBinary((text) => live && tell(Uint8Array.from(text, (each) => each.charCodeAt(0))));
terminal.onResize(({ cols, rows }) => {
  clearTimeout(resizing);
  resizing = setTimeout(() => live && tell(JSON.stringify({ resize: [cols, rows] })), RESIZE_AFTER);
});

// False leaves a key to the browser: the way out for the keyboard, copy what is selected, and paste.
terminal.attachCustomKeyEventHandler((event) => {
  if (event.key === "Tab" && (event.shiftKey || !live)) return false;
  if (!event.ctrlKey || event.altKey) return true;
  if (event.code === "KeyC" && terminal.hasSelection()) return false;
  return !(event.code === "KeyV" && event.shiftKey);
});

again.addEventListener("click", connect);
new ResizeObserver(() => fit.fit()).observe(screen);
addEventListener("pagehide", () => socket.close());
connect();

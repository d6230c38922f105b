// Comfort on top of pages that work without it: palette, theme, keys, ticking ages, toasts.
const TICK = 1000;
const TOAST = 6000;
const MOST_TOASTS = 3;
const KEYS_OFF = "keys-off";
const root = document.documentElement;
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// --- ages

function ageText(seconds, style) {
  if (style === "fresh") return seconds < 60 ? `· ${ageText(seconds, "long")}` : "";
  if (style === "old") return `· ${ageText(seconds, "long")} old`;
  const long = style !== "short";
  const units = [[86400, "d"], [3600, "h"], [60, long ? "min" : "m"]];
  for (const [size, unit] of units) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${long ? " " : ""}${unit}`;
  }
  return `${Math.floor(seconds)}${long ? " " : ""}s`;
}

function leftText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const part = (size, unit) => Math.floor((whole % unit) / size);
  const two = (number) => String(number).padStart(2, "0");
  if (whole < 3600) return `${part(60, 3600)}:${two(whole % 60)}`;
  if (whole < 86400) return `${part(3600, 86400)} h ${two(part(60, 3600))} min`;
  return `${Math.floor(whole / 86400)} d ${part(3600, 86400)} h`;
}

function tick() {
  if (document.hidden) return;
  const now = Date.now();
  for (const element of all("time[data-left]")) {
    const seconds = (Date.parse(element.dateTime) - now) / 1000;
    element.textContent = leftText(seconds);
    element.classList.toggle("now", seconds < 300);
    element.classList.toggle("soon", seconds >= 300 && seconds < 900);
  }
  for (const element of all("time[data-age]")) {
    const seconds = Math.max(0, (now - Date.parse(element.dateTime)) / 1000);
    const text = ageText(seconds, element.dataset.age);
    if (Number.isFinite(seconds) && element.textContent !== text && seconds >= 1) element.textContent = text;
  }
}
setInterval(tick, TICK);

// --- theme

function dark() {
  return root.dataset.bsTheme ? root.dataset.bsTheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("[data-theme-form]");
  if (!form) return;
  event.preventDefault();
  const theme = dark() ? "light" : "dark";
  root.dataset.bsTheme = theme;
  const body = new FormData(form);
  body.set("theme", theme);
  body.set("fetch", "1");
  fetch(form.action, { method: "POST", body });
});

// --- drop-downs

document.addEventListener("click", (event) => {
  for (const drop of all("details[data-drop][open]")) if (!drop.contains(event.target)) drop.open = false;
  const close = event.target.closest("[data-close]");
  if (close) close.closest(".o-toast").remove();
  if (event.target.closest("[data-keys]")) find("#keys").showModal();
  if (event.target.matches("dialog")) event.target.close(); // The backdrop belongs to the dialog.
});

// Browsers let pages copy only over HTTPS or on the machine itself; elsewhere the button stays hidden.
function offerCopies() {
  for (const button of all("[data-copy]")) button.hidden = !navigator.clipboard;
}
document.addEventListener("htmx:afterSettle", offerCopies);
offerCopies();

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  await navigator.clipboard.writeText(find(button.dataset.copy).textContent.trim());
  toast({ title: "Copied" });
});

document.addEventListener("input", (event) => {
  const list = event.target.dataset.narrow && find(event.target.dataset.narrow);
  if (!list) return;
  const text = event.target.value.trim().toLowerCase();
  for (const choice of all(".o-choice", list)) choice.hidden = !choice.textContent.toLowerCase().includes(text);
});

// --- palette

const palette = find("#palette");

function openPalette() {
  if (!palette || palette.open) return;
  palette.showModal();
  const input = find("input[type=search]", palette);
  input.select();
  htmx.trigger(input, "palette");
}

const hits = () => all("#palette-results a");
let waiting = []; // keys pressed before the hits for what was typed were there

function whenFound(act) {
  const answered = find("#palette-results [data-q]")?.dataset.q;
  if (answered === find("input[type=search]", palette).value.trim()) act();
  else waiting.push(act);
}

function goToHit() {
  const hit = find("#palette-results a.at");
  if (hit) hit.click();
  else find("form", palette).submit(); // Its page says more.
}

function moveHit(step) {
  const found = hits();
  const at = found.findIndex((hit) => hit.classList.contains("at"));
  found[at]?.classList.remove("at");
  const next = found[(at + step + found.length) % found.length];
  next?.classList.add("at");
  next?.scrollIntoView({ block: "nearest" });
}

palette?.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    whenFound(() => moveHit(step));
  }
});
palette?.addEventListener("input", () => (waiting = []));
palette?.addEventListener("close", () => (waiting = []));

palette?.addEventListener("submit", (event) => {
  event.preventDefault();
  whenFound(goToHit);
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "palette-results") return;
  moveHit(1);
  const acts = waiting;
  waiting = [];
  for (const act of acts) whenFound(act);
});

document.addEventListener("htmx:afterRequest", (event) => {
  if (event.detail.target.id !== "palette-results" || event.detail.successful || !waiting.includes(goToHit)) return;
  find("form", palette).submit();
});

for (const link of all("[data-palette]")) {
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    openPalette();
  });
}

// --- keys

let going = 0; // until when a letter after G counts
const keysOn = () => localStorage.getItem(KEYS_OFF) === null;

function moveRow(step) {
  const rows = all("main tbody tr");
  const at = rows.indexOf(document.activeElement.closest?.("tr"));
  const row = rows[at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, at + step))];
  if (!row) return;
  row.tabIndex = -1;
  row.focus();
  row.scrollIntoView({ block: "nearest" });
}

const actions = {
  "/": () => find("main [role=search] input[type=search]")?.focus(),
  j: () => moveRow(1),
  k: () => moveRow(-1),
  g: () => (going = Date.now() + 1500),
  "?": () => find("#keys").showModal(),
};

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openPalette();
    return;
  }
  if (event.key === "Escape") escape();
  if (event.ctrlKey || event.metaKey || event.altKey || !keysOn() || find("dialog[open]")) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (event.key === "Enter" && event.target.matches("tr")) find("a[href]", event.target)?.click();
  const key = event.key.toLowerCase();
  const area = Date.now() < going && find(`.o-nav a.n[data-key="${CSS.escape(key)}"]`);
  const action = area ? () => area.click() : actions[key];
  if (!action) return;
  event.preventDefault();
  if (key !== "g") going = 0;
  action();
});

function escape() {
  const open = all("details[data-drop][open]").at(-1);
  if (open) {
    open.open = false;
    find("summary", open).focus();
  } else if (document.activeElement.closest("tr")) document.activeElement.blur();
}

const keysSwitch = find("[data-keys-switch]");
if (keysSwitch) {
  keysSwitch.checked = keysOn();
  keysSwitch.addEventListener("change", () => {
    if (keysSwitch.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "1");
  });
}
for (const button of all("[data-keys]")) button.hidden = false;

// --- toasts: those that the server sends, and those that it asks for with HX-Trigger

const toasts = find("#toasts");

function toast({ title, message = "", glyph = "ok", href = "", action = "" }) {
  const box = document.createElement("div");
  box.className = "o-toast";
  box.setAttribute("role", glyph === "crit" ? "alert" : "status");
  const icons = find("use").getAttribute("href").split("#")[0];
  box.innerHTML = `<span class="st"><svg aria-hidden="true"><use/></svg></span>
    <div class="grow"><div class="strong"></div><div class="sm t2"></div></div>
    <button class="o-ib o-close" type="button" data-close aria-label="Close">
    <svg class="i i-s" aria-hidden="true"><use href="${icons}#i-x"/></svg></button>`;
  find(".st", box).classList.add(glyph);
  find("use", box).setAttribute("href", `${icons}#s-${glyph}`);
  find(".strong", box).textContent = title;
  find(".t2", box).textContent = message;
  if (href) {
    const link = document.createElement("a");
    link.className = "sm";
    link.href = href;
    link.textContent = action;
    find(".grow", box).append(link);
  }
  toasts.append(box);
}

document.addEventListener("toast", (event) => toast(event.detail.value || event.detail));

new MutationObserver((changes) => {
  for (const box of changes.flatMap((change) => [...change.addedNodes]).filter((node) => node.matches?.(".o-toast"))) {
    if (box.getAttribute("role") !== "alert") setTimeout(() => box.remove(), TOAST); // Errors stay.
  }
  while (toasts.children.length > MOST_TOASTS) toasts.firstElementChild.remove();
}).observe(toasts, { childList: true });

document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  // Only our own words are shown: a page of some proxy in between is not. A 422 is the form again.
  if (xhr.status >= 400 && xhr.status !== 422 && !xhr.getResponseHeader("HX-Retarget")) event.detail.shouldSwap = false;
});

document.addEventListener("htmx:sendError", (event) => {
  const asked = event.detail.requestConfig?.triggeringEvent?.type !== "changed"; // A refresh shows in the chips.
  if (asked && !toasts.childElementCount) toast({ title: "No answer", message: "The server cannot be reached.", glyph: "crit" });
});

document.addEventListener("htmx:configRequest", (event) => {
  // An empty filter is no filter, and says nothing in an address.
  const { verb, formData } = event.detail;
  if (verb === "get") for (const [key, value] of [...formData.entries()]) if (value === "") formData.delete(key);
});
tick();

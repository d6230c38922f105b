// The editor on top of a form that works without it: colours, a check while typing, a warning before text is lost.
const PAUSE = 700; // milliseconds after the last key until the text is checked
const form = document.querySelector("form[data-edit]");
const area = form.querySelector("textarea[name=yaml]");
const start = area.value;
const unsaved = form.hasAttribute("data-unsaved"); // The text came back from the server, and is stored nowhere.
let sending = false;
let waiting = 0;

function check() {
  clearTimeout(waiting);
  if (form.hasAttribute("hx-post")) htmx.trigger(form, "check");
}

function changed(text) {
  area.value = text;
  const edited = form.querySelector("[data-edited]");
  if (edited) edited.hidden = text === start && !unsaved;
  const apply = form.querySelector("[value=apply]");
  if (apply && form.hasAttribute("hx-post")) apply.disabled = true; // What it would apply has not been checked.
  clearTimeout(waiting);
  waiting = setTimeout(check, PAUSE);
}

const place = document.createElement("div");
place.className = form.hasAttribute("hx-post") ? "o-editor" : "o-editor low";
area.before(place);
area.hidden = true;
const editor = YAMLEditor.open(place, { text: start, label: area.getAttribute("aria-label"), changed });

form.addEventListener("htmx:configRequest", (event) => {
  if (event.detail.triggeringEvent?.type === "check") event.detail.parameters.act = "check";
});

form.addEventListener("click", (event) => {
  if (!event.target.closest("[data-check]") || !form.hasAttribute("hx-post")) return;
  event.preventDefault();
  check();
});

form.addEventListener("change", (event) => {
  if (event.target.matches("[data-recheck]")) check();
  if (event.target.matches("input[type=file]")) readFile(event.target);
});

async function readFile(input) {
  const file = input.files[0];
  if (!file) return;
  editor.replace(await file.text());
  input.value = "";
}

form.addEventListener("submit", () => (sending = true));
document.addEventListener("htmx:afterSwap", showLine);
function showLine() {
  editor.mark(Number(form.querySelector("[data-line]")?.dataset.line || 0));
}
showLine();

addEventListener("beforeunload", (event) => {
  if (!sending && (unsaved || area.value !== start)) event.preventDefault();
});

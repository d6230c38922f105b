// Questions before an act open as a dialog; without scripts they are pages of their own.
const dialog = document.querySelector("#act");
const body = document.querySelector("#act-body");

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target !== body || !body.firstElementChild || dialog.open) return;
  closeMenus();
  dialog.showModal();
});

function closeMenus() {
  for (const drop of document.querySelectorAll("details[data-drop][open]")) drop.open = false;
}

document.addEventListener("click", (event) => {
  const cancel = event.target.closest("[data-dismiss]");
  if (!cancel || !dialog.contains(cancel)) return;
  event.preventDefault();
  dialog.close();
});

// Emptied when it closes, so that the next question never begins with the answer to this one.
dialog?.addEventListener("close", () => body.replaceChildren());

// The server has accepted something: what the page shows of it may be different now.
document.addEventListener("acted", () => {
  if (dialog.open) dialog.close();
  closeMenus();
  document.querySelector("#object")?.dispatchEvent(new CustomEvent("changed"));
});

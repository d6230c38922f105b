// Choosing rows of the list of stacks: all of a page at once, how many there are, and X for the row that has the focus.
const boxes = () => [...document.querySelectorAll("#stacks tbody [name=stack_id]")];

function show() {
  const chosen = boxes().filter((box) => box.checked).length;
  const every = document.querySelector("[data-choose-all]");
  const words = document.querySelector("[data-chosen]");
  if (!every || !words) return;
  every.hidden = false;
  every.checked = chosen > 0 && chosen === boxes().length;
  every.indeterminate = chosen > 0 && chosen < boxes().length;
  words.textContent = `${chosen} chosen`;
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-choose-all]")) for (const box of boxes()) box.checked = event.target.checked;
  if (event.target.closest("#stacks table")) show();
});

document.addEventListener("keydown", (event) => {
  const box = event.target.matches("#stacks tbody tr") && event.target.querySelector("[name=stack_id]");
  if (event.key !== "x" || !box || event.ctrlKey || event.metaKey || event.altKey) return;
  box.checked = !box.checked;
  show();
});

document.addEventListener("htmx:afterSettle", show);
show();

/* Native dialogs by attribute: data-dialog="id" opens, data-dialog-close closes the one around it, a click beside closes too.
   (The invoker attributes of HTML do the same, but not yet in every browser we serve.) */
export function openDialogs() {
  document.addEventListener("click", (event) => {
    const opener = event.target.closest?.("[data-dialog]");
    if (opener) return document.getElementById(opener.dataset.dialog)?.showModal();
    const closer = event.target.closest?.("[data-dialog-close]");
    if (closer) return closer.closest("dialog")?.close();
    if (event.target.matches?.("dialog.dialog") && isBeside(event)) event.target.close();
    return undefined;
  });
}

function isBeside(event) {
  const box = event.target.getBoundingClientRect();
  return event.clientX < box.left || event.clientX > box.right || event.clientY < box.top || event.clientY > box.bottom;
}

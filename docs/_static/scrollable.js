// A box that scrolls must be reachable with the keyboard; one that does not must not stop it.
const boxes = document.querySelectorAll(".formula, .cell_output pre, .highlight pre, .pst-scrollable-table-container");
const mark = () => {
  for (const box of boxes) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
document.fonts.ready.then(mark);
addEventListener("resize", mark);

// A box that scrolls must be reachable with the keyboard; one that does not must not stop it.
const boxes = document.querySelectorAll(
  ".formula, .cell_output pre, .cell_output .text_html > div, .highlight pre, " +
    ".pst-scrollable-table-container",
);
const mark = (box) => {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
  else box.removeAttribute("tabindex");
};
const resized = new ResizeObserver((changes) => changes.forEach(({ target }) => mark(target)));
for (const box of boxes) resized.observe(box);
document.fonts.ready.then(() => boxes.forEach(mark));

// The theme gives the arrows that unfold a chapter no name.
for (const summary of document.querySelectorAll("nav summary")) {
  const chapter = summary.closest("li").querySelector("a").textContent.trim();
  summary.setAttribute("aria-label", `Pages of ${chapter}`);
}

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

// Of a sentence that wraps, the further lines hang; style sheets know no lines but the first.
for (const pre of document.querySelectorAll(".tag_sentences .cell_output pre")) {
  if (pre.querySelector("span:not(:empty)")) continue; // colors, which may go over several lines
  const lines = pre.textContent.trimEnd().split("\n");
  pre.replaceChildren(
    ...lines.map((line) => {
      const span = document.createElement("span");
      span.className = "sentence";
      span.textContent = `${line}\n`;
      return span;
    }),
  );
}

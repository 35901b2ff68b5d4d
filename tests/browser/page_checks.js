// What is wrong with a page, as a list of sentences. Each check looks at the page as it is laid out.
window.pageChecks = (() => {
  const visible = (element) =>
    element.checkVisibility({ visibilityProperty: true }) && !element.closest(".onlyprint");

  const place = (element) => {
    const heading = element.closest("section[id]")?.id ?? "top";
    const text = element.querySelector("annotation")?.textContent ?? element.textContent;
    return `“${text.replace(/\s+/g, " ").trim().slice(0, 60)}” in #${heading}`;
  };

  const union = (boxes) => ({
    left: Math.min(...boxes.map((b) => b.left)),
    right: Math.max(...boxes.map((b) => b.right)),
    top: Math.min(...boxes.map((b) => b.top)),
    bottom: Math.max(...boxes.map((b) => b.bottom)),
  });

  const scrolls = (style) => /auto|scroll/.test(style.overflowX);
  const clips = (value) => /hidden|clip/.test(value);

  // The box of a formula: that of its parts, whose height KaTeX sets to that of the ink.
  const extent = (formula) => {
    const parts = [...formula.querySelectorAll(".katex-base")];
    const boxes = parts.map((part) => part.getBoundingClientRect());
    return boxes.length ? union(boxes) : null;
  };

  const confined = (formula, box) => {
    const faults = [];
    let tooNarrow = null; // the innermost box that a formula leaves, unless one around it scrolls
    for (let up = formula.parentElement; up && up !== document.body; up = up.parentElement) {
      const style = getComputedStyle(up);
      if (/inline$|contents/.test(style.display)) continue;
      const room = up.getBoundingClientRect();
      if (clips(style.overflowY) && (box.top < room.top - 1 || box.bottom > room.bottom + 1))
        faults.push("is cut off above or below");
      if (scrolls(style)) return faults;
      const leaves = box.right > room.right + 1.5 || box.left < room.left - 1.5;
      if (leaves && !/absolute|fixed/.test(style.position)) tooNarrow ??= up;
    }
    if (tooNarrow) faults.push(`is wider than its box, .${tooNarrow.className}`);
    return faults;
  };

  const formulas = () => {
    const faults = [];
    const boxes = [];
    for (const formula of document.querySelectorAll(".katex")) {
      if (!visible(formula) || formula.closest("[aria-hidden=true], [role=tooltip]")) continue;
      const box = extent(formula);
      if (!box || box.bottom - box.top < 4 || box.right - box.left < 2) {
        faults.push(`formula ${place(formula)} has no height or no width`);
        continue;
      }
      for (const fault of confined(formula, box)) faults.push(`formula ${place(formula)} ${fault}`);
      boxes.push([formula, box]);
    }
    for (let n = 1; n < boxes.length; n++) {
      const [formula, b] = boxes[n];
      const [other, a] = boxes[n - 1];
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const down = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      const one = (x) => x.closest("div.formula") ?? x;
      if (across > 2 && down > 3 && !one(formula).contains(other))
        faults.push(`formulas ${place(other)} and ${place(formula)} overlap`);
    }
    return faults;
  };

  const duplicateIds = () => {
    const seen = new Set();
    const faults = [];
    for (const { id } of document.querySelectorAll("[id]")) {
      if (seen.has(id)) faults.push(`id ${id} occurs twice`);
      seen.add(id);
    }
    return faults;
  };

  const sideways = () => {
    const width = document.documentElement.clientWidth;
    const wide = document.documentElement.scrollWidth;
    if (wide <= width + 1) return [];
    const guilty = [...document.querySelectorAll("main *")].filter((element) => {
      const box = element.getBoundingClientRect();
      return box.right > width + 1 && visible(element);
    });
    const names = guilty.slice(-3).map((e) => `${e.tagName.toLowerCase()}.${e.className}`);
    return [`page is ${wide} px wide on a screen of ${width}: ${names.join(", ")}`];
  };

  // Text that is in the page and not on the screen, for a reader without scripts.
  const hiddenText = () => {
    const faults = [];
    const article = document.querySelector(".bd-article") ?? document.body;
    const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    // Among them the link that covers a card: its text is its name, for those who do not see the card;
    // and the number of a source, for the texts cite by author and year.
    const apart = "script, style, template, noscript, .onlyprint, .pst-js-only, .katex-mathml, " +
      ".sd-stretched-link, .citation-list .label, " +
      "details:not([open]), .headerlink, [role=tooltip], dialog, svg, [hidden]";
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!/[^\s\u200b]/.test(node.data) || node.parentElement.closest(apart)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const shown = node.parentElement.checkVisibility({ opacityProperty: true, visibilityProperty: true });
      if (!shown || box.width === 0 || box.height === 0)
        faults.push(`text “${node.data.trim().slice(0, 50)}” is not shown`);
    }
    return faults;
  };

  // Write every formula as its source, in a box of the same size: its thousand parts, which are
  // hidden from assistive technology, would keep axe busy for a minute.
  const flattenFormulas = () => {
    for (const formula of document.querySelectorAll(".katex")) {
      const { width, height } = formula.getBoundingClientRect();
      const source = formula.querySelector("annotation")?.textContent ?? "";
      formula.replaceChildren(source.slice(0, 20));
      Object.assign(formula.style, {
        display: "inline-block", overflow: "hidden", minWidth: "0",
        width: `${width}px`, height: `${height}px`,
      });
    }
    return [];
  };

  // One element of every kind of ink on every kind of paper, for the contrast.
  const markInks = () => {
    const seen = new Set();
    for (const element of document.querySelectorAll("body, body *")) {
      element.removeAttribute("data-ink");
      const written = [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
      if (!written || !visible(element)) continue;
      const papers = [];
      for (let up = element; up; up = up.parentElement) {
        const { backgroundColor, backgroundImage, opacity } = getComputedStyle(up);
        const paper = `${backgroundColor} ${backgroundImage !== "none"} ${opacity}`;
        if (paper !== papers.at(-1)) papers.push(paper);
      }
      const { color, fontSize, fontWeight } = getComputedStyle(element);
      const kind = [color, fontSize, fontWeight, ...papers].join("; ");
      if (!seen.has(kind)) element.setAttribute("data-ink", "");
      seen.add(kind);
    }
    return [];
  };

  return { markInks, flattenFormulas, formulas, duplicateIds, sideways, hiddenText };
})();

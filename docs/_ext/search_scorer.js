// How results are ranked: Sphinx's weights, and then how close a name is to what was asked for.
// A var, because the search looks for one before it makes its own.
var Scorer = {
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  closeness: (name, asked) => {
    if (name === asked) return 40;
    if (name.startsWith(asked)) return 30;
    return name.includes(asked) ? 20 : 0;
  },

  // Of names that are equally close, the shorter one comes first.
  score: ([, title, , , score]) => {
    const asked = new URLSearchParams(location.search).get("q") ?? "";
    const name = title.toLowerCase();
    return score + Scorer.closeness(name, asked.toLowerCase().trim()) + 1 / (1 + name.length);
  },
};

// What a result quotes: the article without the buttons around it, and of a formula, of which a page
// has three readings, the one that a screen reader takes, with a slash for the bar of a fraction.
addEventListener("DOMContentLoaded", () => {
  const inOneLine = ({ children: [above, below] }) => {
    above.after("/");
    for (const part of [above, below].filter((part) => /.[+\u2212\u22c5]/.test(part.textContent))) {
      part.before("(");
      part.after(")");
    }
  };
  const unquoted =
    ".headerlink, .fcnref-mark, .hide > summary, script, style, annotation, .katex-html";
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    page.querySelectorAll(unquoted).forEach((element) => element.remove());
    page.querySelectorAll("mfrac").forEach(inOneLine);
    const article = page.querySelector(".bd-article");
    const quoted = (anchor && article?.querySelector(anchor)) || article;
    return quoted?.textContent.replace(/\s+/g, " ").trim() ?? "";
  };
});

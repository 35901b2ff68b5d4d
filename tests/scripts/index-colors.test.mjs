// The letters of indices in formulas: which of them are colored, and that nothing else changes.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

import { colorIndices } from "../../docs/_ext/index-colors.mjs";

const katex = createRequire(new URL("../../docs/", import.meta.url))("katex");
const classes = { i: "fcn-i", j: "fcn-j", p: "fcn-p", k: "fcn-k" };

const plain = (tex) => katex.__renderToDomTree(tex, { displayMode: true }).toMarkup();
const colored = (tex, names = classes) => {
  const boxes = katex.__renderToDomTree(tex, { displayMode: true });
  colorIndices(boxes, names);
  return boxes.toMarkup();
};
// The letters that carry a color, each with its color: "i" or "k′" as they are read.
const marks = (html) =>
  [...html.matchAll(/class="[^"]*\bfcn-([ijpk])"[^>]*>(.*?)<\/span>/g)].map(
    ([, color, inside]) => color + inside.replace(/<[^>]*>/g, ""),
  );

const symbol = (text, ...names) => ({ text, classes: names });
const span = (name, ...children) => ({ classes: [name], children });

test("a letter in italics is an index, an upright one is not", () => {
  const tree = span("mord", symbol("j", "mord", "mathnormal"), symbol("i", "mord", "mathrm"));
  colorIndices(tree, classes);
  const [j, i] = tree.children;
  assert.deepEqual(j.classes, ["mord", "mathnormal", "fcn-j"]);
  assert.deepEqual(i.classes, ["mord", "mathrm"]);
});

test("what is read aloud is left alone", () => {
  const tree = span("katex-mathml", symbol("j", "mathnormal"));
  colorIndices(tree, classes);
  assert.deepEqual(tree, span("katex-mathml", symbol("j", "mathnormal")));
});

test("indices of entries, sums, brackets and matrices are colored", () => {
  const sum = String.raw`\sum_{i=1}^{m} \frac{\partial J}{\partial z_{j,i}^{[l]}} a_{k,i} [p = j]`;
  assert.deepEqual(marks(colored(sum)).sort(), ["ii", "ii", "ii", "jj", "jj", "kk", "pp"]);
  const matrix = String.raw`\begin{bmatrix} z_{1,i} & \dots \\ z_{j,i} & \ddots \end{bmatrix}`;
  assert.deepEqual(marks(colored(matrix)).sort(), ["ii", "ii", "jj"]);
});

test("words, names of functions and other letters are not", () => {
  const tex = String.raw`\text{if } \operatorname{diag}(z) \sin \mathrm{i} \, \mathbf{1}_m \pi \phi \psi`;
  assert.deepEqual(marks(colored(tex)), []);
  assert.equal(colored(tex), plain(tex));
});

test("a prime has the color of its letter, an exponent has not", () => {
  assert.match(colored("k'"), /class="mord fcn-k"><span class="mord mathnormal"[^>]*>k/);
  assert.match(colored("k^2"), /class="mord"><span class="mord mathnormal fcn-k"/);
  assert.match(colored("a_{k',i}"), /mord mtight fcn-k"/);
});

test("nothing but the class is added, and the source stays clean", () => {
  for (const tex of [
    String.raw`\sum_{k'=1}^{n^{[l-1]}} w_{j,k'}^{[l]} a_{k',i}^{[l-1]} + b_j^{[l]}`,
    String.raw`\underset{j}{\operatorname{argmax}} \sqrt{i_p^k} \overline{k_{i'}}`,
  ]) {
    const html = colored(tex);
    assert.notEqual(html, plain(tex));
    assert.equal(html.replace(/ fcn-[ijpk]/g, ""), plain(tex));
    const [, source] = html.match(/<annotation encoding="application\/x-tex">(.*?)<\/annotation>/);
    assert.equal(source.replaceAll("&#x27;", "'"), tex);
  }
});

test("a page without such indices has no colors", () => {
  assert.equal(colored("z_{j,i}", {}), plain("z_{j,i}"));
  assert.deepEqual(marks(colored("z_{s,i}", { s: "fcn-i" })), ["is"]);
});

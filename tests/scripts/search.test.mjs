// The ranking of search results.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

globalThis.addEventListener = () => {}; // only a page has something to wait for
runInThisContext(readFileSync(new URL("../../docs/_ext/search_scorer.js", import.meta.url), "utf8"));
const { Scorer } = globalThis;

const ranked = (asked, ...titles) => {
  globalThis.location = { search: `?q=${encodeURIComponent(asked)}` };
  const score = (title) => Scorer.score(["page", title, "#x", "equation", 21]);
  return titles.sort((a, b) => score(b) - score(a));
};

test("the name that was asked for comes first, then what begins with it, then what holds it", () => {
  const titles = ["Gradient of leaky ReLU", "A gradient of ReLU", "Gradient of ReLU, too"];
  assert.deepEqual(ranked(" gradient of relu", ...titles, "gradient of ReLU"), [
    "gradient of ReLU",
    "Gradient of ReLU, too",
    "A gradient of ReLU",
    "Gradient of leaky ReLU",
  ]);
});

test("of equally close names the shorter one comes first", () => {
  assert.deepEqual(ranked("softmax", "Softmax of a column", "Softmax rule"), [
    "Softmax rule",
    "Softmax of a column",
  ]);
});

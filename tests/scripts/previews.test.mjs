// Where a preview stands, and how far its formula shrinks.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

const script = (name) => new URL(`../../docs/_static/${name}`, import.meta.url);
runInThisContext(readFileSync(script("previews.js"), "utf8"));
const { place, shrink } = globalThis.previews;

const screen = { width: 1000, height: 800 };
const link = (left, top) => ({ left, right: left + 40, top, bottom: top + 20 });

test("below the link where there is room, above it where there is none", () => {
  const box = { width: 300, height: 100 };
  assert.deepEqual(place(link(200, 300), box, screen), { left: 200, top: 328 });
  assert.deepEqual(place(link(200, 700), box, screen), { left: 200, top: 592 });
});

test("never beyond an edge", () => {
  const box = { width: 300, height: 100 };
  assert.equal(place(link(900, 300), box, screen).left, 692);
  assert.equal(place(link(2, 300), box, screen).left, 8);
  assert.equal(place(link(2, 50), { width: 300, height: 790 }, screen).top, 78);
  assert.equal(place(link(300, 20), { width: 380, height: 90 }, { width: 390, height: 844 }).left, 8);
});

test("a formula shrinks until it fits, but not until it cannot be read", () => {
  assert.equal(shrink(300, 400), 1);
  assert.equal(shrink(500, 400), 0.8);
  assert.equal(shrink(4000, 400), 0.7);
});

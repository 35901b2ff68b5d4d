// The logic of the pictures, without a page.
import assert from "node:assert/strict";
import { test } from "node:test";

import { moved, parse, shared, stepped } from "../../fcnref/show/assets/show.mjs";

test("an address says the number of every index", () => {
  assert.deepEqual(parse("j2 i13"), { j: 2, i: 13 });
  assert.deepEqual(parse("k1"), { k: 1 });
});

test("an entry of dW is made of a row of dZ and a column of the transposed activations", () => {
  const w = parse("j2 k1");
  const row = [1, 2, 3].filter((j) => shared(w, parse(`j${j} i4`)));
  const column = [1, 2].filter((k) => shared(w, parse(`i4 k${k}`)));
  assert.deepEqual([row, column], [[2], [1]]);
  assert.equal(shared(w, parse("j2 i4")), "j");
  assert.equal(shared(w, parse("i4 k1")), "k");
});

test("an entry of dZ goes into a row of dW and meets a column of the activations", () => {
  const z = parse("j2 i4");
  assert.equal(shared(z, parse("j2 k1")), "j");
  assert.equal(shared(z, parse("j1 k1")), undefined);
  assert.equal(shared(z, parse("i4 k2")), "i");
});

test("all shared indices have to agree", () => {
  const dz = parse("j2 i1");
  assert.equal(shared(dz, parse("i1 j2 p3")), "j");
  assert.equal(shared(dz, parse("i2 j2 p3")), undefined);
  assert.equal(shared(dz, parse("p3 i1")), "i");
});

test("entries without a common index have nothing to do with each other", () => {
  assert.equal(shared(parse("j1"), parse("k1 i1")), undefined);
});

test("arrows move by one entry and stop at the edge", () => {
  const from = (key, place, ctrl) => moved(key, place, 3, 5, ctrl);
  assert.equal(from("ArrowRight", 6), 7);
  assert.equal(from("ArrowLeft", 6), 5);
  assert.equal(from("ArrowUp", 6), 1);
  assert.equal(from("ArrowDown", 6), 11);
  assert.equal(from("ArrowRight", 4), undefined);
  assert.equal(from("ArrowLeft", 5), undefined);
  assert.equal(from("ArrowUp", 4), undefined);
  assert.equal(from("ArrowDown", 10), undefined);
});

test("Home and End go along the row, with Ctrl through the table", () => {
  assert.equal(moved("Home", 7, 3, 5), 5);
  assert.equal(moved("End", 7, 3, 5), 9);
  assert.equal(moved("Home", 7, 3, 5, true), 0);
  assert.equal(moved("End", 7, 3, 5, true), 14);
  assert.equal(moved("a", 7, 3, 5), undefined);
});

test("steps stay between the first and the last", () => {
  assert.equal(stepped("ArrowRight", 3, 14), 4);
  assert.equal(stepped("ArrowLeft", 3, 14), 2);
  assert.equal(stepped("ArrowLeft", 1, 14), undefined);
  assert.equal(stepped("ArrowRight", 14, 14), undefined);
  assert.equal(stepped("Home", 9, 14), 1);
  assert.equal(stepped("End", 9, 14), 14);
  assert.equal(stepped("Enter", 9, 14), undefined);
});

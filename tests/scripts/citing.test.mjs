// The address in an entry for BibTeX.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInThisContext } from "node:vm";

runInThisContext(readFileSync(new URL("../../docs/_static/citing.js", import.meta.url), "utf8"));
const { withAddress } = globalThis.citing;

const entry = "@misc{a,\n  title = {{B}},\n  note = {Version 1}\n}\n";
const written = (address) =>
  `@misc{a,\n  title = {{B}},\n  note = {Version 1},\n  url = {${address}}\n}\n`;

test("an entry without an address gets one", () => {
  assert.equal(withAddress(entry, "x://y/$&#z"), written("x://y/$&#z"));
});

test("an entry with an address gets the new one in its place", () => {
  assert.equal(withAddress(written("x://old"), "x://y/$1#z"), written("x://y/$1#z"));
});

// Reads one formula a line ({"tex", "display", "macros", "indices"}), answers one line ({"html"} or
// {"error"}).
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

import { colorIndices } from "./index-colors.mjs";

const katex = createRequire(`${process.argv[2]}/`)("katex");

// Of what a formula could bring along, nothing but the color of an index.
const trust = ({ command, class: name }) => {
  if (command === "\\htmlClass" && /^fcn-[ijpk]$/.test(name)) return true;
  throw new Error(`${command} is not allowed here`);
};

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display, macros, indices } = JSON.parse(line);
  let answer;
  try {
    const boxes = katex.__renderToDomTree(tex, {
      displayMode: display,
      macros,
      output: "htmlAndMathml",
      strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
      throwOnError: true,
      trust,
    });
    colorIndices(boxes, indices);
    answer = { html: boxes.toMarkup() };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

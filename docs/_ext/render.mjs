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

// KaTeX leans an accent over a slanted letter, but not an accent over an accent, and lifts what
// stands at the shoulder of two accents above both. The lean of each letter is in mu.
const LEAN = { A: 5, Z: 3, w: 3, z: 2 };
const dot = (context) => {
  const { tokens } = context.consumeArg();
  const letter = /^\\bar\{(\w)\}$/.exec(tokens.map(({ text }) => text).reverse().join(""))?.[1];
  if (letter) {
    const lean = LEAN[letter] ?? 0;
    const leaning = `\\dot{\\bar{${letter}}\\mkern${lean}mu}\\mkern-${lean}mu`;
    const plain = `\\dot{{\\bar{${letter}}}}`;
    return `\\html@mathml{\\smash[t]{${leaning}}\\vphantom{${letter}}}{${plain}}`;
  }
  const Token = tokens[0].constructor;
  const itself = Object.assign(new Token("\\dot"), { noexpand: true });
  return { tokens: [new Token("}"), ...tokens, new Token("{"), itself], numArgs: 0 };
};

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display, macros, indices } = JSON.parse(line);
  let answer;
  try {
    const boxes = katex.__renderToDomTree(tex, {
      displayMode: display,
      macros: { ...macros, "\\dot": dot },
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

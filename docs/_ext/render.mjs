// Reads one formula a line ({"tex", "display", "macros"}), answers one line ({"html"} or {"error"}).
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const katex = createRequire(`${process.argv[2]}/`)("katex");

// Of what a formula could bring along, nothing but the color of an index.
const trust = ({ command, class: name }) => {
  if (command === "\\htmlClass" && /^fcn-[ijpk]$/.test(name)) return true;
  throw new Error(`${command} is not allowed here`);
};

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display, macros } = JSON.parse(line);
  let answer;
  try {
    answer = {
      html: katex.renderToString(tex, {
        displayMode: display,
        macros,
        output: "htmlAndMathml",
        strict: (code) => (code === "htmlExtension" ? "ignore" : "error"),
        throwOnError: true,
        trust,
      }),
    };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

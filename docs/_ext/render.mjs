// Reads one formula a line ({"tex", "display", "macros"}), answers one line ({"html"} or {"error"}).
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const katex = createRequire(`${process.argv[2]}/`)("katex");

for await (const line of createInterface({ input: process.stdin })) {
  const { tex, display, macros } = JSON.parse(line);
  let answer;
  try {
    answer = {
      html: katex.renderToString(tex, {
        displayMode: display,
        macros,
        output: "htmlAndMathml",
        strict: "error",
        throwOnError: true,
        trust: false,
      }),
    };
  } catch (error) {
    answer = { error: error.message };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

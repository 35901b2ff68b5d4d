// Reads {"tokens": [...], "css": "..."}, writes the style sheet without the rules of other classes.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { PurgeCSS } = createRequire(`${process.argv[2]}/`)("purgecss");
const { tokens, css } = JSON.parse(await text(process.stdin));
const [{ css: kept }] = await new PurgeCSS().purge({
  content: [{ raw: tokens.join(" "), extension: "txt" }],
  css: [{ raw: css }],
  defaultExtractor: (content) => content.split(" "),
  // what scripts and browsers set on an element
  dynamicAttributes: ["data-theme", "data-mode", "data-bs-popper", "disabled", "hidden", "type"],
  // what Bootstrap's scripts put together from parts
  safelist: { greedy: [/^(bs-)?tooltip/, /^bs-/], standard: [/^(show|fade|collapsing)$/] },
});
process.stdout.write(kept);

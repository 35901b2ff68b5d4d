// Reads {"tokens": [...], "sheets": {name: css}}, writes the sheets without the rules of other classes.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const { PurgeCSS } = createRequire(`${process.argv[2]}/`)("purgecss");
const { tokens, sheets } = JSON.parse(await text(process.stdin));
const kept = await new PurgeCSS().purge({
  content: [{ raw: tokens.join(" "), extension: "txt" }],
  css: Object.values(sheets).map((raw) => ({ raw })),
  defaultExtractor: (content) => content.split(" "),
  // what scripts and browsers set on an element
  dynamicAttributes: ["data-theme", "data-mode", "data-bs-popper", "disabled", "hidden", "type"],
  // what Bootstrap's scripts put together from parts
  safelist: { greedy: [/^(bs-)?tooltip/, /^bs-/], standard: [/^(show|fade|collapsing)$/] },
});
const names = Object.keys(sheets);
process.stdout.write(JSON.stringify(Object.fromEntries(kept.map(({ css }, n) => [names[n], css]))));

// Makes the figures named on the command line smaller, in place: half of what matplotlib writes is
// digits after the point that no screen shows, long names, and styles said again for every mark.
import { readFile, writeFile } from "node:fs/promises";
import { optimize } from "svgo";

const plugins = [
  { name: "preset-default", params: { overrides: { cleanupIds: { force: true } } } },
];

for (const path of process.argv.slice(2)) {
  const svg = await readFile(path, "utf8");
  const { data } = optimize(svg, { path, plugins, floatPrecision: 1, multipass: true });
  await writeFile(path, data);
}

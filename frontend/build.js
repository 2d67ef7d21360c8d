/** Bundles both tabs into ../tb_plugin/static and refuses a bundle that grew too heavy. */
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import * as esbuild from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = resolve(HERE, "../tb_plugin/static");
const LIMIT = 200_000; // bytes, gzipped, everything together

/** `import css from "./x.css?inline"` gives the minified text, as it does under vitest. */
const inlineCss = {
  name: "inline-css",
  setup(build) {
    build.onResolve({ filter: /\.css\?inline$/ }, ({ path, resolveDir }) => ({
      path: join(resolveDir, path.replace("?inline", "")),
      namespace: "inline-css",
    }));
    build.onLoad({ filter: /.*/, namespace: "inline-css" }, async ({ path }) => {
      const { code } = await esbuild.transform(await readFile(path, "utf8"), { loader: "css", minify: true });
      return { contents: code, loader: "text", watchFiles: [path] };
    });
  },
};

const options = {
  absWorkingDir: HERE,
  entryPoints: ["src/insights.ts", "src/cost.ts"],
  outdir: OUT,
  bundle: true,
  splitting: true,
  format: "esm",
  target: ["chrome110", "firefox115", "safari16.4"],
  chunkNames: "chunk-[hash]",
  minify: true,
  legalComments: "none",
  logLevel: "warning",
  plugins: [inlineCss],
  metafile: true,
};

/** What the licences of the bundled packages ask for: their text beside the bundle. */
async function writeLicences({ inputs }) {
  const folders = Object.keys(inputs).flatMap(
    (path) => path.match(/^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0] ?? [],
  );
  const texts = [...new Set(folders)].sort().map(async (folder) => {
    const name = (await readdir(join(HERE, folder))).find((file) => /^licen[cs]e/i.test(file));
    const text = name ? await readFile(join(HERE, folder, name), "utf8") : "No licence text in the package.";
    return `${folder.replace(/^.*node_modules\//, "")}\n\n${text.trim()}\n`;
  });
  await writeFile(join(OUT, "LICENSES.txt"), (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`));
}

async function weigh() {
  const names = (await readdir(OUT)).filter((name) => name.endsWith(".js")).sort();
  const sizes = await Promise.all(names.map(async (name) => gzipSync(await readFile(join(OUT, name))).length));
  names.forEach((name, index) => {
    process.stdout.write(`${name.padEnd(24)} ${(sizes[index] / 1000).toFixed(1).padStart(7)} kB gzip\n`);
  });
  const total = sizes.reduce((sum, size) => sum + size, 0);
  process.stdout.write(`${"in all".padEnd(24)} ${(total / 1000).toFixed(1).padStart(7)} kB gzip\n`);
  if (total > LIMIT) throw new Error(`The bundle weighs ${total} bytes gzipped; ${LIMIT} is the limit.`);
}

await rm(OUT, { recursive: true, force: true });
await mkdir(OUT, { recursive: true });
if (process.argv.includes("--watch")) {
  await (await esbuild.context({ ...options, minify: false, sourcemap: "inline" })).watch();
} else {
  const { metafile } = await esbuild.build(options);
  await writeLicences(metafile);
  await weigh();
}

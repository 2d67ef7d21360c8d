/** Walks one journey: node drive.mjs JOURNEY ADDRESS CHROMIUM PICTURES LOGDIR. Prints {"journey", "arrived"}, or what went wrong. */
import { mkdir } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Guide, journeys } from "./journeys.mjs";

const [journey, address, executablePath, pictures, logdir] = process.argv.slice(2);
const { chromium } = createRequire(new URL("../../frontend/package.json", import.meta.url))("playwright-core");
const QUIET = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const browser = await chromium.launch({ executablePath, args: QUIET });
const page = await browser.newPage({ viewport: { width: 1400, height: 1000 } });
page.setDefaultTimeout(60_000);
const guide = new Guide({ page, address, logdir });
try {
  await journeys[journey](guide);
  guide.expectNoTroubles();
  process.stdout.write(JSON.stringify({ journey, arrived: true }));
} catch (error) {
  await mkdir(pictures, { recursive: true });
  const picture = join(pictures, `${journey}.png`);
  await page.screenshot({ path: picture });
  process.stderr.write(`${error.message}\n\nat ${page.url()}\npicture: ${picture}\n${guide.troubles.join("\n")}\n`);
  process.exitCode = 1;
} finally {
  await browser.close();
}

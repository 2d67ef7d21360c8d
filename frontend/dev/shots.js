/** Pictures of every page for looking at them: node dev/shots.js FOLDER [ONLY] [PORT]. Needs dev/server.py and Chromium. */
import { mkdir } from "node:fs/promises";
import { chromium } from "playwright-core";

const [folder = "shots", only = "", port = "8765"] = process.argv.slice(2);
const home = `http://localhost:${port}/`;
const pages = {
  insights: "#insights_triangle",
  cost: "#business_cost",
  feature: "#insights_triangle&p.insights_triangle.view=feature&p.insights_triangle.id=promo_depth",
  slice: "#insights_triangle&p.insights_triangle.view=slice&p.insights_triangle.id=slice-0",
  artifact: "#insights_triangle&p.insights_triangle.view=artifact&p.insights_triangle.id=model-9",
  empty: "#insights_triangle&p.insights_triangle.pipeline=none",
  unsure: "#insights_triangle&p.insights_triangle.pipeline=taxi",
  gone: "#insights_triangle&p.insights_triangle.view=feature&p.insights_triangle.id=gone",
};
const looks = [
  { name: "light-1280", width: 1280, height: 800 },
  { name: "light-1920", width: 1920, height: 1080 },
  { name: "dark-1280", width: 1280, height: 800, dark: true },
  { name: "dark-1920", width: 1920, height: 1080, dark: true },
  { name: "light-720", width: 720, height: 900 },
];

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
await mkdir(folder, { recursive: true });
for (const { name, width, height, dark = false } of looks) {
  for (const [page, hash] of Object.entries(pages)) {
    if (only && !`${page}-${name}`.includes(only)) continue;
    const tab = await browser.newPage({ viewport: { width, height } });
    tab.on("console", (message) => {
      if (message.type() !== "log") process.stdout.write(`${page}-${name}: ${message.type()}: ${message.text()}\n`);
    });
    tab.on("pageerror", (error) => process.stdout.write(`${page}-${name}: ${error.message}\n`));
    tab.on("dialog", (dialog) => process.stdout.write(`${page}-${name}: DIALOG ${dialog.message()}\n`));
    await tab.goto(home + hash);
    if (dark) await tab.evaluate(() => document.body.classList.add("dark-mode"));
    const frame = tab.frameLocator("iframe:visible");
    await frame.locator("main, .trouble, .skeleton").first().waitFor();
    await tab.waitForTimeout(700);
    await tab.screenshot({ path: `${folder}/${page}-${name}-fold.png` });
    const full = await frame.locator("html").evaluate((html) => html.scrollHeight);
    await tab.setViewportSize({ width, height: Math.min(full + 64, 7000) });
    await tab.waitForTimeout(400);
    await tab.screenshot({ path: `${folder}/${page}-${name}.png` });
    await tab.close();
  }
}
await browser.close();

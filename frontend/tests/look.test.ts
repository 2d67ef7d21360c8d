import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { findHost } from "../src/host.ts";
import { followTheme } from "../src/theme.ts";
import { settled } from "./sample.ts";

const css = readFileSync("src/style.css", "utf8");

function palette(selector: string): Record<string, string> {
  const start = css.indexOf(`${selector} {`);
  const block = css.slice(start, css.indexOf("}", start));
  return Object.fromEntries(
    [...block.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map(([, name = "", colour = ""]) => [name, colour]),
  );
}

const light = palette(":root");
const themes = { light, dark: { ...light, ...palette(':root[data-theme="dark"]') } };

/** Relative luminance and contrast of WCAG 2. */
function contrast(one = "#000000", other = "#000000"): number {
  const luminance = (colour: string) => {
    const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
    const [r = 0, g = 0, b = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

describe.each(Object.entries(themes))("%s", (_, colours) => {
  const onSurfaces = ["ink", "ink-2", "ink-3", "link", "violated-ink", "watch-ink", "held"].flatMap((ink) =>
    ["surface", "page"].map((ground) => [ink, ground] as const),
  );
  const onSofts = ["held", "watch", "violated", "unknown", "emergency"].map(
    (state) => ["ink", `${state}-soft`] as const,
  );
  const onStrong = [
    ["on-strong", "violated"],
    ["on-strong", "emergency"],
    ["on-strong", "held"],
    ["on-watch", "watch"],
  ] as const;

  test.each([...onSurfaces, ...onSofts, ...onStrong])("%s on %s can be read", (ink, ground) => {
    expect(contrast(colours[ink], colours[ground])).toBeGreaterThanOrEqual(
      ink === "on-strong" || ink === "on-watch" ? 3 : 4.5,
    );
  });

  test.each([
    "series-main",
    "series-reference",
    "series-training",
    "series-candidate",
    "held",
    "violated",
    "emergency",
    "unknown",
    "total",
    "corner-business",
    "corner-data",
  ])("%s can be seen on the surface", (mark) => {
    expect(contrast(colours[mark], colours.surface)).toBeGreaterThanOrEqual(3);
  });
});

test("nothing is loaded from anywhere", () => {
  expect(
    [...css.matchAll(/url\(([^)]*)/g)].map(([, target = ""]) => target).filter((target) => !/^("data:|#)/.test(target)),
  ).toEqual([]);
  expect(css).not.toContain("@import");
});

test("the theme follows TensorBoard's, and changes with it", async () => {
  const body = document.createElement("body");
  const root = document.createElement("div");
  const host = { ...findHost(), body: () => body };
  followTheme(host, root);
  expect(root.dataset.theme).toBe("light");

  body.classList.add("dark-mode");
  await settled();
  expect(root.dataset.theme).toBe("dark");
});

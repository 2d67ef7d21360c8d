import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { InsightsAssumption } from "../src/assumption.ts";
import type { Assumption } from "../src/contract.ts";
import { aPage, settled, VIEWS, wordsOf } from "./sample.ts";

if (!customElements.get("insights-assumption")) customElements.define("insights-assumption", InsightsAssumption);

const PLAIN = VIEWS.insights.assumption as Assumption;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
});

afterEach(() => {
  document.body.replaceChildren();
  vi.useRealTimers();
});

async function aSlider(assumption: Assumption = PLAIN) {
  const slider = document.createElement("insights-assumption") as InsightsAssumption;
  const page = aPage();
  slider.assumption = assumption;
  slider.page = page;
  document.body.append(slider);
  await slider.updateComplete;
  return { slider, page, input: slider.querySelector("input") as HTMLInputElement };
}

async function to(slider: InsightsAssumption, at: number, ...events: string[]): Promise<void> {
  const input = slider.querySelector("input") as HTMLInputElement;
  input.value = String(at);
  for (const event of events) input.dispatchEvent(new Event(event));
  await slider.updateComplete;
}

describe("the slider over unit values", () => {
  test("stands at the business tables' values and says what they cost", async () => {
    const { slider, input } = await aSlider();

    expect([input.value, input.getAttribute("aria-valuetext")]).toEqual(["10", PLAIN.stops[10]?.text]);
    expect(wordsOf(slider)).toContain("As in the business tables, mistakes cost EUR 42,000.");
    expect(slider.querySelector(".active, button")).toBeNull();
  });

  test("says what each place means while it is moved, and asks for nothing", async () => {
    const { slider, page } = await aSlider();
    await to(slider, 14, "input");
    await vi.advanceTimersByTimeAsync(1000);

    expect(wordsOf(slider)).toContain("At +20 %, mistakes cost EUR 50,400.");
    expect(page.change).not.toHaveBeenCalled();
  });

  test("asks once for where it is left, not for every key on the way", async () => {
    const { slider, page } = await aSlider();
    for (const at of [11, 12, 13]) {
      await to(slider, at, "input", "change");
      await vi.advanceTimersByTimeAsync(100);
    }
    await vi.advanceTimersByTimeAsync(500);

    expect(page.change.mock.calls).toEqual([[{ values_scale: "1.15" }]]);
  });

  test("an active assumption stands out and can be taken back", async () => {
    const { slider, page } = await aSlider({ ...PLAIN, factor: 1.2, text: "+20 %" });
    expect(slider.querySelector(".assume.active output")?.textContent).toBe("+20 %");
    (slider.querySelector("button") as HTMLElement).click();
    await settledOnce();

    expect(page.change.mock.calls).toEqual([[{ values_scale: "" }]]);
    expect(document.activeElement).toBe(slider.querySelector("input"));
  });

  test("has a name, and words instead of bare numbers for those who do not see it", async () => {
    const { slider, input } = await aSlider();

    expect(wordsOf(slider.querySelector(`label[for="${input.id}"]`) as Element)).toBe("Assume unit values");
    expect(document.getElementById(input.getAttribute("aria-describedby") ?? "")).not.toBeNull();
  });
});

async function settledOnce(): Promise<void> {
  vi.useRealTimers();
  await settled();
}

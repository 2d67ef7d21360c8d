import { describe, expect, test } from "vitest";
import { hashFor, isShown, paramsFor, paramsOf, queryOf, tabOf } from "../src/route.ts";

const HASH = "#insights_triangle&p.insights_triangle.run=2026-11%2Feval&p.whatif.examplesPath=a%3Db&runFilter=x";

describe("the address", () => {
  test("gives a tab its own parameters, decoded", () => {
    expect(paramsOf(HASH, "insights_triangle")).toEqual({ run: "2026-11/eval" });
    expect(paramsOf(HASH, "business_cost")).toEqual({});
  });

  test("comes back as it was written, whatever signs are in it", () => {
    const params = { id: "a=b&c#d%e f+g/é男'()*!~", "table.x.y.filter": "</script>", run: "1" };

    expect(paramsOf(hashFor("", "insights_triangle", params), "insights_triangle")).toEqual(params);
  });

  test("has no sign in a value that TensorBoard would stumble over", () => {
    const [, ...pairs] = hashFor("", "business_cost", { id: "a=b&c#d'(e)" }).split("&");

    expect(pairs).toEqual(["p.business_cost.id=a%3Db%26c%23d%27%28e%29"]);
  });

  test("keeps what other plugins and TensorBoard itself put there", () => {
    const hash = hashFor(HASH, "insights_triangle", { run: "7" });

    expect(hash).toContain("p.whatif.examplesPath=a%3Db");
    expect(hash).toContain("runFilter=x");
    expect(hash).not.toContain("2026-11");
  });

  test("names the selection for the sibling tab too, and nothing else of ours", () => {
    const hash = hashFor(HASH, "insights_triangle", { run: "7", threshold: "0.3", id: "x" });

    expect(paramsOf(hash, "business_cost")).toEqual({ run: "7" });
  });

  test("takes the sibling's selection back when ours goes back to the latest run", () => {
    const hash = hashFor(hashFor("", "insights_triangle", { run: "7" }), "insights_triangle", {});

    expect(hash).toBe("#insights_triangle");
  });

  test("survives a lone percent sign and pairs without a value", () => {
    expect(
      paramsOf("#insights_triangle&p.insights_triangle.run=50%&x&p.insights_triangle.id=", "insights_triangle"),
    ).toEqual({ run: "50%" });
  });

  test("says whether a tab is in front; without a name it may be", () => {
    expect(isShown(HASH, "insights_triangle")).toBe(true);
    expect(isShown(HASH, "business_cost")).toBe(false);
    expect(isShown("", "business_cost")).toBe(true);
    expect(isShown("#&p.business_cost.run=1", "business_cost")).toBe(true);
  });
});

describe("a link", () => {
  const from = { pipeline: "shoes", run: "run-3", id: "old", threshold: "0.3", at: "data", "table.data.page": "2" };
  const to = { id: "", run: "", anchor: "" };

  test("opens cost in the Business Cost tab and everything else in the Insights tab", () => {
    const tabs = (["insights", "feature", "slice", "artifact", "cost"] as const).map((view) => tabOf({ ...to, view }));

    expect(tabs).toEqual([
      "insights_triangle",
      "insights_triangle",
      "insights_triangle",
      "insights_triangle",
      "business_cost",
    ]);
  });

  test("keeps the selection and leaves behind what belonged to the page", () => {
    const params = paramsFor({ view: "feature", id: "brand", run: "", anchor: "history" }, from);

    expect(queryOf(params, "insights_triangle")).toEqual({
      view: "feature",
      id: "brand",
      pipeline: "shoes",
      run: "run-3",
    });
    expect(params.at).toBe("history");
  });

  test("may lead to another run", () => {
    expect(paramsFor({ ...to, view: "cost", run: "run-9" }, from).run).toBe("run-9");
  });

  test("keeps the threshold where it means something", () => {
    expect(paramsFor({ ...to, view: "slice", id: "s" }, from).threshold).toBe("0.3");
    expect(paramsFor({ ...to, view: "insights" }, from).threshold).toBe("");
  });
});

test("a question always names its view and never where to scroll", () => {
  expect(queryOf({ at: "data", run: "7", id: "" }, "business_cost")).toEqual({ view: "cost", run: "7" });
  expect(queryOf({ view: "" }, "insights_triangle")).toEqual({ view: "insights" });
});

/** What a person does in the tabs, one function a journey. What must be on the page is asked of the same server, as JSON. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

const TRIANGLE = { name: "insights_triangle", title: "Insights Triangle", page: "insights" };
const COST = { name: "business_cost", title: "Business Cost", page: "cost" };
const WHAT_IF = { name: "whatif", title: "What-If Tool" };

/** Knows its way around TensorBoard, and notes every complaint of the browser about our tabs. */
export class Guide {
  constructor({ page, address, logdir }) {
    Object.assign(this, { page, address, logdir, troubles: [] });
    page.on("console", (message) => this.#note(message));
    page.on("pageerror", (error) => /plugin\/(insights_triangle|business_cost)\//.test(error.stack ?? "") && this.troubles.push(error.stack));
  }

  /** A fresh load of TensorBoard: as cold as a link in a mail. */
  async open(hash = "") {
    await this.page.goto("about:blank");
    await this.page.goto(this.address + hash);
  }

  frame({ name }) {
    return this.page.frameLocator(`iframe[src*="name=${name}"]`);
  }

  picker(tab, name) {
    return this.frame(tab).getByLabel(name, { exact: true });
  }

  async switchTo({ title }) {
    await this.page.getByRole("tab", { name: title }).click();
  }

  /** The view as the server gives it, once it has read everything: pages come first, what rows say of them later. */
  async view(tab, params = {}) {
    const query = new URLSearchParams({ view: tab.page, ...params });
    const ask = async (path) => (await this.page.request.get(`${this.address}data/plugin/${tab.name}/${path}`)).json();
    for (let tries = 0; tries < 240; tries++) {
      const { scanned, scanning } = await ask("status");
      if (scanned && !scanning) return ask(`view?${query}`);
      await this.page.waitForTimeout(500);
    }
    throw new Error("The first scan does not end.");
  }

  async expectTitle(tab, title) {
    await this.frame(tab).locator("h1", { hasText: title }).waitFor();
  }

  /** Every title, lead and headline of the view stands on the page, word for word. */
  async expectWords(tab, view) {
    await this.expectTitle(tab, view.title);
    const shown = squeeze(await this.frame(tab).locator("main").innerText());
    const { headline } = view;
    const wanted = [
      ...(headline ? [headline.sentence, headline.money.text, headline.severity.name] : []),
      ...view.sections.flatMap(({ title, lead }) => [title, lead]),
      ...view.notices.slice(0, 3).map(({ text }) => text),
    ];
    assert.deepEqual(wanted.filter((words) => !shown.includes(squeeze(words))), []);
  }

  expectNoTroubles() {
    assert.deepEqual(this.troubles, []);
  }

  /** A refused load while the first scan runs is part of the protocol; everything else in red is a fault. */
  #note(message) {
    const ours = /\/plugin\/(insights_triangle|business_cost)\//.test(message.location().url);
    const refused = /Content Security Policy|Refused to/.test(message.text());
    const waiting = /status of 503/.test(message.text());
    if (message.type() === "error" && (ours || refused) && !waiting) this.troubles.push(message.text());
  }
}

const squeeze = (text) => text.replaceAll(/\s+/g, " ").trim();

/** The first link of that kind anywhere in a view. */
function linkTo(kind, part) {
  if (part === null || typeof part !== "object") return null;
  if (part.link?.view === kind) return part.link;
  for (const inner of Object.values(part)) {
    const found = linkTo(kind, inner);
    if (found) return found;
  }
  return null;
}

const hashOf = (tab, params) =>
  `#${[tab.name, ...Object.entries(params).map(([key, value]) => `p.${tab.name}.${key}=${encodeURIComponent(value)}`)].join("&")}`;

export const journeys = {
  async both_tabs_open(guide) {
    await guide.open();
    for (const tab of [TRIANGLE, COST]) {
      await guide.switchTo(tab);
      await guide.expectWords(tab, await guide.view(tab));
    }
  },

  async deep_link_works_cold(guide) {
    const latest = await guide.view(TRIANGLE);
    const earlier = latest.selection.runs[3];
    const wanted = await guide.view(TRIANGLE, { run: earlier.id });
    assert.notEqual(wanted.subtitle, latest.subtitle);

    await guide.open(hashOf(TRIANGLE, { run: earlier.id }));

    await guide.expectWords(TRIANGLE, wanted);
    assert.equal(await guide.frame(TRIANGLE).locator(".subtitle").innerText(), wanted.subtitle);
    assert.equal(await guide.picker(TRIANGLE, "Run").inputValue(), earlier.id);
  },

  async slice_opens_and_back_returns(guide) {
    const home = await guide.view(TRIANGLE);
    const worst = home.sections[0].blocks.find(({ kind }) => kind === "table").rows[0];
    await guide.open(hashOf(TRIANGLE, {}));

    await guide.frame(TRIANGLE).locator("table.data a", { hasText: worst.cells[0].text }).first().click();
    const wanted = await guide.view(TRIANGLE, { view: "slice", id: worst.link.id });
    await guide.expectWords(TRIANGLE, wanted);
    assert.match(guide.page.url(), /#insights_triangle.*p\.insights_triangle\.view=slice/);
    for (const title of ["ROC", "Precision and recall", "Calibration"]) {
      await guide.frame(TRIANGLE).getByRole("figure", { name: title }).locator("svg").first().waitFor();
    }

    await guide.page.goBack();
    await guide.expectWords(TRIANGLE, home);
  },

  async feature_opens_with_its_distributions(guide) {
    const link = linkTo("feature", await guide.view(TRIANGLE));
    const wanted = await guide.view(TRIANGLE, { view: "feature", id: link.id });
    await guide.open(hashOf(TRIANGLE, {}));

    const row = guide.frame(TRIANGLE).locator("#section-data tr.linked", { hasText: JSON.parse(link.id).join(".") }).first();
    await row.locator("a").click();

    await guide.expectWords(TRIANGLE, wanted);
    await guide.frame(TRIANGLE).locator("figure.kind-distribution svg").first().waitFor();
  },

  async artifact_opens_with_its_lineage(guide) {
    const link = linkTo("artifact", await guide.view(TRIANGLE));
    const wanted = await guide.view(TRIANGLE, { view: "artifact", id: link.id });

    await guide.open(hashOf(TRIANGLE, { view: "artifact", id: link.id }));

    await guide.expectWords(TRIANGLE, wanted);
    await guide.frame(TRIANGLE).locator("figure.kind-lineage_graph svg").first().waitFor();
    await guide.frame(TRIANGLE).locator(".back a").click();
    await guide.expectWords(TRIANGLE, await guide.view(TRIANGLE));
  },

  async chosen_run_is_shared(guide) {
    const { selection } = await guide.view(TRIANGLE);
    const earlier = selection.runs[2].id;
    await guide.open(hashOf(TRIANGLE, {}));

    await guide.picker(TRIANGLE, "Run").selectOption(earlier);
    await guide.page.waitForURL((url) => url.hash.includes(`p.insights_triangle.run=${encodeURIComponent(earlier)}`));
    await guide.switchTo(COST);

    await guide.expectWords(COST, await guide.view(COST, { run: earlier }));
    assert.equal(await guide.picker(COST, "Run").inputValue(), earlier);
  },

  async table_is_sorted(guide) {
    const table = (view) => view.sections.flatMap(({ blocks }) => blocks).find(({ kind, rows }) => kind === "table" && rows.length > 2);
    const before = table(await guide.view(COST));
    const index = before.columns.findIndex(({ sortable, id }) => sortable && !before.sort.endsWith(id));
    const column = before.columns[index];
    await guide.open(hashOf(COST, {}));

    const heads = guide.frame(COST).locator(".table-block", { hasText: before.title }).first().locator("thead th");
    await heads.nth(index).locator("button").click();
    await guide.page.waitForURL((url) => decodeURIComponent(url.hash).includes(`table.${before.id}.sort=`));
    const sort = decodeURIComponent(guide.page.url()).match(/\.sort=(-?\w+)/)[1];
    assert.equal(sort.replace("-", ""), column.id);

    const after = table(await guide.view(COST, { [`table.${before.id}.sort`]: sort }));
    const first = guide.frame(COST).locator(".table-block", { hasText: before.title }).first().locator("tbody th[scope=row]");
    await first.first().filter({ hasText: after.rows[0].cells[0].text }).waitFor();
    assert.deepEqual((await first.allInnerTexts()).map((text) => text.split("\n")[0]), after.rows.map(({ cells }) => cells[0].text));
  },

  async dark_mode_is_followed(guide) {
    const light = (color) => color.match(/\d+/g).slice(0, 3).map(Number).reduce((sum, part) => sum + part, 0) / 3;
    const ground = () => guide.frame(TRIANGLE).locator("body").evaluate((body) => getComputedStyle(body).backgroundColor);
    await guide.open(hashOf(TRIANGLE, {}));
    await guide.expectTitle(TRIANGLE, TRIANGLE.title);
    const byDay = light(await ground());

    await guide.page.locator("app-header-dark-mode-toggle button").click();
    await guide.page.getByRole("menuitem", { name: "Dark" }).click();
    await guide.frame(TRIANGLE).locator("html[data-theme=dark]").waitFor();

    assert.ok(byDay > 200, `${byDay} by day`);
    assert.ok(light(await ground()) < 60, await ground());
  },

  async report_is_exported(guide) {
    await guide.open(hashOf(COST, {}));
    await guide.expectTitle(COST, COST.title);
    const [download] = await Promise.all([
      guide.page.waitForEvent("download", { timeout: 150_000 }),
      guide.frame(COST).getByRole("button", { name: "Export PDF" }).click(),
    ]);

    assert.match(download.suggestedFilename(), /^insights.*\.pdf$/);
    const bytes = await readFile(await download.path());
    assert.equal(bytes.subarray(0, 5).toString(), "%PDF-");
    assert.ok(bytes.length > 20_000, `${bytes.length} bytes`);
  },

  async words_are_kept(guide) {
    const { selection } = await guide.view(TRIANGLE);
    await guide.open(hashOf(TRIANGLE, {}));
    const frame = guide.frame(TRIANGLE);
    await frame.getByRole("navigation", { name: "Sections" }).getByRole("button", { name: "Your words" }).click();
    await frame.getByRole("radio", { name: "Model" }).focus();
    await guide.page.keyboard.press("Space");
    await frame.getByLabel("How do you know?").fill("Negatives were dropped. </script><b>x");
    await guide.page.keyboard.press("Control+Enter");
    const [cause, words] = [0, 1].map((form) => frame.locator("form.remark").nth(form).getByRole("status").filter({ hasText: "Kept." }));
    await cause.waitFor();
    await frame.locator("#section-verdict").getByText("Model: Negatives were dropped. </script><b>x").first().waitFor();
    await frame.getByLabel("Words for page 1 of the report").fill("Headline: The retrain of 9 September");
    await frame.getByRole("button", { name: "Keep the words" }).click();
    await words.waitFor();

    const { remarks } = await guide.view(TRIANGLE, { run: selection.run });
    assert.deepEqual([remarks.cause, remarks.words], ["model", "Headline: The retrain of 9 September"]);
    assert.equal(await frame.locator("main b, main script").count(), 0);
  },

  async unit_values_are_assumed(guide) {
    const plain = await guide.view(COST);
    await guide.open(hashOf(COST, {}));
    await guide.expectWords(COST, plain);
    const slider = guide.frame(COST).getByRole("slider", { name: "Assume unit values" });
    await slider.focus();
    for (let step = 0; step < 4; step++) await guide.page.keyboard.press("ArrowRight");
    await guide.page.waitForURL((url) => url.hash.includes("p.business_cost.values_scale=1.2"));

    const dearer = await guide.view(COST, { values_scale: "1.2" });
    assert.equal(Math.round(dearer.headline.money.value * 100), Math.round(plain.headline.money.value * 120));
    await guide.expectWords(COST, dearer);
    assert.equal(await slider.getAttribute("aria-valuetext"), dearer.assumption.effect);
    await guide.switchTo(TRIANGLE);
    await guide.expectWords(TRIANGLE, await guide.view(TRIANGLE, { values_scale: "1.2" }));

    await guide.frame(TRIANGLE).getByRole("button", { name: "Back to the unit values of the business tables" }).click();
    await guide.page.waitForURL((url) => !url.hash.includes("values_scale"));
    await guide.expectWords(TRIANGLE, await guide.view(TRIANGLE));
  },

  async what_if_predicts_and_back(guide) {
    const home = await guide.view(TRIANGLE);
    await guide.open(hashOf(TRIANGLE, {}));
    await guide.expectTitle(TRIANGLE, TRIANGLE.title);

    const filled = {
      examplesPath: `${guide.logdir}/what_if/impressions.tfrecord`,
      ...{ inferenceAddress1: "local", modelName1: "196", inferenceAddress2: "local", modelName2: "184" },
    };
    await guide.page.evaluate((hash) => {
      location.hash = hash;
    }, hashOf(WHAT_IF, filled));
    const tool = guide.frame(WHAT_IF).frameLocator("iframe");
    const [answer] = await Promise.all([
      guide.page.waitForResponse((response) => response.url().includes("/whatif/infer?")),
      tool.locator("paper-button", { hasText: /^\s*Accept\s*$/ }).click(),
    ]);
    await tool.getByText("500 datapoints loaded").waitFor();

    const { results } = JSON.parse((await answer.json()).inferences);
    const clicks = results.map(({ classificationResult }) => classificationResult.classifications.map(({ classes }) => classes[1].score));
    assert.deepEqual(clicks.map(({ length }) => length), [500, 500]);
    const [right, wrong] = clicks.map((scores) => scores.reduce((sum, score) => sum + score, 0));
    assert.ok(wrong > 1.5 * right, `the bad retrain promises ${wrong} clicks, its successor ${right}`);
    await guide.switchTo(TRIANGLE);
    await guide.expectWords(TRIANGLE, home);
  },

  async unknown_id_is_a_sentence(guide) {
    const missing = { view: "slice", id: '[["product_line","</script><b>gone"]]' };
    const told = await guide.view(TRIANGLE, missing);
    await guide.open(hashOf(TRIANGLE, missing));

    const trouble = guide.frame(TRIANGLE).getByRole("alert");
    await trouble.getByText(told.error).waitFor();
    guide.troubles.length = 0; // the browser complains about the 404, rightly
    await trouble.getByRole("button", { name: "Open" }).click();

    await guide.expectWords(TRIANGLE, await guide.view(TRIANGLE));
  },
};

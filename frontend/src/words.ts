/** The few words that are the page's own: everything about the data arrives written. */
import type { CornerName, Link, State } from "./contract.ts";

export const CORNER_WORDS: Readonly<Record<CornerName, string>> = {
  business: "Business",
  data: "Data",
  model: "Model",
};

export const STATE_WORDS: Readonly<Record<State, string>> = {
  held: "held",
  watch: "watch",
  violated: "violated",
  unknown: "unknown",
};

export const PAGE_WORDS: Readonly<Record<Link["view"], string>> = {
  insights: "Insights Triangle",
  cost: "Business Cost",
  feature: "Feature",
  slice: "Slice",
  artifact: "Artifact",
};

/** Short names for the sections that every page of a kind has; their titles are whole sentences. */
const SECTION_WORDS: Readonly<Record<string, string>> = {
  verdict: "Verdict",
  business: "Business",
  data: "Data",
  model: "Model",
  history: "History",
  lineage: "Lineage",
  money: "Money over time",
  slices: "Slices",
  threshold: "Threshold",
  account: "How it is computed",
  rows: "Rows",
  how: "How we know",
  remarks: "Your words",
  orders: "Orders",
  sensitivity: "If prices were wrong",
  result: "Business result",
  rules: "Cost rules",
  changed: "What changed",
  search: "Slices found",
  confusion: "Mistakes",
};

/** The name of a section in the page's navigation. */
export function sectionWord(id: string): string {
  const [kind = "", rule] = id.split("-", 2); // of several cost rules each has its sections: slices-ads
  const word = SECTION_WORDS[kind] ?? kind.charAt(0).toUpperCase() + kind.slice(1).replaceAll("_", " ");
  return rule === undefined ? word : `${word}: ${rule}`;
}

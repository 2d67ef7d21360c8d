// Written by make_types.py from model_insights/view.py. Change the structs there, then run it again.

export const SCHEMA_VERSION = 1;

/** A page: pure function of history and parameters. Equal input gives equal bytes. */
export interface View {
  schema_version: number;
  view: "artifact" | "cost" | "empty" | "feature" | "insights" | "slice";
  title: string;
  subtitle: string;
  selection: Selection;
  headline: Headline | null;
  notices: readonly Notice[];
  sections: readonly Section[];
  footer: readonly Fact[];
  locale: string;
  back: Link | null;
  assumption: Assumption | null;
  remarks: Remarks | null;
}

/** What is shown and what else could be: the pickers. `chosen` ids are always among the choices, or empty. */
export interface Selection {
  pipelines: readonly Choice[];
  runs: readonly Choice[];
  references: readonly Choice[];
  models: readonly Choice[];
  thresholds: readonly Choice[];
  splits: readonly Choice[];
  pipeline: string;
  run: string;
  reference: string;
  model: string;
  threshold: string;
  split: string;
}

export interface Choice {
  id: string;
  text: string;
  hint: string;
  enabled: boolean;
}

/** The answer in one screen line: which assumption, how sure, how much, how bad, since when. */
export interface Headline {
  sentence: string;
  money: Value;
  change: Value;
  severity: Severity;
  confidence: string;
  confidence_reason: string;
  since: string;
  next_action: string;
  corner: "business" | "data" | "model" | null;
  how: readonly Fact[];
}

/** A number as it is shown. `text` says it whole (unit and currency included); `value` is for scales and sorting. */
export interface Value {
  text: string;
  value: number | null;
  low: number | null;
  high: number | null;
  interval_text: string;
  tone: "bad" | "good" | "muted" | "neutral" | "unknown" | "watch";
}

export interface Severity {
  level: "big" | "emergency" | "little" | "none" | "unknown";
  name: string;
  sentence: string;
  could_be: string;
}

export interface Fact {
  label: string;
  value: string;
  hint: string;
  link: Link | null;
}

/** Where a click leads: another view by kind and id. Ids come from listings; they are never paths. */
export interface Link {
  view: "artifact" | "cost" | "feature" | "insights" | "slice";
  id: string;
  run: string;
  anchor: string;
}

/** Something a reader must know before trusting the page: damage, absence, a season that cannot be excluded. */
export interface Notice {
  level: "error" | "info" | "warning";
  text: string;
  remedy: string;
}

/** A part of a page. Its title is a sentence with a number wherever there is one. */
export interface Section {
  id: string;
  title: string;
  lead: string;
  action: string;
  corner: "business" | "data" | "model" | null;
  state: "held" | "unknown" | "violated" | "watch" | null;
  state_text: string;
  blocks: readonly (TimeSeries | Bars | Waterfall | Curve | HeatMap | Distribution | RangePlot | Scatter | LineageGraph | Triangle | VerdictStrip | Facts | Paragraph | Table)[];
}

/** Lines over the runs' periods, with bands and marks. x is the run's index; ticks carry the period labels. */
export interface TimeSeries {
  kind: "time_series";
  title: string;
  alt: string;
  note: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
  bands: readonly Band[];
  marks: readonly Mark[];
}

/** A linear (or log) scale with its ticks already written. */
export interface Axis {
  label: string;
  ticks: readonly Tick[];
  low: number | null;
  high: number | null;
  scale: "linear" | "log";
}

export interface Tick {
  value: number;
  text: string;
}

/** A series. `role` decides its look in both renderers; no colours travel. */
export interface Line {
  name: string;
  points: readonly Point[];
  role: "candidate" | "expected" | "guide" | "main" | "reference" | "training";
}

/** A point of a line. y None is a gap. x is the position on the x axis (period index, threshold, ...). */
export interface Point {
  x: number;
  y: number | null;
  low: number | null;
  high: number | null;
  text: string;
  link: Link | null;
  emphasis: boolean;
}

/** A shaded range of y along x (expected level, null band). */
export interface Band {
  name: string;
  points: readonly Point[];
}

/** A vertical or horizontal annotation: a business event, a model push, a threshold, a budget. */
export interface Mark {
  at: number;
  text: string;
  axis: "x" | "y";
  kind: "budget" | "change" | "data" | "event" | "model" | "threshold";
}

/** Horizontal bars, sorted, with intervals where known. */
export interface Bars {
  kind: "bars";
  title: string;
  alt: string;
  note: string;
  axis: Axis;
  bars: readonly Bar[];
  value_name: string;
  reference_name: string;
}

export interface Bar {
  label: string;
  value: Value;
  reference: Value | null;
  tone: "bad" | "good" | "muted" | "neutral" | "unknown" | "watch";
  link: Link | null;
}

export interface Waterfall {
  kind: "waterfall";
  title: string;
  alt: string;
  note: string;
  axis: Axis;
  steps: readonly Step[];
}

/** A step of a waterfall. `total` bars stand on zero, the others on what came before; start/end are absolute positions. */
export interface Step {
  label: string;
  value: Value;
  start: number;
  end: number;
  total: boolean;
  corner: "business" | "data" | "model" | null;
  cannot_tell: boolean;
}

/** y against a continuous x: ROC, precision-recall, calibration, cost by threshold. Marks show the current and best point. */
export interface Curve {
  kind: "curve";
  title: string;
  alt: string;
  note: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
  bands: readonly Band[];
  marks: readonly Mark[];
  draggable: boolean;
}

export interface HeatMap {
  kind: "heat_map";
  title: string;
  alt: string;
  note: string;
  rows: readonly string[];
  columns: readonly string[];
  cells: readonly HeatCell[];
  row_label: string;
  column_label: string;
}

export interface HeatCell {
  row: number;
  column: number;
  value: Value;
}

/** Distributions side by side: now, reference, training; of predictions also those of the model that may serve next. */
export interface Distribution {
  kind: "distribution";
  title: string;
  alt: string;
  note: string;
  series: readonly string[];
  roles: readonly ("candidate" | "main" | "reference" | "training")[];
  axis: Axis;
  bins: readonly DistributionBin[];
}

/** Share of one bin in each of the figure's series (same order); low/high for numeric bins, None at open ends or categories. */
export interface DistributionBin {
  label: string;
  shares: readonly (number | null)[];
  texts: readonly string[];
  low: number | null;
  high: number | null;
  tone: "bad" | "good" | "muted" | "neutral" | "unknown" | "watch";
}

/** Points with intervals around a guide (0, or the reference), one row each. */
export interface RangePlot {
  kind: "range_plot";
  title: string;
  alt: string;
  note: string;
  axis: Axis;
  rows: readonly RangeRow[];
  guide: number | null;
}

export interface RangeRow {
  label: string;
  value: Value;
  low: number | null;
  high: number | null;
  link: Link | null;
}

export interface Scatter {
  kind: "scatter";
  title: string;
  alt: string;
  note: string;
  x: Axis;
  y: Axis;
  points: readonly ScatterPoint[];
}

export interface ScatterPoint {
  x: number;
  y: number;
  label: string;
  text: string;
  tone: "bad" | "good" | "muted" | "neutral" | "unknown" | "watch";
  link: Link | null;
}

export interface LineageGraph {
  kind: "lineage_graph";
  title: string;
  alt: string;
  note: string;
  nodes: readonly Node[];
  edges: readonly Edge[];
}

/** An artifact of the lineage picture; `layer` is its column (0 = data span). */
export interface Node {
  id: string;
  label: string;
  detail: string;
  layer: number;
  row: number;
  changed: boolean;
  missing: boolean;
  selected: boolean;
  link: Link | null;
}

export interface Edge {
  source: string;
  target: string;
}

/** The ML Insights Triangle: always the three corners in the order business, data, model. */
export interface Triangle {
  kind: "triangle";
  title: string;
  alt: string;
  note: string;
  corners: readonly CornerShare[];
  cannot_tell: Value;
  cannot_tell_sentence: string;
}

/** A corner of the triangle: its state, its part of the change of money (None: not known), and one sentence. */
export interface CornerShare {
  corner: "business" | "data" | "model";
  name: string;
  state: "held" | "unknown" | "violated" | "watch";
  state_text: string;
  money: Value;
  share: Value;
  sentence: string;
  link: Link | null;
}

/** Past verdicts in a row, oldest first: the corner by shape, colour and letter, the severity by size and word. */
export interface VerdictStrip {
  kind: "verdict_strip";
  title: string;
  alt: string;
  note: string;
  marks: readonly VerdictMark[];
}

/** The verdict of one period. `corners`: none without a fault, several where they could not be told apart; `letter` says it short. */
export interface VerdictMark {
  label: string;
  verdict: string;
  letter: string;
  corners: readonly ("business" | "data" | "model")[];
  level: "big" | "emergency" | "little" | "none" | "unknown";
  level_text: string;
  text: string;
  confirmed: string;
  is_open: boolean;
  link: Link | null;
  selected: boolean;
}

/** A definition list: model version, period, counts. */
export interface Facts {
  kind: "facts";
  title: string;
  items: readonly Fact[];
}

export interface Paragraph {
  kind: "paragraph";
  text: string;
  tone: "bad" | "good" | "muted" | "neutral" | "unknown" | "watch";
}

/** One page of a table. Sorting, filtering and paging happen on the server: controls re-request with `table.<id>.*` parameters. */
export interface Table {
  kind: "table";
  id: string;
  title: string;
  columns: readonly Column[];
  rows: readonly Row[];
  total: number;
  page: number;
  page_size: number;
  sort: string;
  filter: string;
  empty: string;
  note: string;
}

export interface Column {
  id: string;
  title: string;
  align: "left" | "right";
  hint: string;
  sortable: boolean;
}

export interface Row {
  id: string;
  cells: readonly Cell[];
  link: Link | null;
  emphasis: boolean;
}

export interface Cell {
  text: string;
  value: number | null;
  tone: "bad" | "good" | "muted" | "neutral" | "unknown" | "watch";
  hint: string;
  state: "held" | "unknown" | "violated" | "watch" | null;
  bar: number | null;
}

/** The slider over all unit values together: where it stands, what that does, and every place it may go to. */
export interface Assumption {
  factor: number;
  text: string;
  effect: string;
  stops: readonly AssumptionStop[];
}

/** A place of the slider: prices times `factor`, and what mistakes would cost then, in words. */
export interface AssumptionStop {
  factor: number;
  name: string;
  text: string;
  level: "big" | "emergency" | "little" | "none" | "unknown";
}

/** What a person wrote about the shown run, and may write. Kept in the state directory; no part of the result, nor of its checksum. */
export interface Remarks {
  causes: readonly Choice[];
  cause: string;
  note: string;
  most_note: number;
  words: string;
  most_words: number;
  fault: string;
}

/** The one shape of every error answer of the HTTP routes. */
export interface Problem {
  error: string;
  remedy: string;
  scanning: boolean;
}

"""What a renderer gets: the view models that the tabs draw on screen and the report draws on paper.

Hop 4's output. Every number that is shown carries its text (written once, by `wording`); every figure is data with meaning and
a text alternative; no renderer formats, computes or concludes. The contract travels as JSON: `make types` writes
frontend/view.schema.json and frontend/src/view.gen.ts from these structs, and `make lint` refuses stale ones.
"""

from __future__ import annotations

from typing import Literal, Union

from model_insights.noun import Noun

SCHEMA_VERSION = 1

CornerName = Literal["business", "data", "model"]
State = Literal["held", "watch", "violated", "unknown"]
SeverityLevel = Literal["none", "little", "big", "emergency", "unknown"]
Tone = Literal["neutral", "good", "watch", "bad", "unknown", "muted"]


class Value(Noun):
    """A number as it is shown. `text` says it whole (unit and currency included); `value` is for scales and sorting."""

    text: str
    value: float | None = None
    low: float | None = None  # interval, same unit
    high: float | None = None
    interval_text: str = ""  # "95 %: 36 to 49"
    tone: Tone = "neutral"


class Link(Noun):
    """Where a click leads: another view by kind and id. Ids come from listings; they are never paths."""

    view: Literal["insights", "cost", "feature", "slice", "artifact"]
    id: str = ""  # feature, slice or artifact id; empty for the two pages
    run: str = ""  # another run than the selected one, when set
    anchor: str = ""  # section id to scroll to


# --- figures: a small closed union --------------------------------------------------------------------------------------------


class Tick(Noun):
    value: float
    text: str


class Axis(Noun):
    """A linear (or log) scale with its ticks already written."""

    label: str  # "Cost per week", with its unit: "Cost per week (EUR)"
    ticks: tuple[Tick, ...] = ()
    low: float | None = None
    high: float | None = None
    scale: Literal["linear", "log"] = "linear"


class Point(Noun):
    """A point of a line. y None is a gap. x is the position on the x axis (period index, threshold, ...)."""

    x: float
    y: float | None
    low: float | None = None
    high: float | None = None
    text: str = ""  # full words for the tooltip: "Week of 12 Aug 2024: EUR 480 (410 to 560)"
    link: Link | None = None
    emphasis: bool = False  # the selected run or the current threshold


class Line(Noun):
    """A series. `role` decides its look in both renderers; no colours travel."""

    name: str
    points: tuple[Point, ...]
    role: Literal["main", "reference", "expected", "training", "candidate", "guide"] = "main"


class Mark(Noun):
    """A vertical or horizontal annotation: a business event, a model push, a threshold, a budget."""

    at: float
    text: str
    axis: Literal["x", "y"] = "x"
    kind: Literal["event", "model", "data", "threshold", "budget", "change"] = "event"


class Band(Noun):
    """A shaded range of y along x (expected level, null band)."""

    name: str
    points: tuple[Point, ...]  # low and high of each


class FigureBase(Noun, kw_only=True):
    """Parts every figure has."""

    title: str
    alt: str  # the figure in words, for screen readers and PDF alternative text
    note: str = ""  # one line below: n, period, what is not shown


class TimeSeries(FigureBase, tag="time_series", tag_field="kind", kw_only=True):
    """Lines over the runs' periods, with bands and marks. x is the run's index; ticks carry the period labels."""

    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()


class Bar(Noun):
    label: str
    value: Value
    reference: Value | None = None  # the same quantity in the reference period
    tone: Tone = "neutral"
    link: Link | None = None


class Bars(FigureBase, tag="bars", tag_field="kind", kw_only=True):
    """Horizontal bars, sorted, with intervals where known."""

    axis: Axis
    bars: tuple[Bar, ...]
    value_name: str = "now"
    reference_name: str = "reference"


class Step(Noun):
    """A step of a waterfall. `total` bars stand on zero, the others on what came before; start/end are absolute positions."""

    label: str
    value: Value
    start: float
    end: float
    total: bool = False
    corner: CornerName | None = None
    cannot_tell: bool = False  # a merged line: hatched


class Waterfall(FigureBase, tag="waterfall", tag_field="kind", kw_only=True):
    axis: Axis
    steps: tuple[Step, ...]


class Curve(FigureBase, tag="curve", tag_field="kind", kw_only=True):
    """y against a continuous x: ROC, precision-recall, calibration, cost by threshold. Marks show the current and best point."""

    x: Axis
    y: Axis
    lines: tuple[Line, ...]
    bands: tuple[Band, ...] = ()
    marks: tuple[Mark, ...] = ()
    draggable: bool = False  # the x mark of kind "threshold" may be dragged (re-requests with `threshold`)


class HeatCell(Noun):
    row: int
    column: int
    value: Value


class HeatMap(FigureBase, tag="heat_map", tag_field="kind", kw_only=True):
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: tuple[HeatCell, ...]
    row_label: str = ""
    column_label: str = ""


class DistributionBin(Noun):
    """Share of one bin in each of the figure's series (same order); low/high for numeric bins, None at open ends or categories."""

    label: str
    shares: tuple[float | None, ...]
    texts: tuple[str, ...]
    low: float | None = None
    high: float | None = None
    tone: Tone = "neutral"  # a bin that stands out


class Distribution(FigureBase, tag="distribution", tag_field="kind", kw_only=True):
    """Distributions side by side: now, reference, training; of predictions also those of the model that may serve next."""

    series: tuple[str, ...]
    roles: tuple[Literal["main", "reference", "training", "candidate"], ...]
    axis: Axis  # share of examples
    bins: tuple[DistributionBin, ...]


class RangeRow(Noun):
    label: str
    value: Value
    low: float | None = None
    high: float | None = None
    link: Link | None = None


class RangePlot(FigureBase, tag="range_plot", tag_field="kind", kw_only=True):
    """Points with intervals around a guide (0, or the reference), one row each."""

    axis: Axis
    rows: tuple[RangeRow, ...]
    guide: float | None = None


class ScatterPoint(Noun):
    x: float
    y: float
    label: str
    text: str
    tone: Tone = "neutral"
    link: Link | None = None


class Scatter(FigureBase, tag="scatter", tag_field="kind", kw_only=True):
    x: Axis
    y: Axis
    points: tuple[ScatterPoint, ...]


class Node(Noun):
    """An artifact of the lineage picture; `layer` is its column (0 = data span)."""

    id: str
    label: str
    detail: str
    layer: int
    row: int
    changed: bool = False
    missing: bool = False
    selected: bool = False
    link: Link | None = None


class Edge(Noun):
    source: str
    target: str


class LineageGraph(FigureBase, tag="lineage_graph", tag_field="kind", kw_only=True):
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


class CornerShare(Noun):
    """A corner of the triangle: its state, its part of the change of money (None: not known), and one sentence."""

    corner: CornerName
    name: str  # "Business realities"
    state: State
    state_text: str
    money: Value
    share: Value  # of the absolute change; text "68 %" or "not known"
    sentence: str
    link: Link | None = None


class Triangle(FigureBase, tag="triangle", tag_field="kind", kw_only=True):
    """The ML Insights Triangle: always the three corners in the order business, data, model."""

    corners: tuple[CornerShare, ...]
    cannot_tell: Value  # share that cannot be given to one corner
    cannot_tell_sentence: str = ""


class VerdictMark(Noun):
    """The verdict of one period. `corners`: none without a fault, several where they could not be told apart; `letter` says it short."""

    label: str  # the period, short
    verdict: str  # "data, very likely"
    letter: str  # "B", "D", "M", "?", or nothing
    corners: tuple[CornerName, ...]
    level: SeverityLevel
    level_text: str
    text: str  # all of it in words
    confirmed: str = ""  # what it turned out to be
    is_open: bool = False  # nothing could be concluded
    link: Link | None = None
    selected: bool = False


class VerdictStrip(FigureBase, tag="verdict_strip", tag_field="kind", kw_only=True):
    """Past verdicts in a row, oldest first: the corner by shape, colour and letter, the severity by size and word."""

    marks: tuple[VerdictMark, ...]


Figure = Union[TimeSeries, Bars, Waterfall, Curve, HeatMap, Distribution, RangePlot, Scatter, LineageGraph, Triangle, VerdictStrip]


# --- text and tables ----------------------------------------------------------------------------------------------------------


class Fact(Noun):
    label: str
    value: str
    hint: str = ""
    link: Link | None = None


class Facts(Noun, tag="facts", tag_field="kind"):
    """A definition list: model version, period, counts."""

    title: str = ""
    items: tuple[Fact, ...] = ()


class Paragraph(Noun, tag="paragraph", tag_field="kind"):
    text: str
    tone: Tone = "neutral"


class Column(Noun):
    id: str
    title: str
    align: Literal["left", "right"] = "left"
    hint: str = ""  # how it is computed
    sortable: bool = True


class Cell(Noun):
    text: str
    value: float | None = None
    tone: Tone = "neutral"
    hint: str = ""
    state: State | None = None  # shown as word, shape and colour
    bar: float | None = None  # -1..1: a small bar in the cell


class Row(Noun):
    id: str
    cells: tuple[Cell, ...]  # one per column
    link: Link | None = None
    emphasis: bool = False


class Table(Noun, tag="table", tag_field="kind"):
    """One page of a table. Sorting, filtering and paging happen on the server: controls re-request with `table.<id>.*` parameters."""

    id: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    total: int  # rows in all, after filtering
    page: int = 0
    page_size: int = 25
    sort: str = ""  # column id, "-" in front for descending
    filter: str = ""
    empty: str = "Nothing to show."  # the sentence when there is no row
    note: str = ""


Block = Union[
    TimeSeries,
    Bars,
    Waterfall,
    Curve,
    HeatMap,
    Distribution,
    RangePlot,
    Scatter,
    LineageGraph,
    Triangle,
    VerdictStrip,
    Facts,
    Paragraph,
    Table,
]


class Section(Noun):
    """A part of a page. Its title is a sentence with a number wherever there is one."""

    id: str  # "verdict", "cost", "where", "business", "data", "model", "evidence", "how", ... stable: anchors and report pages use it
    title: str
    lead: str = ""
    action: str = ""  # what to do about it
    corner: CornerName | None = None
    state: State | None = None
    state_text: str = ""
    blocks: tuple[Block, ...] = ()


class Severity(Noun):
    level: SeverityLevel
    name: str  # "Big problem"
    sentence: str  # "EUR 5,800 in 30 days above the expected level; a big problem starts at EUR 5,000."
    could_be: str = ""  # "could be an emergency"


class Headline(Noun):
    """The answer in one screen line: which assumption, how sure, how much, how bad, since when."""

    sentence: str
    money: Value
    change: Value
    severity: Severity
    confidence: str  # "very likely" ... "cannot tell", in words
    confidence_reason: str = ""
    since: str = ""
    next_action: str = ""
    corner: CornerName | None = None
    how: tuple[Fact, ...] = ()  # how each of its numbers is computed: formula and inputs


class Notice(Noun):
    """Something a reader must know before trusting the page: damage, absence, a season that cannot be excluded."""

    level: Literal["error", "warning", "info"]
    text: str
    remedy: str = ""


class Choice(Noun):
    id: str
    text: str
    hint: str = ""
    enabled: bool = True


class Selection(Noun):
    """What is shown and what else could be: the pickers. `chosen` ids are always among the choices, or empty."""

    pipelines: tuple[Choice, ...] = ()
    runs: tuple[Choice, ...] = ()
    references: tuple[Choice, ...] = ()
    models: tuple[Choice, ...] = ()  # serving, candidate
    thresholds: tuple[Choice, ...] = ()
    splits: tuple[Choice, ...] = ()  # of the statistics, where there are several
    pipeline: str = ""
    run: str = ""
    reference: str = ""
    model: str = ""
    threshold: str = ""
    split: str = ""  # empty: the one with the most examples


class AssumptionStop(Noun):
    """A place of the slider: prices times `factor`, and what mistakes would cost then, in words."""

    factor: float
    name: str  # "+20 %"
    text: str
    level: SeverityLevel


class Assumption(Noun):
    """The slider over all unit values together: where it stands, what that does, and every place it may go to."""

    factor: float
    text: str  # "+20 %"
    effect: str
    stops: tuple[AssumptionStop, ...]


class Remarks(Noun):
    """What a person wrote about the shown run, and may write. Kept in the state directory; no part of the result, nor of its checksum."""

    causes: tuple[Choice, ...]  # what it may have turned out to be; the empty id: nothing is recorded
    cause: str = ""
    note: str = ""
    most_note: int = 0  # letters
    words: str = ""  # for page 1 of the report; its lines "Headline: ..." and "What to do: ..." replace the page's own
    most_words: int = 0
    fault: str = ""  # why kept words cannot be read


ViewKind = Literal["insights", "cost", "feature", "slice", "artifact", "empty"]


class View(Noun, kw_only=True):
    """A page: pure function of history and parameters. Equal input gives equal bytes."""

    schema_version: int = SCHEMA_VERSION
    view: ViewKind
    title: str
    subtitle: str = ""  # pipeline, period, reference in words
    selection: Selection = Selection()
    headline: Headline | None = None
    notices: tuple[Notice, ...] = ()
    sections: tuple[Section, ...] = ()
    footer: tuple[Fact, ...] = ()  # provenance: n, period, interval level, thresholds, ids, checksum
    locale: str = "en"
    back: Link | None = None
    assumption: Assumption | None = None  # where there is a cost
    remarks: Remarks | None = None  # where a person may write: the insights page of a run


class Problem(Noun):
    """The one shape of every error answer of the HTTP routes."""

    error: str  # a sentence
    remedy: str = ""
    scanning: bool = False  # true: ask again shortly, the first scan is still running


class TableRequest(Noun):
    page: int = 0
    sort: str = ""
    filter: str = ""
    size: int = 0  # rows on a page; 0: what fits a screen. Paper asks for all of them at once


class Request(Noun):
    """Parameters of a view, as they arrive from a URL or a command line. Every id must come from a listing."""

    view: ViewKind = "insights"
    pipeline: str = ""  # empty: the first
    run: str = ""  # empty: the latest with an evaluation
    reference: str = ""  # empty: the first available of the configured ones
    model: str = ""  # "serving" (default where known) or "candidate"
    id: str = ""  # feature, slice or artifact of a detail view
    threshold: str = ""  # decision threshold, as text of a number
    split: str = ""  # of the statistics that are compared; empty: the one with the most examples
    values_scale: float = 1.0  # assume that every unit value is this multiple of what the business tables say
    tables: dict[str, TableRequest] = {}

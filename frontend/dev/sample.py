"""Views as the back end would send them, without runs: for the front end's tests and for looking at its pages.

`python frontend/dev/sample.py FILE` writes them all as one JSON object. The numbers are invented; the shapes are not.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from model_insights import view as v  # noqa: E402

WEEKS = 52
HOSTILE = "</script><img src=x onerror=alert(1)>"
LONG = "product_line_men_dress_with_a_name_of_sixty_characters_x0001"
NAMES = ("男性用ドレスシューズ", "أحذية رياضية", "Ärmelloß & <b>fett</b>", LONG, HOSTILE)
LINES = ("men_dress", "men_running", "women_boots", "women_heels", "kids_sport", "outdoor_hiking", "sandals", "slippers", *NAMES)
REGIONS = ("north", "south", "coast", "alps")


def money(amount: float, *, sign: bool = False) -> str:
    mark = "−" if amount < 0 else "+" if sign else ""
    return f"{mark}EUR {abs(round(amount)):,}"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def week(index: int) -> str:
    return f"2024-W{index % 52 + 1:02d}"


def value(amount: float | None, *, spread: float = 0.0, tone: v.Tone = "neutral", sign: bool = False) -> v.Value:
    if amount is None:
        return v.Value(text="not known", tone="unknown")
    low, high = amount - spread, amount + spread
    interval = f"95 %: {money(low)} to {money(high)}" if spread else ""
    return v.Value(
        text=money(amount, sign=sign),
        value=amount,
        low=low if spread else None,
        high=high if spread else None,
        interval_text=interval,
        tone=tone,
    )


def wave(index: float, *, scale: float = 1.0) -> float:
    return scale * (0.5 * math.sin(index / 8.3) + 0.25 * math.sin(index / 2.1 + 1) + 0.12 * math.sin(index * 2.7))


def money_axis(label: str, values: Sequence[float], *, count: int = 5) -> v.Axis:
    low, high = min(0.0, *values), max(0.0, *values)
    raw = (high - low) / count or 1.0
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * nice for nice in (1, 2, 2.5, 5, 10) if power * nice >= raw)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(v.Tick(value=index * step, text=f"{index * step:,.0f}".replace("-", "−")) for index in range(first, last + 1))
    return v.Axis(label=label, ticks=ticks, low=first * step, high=last * step)


def share_axis(label: str, high: float = 1.0) -> v.Axis:
    step = 0.1 if high <= 0.5 else 0.2
    count = math.ceil(high / step - 1e-9)
    ticks = tuple(v.Tick(value=round(index * step, 2), text=percent(index * step)) for index in range(count + 1))
    return v.Axis(label=label, ticks=ticks, low=0.0, high=round(count * step, 2))


def weeks_axis() -> v.Axis:
    return v.Axis(label="Week", ticks=tuple(v.Tick(value=float(index), text=week(index)) for index in range(WEEKS)), low=0, high=WEEKS - 1)


def cost_of(index: int) -> float:
    return 13_800 + wave(index, scale=2_600) + (0 if index < 41 else 24_000 + 1_700 * (index - 41))


def cost_series() -> v.TimeSeries:
    points, expected, bands = [], [], []
    for index in range(WEEKS):
        usual = 13_800 + wave(index * 0.97, scale=2_300)
        amount = None if index in (17, 18) else cost_of(index)
        text = f"Week {week(index)}: {money(amount)} ({money(amount - 2_400)} to {money(amount + 2_400)})" if amount is not None else ""
        points.append(
            v.Point(
                x=float(index),
                y=amount,
                low=None if amount is None else amount - 2_400,
                high=None if amount is None else amount + 2_400,
                text=text,
                link=v.Link(view="cost", run=f"run-{index}"),
                emphasis=index == WEEKS - 1,
            )
        )
        expected.append(v.Point(x=float(index), y=usual, text=f"Expected: {money(usual)}"))
        bands.append(v.Point(x=float(index), y=None, low=usual - 4_000, high=usual + 4_000))
    return v.TimeSeries(
        title="Mistakes cost about EUR 42,000 a week since W42, three times the usual",
        alt="Cost per week over 52 weeks. It stays between EUR 11,000 and 17,000 until week 41 and rises to EUR 57,000 in week 52.",
        note="n = 12,400 impressions a week; weeks 18 and 19 have no evaluation. Whiskers are 95 % intervals.",
        x=weeks_axis(),
        y=money_axis("Cost per week (EUR)", [0, 60_000]),
        lines=(
            v.Line(name="Cost of mistakes", points=tuple(points), role="main"),
            v.Line(name="Expected for the season", points=tuple(expected), role="expected"),
        ),
        bands=(v.Band(name="Usual range", points=tuple(bands)),),
        marks=(
            v.Mark(at=12, text="Model 7 pushed", kind="model"),
            v.Mark(at=29, text="Summer sale", kind="event"),
            v.Mark(at=39, text="Schema 4: promo_depth in percent", kind="data"),
            v.Mark(at=41, text="Change", kind="change"),
            v.Mark(at=45, text="Model 9 pushed", kind="model"),
            v.Mark(at=28_000, text="Big problem starts at EUR 28,000", axis="y", kind="budget"),
        ),
    )


def headline() -> v.Headline:
    return v.Headline(
        how=(
            v.Fact(label="How much", value="cost = volume × (over + under), per unit, then summed", hint="12,431 cases in 8 units."),
            v.Fact(label="Change", value="EUR 42,000 − EUR 13,000 in week 48"),
        ),
        sentence="Since week 42 mistakes cost about EUR 42,000 a week, EUR 29,000 more than usual: mostly the data (68 %), not the model.",
        money=v.Value(text="EUR 42,000 a week", value=42_000, interval_text="95 %: EUR 36,000 to EUR 49,000"),
        change=v.Value(text="+EUR 29,000 a week", value=29_000, interval_text="95 %: +EUR 23,000 to +EUR 36,000", tone="bad"),
        severity=v.Severity(
            level="big",
            name="Big problem",
            sentence="EUR 17,400 in 30 days above the expected level; a big problem starts at EUR 5,000, an emergency at EUR 20,000.",
            could_be="could be an emergency",
        ),
        confidence="very likely",
        confidence_reason="9 of 10 slices moved with promo_depth; the model did not change",
        since="week of 14 Oct 2024",
        next_action="Check the unit of promo_depth in the price feed: its mean went from 0.21 to 21 in week 42.",
        corner="data",
    )


def triangle() -> v.Triangle:
    def corner(name: v.CornerName, words: str, state: v.State, said: str, share: float | None, sentence: str) -> v.CornerShare:
        amount = None if share is None else share * 29_000
        told = v.Value(text="not known", tone="unknown") if share is None else v.Value(text=percent(share), value=share)
        return v.CornerShare(
            corner=name,
            name=words,
            state=state,
            state_text=said,
            money=value(amount, spread=2_600 if amount else 0, sign=True),
            share=told,
            sentence=sentence,
            link=v.Link(view="insights", anchor=name),
        )

    return v.Triangle(
        title="Most of the change comes from the data",
        alt="Triangle: business realities 9 %, watch; data 68 %, violated; model 11 %, held; 12 % cannot be told apart.",
        corners=(
            corner(
                "business",
                "Business realities",
                "watch",
                "under strain",
                0.09,
                "Unit margins fell by 6 % in boots; volumes are as planned.",
            ),
            corner(
                "data", "Data", "violated", "violated", 0.68, "promo_depth left its schema in week 42: 97 % of values are outside 0 to 1."
            ),
            corner("model", "Model", "held", "held", 0.11, "Model 9 is as good as model 8 on the same data (AUC 0.81 against 0.81)."),
        ),
        cannot_tell=v.Value(text="12 %", value=0.12),
        cannot_tell_sentence="Data and a changed relation moved together in week 45; scoring model 8 on week 45 would tell them apart.",
    )


def waterfall() -> v.Waterfall:
    steps: list[v.Step] = []
    at = 13_200.0
    steps.append(v.Step(label="Usual week (mean of W30–W41)", value=value(at), start=0, end=at, total=True))
    parts: tuple[tuple[str, float, v.CornerName | None, bool], ...] = (
        ("Volume", 1_900, "business", False),
        ("Unit values (margin per pair, returns)", 700, "business", False),
        ("Values outside the schema: promo_depth", 17_600, "data", False),
        ("Mix of slices and combinations never seen in training", 2_900, "data", False),
        ("Missing values", -800, "data", False),
        ("Model 9 instead of model 8 (on the reference data)", 3_200, "model", False),
        ("Cannot be told apart: concept or stale model", 3_500, None, True),
    )
    for label, amount, corner, merged in parts:
        steps.append(
            v.Step(label=label, value=value(amount, spread=900, sign=True), start=at, end=at + amount, corner=corner, cannot_tell=merged)
        )
        at += amount
    steps.append(v.Step(label="Week 52", value=value(at, spread=6_000), start=0, end=at, total=True))
    return v.Waterfall(
        title="EUR 17,600 of the EUR 29,000 are values outside the schema",
        alt="Waterfall from EUR 13,200 in a usual week to EUR 42,200 in week 52; the largest step is promo_depth with EUR 17,600.",
        note="Steps add up exactly. The model step is measured on the reference data; the new model had seen that period.",
        axis=money_axis("Cost per week (EUR)", [0, 45_000]),
        steps=tuple(steps),
    )


def evidence_table(kind: v.CornerName, *, count: int = 9, total: int | None = None) -> v.Table:
    states: tuple[v.State, ...] = ("violated", "violated", "watch", "unknown", "watch", "held", "held", "held", "held")
    measures = ("outside its domain", "share of new values", "missing values", "PSI against the reference", "label shift", "calibration")
    names = ("promo_depth", "brand", HOSTILE, "region", "days_since_launch", LONG, "男性用ドレスシューズ", "shop_id", "size")
    rows = []
    for index in range(count):
        state = states[index % len(states)]
        amount = 17_600 * 0.62**index
        tone: v.Tone = "bad" if state == "violated" else "watch" if state == "watch" else "neutral"
        rows.append(
            v.Row(
                id=f"{kind}-{index}",
                cells=(
                    v.Cell(text=names[index % len(names)]),
                    v.Cell(text=measures[index % len(measures)]),
                    v.Cell(text="", state=state) if state != "unknown" else v.Cell(text="no statistics", state=state),
                    v.Cell(text="not computed" if state == "unknown" else f"{0.97 * 0.8**index:.2f}", value=0.97 * 0.8**index, tone=tone),
                    v.Cell(text="0.05 to 0.12", tone="muted"),
                    v.Cell(text=money(amount, sign=True) if state != "unknown" else "not known", value=amount, bar=0.62**index),
                ),
                link=v.Link(view="feature" if kind != "model" else "slice", id=f"{kind}-{index}"),
            )
        )
    return v.Table(
        id=kind,
        title={"business": "What the business assumed", "data": "What the data should be like", "model": "What the model should do"}[kind],
        columns=(
            v.Column(id="subject", title="Subject"),
            v.Column(id="measure", title="Measure"),
            v.Column(id="state", title="Assumption"),
            v.Column(id="value", title="Now", align="right", hint="The measure in the selected run."),
            v.Column(id="null", title="Usual", align="right", hint="Middle 95 % of this measure between healthy weeks.", sortable=False),
            v.Column(id="money", title="Money per week", align="right", hint="Part of the change of cost in the slices that it touches."),
        ),
        rows=tuple(rows),
        total=count if total is None else total,
        page_size=9,
        sort="-money",
        note="Sorted by money. Evidence about the same cause is counted once in the triangle.",
    )


def selection(*, cost: bool = False) -> v.Selection:
    runs = tuple(
        v.Choice(
            id=f"run-{index}", text=f"{week(index)} (span {index + 1})", enabled=index != 17, hint="" if index != 17 else "no evaluation"
        )
        for index in reversed(range(WEEKS))
    )
    return v.Selection(
        pipelines=(v.Choice(id="shoes", text="shoes-demand"), v.Choice(id="taxi", text="chicago-taxi-tips")),
        runs=runs,
        references=(
            v.Choice(id="previous", text="previous run (2024-W51)"),
            v.Choice(id="weeks", text="4 weeks before (2024-W48)"),
            v.Choice(id="season", text="same season last year", enabled=False, hint="needs 52 weeks more"),
        ),
        models=(v.Choice(id="serving", text="serving (model 8)"), v.Choice(id="candidate", text="candidate (model 9)")),
        thresholds=(v.Choice(id="", text="as served (0.50)"), v.Choice(id="0.34", text="best (0.34)")) if cost else (),
        pipeline="shoes",
        run=f"run-{WEEKS - 1}",
        reference="weeks",
        model="serving",
    )


def footer() -> tuple[v.Fact, ...]:
    return (
        v.Fact(label="Evaluation", value="12,431 examples, 1,275 slices", hint="span 52, week of 23 Dec 2024"),
        v.Fact(label="Intervals", value="95 %, Poisson bootstrap of TFMA"),
        v.Fact(label="Prices", value="product_economics.csv, joined on 3 keys, 100 % matched"),
        v.Fact(label="Model serving", value="model 8", link=v.Link(view="artifact", id="model-8")),
        v.Fact(label="Checksum of this result", value="5d1c07aa"),
    )


def notices() -> tuple[v.Notice, ...]:
    return (
        v.Notice(
            level="warning",
            text="A season cannot be excluded: the history has less than 104 weeks.",
            remedy="Name last year's runs as a reference when you have them.",
        ),
        v.Notice(
            level="error",
            text=f"Evaluator/evaluation/61/metrics-00003-of-00007{HOSTILE} ends inside record 412; 3 slices are not shown.",
            remedy="Run the Evaluator again for span 17.",
        ),
        v.Notice(level="info", text="Example counts of 2 spans differ between ExampleGen and Evaluator by 4 rows."),
        v.Notice(level="info", text="Model 6 was trained but never pushed."),
    )


def insights() -> v.View:
    drift = v.Bars(
        title="promo_depth moved most, by far",
        alt="Bars of the population stability index of six features; promo_depth 4.1, all others below 0.2.",
        note="Bar: week 52. Tick: week 48.",
        axis=v.Axis(label="PSI", ticks=tuple(v.Tick(value=float(i), text=str(i)) for i in range(6)), low=0, high=5),
        bars=tuple(
            v.Bar(
                label=name,
                value=v.Value(
                    text=f"{amount:.2f}",
                    value=amount,
                    low=amount * 0.9,
                    high=amount * 1.1,
                    interval_text=f"{amount * 0.9:.2f} to {amount * 1.1:.2f}",
                ),
                reference=v.Value(text=f"{amount * 0.3 + 0.05:.2f}", value=amount * 0.3 + 0.05),
                tone=tone,
                link=v.Link(view="feature", id=name),
            )
            for name, amount, tone in (
                ("promo_depth", 4.1, "bad"),
                ("brand", 0.64, "watch"),
                (LONG, 0.41, "neutral"),
                ("region", 0.12, "neutral"),
                ("أحذية رياضية", 0.07, "neutral"),
                (HOSTILE, 0.02, "neutral"),
            )
        ),
        value_name="week 52",
        reference_name="week 48",
    )
    missing = v.HeatMap(
        title="Missing values by feature and week",
        alt="Heat map: brand is missing in up to 31 % of rows in the last four weeks, everything else stays below 3 %.",
        rows=("brand", "region", "size", "promo_depth"),
        columns=tuple(week(index) for index in range(44, 52)),
        cells=tuple(
            v.HeatCell(row=row, column=column, value=v.Value(text=percent(share), value=share))
            for row, level in enumerate((0.31, 0.02, 0.01, 0.0))
            for column in range(8)
            for share in [level * (1 if row or column > 3 else 0.1)]
        ),
        column_label="Week",
    )
    prices = v.RangePlot(
        title="Margins fell in boots, nowhere else",
        alt="Change of unit margin by product line with 95 % intervals; women_boots −6 %, the others around zero.",
        axis=v.Axis(
            label="Change of margin per pair",
            ticks=tuple(v.Tick(value=i / 100, text=f"{i} %".replace("-", "−")) for i in range(-10, 6, 5)),
            low=-0.1,
            high=0.05,
        ),
        rows=tuple(
            v.RangeRow(
                label=name,
                value=v.Value(text=f"{100 * change:+.0f} %".replace("-", "−"), value=change, tone="bad" if change < -0.04 else "neutral"),
                low=change - 0.015,
                high=change + 0.015,
                link=v.Link(view="slice", id=name),
            )
            for name, change in zip(LINES[:9], (-0.06, 0.004, -0.011, 0.01, 0.0, 0.02, -0.02, 0.005, -0.003), strict=True)
        ),
        guide=0.0,
    )
    scatter = v.Scatter(
        title="Worse slices are the promoted ones",
        alt="Scatter of 40 slices: cost per case rises with the share of promoted products.",
        x=share_axis("Share of promoted products"),
        y=v.Axis(label="Cost per case (EUR)", ticks=tuple(v.Tick(value=float(i), text=str(i)) for i in range(0, 11, 2)), low=0, high=10),
        points=tuple(
            v.ScatterPoint(
                x=(index * 37 % 100) / 100,
                y=2 + 6 * (index * 37 % 100) / 100 + wave(index, scale=1.5),
                label=f"{LINES[index % 8]} × {REGIONS[index % 4]}",
                text=f"{LINES[index % 8]} × {REGIONS[index % 4]}: {index * 37 % 100} % promoted",
                tone="bad" if index * 37 % 100 > 94 else "neutral",
                link=v.Link(view="slice", id=f"slice-{index}"),
            )
            for index in range(40)
        ),
    )
    return v.View(
        view="insights",
        title="Insights Triangle",
        subtitle="shoes-demand, week of 23 Dec 2024, compared with 4 weeks before",
        selection=selection(),
        remarks=remarks(),
        assumption=assumption(),
        headline=headline(),
        notices=notices(),
        sections=(
            v.Section(
                id="verdict",
                title="The data broke in week 42 and costs EUR 19,700 a week",
                blocks=(triangle(), waterfall(), ledger_facts()),
            ),
            v.Section(
                id="business",
                title="Business: margins in boots fell by 6 %, EUR 2,600 a week",
                lead="Volumes are as planned. What a returned pair costs has not been updated since March.",
                corner="business",
                state="watch",
                state_text="under strain",
                blocks=(evidence_table("business", count=4), prices, margin_facts()),
            ),
            v.Section(
                id="data",
                title="Data: promo_depth left its schema, EUR 19,700 a week",
                lead="97 % of promo_depth are outside 0 to 1 since week 42: the feed sends percent instead of a share.",
                corner="data",
                state="violated",
                state_text="violated",
                blocks=(
                    evidence_table("data", count=9, total=143),
                    drift,
                    missing,
                    v.Paragraph(text="Statistics of spans 17 and 18 are absent; their drift is unknown, not zero.", tone="watch"),
                ),
            ),
            v.Section(
                id="model",
                title="Model: as good as before, EUR 3,200 a week",
                lead="Model 9 and model 8 differ by less than two healthy retrains do.",
                corner="model",
                state="held",
                state_text="held",
                blocks=(evidence_table("model", count=5), scatter, calibration()),
            ),
            v.Section(id="history", title="52 weeks: usual until week 41", blocks=(strip(), cost_series())),
            v.Section(id="lineage", title="What made this run", state="unknown", state_text="one artifact is missing", blocks=(lineage(),)),
        ),
        footer=footer(),
    )


def ledger_facts() -> v.Facts:
    return v.Facts(
        title="How sure",
        items=(
            v.Fact(label="In favour of the data", value="9 of 10 slices moved with promo_depth, in the week its unit changed"),
            v.Fact(label="Against", value="Men's dress lost money without any promotion", hint="EUR 900 a week, inside its interval"),
            v.Fact(label="Cannot be told apart", value="A changed relation and a stale model, 12 %"),
            v.Fact(label="Would tell", value="Scores of model 8 on week 45", hint="insights-score model-8 --span 45"),
        ),
    )


def margin_facts() -> v.Facts:
    return v.Facts(
        title="Prices used",
        items=(
            v.Fact(label="Unsold pair", value="EUR 14.20", hint="median over product lines"),
            v.Fact(label="Pair that was missing", value="EUR 31.80"),
            v.Fact(label="Set by", value="product_economics.csv, valid from 1 Jul 2024"),
            v.Fact(label="Serving model", value="model 8", link=v.Link(view="artifact", id="model-8")),
        ),
    )


def curve_points(shape: float, *, name: str, count: int = 40) -> tuple[v.Point, ...]:
    return tuple(
        v.Point(
            x=index / count, y=(index / count) ** shape, text=f"{name}: {percent(index / count)} give {percent((index / count) ** shape)}"
        )
        for index in range(count + 1)
    )


def calibration() -> v.Curve:
    points = tuple(
        v.Point(
            x=index / 10,
            y=min(1, index / 10 * 1.05 + 0.01),
            low=index / 10 * 0.98,
            high=min(1, index / 10 * 1.12 + 0.03),
            text=f"predicted {percent(index / 10)}, seen {percent(min(1, index / 10 * 1.05 + 0.01))}",
        )
        for index in range(11)
    )
    return v.Curve(
        title="Calibration: sells slightly more than predicted",
        alt="Calibration curve close to the diagonal.",
        note="n = 12,431.",
        x=share_axis("Predicted"),
        y=share_axis("Seen"),
        lines=(
            v.Line(name="Week 52", points=points, role="main"),
            v.Line(name="Week 48", points=curve_points(1.02, name="week 48", count=10), role="reference"),
            v.Line(name="Perfect", points=(v.Point(x=0, y=0), v.Point(x=1, y=1)), role="guide"),
        ),
    )


def lineage() -> v.LineageGraph:
    def node(id: str, label: str, detail: str, layer: int, row: int, **flags: bool) -> v.Node:
        return v.Node(id=id, label=label, detail=detail, layer=layer, row=row, link=v.Link(view="artifact", id=id), **flags)

    return v.LineageGraph(
        title="Examples of span 52 and model 9 are new; the statistics of span 51 are gone",
        alt="Lineage: span 52 to examples, statistics, schema, transform graph, model 9, evaluation and blessing.",
        nodes=(
            node("span-52", "span 52", "12,431 rows", 0, 0, changed=True),
            node("economics", "product_economics", "valid from 1 Jul 2024", 0, 1),
            node("examples-52", "Examples", "span 52, split train and eval", 1, 0, changed=True),
            node("stats-51", "ExampleStatistics", "span 51", 2, 1, missing=True),
            node("stats-52", "ExampleStatistics", "span 52", 2, 0, changed=True),
            node("schema-4", f"Schema 4 {HOSTILE}", "promo_depth without domain", 3, 0, changed=True),
            node("transform", "TransformGraph", "same as model 8", 3, 1),
            node("model-9", "Model 9", "trained on spans 41 to 51", 4, 0, changed=True, selected=True),
            node("evaluation", "ModelEvaluation", "1,275 slices", 5, 0, changed=True),
            node("blessing", "ModelBlessing", "blessed against model 8", 5, 1),
        ),
        edges=tuple(
            v.Edge(source=source, target=target)
            for source, target in (
                ("span-52", "examples-52"),
                ("examples-52", "stats-52"),
                ("examples-52", "stats-51"),
                ("stats-52", "schema-4"),
                ("stats-51", "transform"),
                ("schema-4", "model-9"),
                ("transform", "model-9"),
                ("model-9", "evaluation"),
                ("model-9", "blessing"),
                ("economics", "examples-52"),
            )
        ),
    )


def slice_table(*, page: int = 0, page_size: int = 25, sort: str = "-money", filter: str = "") -> v.Table:
    names = [f"product_line={line}" for line in LINES] + [f"product_line={line} × region={region}" for line in LINES for region in REGIONS]
    kept = [(index, name) for index, name in enumerate(names) if filter.lower() in name.lower()]
    amount = {index: 9_800 * 0.93**index * (1 + wave(index, scale=0.2)) for index, _ in kept}
    kept.sort(key=lambda item: amount[item[0]] if sort.endswith("money") else item[1], reverse=sort.startswith("-"))
    rows = []
    for index, name in kept[page * page_size : (page + 1) * page_size]:
        change = wave(index * 3, scale=1.2)
        rows.append(
            v.Row(
                id=f"slice-{index}",
                cells=(
                    v.Cell(text=name, hint="critical slice" if index == 0 else ""),
                    v.Cell(text=f"{max(12, 4_100 - 61 * index):,}", value=max(12, 4_100 - 61 * index)),
                    v.Cell(
                        text=money(amount[index]), value=amount[index], hint=f"{money(amount[index] * 0.8)} to {money(amount[index] * 1.2)}"
                    ),
                    v.Cell(text=percent(amount[index] / 42_000), value=amount[index] / 42_000),
                    v.Cell(
                        text=f"{100 * change:+.0f} %".replace("-", "−"),
                        value=change,
                        tone="bad" if change > 0.4 else "good" if change < -0.2 else "neutral",
                        bar=max(-1, min(1, change)),
                    ),
                    v.Cell(text="EUR 2.39", value=2.39),
                ),
                link=v.Link(view="slice", id=f"slice-{index}"),
                emphasis=index == 0,
            )
        )
    return v.Table(
        id="slices",
        title="Every slice",
        columns=(
            v.Column(id="slice", title="Slice"),
            v.Column(id="cases", title="Cases", align="right"),
            v.Column(
                id="money",
                title="Cost per week",
                align="right",
                hint="Sum over stocking units; over in one never cancels under in another.",
            ),
            v.Column(id="share", title="Share", align="right"),
            v.Column(id="change", title="Against the reference", align="right", hint="Change of cost per week against 4 weeks before."),
            v.Column(id="case", title="Per case", align="right"),
        ),
        rows=tuple(rows),
        total=len(kept),
        page=page,
        page_size=page_size,
        sort=sort,
        filter=filter,
        empty=f"No slice has “{filter}” in its name.",
    )


def threshold_curve(threshold: float = 0.5) -> v.Curve:
    points = tuple(
        v.Point(
            x=index / 50,
            y=24_000 + 60_000 * (index / 50 - 0.34) ** 2,
            low=22_000 + 60_000 * (index / 50 - 0.34) ** 2,
            high=26_000 + 60_000 * (index / 50 - 0.34) ** 2,
            text=f"Threshold {index / 50:.2f}: {money(24_000 + 60_000 * (index / 50 - 0.34) ** 2)} a week",
            emphasis=abs(index / 50 - threshold) < 0.001,
        )
        for index in range(51)
    )
    return v.Curve(
        title="A threshold of 0.34 would save EUR 1,500 a week",
        alt="Cost by decision threshold: lowest at 0.34 with EUR 24,000, EUR 25,500 at the current 0.50.",
        note="Drag the mark, or move it with the arrow keys, to see the page at another threshold.",
        x=v.Axis(label="Decision threshold", ticks=tuple(v.Tick(value=i / 5, text=f"{i / 5:.1f}") for i in range(6)), low=0, high=1),
        y=money_axis("Cost per week (EUR)", [0, 52_000]),
        lines=(v.Line(name="Cost", points=points),),
        marks=(
            v.Mark(at=threshold, text=f"now {threshold:.2f}", kind="threshold"),
            v.Mark(at=0.34, text="best 0.34", kind="change"),
        ),
        draggable=True,
    )


def cost(*, threshold: float = 0.5, slices: v.Table | None = None) -> v.View:
    top = v.Bars(
        title="Three product lines make 61 % of the cost",
        alt="Cost per week by product line with the reference; men_dress leads with EUR 12,400.",
        note="Bar: week 52. Tick: week 48.",
        axis=money_axis("Cost per week (EUR)", [0, 13_000]),
        bars=tuple(
            v.Bar(
                label=name,
                value=value(12_400 * 0.74**index, spread=900 * 0.8**index),
                reference=value(8_000 * 0.72**index),
                tone="bad" if index == 0 else "neutral",
                link=v.Link(view="slice", id=f"slice-{index}"),
            )
            for index, name in enumerate(LINES[:8])
        ),
        value_name="week 52",
        reference_name="week 48",
    )
    change = v.RangePlot(
        title="Change against 4 weeks before",
        alt="Change of cost per week by product line with 95 % intervals.",
        axis=money_axis("Change of cost per week (EUR)", [-1_000, 5_000]),
        rows=tuple(
            v.RangeRow(
                label=name,
                value=value(4_400 * 0.6**index - 300, sign=True, tone="bad" if index < 2 else "neutral"),
                low=4_400 * 0.6**index - 900,
                high=4_400 * 0.6**index + 300,
                link=v.Link(view="slice", id=f"slice-{index}"),
            )
            for index, name in enumerate(LINES[:8])
        ),
        guide=0.0,
    )
    return v.View(
        view="cost",
        title="Business Cost",
        subtitle="shoes-demand, week of 23 Dec 2024, compared with 4 weeks before",
        selection=selection(cost=True),
        assumption=assumption(),
        headline=headline(),
        notices=notices()[:1],
        sections=(
            v.Section(id="money", title="Mistakes cost EUR 42,000 a week, EUR 29,000 more than usual", blocks=(cost_series(),)),
            v.Section(id="slices", title="Men's dress alone costs EUR 12,400 a week", blocks=(top, change, slices or slice_table())),
            v.Section(
                id="threshold",
                title="A lower threshold would save EUR 1,500 a week, 4 % of the cost",
                lead="It would not repair the fault: the data would still be wrong.",
                blocks=(
                    threshold_curve(threshold),
                    v.Facts(
                        title="At this threshold",
                        items=(
                            v.Fact(label="Cost", value="EUR 25,500 a week"),
                            v.Fact(label="Bought too many", value="EUR 9,100"),
                            v.Fact(label="Bought too few", value="EUR 16,400"),
                            v.Fact(label="Regret", value="EUR 1,500 a week", hint="against the best threshold, 0.34"),
                        ),
                    ),
                ),
            ),
            v.Section(
                id="account",
                title="How it is computed: 6 prices, 3 keys, 100 % of rows joined",
                blocks=(
                    v.Facts(
                        items=(
                            v.Fact(label="Kind", value="inventory"),
                            v.Fact(label="Too many", value="overstock_cost_per_unit", hint="EUR per unsold pair"),
                            v.Fact(label="Too few", value="stockout_cost_per_unit"),
                            v.Fact(label="Volume", value="impressions"),
                            v.Fact(label="Demand", value="clicks, realised"),
                            v.Fact(label="Not counted", value="lost customers, returns after 60 days"),
                        )
                    ),
                ),
            ),
        ),
        footer=footer(),
    )


def feature() -> v.View:
    bins = tuple(
        v.DistributionBin(
            label=f"{index * 5}–{index * 5 + 5}",
            shares=(max(0.01, 0.16 - abs(index - 9) * 0.02), 0.55 if index == 0 else 0.03, 0.6 if index == 0 else 0.02),
            texts=(
                percent(max(0.01, 0.16 - abs(index - 9) * 0.02)),
                percent(0.55 if index == 0 else 0.03),
                percent(0.6 if index == 0 else 0.02),
            ),
            low=index * 5.0,
            high=index * 5.0 + 5,
            tone="bad" if index in (8, 9, 10) else "neutral",
        )
        for index in range(14)
    )
    names = v.Distribution(
        title="Brands: 31 % have none",
        alt="Shares of brands now, in week 48 and in training; missing rose from 1 % to 31 %.",
        series=("week 52", "week 48", "training"),
        roles=("main", "reference", "training"),
        axis=share_axis("Share of examples", 0.4),
        bins=tuple(
            v.DistributionBin(
                label=label,
                shares=shares,
                texts=tuple(percent(share) for share in shares),
                tone="bad" if label == "(missing)" else "neutral",
            )
            for label, shares in (
                ("(missing)", (0.31, 0.01, 0.01)),
                ("Acme", (0.2, 0.32, 0.3)),
                (LONG, (0.18, 0.24, 0.26)),
                ("أحذية رياضية", (0.14, 0.2, 0.2)),
                (HOSTILE, (0.09, 0.13, 0.12)),
                ("other (212)", (0.08, 0.1, 0.11)),
            )
        ),
    )
    return v.View(
        view="feature",
        title="promo_depth",
        subtitle="Feature of shoes-demand, week of 23 Dec 2024, compared with 4 weeks before",
        selection=selection(),
        sections=(
            v.Section(
                id="distribution",
                title="97 % of promo_depth lie outside 0 to 1",
                corner="data",
                state="violated",
                state_text="violated",
                lead="Until week 41 it was a share. Since then it looks like percent.",
                blocks=(
                    v.Distribution(
                        title="Values now, in the reference and in training",
                        alt="Histogram: now around 45, before below 5.",
                        note="n = 12,431 now, 12,212 in week 48, 130,022 in training.",
                        series=("week 52", "week 48", "training"),
                        roles=("main", "reference", "training"),
                        axis=share_axis("Share of examples", 0.6),
                        bins=bins,
                    ),
                    names,
                ),
            ),
            v.Section(id="history", title="The mean jumped from 0.2 to 21 in week 42", blocks=(cost_series(),)),
            v.Section(id="facts", title="What is known about it", blocks=(margin_facts(), ledger_facts())),
        ),
        footer=footer()[:3],
        back=v.Link(view="insights", anchor="data"),
    )


def slice_page() -> v.View:
    def roc(title: str, shape: float, x: str, y: str) -> v.Curve:
        return v.Curve(
            title=title,
            alt=f"{title}; the reference lies slightly above.",
            x=share_axis(x),
            y=share_axis(y),
            lines=(
                v.Line(name="week 52", points=curve_points(shape, name="week 52")),
                v.Line(name="week 48", points=curve_points(shape * 0.8, name="week 48"), role="reference"),
                v.Line(name="chance", points=(v.Point(x=0, y=0), v.Point(x=1, y=1)), role="guide"),
            ),
        )

    confusion = v.Table(
        id="confusion",
        title="Confusion matrix at 0.50",
        columns=(
            v.Column(id="seen", title="Seen", sortable=False),
            v.Column(id="yes", title="Predicted: sells", align="right", sortable=False),
            v.Column(id="no", title="Predicted: does not", align="right", sortable=False),
        ),
        rows=(
            v.Row(id="yes", cells=(v.Cell(text="sells"), v.Cell(text="2,912"), v.Cell(text="411", tone="bad", hint="EUR 13,070"))),
            v.Row(id="no", cells=(v.Cell(text="does not"), v.Cell(text="604", tone="bad", hint="EUR 8,577"), v.Cell(text="8,504"))),
        ),
        total=2,
    )
    return v.View(
        view="slice",
        title=f"product_line=men_dress × brand={LONG}",
        subtitle="Slice of shoes-demand, 4,100 cases in the week of 23 Dec 2024",
        selection=selection(),
        sections=(
            v.Section(
                id="history",
                title="AUC fell from 0.81 to 0.74 in week 42",
                state="watch",
                state_text="worse than usual",
                corner="model",
                blocks=(cost_series(),),
            ),
            v.Section(
                id="curves",
                title="Where it ranks and how sure it is",
                blocks=(
                    roc("ROC: AUC 0.74", 0.42, "False positive rate", "True positive rate"),
                    roc("Precision by recall", 0.3, "Recall", "Precision"),
                    calibration(),
                    threshold_curve(),
                ),
            ),
            v.Section(id="confusion", title="1,015 of 12,431 are mistakes", blocks=(confusion,)),
        ),
        footer=footer()[:3],
        back=v.Link(view="cost", anchor="slices"),
    )


def artifact() -> v.View:
    changes = v.Table(
        id="changes",
        title="What changed against model 8",
        columns=(v.Column(id="what", title="What"), v.Column(id="before", title="Model 8"), v.Column(id="now", title="Model 9")),
        rows=tuple(
            v.Row(id=str(index), cells=tuple(v.Cell(text=text) for text in texts), link=v.Link(view="artifact", id=texts[0]))
            for index, texts in enumerate(
                (
                    ("Schema", "3", "4"),
                    ("Training spans", "31 to 41", "41 to 51"),
                    ("trainer.py", "checksum 1a90", "checksum 1a90"),
                    ("learning_rate", "0.001", "0.001"),
                )
            )
        ),
        total=4,
    )
    return v.View(
        view="artifact",
        title="Model 9",
        subtitle="Artifact 412 of shoes-demand, made by Trainer in span 51",
        selection=selection(),
        sections=(
            v.Section(id="lineage", title="Made from spans 41 to 51 with schema 4", blocks=(lineage(),)),
            v.Section(id="changes", title="2 of 4 inputs changed since model 8", blocks=(changes, margin_facts())),
        ),
        footer=footer()[:3],
        back=v.Link(view="insights", anchor="lineage"),
    )


def empty() -> v.View:
    return v.View(
        view="empty",
        title="No TFX runs under runs/",
        subtitle="14 folders were looked through; none has TFMA, TFDV or ML Metadata output.",
        notices=(
            v.Notice(
                level="info",
                text="TensorBoard was started with --logdir runs/.",
                remedy="Point it at a pipeline root, or at any folder above one.",
            ),
            v.Notice(
                level="error",
                text=f"runs/mlmd.sqlite{HOSTILE} is no SQLite database: it begins with 4 kB of zeros.",
                remedy="Copy it again while the pipeline is not writing.",
            ),
        ),
        sections=(
            v.Section(
                id="how",
                title="What is found by itself",
                blocks=(
                    v.Facts(
                        items=(
                            v.Fact(label="Evaluator", value="metrics, plots, validations, eval_config.json"),
                            v.Fact(label="StatisticsGen", value="FeatureStats.pb"),
                            v.Fact(label="ML Metadata", value="SQLite files, schema 4 to 10"),
                        )
                    ),
                ),
            ),
        ),
    )


def unsure() -> v.View:
    """A page that cannot tell: no business tables, no statistics."""
    told = triangle()
    corners = tuple(
        msgspec.structs.replace(
            corner,
            state="unknown",
            state_text="unknown",
            money=value(None),
            share=v.Value(text="not known", tone="unknown"),
            sentence="No statistics: StatisticsGen's output is absent in both runs.",
        )
        for corner in told.corners
    )
    answer = msgspec.structs.replace(
        headline(),
        sentence="Whether anything broke cannot be told: there is one run, and nothing to compare it with.",
        money=value(None),
        change=value(None),
        severity=v.Severity(level="unknown", name="Severity unknown", sentence="No business tables are configured, so no money is known."),
        confidence="cannot tell",
        confidence_reason="one run",
        since="",
        next_action="Name prices in insights.toml, or add a second run.",
        corner=None,
    )
    return v.View(
        view="insights",
        title="Insights Triangle",
        subtitle="chicago-taxi-tips, span 1",
        selection=v.Selection(runs=(v.Choice(id="run-0", text="span 1"),), run="run-0"),
        headline=answer,
        sections=(
            v.Section(
                id="verdict",
                title="Nothing can be told yet",
                blocks=(
                    msgspec.structs.replace(told, corners=corners, cannot_tell=v.Value(text="100 %", value=1.0), cannot_tell_sentence=""),
                ),
            ),
            v.Section(
                id="data",
                title="Data: no statistics",
                corner="data",
                state="unknown",
                state_text="unknown",
                blocks=(
                    v.Table(
                        id="data",
                        title="Evidence",
                        columns=evidence_table("data").columns,
                        rows=(),
                        total=0,
                        empty="No statistics: add StatisticsGen to the pipeline.",
                    ),
                ),
            ),
        ),
    )


def assumption(factor: float = 1.0) -> v.Assumption:
    stops = []
    for percent in range(-50, 51, 5):
        name = f"{'+' if percent > 0 else '−' if percent else '±'}{abs(percent)} %"
        cost = money(42_000 * (1 + percent / 100))
        what = f"At {name}" if percent else "As in the business tables"
        level: v.SeverityLevel = "emergency" if percent > 20 else "big"
        stops.append(v.AssumptionStop(factor=1 + percent / 100, name=name, text=f"{what}, mistakes cost {cost}", level=level))
    now = next(stop for stop in stops if stop.factor == factor)
    return v.Assumption(factor=factor, text=now.name, effect=now.text, stops=tuple(stops))


def strip() -> v.VerdictStrip:
    corners: tuple[tuple[v.CornerName, ...], ...] = ((), ("business",), ("data",), ("model",), ("data", "model"))
    levels: tuple[v.SeverityLevel, ...] = ("none", "little", "big", "emergency", "unknown")
    marks = []
    for index in range(12):
        found, level = corners[index % 5], levels[index % 4 if index % 5 else 0]
        letter = "?" if len(found) > 1 else found[0][0].upper() if found else ""
        marks.append(
            v.VerdictMark(
                label=week(40 + index), verdict=" or ".join(found) or "nothing new", letter=letter, corners=found, level=level,
                level_text=level.capitalize(), text=f"{week(40 + index)}: {' or '.join(found) or 'nothing new'}, {level}",
                confirmed="Data: a broken feed" if index == 7 else "", is_open=False, selected=index == 11, link=v.Link(view="insights", run=f"run-{index}"),
            )
        )  # fmt: skip
    alt = "; ".join(mark.text for mark in marks) + "."
    return v.VerdictStrip(title="Earlier verdicts, period by period", alt=alt, marks=tuple(marks), note="The larger, the worse.")


def remarks() -> v.Remarks:
    causes = (("", "Not recorded"), ("business", "Business realities"), ("data", "Data"), ("model", "Model"), ("none", "No fault"))
    return v.Remarks(
        causes=tuple(v.Choice(id=key, text=text) for key, text in causes), cause="data", note=f"The feed was mended on Tuesday. {HOSTILE}",
        most_note=2_000, words="Headline: a broken feed\n\nIt is mended.", most_words=1_200,
    )  # fmt: skip


def views() -> dict[str, v.View]:
    return {
        "insights": insights(),
        "cost": cost(),
        "feature": feature(),
        "slice": slice_page(),
        "artifact": artifact(),
        "empty": empty(),
        "unsure": unsure(),
    }


def main() -> None:
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(views(), order="deterministic"))


if __name__ == "__main__":
    main()

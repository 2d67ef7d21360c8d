"""Views with realistic words and numbers, for tests of the renderers: the shoe retailer in the week of a bad retrain."""

from __future__ import annotations

from typing import Any

import msgspec

from model_insights.view import (
    Axis,
    Band,
    Bar,
    Bars,
    Block,
    Cell,
    Choice,
    Column,
    CornerShare,
    Curve,
    Distribution,
    DistributionBin,
    Edge,
    Fact,
    Facts,
    Headline,
    HeatCell,
    HeatMap,
    Line,
    LineageGraph,
    Mark,
    Node,
    Notice,
    Paragraph,
    Point,
    RangePlot,
    RangeRow,
    Row,
    Scatter,
    ScatterPoint,
    Section,
    Selection,
    Severity,
    Step,
    Table,
    Tick,
    TimeSeries,
    Triangle,
    Value,
    VerdictMark,
    VerdictStrip,
    View,
    Waterfall,
)

WEEKS = tuple(
    f"{day} {month}"
    for month, days in (("Jun", (3, 10, 17, 24)), ("Jul", (1, 8, 15, 22, 29)), ("Aug", (5, 12, 19, 26)), ("Sep", (2, 9, 16)))
    for day in days
)
COSTS = (None, 420, 480, 390, 655, 1750, 510, 470, 560, 640, 905, 1010, 930, 780, 6800, 5600)
LINES = ("men_dress", "women_heels", "sandals", "kids_sneakers", "running", "boots", "slippers", "women_flats", "trekking", "work_safety")


def euros(amount: float, **options: Any) -> Value:
    sign = "−" if amount < 0 else ""
    return Value(text=f"{sign}EUR {abs(amount):,.0f}", value=amount, **options)


def percent(share: float, **options: Any) -> Value:
    return Value(text=f"{share:.0%}".replace("%", " %"), value=share, **options)


def ticks(*values: float, text: str = "{:,.0f}") -> tuple[Tick, ...]:
    return tuple(Tick(value=value, text=text.format(value)) for value in values)


def a_time_series(**changes: Any) -> TimeSeries:
    points = tuple(
        Point(
            x=i,
            y=cost,
            low=cost and cost * 0.86,
            high=cost and cost * 1.14,
            emphasis=i == 15,
            text=f"Week of {WEEKS[i]} 2024: EUR {cost:,}" if cost else "No baseline in the first run",
        )
        for i, cost in enumerate(COSTS)
    )
    expected = tuple(Point(x=i, y=520, low=330, high=760) for i in range(1, 16))
    figure = TimeSeries(
        title="Cost of mistakes per week",
        alt="Line from EUR 420 in the week of 10 Jun 2024 to EUR 5,600 in the week of 16 Sep 2024. The last two weeks lie far above the expected level of EUR 330 to EUR 760.",
        note="n = 11,400 to 12,700 impressions a week. The first run has no serving model and no cost.",
        x=Axis(label="Week", ticks=tuple(Tick(value=i, text=week) for i, week in enumerate(WEEKS))),
        y=Axis(label="Cost per week (EUR)", ticks=ticks(0, 2000, 4000, 6000), low=0, high=8000),
        lines=(Line(name="Serving model", points=points), Line(name="Expected", role="expected", points=expected)),
        bands=(Band(name="Expected level", points=expected),),
        marks=(
            Mark(at=10, text="TV campaign of a competitor", kind="event"),
            Mark(at=11, text="Supplier raises men_dress", kind="event"),
            Mark(at=14, text="Model 163 pushed", kind="model"),
            Mark(at=5000, text="A big problem", axis="y", kind="budget"),
        ),
    )
    return msgspec.structs.replace(figure, **changes)


def a_bars(**changes: Any) -> Bars:
    amounts = (2140, 980, 760, 520, 410, 330, 210, 120, 80, -50)
    figure = Bars(
        title="Cost by product line",
        alt="men_dress costs EUR 2,140, women_heels EUR 980, the other eight less than EUR 800 each.",
        note="Reference: week of 2 Sep 2024.",
        axis=Axis(label="Cost per week (EUR)", ticks=ticks(0, 500, 1000, 1500, 2000)),
        bars=tuple(
            Bar(
                label=name,
                value=euros(amount, low=amount - 120, high=amount + 160),
                reference=euros(abs(amount) * 0.3),
                tone="bad" if amount > 900 else "neutral",
            )
            for name, amount in zip(LINES, amounts, strict=True)
        ),
        value_name="Week of 16 Sep",
        reference_name="Week of 2 Sep",
    )
    return msgspec.structs.replace(figure, **changes)


def a_waterfall(**changes: Any) -> Waterfall:
    parts = (
        ("Volume", 140, "business", False),
        ("Unit values", 310, "business", False),
        ("Mix of customers", -90, "data", False),
        ("Broken data", 420, "data", False),
        ("New model", 3870, "model", False),
        ("Cannot be told apart", 170, None, True),
    )
    steps, at = [Step(label="Week of 2 Sep", value=euros(780), start=0, end=780, total=True)], 780.0
    for label, amount, corner, unclear in parts:
        steps.append(
            Step(
                label=label,
                value=Value(text=f"{amount:+,}".replace("-", "−"), value=amount),
                start=at,
                end=at + amount,
                corner=corner,
                cannot_tell=unclear,
            )
        )
        at += amount
    steps.append(Step(label="Week of 16 Sep", value=euros(at), start=0, end=at, total=True))
    figure = Waterfall(
        title="From EUR 780 to EUR 5,600: what changed",
        alt="EUR 780 before; volume adds 140, unit values 310, broken data 420, the new model 3,870; mix takes 90; 170 cannot be told apart; EUR 5,600 now.",
        axis=Axis(label="Cost per week (EUR)", ticks=ticks(0, 2000, 4000, 6000)),
        steps=tuple(steps),
    )
    return msgspec.structs.replace(figure, **changes)


def a_threshold_curve(**changes: Any) -> Curve:
    line = tuple(
        Point(
            x=i / 50,
            y=9000 * (i / 50 - 0.34) ** 2 + 3100,
            low=9000 * (i / 50 - 0.34) ** 2 + 2700,
            high=9000 * (i / 50 - 0.34) ** 2 + 3500,
            emphasis=i == 25,
        )
        for i in range(51)
    )
    figure = Curve(
        title="Cost at every threshold",
        alt="A valley: lowest EUR 3,100 at a threshold of 0.34; EUR 3,330 at the current 0.50.",
        note="Only mistakes are priced; a right decision costs nothing.",
        x=Axis(label="Decision threshold", ticks=ticks(0, 0.25, 0.5, 0.75, 1, text="{:.2f}"), low=0, high=1),
        y=Axis(label="Cost per week (EUR)", ticks=ticks(3000, 5000, 7000), low=2500),
        lines=(Line(name="Serving model", points=line),),
        marks=(Mark(at=0.5, text="Now 0.50", kind="threshold"), Mark(at=0.34, text="Best 0.34", kind="change")),
        draggable=True,
    )
    return msgspec.structs.replace(figure, **changes)


def a_calibration_curve(**changes: Any) -> Curve:
    line = tuple(Point(x=i / 10, y=min(1.0, i / 10 * 0.55)) for i in range(11))
    figure = Curve(
        title="Predicted against observed",
        alt="The model predicts about twice the observed click rate at every level.",
        x=Axis(label="Predicted click rate", ticks=ticks(0, 0.5, 1, text="{:.1f}"), low=0, high=1),
        y=Axis(label="Observed click rate", ticks=ticks(0, 0.5, 1, text="{:.1f}"), low=0, high=1),
        lines=(
            Line(name="Now", points=line),
            Line(name="Reference", role="reference", points=tuple(Point(x=i / 10, y=i / 10 * 0.98) for i in range(11))),
            Line(name="Perfect", role="guide", points=(Point(x=0, y=0), Point(x=1, y=1))),
        ),
    )
    return msgspec.structs.replace(figure, **changes)


def a_heat_map(**changes: Any) -> HeatMap:
    rows, columns = ("men_dress", "women_heels", "sandals"), ("north", "south", "west", "tv")
    amounts = ((120, 80, 640, 1300), (60, 210, 330, 380), (-40, 90, 110, 600))
    figure = HeatMap(
        title="Change of cost by line and region",
        alt="The largest change is EUR 1,300 for men_dress in tv.",
        rows=rows,
        columns=columns,
        row_label="Product line",
        column_label="Region",
        cells=tuple(HeatCell(row=i, column=j, value=euros(amounts[i][j])) for i in range(3) for j in range(4)),
    )
    return msgspec.structs.replace(figure, **changes)


def a_distribution(**changes: Any) -> Distribution:
    shares = ((0.41, 0.46, 0.47), (0.22, 0.24, 0.23), (0.17, 0.16, 0.16), (0.04, 0.14, 0.14), (0.16, 0.0, 0.0))
    figure = Distribution(
        title="device: 16 % lost in region west",
        alt="The missing share rose from 0 % to 16 %; tablet fell from 14 % to 4 %.",
        series=("Now", "Reference", "Training"),
        roles=("main", "reference", "training"),
        axis=Axis(label="Share of impressions", ticks=ticks(0, 0.2, 0.4, text="{:.0%}")),
        bins=tuple(
            DistributionBin(
                label=name, shares=row, texts=tuple(f"{share:.0%}" for share in row), tone="bad" if name == "(missing)" else "neutral"
            )
            for name, row in zip(("mobile", "desktop", "app", "tablet", "(missing)"), shares, strict=True)
        ),
    )
    return msgspec.structs.replace(figure, **changes)


def a_numeric_distribution(**changes: Any) -> Distribution:
    now, reference = (0.05, 0.12, 0.2, 0.22, 0.16, 0.1, 0.05, 0.1), (0.06, 0.14, 0.24, 0.26, 0.17, 0.09, 0.04, 0.0)
    figure = Distribution(
        title="price: 10 % of rows a hundred times too high",
        alt="The last bin holds 10 % now and nothing in the reference.",
        series=("Now", "Reference"),
        roles=("main", "reference"),
        axis=Axis(label="Share of impressions", ticks=ticks(0, 0.1, 0.2, text="{:.0%}")),
        bins=tuple(
            DistributionBin(
                label=f"{20 * i} to {20 * i + 20}",
                shares=pair,
                texts=tuple(f"{share:.0%}" for share in pair),
                low=20.0 * i,
                high=20.0 * i + 20,
                tone="bad" if i == 7 else "neutral",
            )
            for i, pair in enumerate(zip(now, reference, strict=True))
        ),
    )
    return msgspec.structs.replace(figure, **changes)


def a_range_plot(**changes: Any) -> RangePlot:
    amounts = (1980, 690, 540, 310, 190, 120, 40, -60)
    figure = RangePlot(
        title="Change since the reference, with 95 % intervals",
        alt="Five of eight product lines rose by more than their interval; men_dress rose most, by EUR 1,980.",
        note="Intervals from the counts of the evaluation, 95 %.",
        axis=Axis(label="Change of cost per week (EUR)", ticks=ticks(0, 500, 1000, 1500, 2000)),
        rows=tuple(
            RangeRow(label=name, value=euros(amount), low=amount - 150 - amount * 0.1, high=amount + 150 + amount * 0.1)
            for name, amount in zip(LINES, amounts, strict=False)
        ),
        guide=0,
    )
    return msgspec.structs.replace(figure, **changes)


def a_scatter(**changes: Any) -> Scatter:
    figure = Scatter(
        title="Loss against size",
        alt="men_dress stands out: 12 % of impressions and 38 % of the loss.",
        x=Axis(label="Share of impressions", ticks=ticks(0, 0.1, 0.2, text="{:.0%}")),
        y=Axis(label="Share of loss", ticks=ticks(0, 0.2, 0.4, text="{:.0%}")),
        points=tuple(
            ScatterPoint(
                x=0.03 + i * 0.02,
                y=0.38 / (i + 1),
                label=name,
                text=f"{name}: {0.38 / (i + 1):.0%} of the loss",
                tone="bad" if i == 0 else "neutral",
            )
            for i, name in enumerate(LINES)
        ),
    )
    return msgspec.structs.replace(figure, **changes)


def a_lineage(**changes: Any) -> LineageGraph:
    nodes = (
        Node(id="e", label="Examples", detail="span 16", layer=0, row=0),
        Node(id="t", label="Training window", detail="spans 13 to 16", layer=0, row=1),
        Node(id="s", label="Schema", detail="v1, unchanged", layer=1, row=1),
        Node(id="st", label="Statistics", detail="3 splits", layer=1, row=0),
        Node(id="m", label="Model 163", detail="negative_keep_rate 1.0 → 0.4", layer=2, row=1, changed=True),
        Node(id="ev", label="Evaluation", detail="61 slices", layer=3, row=0, selected=True),
        Node(id="b", label="Blessing", detail="BLESSED", layer=3, row=1),
        Node(id="p", label="Pushed model", detail="folder is missing", layer=4, row=1, missing=True),
    )
    pairs = (("e", "st"), ("t", "m"), ("s", "m"), ("e", "ev"), ("m", "ev"), ("m", "b"), ("b", "p"), ("st", "s"))
    figure = LineageGraph(
        title="What made the serving model, and what changed",
        alt="Examples of span 16 and model 163 lead to the evaluation. Model 163 changed since the reference: negative_keep_rate 1.0 to 0.4.",
        nodes=nodes,
        edges=tuple(Edge(source=source, target=target) for source, target in pairs),
    )
    return msgspec.structs.replace(figure, **changes)


def a_triangle(**changes: Any) -> Triangle:
    figure = Triangle(
        title="Which assumption broke",
        alt="Model: violated, 76 % of the change. Data: watch, 13 %. Business: watch, 9 %. Cannot tell: 2 %.",
        corners=(
            CornerShare(
                corner="business",
                name="Business realities",
                state="watch",
                state_text="Watch",
                money=euros(450),
                share=percent(0.09),
                sentence="Unit cost of men_dress doubled in week 12; volume is up 4 %.",
            ),
            CornerShare(
                corner="data",
                name="Data",
                state="held",
                state_text="Held",
                money=euros(330),
                share=percent(0.07),
                sentence="No feature moved beyond its usual range this week; 1.2 % of device is missing.",
            ),
            CornerShare(
                corner="model",
                name="Model",
                state="violated",
                state_text="Violated",
                money=euros(3870),
                share=percent(0.80),
                sentence="The model serving since 9 Sep predicts 1.9 times the clicks that come.",
            ),
        ),
        cannot_tell=percent(0.04),
        cannot_tell_sentence="4 % (EUR 170) cannot be given to one corner: mix and unit values moved together.",
    )
    return msgspec.structs.replace(figure, **changes)


def a_verdict_strip(**changes: Any) -> VerdictStrip:
    marks = (
        VerdictMark(label="26 Aug", verdict="nothing new", letter="", corners=(), level="none", level_text="No problem", text="26 Aug: nothing new"),
        VerdictMark(
            label="2 Sep", verdict="data, likely", letter="D", corners=("data",), level="little", level_text="Little problem", text="2 Sep: data"
        ),
        VerdictMark(
            label="9 Sep", verdict="cannot tell", letter="?", corners=("business", "model"), level="emergency", level_text="Emergency",
            text="9 Sep: business or model", confirmed="Model: a bad retrain", selected=True,
        ),
    )  # fmt: skip
    given = {"title": "Earlier verdicts", "alt": "Three verdicts.", "marks": marks, "note": "The larger, the worse."}
    return VerdictStrip(**{**given, **changes})


def a_table(rows: int = 10, total: int = 42, **changes: Any) -> Table:
    table = Table(
        id="slices",
        title="Slices by cost",
        columns=(
            Column(id="slice", title="Slice"),
            Column(id="cases", title="Cases", align="right"),
            Column(id="share", title="Share of cases", align="right"),
            Column(id="cost", title="Cost per week", align="right", hint="Over- and understock, priced per unit."),
            Column(id="change", title="Change", align="right"),
            Column(id="state", title="State"),
        ),
        rows=tuple(_a_row(i) for i in range(rows)),
        total=total,
        sort="-cost",
        note="Over in one line never cancels under in another.",
    )
    return msgspec.structs.replace(table, **changes)


def _a_row(i: int) -> Row:
    states = (("violated", "Violated"), ("violated", "Violated"), ("watch", "Watch"), ("held", "Held"), ("unknown", "Unknown"))
    state, words = states[min(i, 4)]
    cost = 2140 / (i + 1)
    return Row(
        id=f"s{i}",
        cells=(
            Cell(text=LINES[i % 10] if i < 10 else f"{LINES[i % 10]}, region {i // 10}"),
            Cell(text=f"{1440 - 60 * i:,}", value=1440 - 60 * i),
            Cell(text=f"{12 - i} %", value=12 - i),
            Cell(text=f"EUR {cost:,.0f}", value=cost, bar=1 / (i + 1)),
            Cell(text=f"+EUR {cost * 0.8:,.0f}", value=cost * 0.8, tone="bad" if i < 3 else "neutral"),
            Cell(text=words, state=state),  # type: ignore[arg-type]
        ),
    )


def an_evidence_table(name: str, **changes: Any) -> Table:
    table = Table(
        id=f"{name}_evidence",
        title="Evidence, dearest first",
        columns=(
            Column(id="what", title="What was judged"),
            Column(id="value", title="Measured", align="right"),
            Column(id="usual", title="Usual range", align="right"),
            Column(id="money", title="Money", align="right"),
            Column(id="state", title="Assumption"),
        ),
        rows=tuple(
            Row(id=str(i), cells=(Cell(text=what), Cell(text=value), Cell(text=usual), Cell(text=money), Cell(text=words, state=state)))  # type: ignore[arg-type]
            for i, (what, value, usual, money, state, words) in enumerate(
                (
                    ("Calibration of the serving model, all slices", "1.93", "0.94 to 1.08", "EUR 3,870", "violated", "Violated"),
                    ("Calibration in men_dress", "2.10", "0.90 to 1.15", "EUR 1,980", "violated", "Violated"),
                    ("negative_keep_rate of the Trainer", "0.4", "1.0", "not known", "watch", "Watch"),
                    ("AUC of the candidate", "0.668", "0.655 to 0.675", "EUR 0", "held", "Held"),
                    ("Jensen-Shannon distance of price", "0.012", "up to 0.020", "EUR 0", "held", "Held"),
                    ("Labels complete", "no step supplies it", "", "not known", "unknown", "Unknown"),
                )
            )
        ),
        total=17,
    )
    return msgspec.structs.replace(table, **changes)


def a_headline(**changes: Any) -> Headline:
    headline = Headline(
        sentence="Since 9 Sep 2024 mistakes cost about EUR 5,600 a week, EUR 4,820 more than usual: a big problem, mostly the model (80 %).",
        money=Value(text="EUR 5,600 a week", value=5600, low=4800, high=6400, interval_text="95 %: EUR 4,800 to EUR 6,400"),
        change=Value(text="+EUR 4,820 against the week of 2 Sep", value=4820, tone="bad"),
        severity=Severity(
            level="big",
            name="Big problem",
            sentence="EUR 17,400 in 30 days above the expected level; a big problem starts at EUR 5,000.",
            could_be="It could be an emergency.",
        ),
        confidence="Very likely",
        confidence_reason="Three of four cells of the ledger are measured; the share of the model is larger than 14 of 14 weekly retrains before.",
        since="Week of 9 Sep 2024",
        next_action="Serve the model of 26 Aug again (version 149) and retrain with negative_keep_rate 1.0. Owner: ranking team, this week.",
        corner="model",
    )
    return msgspec.structs.replace(headline, **changes)


def an_insights_view(**changes: Any) -> View:
    view = View(
        view="insights",
        title="Insights Triangle",
        subtitle="shoes · week of 16 Sep 2024 against the week of 2 Sep 2024",
        selection=Selection(pipelines=(Choice(id="shoes", text="shoes"),), pipeline="shoes"),
        headline=a_headline(),
        notices=(
            Notice(
                level="warning",
                text="The pushed model of run 16 has no folder.",
                remedy="Restore Pusher/pushed_model/166, or clear the artifact.",
            ),
            Notice(level="info", text="A season cannot be excluded: the history holds 16 weeks, a season needs 52."),
        ),
        sections=(
            Section(
                id="verdict",
                title="The model broke its assumption; business and data moved little.",
                blocks=(a_triangle(), a_waterfall(), some_facts()),
            ),
            _corner("business", "Unit cost of men_dress doubled: EUR 450 of the change.", "watch", "Watch", a_bars()),
            _corner(
                "data",
                "No feature moved beyond its usual range: EUR 330 of the change.",
                "held",
                "Held",
                a_distribution(),
                a_numeric_distribution(),
            ),
            _corner(
                "model",
                "The serving model predicts 1.9 times the clicks that come: EUR 3,870 of the change.",
                "violated",
                "Violated",
                a_calibration_curve(),
                a_heat_map(),
            ),
            Section(
                id="history",
                title="The verdict changed twice in 16 weeks.",
                lead="Held until 9 Sep, violated since.",
                blocks=(a_time_series(title="Calibration of the serving model", marks=(), bands=()),),
            ),
            Section(
                id="lineage",
                title="One parameter changed since the reference.",
                lead="negative_keep_rate went from 1.0 to 0.4.",
                blocks=(a_lineage(),),
            ),
        ),
        footer=(
            Fact(label="Period", value="Week of 16 Sep 2024"),
            Fact(label="Rows judged", value="n = 3,600"),
            Fact(label="Intervals", value="95 %, from counts"),
            Fact(label="Run", value="2024-09-16T04:12:33"),
            Fact(label="Evaluation", value="artifact 165"),
        ),
    )
    return msgspec.structs.replace(view, **changes)


def a_small_view(**changes: Any) -> View:
    """One section with one figure: quick to draw."""
    section = Section(id="verdict", title="Nothing else.", blocks=(a_triangle(),))
    return msgspec.structs.replace(an_insights_view(sections=(section,), notices=(), footer=()), **changes)


def some_facts(**changes: Any) -> Facts:
    facts = Facts(
        title="",
        items=(
            Fact(label="Model", value="version 163, pushed 9 Sep 2024"),
            Fact(label="Cases", value="3,600 evaluated of 12,100", hint="The evaluation split holds 30 %."),
            Fact(label="Labels", value="complete"),
        ),
    )
    return msgspec.structs.replace(facts, **changes)


def _corner(name: str, title: str, state: str, words: str, *figures: Block) -> Section:
    return Section(
        id=name,
        title=title,
        lead="The assumption: what was true when the model was trained is still true. Each line below is one judged fact, with the range it usually keeps.",
        corner=name,  # type: ignore[arg-type]
        state=state,  # type: ignore[arg-type]
        state_text=words,
        blocks=(an_evidence_table(name), *figures),
    )


def a_cost_view(**changes: Any) -> View:
    view = View(
        view="cost",
        title="Business Cost",
        subtitle="shoes · week of 16 Sep 2024 against the week of 2 Sep 2024",
        headline=a_headline(),
        sections=(
            Section(
                id="money",
                title="Two weeks cost EUR 12,400, as much as the 13 weeks before.",
                lead="A bad retrain costs money in the weeks it serves.",
                blocks=(a_time_series(),),
            ),
            Section(
                id="slices",
                title="Ten of 42 slices carry 91 % of the cost.",
                lead="men_dress alone carries 38 % of it, with 12 % of the cases.",
                blocks=(a_table(), a_range_plot()),
            ),
            Section(
                id="threshold",
                title="A threshold of 0.34 would save EUR 230 a week.",
                lead="This is small beside the cost of the model itself.",
                blocks=(a_threshold_curve(), a_scatter()),
            ),
            Section(
                id="account",
                title="Only mistakes are priced: over- and understock of 10 product lines.",
                blocks=(
                    Facts(
                        title="Unit values",
                        items=(
                            Fact(
                                label="Over",
                                value="EUR 8.40 a pair",
                                hint="overstock_cost_per_unit, rolled up by impressions; set by merchandising",
                            ),
                            Fact(label="Under", value="EUR 21.10 a pair", hint="stockout_cost_per_unit"),
                            Fact(label="Demand", value="clicks of the whole week × units per click"),
                        ),
                    ),
                    Paragraph(
                        text="Not counted: customers who never return. That is in the business result, which has its own account.",
                        tone="muted",
                    ),
                ),
            ),
        ),
        footer=(
            Fact(label="Period", value="Week of 16 Sep 2024"),
            Fact(label="Rows judged", value="n = 3,600"),
            Fact(label="Currency", value="EUR"),
        ),
    )
    return msgspec.structs.replace(view, **changes)


def both_views() -> tuple[View, View]:
    return an_insights_view(), a_cost_view()


def hostile_views(name: str) -> tuple[View, View]:
    """Both views with `name` wherever a slice, feature, artifact or event is named."""
    return tuple(msgspec.convert(_renamed(msgspec.to_builtins(view), name), View) for view in both_views())  # type: ignore[return-value]


def _renamed(node: Any, name: str) -> Any:
    if isinstance(node, dict):
        return {key: _renamed(value, name) for key, value in node.items()}
    if isinstance(node, list | tuple):
        return [_renamed(value, name) for value in node]
    return node.replace("men_dress", name).replace("Model 163", name).replace("device", name) if isinstance(node, str) else node

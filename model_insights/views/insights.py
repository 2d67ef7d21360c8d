"""The Insights Triangle page: verdict, three corners with their evidence, history, lineage."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from model_insights.cost.account import RunCost
from model_insights.evidence.fact import Evidence, worst
from model_insights.evidence.findings import RowFindings
from model_insights.ids import feature_id
from model_insights.judgement import Judgement, by_rule
from model_insights.ledger import Ledger
from model_insights.record import VerdictRecord
from model_insights.slices import SliceKey
from model_insights.verdict import Verdict
from model_insights.view import (
    Bar,
    Bars,
    Block,
    Cell,
    Column,
    CornerName,
    CornerShare,
    Fact,
    Facts,
    HeatCell,
    HeatMap,
    Link,
    Paragraph,
    Row,
    Section,
    Step,
    Table,
    TableRequest,
    Triangle,
    Value,
    Waterfall,
)
from model_insights.views import assumptions, carried, combinations, search
from model_insights.views.advice import corner_action
from model_insights.views.corner import corner_title, strongest
from model_insights.views.drift import drift_scatter
from model_insights.views.grounds import ground_facts, how_title
from model_insights.views.headline import severity_tone
from model_insights.views.lineage import lineage_figure
from model_insights.views.money import cost_series, level_text
from model_insights.views.page import evidence_link, period_text, slice_link, state_cell, table, value_axis
from model_insights.views.remarks import confirmed_paragraph, confirmed_text
from model_insights.views.strip import verdict_strip, verdict_words
from model_insights.views.tier import rows_sections, tier_facts
from model_insights.views.versions import served_table
from model_insights.wording import CORNERS, LINE_HINTS, LINES, SEVERITIES, STATES, Words, money_value, plural

MOST_BARS = 20  # slices in a figure; thousands may be priced

_EVIDENCE = (
    Column(
        id="state",
        title="State",
        hint="held: the assumption stands; watch: look at it; violated: it does not stand; unknown: it could not be judged",
    ),
    Column(id="subject", title="What"),
    Column(id="sentence", title="Evidence", sortable=False),
    Column(id="value", title="Measured", align="right"),
    Column(id="money", title="Money", align="right", hint="part of the change of cost that this fact accounts for"),
)


def sections(
    judged: Judgement,
    past: tuple[VerdictRecord, ...],
    confirmed: Mapping[str, tuple[str, str]],
    words: Words,
    tables: Mapping[str, TableRequest],
    rows: RowFindings | None = None,
) -> tuple[Section, ...]:
    """All sections of the page, in reading order."""
    verdict, ledger = judged.verdict, judged.ledger
    corners = {name: _corner_section(judged, name, verdict, words, tables) for name in CORNERS}
    if rows is not None and (found := search.corner_table(judged, rows, words, tables)) is not None:
        corners["model"] = msgspec.structs.replace(corners["model"], blocks=(*corners["model"].blocks, found))
    return (
        _with_remark(_verdict_section(judged, verdict, ledger, words, tables), confirmed, judged.run.id),
        corners["business"],
        corners["data"],
        *((combinations.section(judged, rows, words, tables),) if rows is not None else ()),
        *carried.sections(rows, words, tables.get("carried")),
        corners["model"],
        assumptions.section(judged, words, tables.get("assumptions")),
        _history_section(judged, past, confirmed, words, tables.get("past")),
        _lineage_section(judged, words),
        *rows_sections(ledger, words, tables),
        _how_section(judged, verdict, ledger, words),
    )


def _with_remark(section: Section, confirmed: Mapping[str, tuple[str, str]], run: str) -> Section:
    return msgspec.structs.replace(section, blocks=(*section.blocks, *confirmed_paragraph(confirmed, run)))


# --- the verdict ---------------------------------------------------------------------------------------------------------------


def _verdict_section(
    judged: Judgement, verdict: Verdict, ledger: Ledger | None, words: Words, tables: Mapping[str, TableRequest]
) -> Section:
    blocks: list[Block] = [triangle(judged, verdict, words)]
    if ledger is None:
        blocks.append(Paragraph(text=f"The change of cost cannot be accounted for: {judged.ledger_reason}.", tone="unknown"))
        return Section(
            id="verdict",
            title="Which assumption broke cannot be said from these artifacts",
            lead=judged.ledger_reason,
            blocks=tuple(blocks),
        )
    blocks += [waterfall(judged, ledger, verdict, words), _worst_slices(ledger, words, tables.get("worst")), _heat_map(ledger, words)]
    change = words.change(ledger.change)
    reference = next(run for run in judged.series.runs if run.id == ledger.reference_id)
    title = f"The cost of mistakes changed by {change} against {period_text(reference, words)}"
    lead = _verdict_lead(ledger, words)
    return Section(id="verdict", title=title, lead=lead, blocks=tuple(blocks))


def _verdict_lead(ledger: Ledger, words: Words) -> str:
    line = max(ledger.lines, key=lambda one: abs(one.money.value))
    return f"The largest line is “{LINES[line.id].lower()}” with {words.change(line.money.value)} ({words.interval(line.money.low, line.money.high)})."


def triangle(judged: Judgement, verdict: Verdict, words: Words) -> Triangle:
    shares = {one.corner: one for one in verdict.shares}
    corners = []
    for name, full in CORNERS.items():
        facts = judged.corner(name)
        state = worst(facts)
        share = shares.get(name)  # type: ignore[call-overload]
        money = Value(text=words.change(share.money), value=share.money) if share else Value(text="not known", tone="unknown")
        part = Value(text=words.percent(share.share), value=share.share) if share else Value(text="not known", tone="unknown")
        corners.append(
            CornerShare(
                corner=name, name=full, state=state, state_text=STATES[state], money=money, share=part, sentence=_corner_sentence(facts),  # type: ignore[arg-type]
                link=Link(view="insights", anchor=name),
            )
        )  # fmt: skip
    unclear = Value(text=words.percent(verdict.cannot_tell_share), value=verdict.cannot_tell_share)
    if verdict.kind == "open":
        unclear = Value(text="all of it", value=1.0, tone="unknown")
    names = " or ".join(CORNERS[corner].lower() for corner in verdict.cannot_tell)
    sentence = (
        f"{unclear.text} may belong to {names}"
        if verdict.cannot_tell_share > 0 and names
        else verdict.reason
        if verdict.kind == "open"
        else ""
    )
    alt = (
        "; ".join(f"{one.name}: {one.state_text}, {one.money.text}, share {one.share.text}" for one in corners)
        + f"; cannot tell: {unclear.text}."
    )
    return Triangle(title="The ML Insights Triangle", alt=alt, corners=tuple(corners), cannot_tell=unclear, cannot_tell_sentence=sentence)


def _corner_sentence(facts: tuple[Evidence, ...]) -> str:
    counts = {state: sum(fact.state == state for fact in facts) for state in ("violated", "watch", "held", "unknown")}
    parts = [f"{count} {STATES[state].lower()}" for state, count in counts.items() if count]
    return ", ".join(parts) or "no evidence"


def waterfall(judged: Judgement, ledger: Ledger, verdict: Verdict, words: Words) -> Waterfall:
    """From the reference's cost to now, line by line; merged lines marked."""
    at, steps = ledger.before, []
    reference = next(run for run in judged.series.runs if run.id == ledger.reference_id)
    steps.append(_total_step(period_text(reference, words), ledger.before, words))
    for line in ledger.lines:
        if abs(line.money.value) < 0.005:
            continue
        owners = verdict.rate_corners if line.id == "rate" else line.corners
        steps.append(
            Step(
                label=LINES[line.id], value=money_value(words, line.money, signed=True), start=at, end=at + line.money.value,
                corner=owners[0] if len(owners) == 1 else None, cannot_tell=len(owners) > 1,
            )
        )  # fmt: skip
        at += line.money.value
    steps.append(_total_step(period_text(judged.run, words), ledger.after, words))
    alt = "From " + "; ".join(f"{step.label}: {step.value.text}" for step in steps) + "."
    axis = value_axis(f"Cost of mistakes ({words.currency})", [v for s in steps for v in (s.start, s.end)], words, kind="money")
    return Waterfall(
        title=f"From {steps[0].value.text} to {steps[-1].value.text}",
        alt=alt,
        axis=axis,
        steps=tuple(steps),
        note="Lines add up to the change exactly.",
    )


def _total_step(label: str, money: float, words: Words) -> Step:
    return Step(label=label, value=Value(text=words.money(money), value=money), start=0.0, end=money, total=True)


def _contributions(ledger: Ledger) -> dict[SliceKey, float]:
    total: dict[SliceKey, float] = {}
    for line in ledger.lines:
        for unit, money in line.by_unit:
            total[unit] = total.get(unit, 0.0) + money
    return total


def _worst_slices(ledger: Ledger, words: Words, asked: TableRequest | None) -> Table:
    per_line = {line.id: dict(line.by_unit) for line in ledger.lines}
    columns = (
        Column(id="slice", title="Slice"),
        Column(id="change", title="Change of cost", align="right"),
        *(Column(id=line.id, title=LINES[line.id], align="right", hint=LINE_HINTS[line.id]) for line in ledger.lines),
    )
    totals = sorted(_contributions(ledger).items(), key=lambda pair: -pair[1])
    top = max((abs(money) for _, money in totals), default=1.0) or 1.0
    rows = [
        Row(
            id=unit.text, link=slice_link(unit),
            cells=(
                Cell(text=unit.text),
                Cell(text=words.change(money), value=money, tone="bad" if money > 0 else "good", bar=money / top),
                *(Cell(text=words.change(part), value=part) for line in ledger.lines for part in (per_line[line.id].get(unit, 0.0),)),
            ),
        )
        for unit, money in totals
    ]  # fmt: skip
    return table(
        "worst",
        "Where the change came from",
        columns,
        rows,
        asked,
        empty="No slice could be priced.",
        note="Slices add up to the lines, lines to the change.",
        size=8,
    )


def _heat_map(ledger: Ledger, words: Words) -> HeatMap:
    units = [unit for unit, _ in sorted(_contributions(ledger).items(), key=lambda pair: -abs(pair[1]))][:12]
    cells = []
    for column, line in enumerate(ledger.lines):
        parts = dict(line.by_unit)
        cells += [
            HeatCell(row=row, column=column, value=Value(text=words.change(parts.get(unit, 0.0)), value=parts.get(unit, 0.0)))
            for row, unit in enumerate(units)
        ]
    largest = max(cells, key=lambda cell: abs(cell.value.value or 0.0), default=None)
    alt = (
        f"Largest cell: {units[largest.row].text}, {LINES[ledger.lines[largest.column].id]}, {largest.value.text}."
        if largest
        else "No slice."
    )
    return HeatMap(
        title="Slices by line", alt=alt, rows=tuple(unit.text for unit in units), columns=tuple(LINES[line.id] for line in ledger.lines), cells=tuple(cells),
        row_label="Slice", column_label="Line of the account",
    )  # fmt: skip


# --- corners -------------------------------------------------------------------------------------------------------------------


def _corner_section(judged: Judgement, name: str, verdict: Verdict, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    facts = judged.corner(name)
    state = worst(facts)
    top = strongest(facts)
    share = next((one for one in verdict.shares if one.corner == name), None)
    title = corner_title(name, facts, share.money if share else None, words)
    lead = _lead(name, top, judged)
    blocks: list[Block] = [_evidence_table(name, facts, words, tables.get(name))]
    blocks += _corner_figures(judged, name, words)
    if name == "model" and (served := served_table(judged, words, tables.get("served"))) is not None:
        blocks.append(served)
    return Section(
        id=name, title=title, lead=lead, action=corner_action(top), corner=name, state=state, state_text=STATES[state], blocks=tuple(blocks),  # type: ignore[arg-type]
    )  # fmt: skip


def _lead(name: str, top: Evidence | None, judged: Judgement) -> str:
    if top is None:
        return "There is no evidence in this corner."
    if top.state in ("violated", "watch"):
        return top.sentence
    if top.state == "unknown":
        return top.sentence
    against = f" against {judged.case.words.day(judged.reference.period.label)}" if judged.reference else ""
    return f"Nothing stands out{against}: every assumption that could be tested holds."


def _evidence_table(name: str, facts: tuple[Evidence, ...], words: Words, asked: TableRequest | None) -> Table:
    rows = [
        Row(
            id=fact.id, link=evidence_link(fact),
            cells=(
                state_cell(fact.state),
                Cell(text=f"{fact.subject}: {fact.measure}" if fact.measure != fact.subject else fact.subject),
                Cell(text=fact.sentence, hint=f"Unremarkable: {fact.band}" if fact.band else ""),
                Cell(text=fact.value_text, value=abs(fact.value) if fact.value is not None else None),
                _money_cell(fact, words),
            ),
        )
        for fact in facts
    ]  # fmt: skip
    return table(name, f"Evidence: {CORNERS[name].lower()}", _EVIDENCE, rows, asked, empty="No evidence.", size=10)


def _money_cell(fact: Evidence, words: Words) -> Cell:
    if fact.account == "result":
        return Cell(text="other account", tone="muted", hint="business result: never added to the cost of mistakes")
    if fact.money is None:
        return Cell(text="not known", tone="muted")
    return Cell(text=words.change(fact.money), value=abs(fact.money))


def _corner_figures(judged: Judgement, name: CornerName | str, words: Words) -> list[Block]:
    if name == "data":
        scatter = drift_scatter(judged, words)
        return [*([_drift_bars(judged, words)] if judged.features else []), *([scatter] if scatter else [])]
    drawn = _calibration_bars if name == "model" else _outcome_bars
    return list(dict.fromkeys(figure for one in (by_rule(judged) or (judged,)) for figure in drawn(one, words)))


def _drift_bars(judged: Judgement, words: Words) -> Bars:
    """PSI per feature beside what chance alone would give."""
    known = [one for one in judged.features if one.change and one.change.psi is not None and not one.is_clock]
    top = sorted(known, key=lambda one: -(one.change.psi or 0.0) if one.change else 0.0)[:12]
    bars = tuple(
        Bar(
            label=".".join(one.path), value=Value(text=words.number(one.change.psi or 0.0), value=one.change.psi),
            reference=Value(text=words.number(one.change.psi_null or 0.0), value=one.change.psi_null),
            tone="bad" if one.discovered and one.change.state == "changed" else "neutral", link=Link(view="feature", id=feature_id(one.path)),
        )
        for one in top if one.change
    )  # fmt: skip
    axis = value_axis(
        "Population stability index (PSI)", [v for b in bars for v in (b.value.value, b.reference.value if b.reference else None)], words
    )
    alt = (
        "PSI per feature: "
        + "; ".join(f"{bar.label} {bar.value.text} (chance {bar.reference.text if bar.reference else ''})" for bar in bars)
        + "."
    )
    note = f"{plural(len(known), 'feature')} compared; the {len(bars)} largest shown. The mark is the 95 % quantile without any change at these sample sizes."
    return Bars(
        title="How far each feature moved", alt=alt, axis=axis, bars=bars, value_name="PSI", reference_name="by chance (95 %)", note=note
    )


def _calibration_bars(judged: Judgement, words: Words) -> list[Block]:
    """Predicted over observed per unit, now and in the reference (inventory)."""
    cost, before = judged.cost, judged.series.cost(judged.reference.id) if judged.reference else None
    if cost is None or cost.cells.kind != "inventory":
        return []
    old = {line.unit: line for line in before.lines} if before else {}

    def ratio(rates: tuple[float, ...]) -> Value:
        value = rates[0] / rates[1] if rates[1] else None
        return Value(text=words.number(value) if value is not None else "no events", value=value)

    bars = tuple(
        Bar(
            label=line.unit.text,
            value=ratio(line.rates),
            reference=ratio(old[line.unit].rates) if line.unit in old else None,
            link=slice_link(line.unit),
        )
        for line in sorted(cost.lines, key=lambda line: -abs(line.rates[0] / line.rates[1] - 1) if line.rates[1] else 0.0)[:MOST_BARS]
    )
    axis = value_axis(
        "Predicted rate / observed rate (1 is right)",
        [v for b in bars for v in (b.value.value, b.reference.value if b.reference else None)],
        words,
    )
    alt = "Predicted over observed rate of the serving model: " + "; ".join(f"{bar.label} {bar.value.text}" for bar in bars) + "."
    return [Bars(title="Calibration of the serving model per slice", alt=alt, axis=axis, bars=bars, note=_left(cost, words))]


def _outcome_bars(judged: Judgement, words: Words) -> list[Block]:
    cost, before = judged.cost, judged.series.cost(judged.reference.id) if judged.reference else None
    if cost is None or cost.cells.kind != "inventory":
        return []
    old = {line.unit: line for line in before.lines} if before else {}
    bars = tuple(
        Bar(
            label=line.unit.text, value=Value(text=words.percent(line.rates[1], 1), value=line.rates[1]), link=slice_link(line.unit),
            reference=Value(text=words.percent(old[line.unit].rates[1], 1), value=old[line.unit].rates[1]) if line.unit in old else None,
        )
        for line in sorted(cost.lines, key=lambda line: -abs(line.rates[1] - old[line.unit].rates[1]) if line.unit in old else 0.0)[:MOST_BARS]
    )  # fmt: skip
    axis = value_axis(
        "Observed outcome rate",
        [v for b in bars for v in (b.value.value, b.reference.value if b.reference else None)],
        words,
        kind="percent",
    )
    alt = (
        "Observed outcome rate: "
        + "; ".join(f"{bar.label} {bar.value.text} (before {bar.reference.text if bar.reference else 'unknown'})" for bar in bars)
        + "."
    )
    return [Bars(title="What customers did per slice", alt=alt, axis=axis, bars=bars, note=_left(cost, words))]


def _left(cost: RunCost, words: Words) -> str:
    """What a figure that shows only the largest deviations leaves out."""
    hidden = len(cost.lines) - MOST_BARS
    told = f"The {MOST_BARS} largest deviations of {words.count(len(cost.lines))} slices; all are in the table of Business Cost."
    return told if hidden > 0 else ""


# --- history, lineage, how -------------------------------------------------------------------------------------------------------


def _history_section(
    judged: Judgement, past: tuple[VerdictRecord, ...], confirmed: Mapping[str, tuple[str, str]], words: Words, asked: TableRequest | None
) -> Section:
    priced = sum(judged.series.cost(run.id) is not None for run in judged.series.runs)
    title = f"Cost of mistakes in {plural(priced, 'period')}" if priced else "No period has a cost"
    blocks: tuple[Block, ...] = (
        (cost_series(judged, words),) if priced else (Paragraph(text=judged.cost_reason or "No run could be priced.", tone="unknown"),)
    )
    if past:
        blocks = (verdict_strip(past, confirmed, judged.run.id, words), *blocks, _past_table(past, confirmed, words, asked))
    return Section(id="history", title=title, lead="Each period priced with the model that served in it.", blocks=blocks)


def _past_table(
    past: tuple[VerdictRecord, ...], confirmed: Mapping[str, tuple[str, str]], words: Words, asked: TableRequest | None
) -> Table:
    """The last verdicts, newest first, each against its own default reference, and what they turned out to be."""
    columns = (
        Column(id="period", title="Period"),
        Column(id="cost", title="Cost", align="right"),
        Column(id="change", title="Change", align="right", hint="against that period's own reference"),
        Column(id="severity", title="Severity"),
        Column(id="verdict", title="Verdict"),
        Column(id="confirmed", title="Turned out to be"),
    )
    order = {"unknown": -1.0, "none": 0.0, "little": 1.0, "big": 2.0, "emergency": 3.0}
    rows = []
    for one in reversed(past):
        turned_out = confirmed_text(*confirmed.get(one.run, ("", "")))
        rows.append(
            Row(
                id=one.run, link=Link(view="insights", run=one.run),
                cells=(
                    Cell(text=words.day(one.period)),
                    Cell(text=words.money(one.cost.value) if one.cost else "not known", value=one.cost.value if one.cost else None),
                    Cell(text=words.change(one.change) if one.change is not None else "not known", value=one.change),
                    Cell(text=SEVERITIES[one.severity], value=order[one.severity], tone=severity_tone(one.severity)),
                    Cell(text=verdict_words(one), hint=one.reason if one.kind == "open" else ""),
                    Cell(text=turned_out, tone="neutral" if turned_out else "muted"),
                ),
            )
        )  # fmt: skip
    return table("past", "Earlier verdicts", columns, rows, asked, empty="No earlier verdict.", size=12)


def _lineage_section(judged: Judgement, words: Words) -> Section:
    figure = lineage_figure(judged.run, judged.reference, words)
    if figure is None:
        text = "No lineage: the log directory has no ML Metadata store for this pipeline. Keep metadata.db beside the pipeline root."
        return Section(id="lineage", title="Where the numbers come from is not recorded", blocks=(Paragraph(text=text, tone="unknown"),))
    changed = sum(node.changed for node in figure.nodes)
    against = f" against {period_text(judged.reference, words)}" if judged.reference else ""
    return Section(
        id="lineage",
        title=f"{plural(changed, 'artifact')} made differently{against}",
        lead="From data to push, as ML Metadata recorded it.",
        blocks=(figure,),
    )


def _how_section(judged: Judgement, verdict: Verdict, ledger: Ledger | None, words: Words) -> Section:
    items = [
        Fact(label="Account", value="misprediction cost: what perfect predictions would have saved"),
        Fact(label="Serving model", value=judged.serving.reason),
    ]
    if ledger is not None:
        items += [
            *tier_facts(ledger, words),
            Fact(label="Retrain noise", value=f"{words.money(judged.series.retrain_spread)} per run, added to the model line's error"),
            Fact(label="Customers" if ledger.line("concept") is not None else "Rates line", value=verdict.reason),
        ]
    if judged.expected is not None:
        level = judged.expected
        items.append(
            Fact(
                label="Expected level",
                value=f"{words.money(level.value)}: {level_text(level)} ({plural(level.periods, 'period')})",
            )
        )
    if judged.cost is not None and judged.cost.noise_floor > 0:
        items.append(
            Fact(label="Noise floor", value=f"{words.money(judged.cost.noise_floor)} is what a calibrated model would show at this n")
        )
    for rule in (one.rule for one in (judged.case.parts or (judged.case,))):
        if rule is None:
            continue
        items.append(Fact(label="Cost rule", value=f"{rule.name} ({rule.kind}), counted per {', '.join(rule.unit) or 'whole'}"))
    for gap in judged.cost.gaps if judged.cost else ():
        volume = f" ({words.count(round(gap.volume))} cases)" if gap.volume else ""
        items.append(Fact(label=f"Not priced: {gap.unit.text}{volume}", value=gap.reason))
    return Section(id="how", title=how_title(judged, words), blocks=(Facts(items=(*items, *ground_facts(judged, words))),))

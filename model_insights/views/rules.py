"""Several cost rules on one page: what each costs, how each moved, and the sum over slices; then the sections of each rule, by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import msgspec

from model_insights.cost.account import CostLine, RunCost, by_unit
from model_insights.judgement import Judgement
from model_insights.ledger import Ledger
from model_insights.slices import SliceKey
from model_insights.view import Cell, Column, Row, Section, Table, TableRequest
from model_insights.views.page import slice_link, table
from model_insights.wording import LINE_HINTS, LINES, Words


def rule_name(judged: Judgement) -> str:
    return judged.case.rule.name if judged.case.rule is not None else ""


def handle(judged: Judgement) -> str:
    """The rule's name as a part of ids: its letters and digits, and its place where another name reads the same."""
    names = [re.sub(r"\W+", "_", part.rule.name if part.rule else "").strip("_").lower() for part in (judged.whole or judged).case.parts]
    at = next(i for i, part in enumerate((judged.whole or judged).case.parts) if part is judged.case)
    return names[at] if names.count(names[at]) == 1 and names[at] else f"{names[at]}{at + 1}"


def asked_of(judged: Judgement, tables: Mapping[str, TableRequest]) -> dict[str, TableRequest]:
    """The table requests of one rule's sections, under the names the sections know."""
    end = f"-{handle(judged)}"
    return {name.removesuffix(end): asked for name, asked in tables.items() if name.endswith(end)}


def of_rule(judged: Judgement, section: Section) -> Section:
    """A section of one rule: its name in title and ids."""
    end = f"-{handle(judged)}"
    blocks = tuple(msgspec.structs.replace(block, id=block.id + end) if isinstance(block, Table) else block for block in section.blocks)
    return msgspec.structs.replace(section, id=section.id + end, title=f"{rule_name(judged)}: {section.title}", blocks=blocks)


def rules_section(
    judged: Judgement, parts: Sequence[Judgement], cost: RunCost, words: Words, tables: Mapping[str, TableRequest]
) -> Section:
    """What each rule costs, and how each moved by the lines of the account."""
    dearest = max(cost.parts, key=lambda part: part.total.value)
    title = f"“{dearest.rule.name}” costs {words.amount(dearest.total.value)} of {words.amount(cost.total.value)}"
    lead = "Every rule counts a loss of its own; together they are the cost of mistakes. Their errors are taken to go together."
    return Section(id="rules", title=title, lead=lead, blocks=(_rules_table(judged, parts, cost, words, tables.get("rules")),))


def _rules_table(judged: Judgement, parts: Sequence[Judgement], cost: RunCost, words: Words, asked: TableRequest | None) -> Table:
    names = [line.id for line in judged.ledger.lines] if judged.ledger is not None else []
    columns = (
        Column(id="rule", title="Rule"),
        Column(id="cost", title="Cost", align="right"),
        Column(id="interval", title="Interval", align="right", sortable=False),
        Column(id="share", title="Share of cost", align="right"),
        Column(id="change", title="Change", align="right", hint="against the reference"),
        *(Column(id=f"line_{name}", title=LINES[name], align="right", hint=LINE_HINTS[name]) for name in names),
    )
    total = cost.total.value or 1.0
    rows = [
        Row(
            id=rule_name(part),
            cells=(
                Cell(text=rule_name(part)),
                Cell(text=words.amount(one.total.value), value=one.total.value, bar=max(-1.0, min(1.0, one.total.value / total))),
                Cell(text=f"{words.amount(one.total.low)} to {words.amount(one.total.high)}"),
                Cell(text=words.percent(one.total.value / total), value=one.total.value / total),
                _change(part.ledger.change if part.ledger else None, words),
                *(_change(_line(part.ledger, name), words) for name in names),
            ),
        )
        for part in parts
        for one in [part.cost]
        if one is not None
    ]  # fmt: skip
    note = "Rules add up to the total, their lines to their change."
    return table("rules", "Cost per rule", columns, rows, asked, empty="No rule has a cost.", note=note)


def _line(ledger: Ledger | None, name: str) -> float | None:
    found = ledger.line(name) if ledger is not None else None  # type: ignore[arg-type]
    return None if ledger is None else found.money.value if found is not None else 0.0


def _change(money: float | None, words: Words) -> Cell:
    if money is None:
        return Cell(text="not known", tone="muted")
    return Cell(text=words.change(money), value=money, tone="bad" if money > 0 else "good" if money < 0 else "neutral")


def sum_section(judged: Judgement, cost: RunCost, words: Words, tables: Mapping[str, TableRequest]) -> Section:
    """Slices of the same name over all rules."""
    top = max(cost.lines, key=lambda line: line.money.value)
    total = cost.total.value or 1.0
    title = f"{top.unit.text} costs {words.amount(top.money.value)} over all rules: {words.percent(top.money.value / total)} of the loss"
    lead = f"Slices of the same name are added over the rules; they sum to {words.amount(cost.total.value)}."
    return Section(id="slices", title=title, lead=lead, blocks=(_sum_table(judged, cost, words, tables.get("slices")),))


def _sum_table(judged: Judgement, cost: RunCost, words: Words, asked: TableRequest | None) -> Table:
    before = judged.series.cost(judged.reference.id) if judged.reference is not None else None
    old = by_unit(before) if before is not None else {}
    critical = [set(one.items()) for one in judged.case.config.critical] if judged.case.config else []
    columns = (
        Column(id="slice", title="Slice"),
        Column(id="cost", title="Cost", align="right"),
        Column(id="share", title="Share of cost", align="right"),
        *(Column(id=f"rule_{i}", title=part.rule.name, align="right") for i, part in enumerate(cost.parts)),
        Column(id="change", title="Change", align="right", hint="against the reference"),
    )
    shares = [by_unit(part) for part in cost.parts]
    rows = [
        _sum_row(line, old, cost.total.value or 1.0, shares, words, is_critical=any(wanted <= set(line.unit.items) for wanted in critical))
        for line in sorted(cost.lines, key=lambda line: -line.money.value)
    ]
    rows.sort(key=lambda row: not row.emphasis)
    return table(
        "slices",
        "Cost per slice, all rules",
        columns,
        rows,
        asked,
        empty="No unit could be priced.",
        note="Slices sum to the total.",
        size=15,
    )


def _sum_row(
    line: CostLine, old: Mapping[SliceKey, CostLine], total: float, shares: Sequence[Mapping[SliceKey, CostLine]], words: Words, *, is_critical: bool
) -> Row:  # fmt: skip
    money = line.money.value
    change = money - old[line.unit].money.value if line.unit in old else None
    parts = [part[line.unit].money.value if line.unit in part else None for part in shares]
    cells = (
        Cell(text=line.unit.text, hint="declared critical in insights.toml" if is_critical else ""),
        Cell(text=words.amount(money), value=money, bar=max(-1.0, min(1.0, money / total))),
        Cell(text=words.percent(money / total), value=money / total),
        *(Cell(text=words.amount(one), value=one) if one is not None else Cell(text="not counted", tone="muted") for one in parts),
        _change(change, words) if change is not None else Cell(text="new"),
    )
    return Row(id=line.unit.text, link=slice_link(line.unit), emphasis=is_critical, cells=cells)

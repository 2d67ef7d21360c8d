"""The business corner: did prices, costs, volumes or customers move? From the business tables and the observed outcomes."""

from __future__ import annotations

import msgspec

from model_insights.cost.account import RunCost, by_unit
from model_insights.cost.units import value_names
from model_insights.evidence.change import share_change
from model_insights.evidence.fact import Evidence, Source
from model_insights.ids import slice_id
from model_insights.ledger import Ledger
from model_insights.noun import Noun
from model_insights.slices import SliceKey
from model_insights.wording import Words, value_name

_NOTABLE = 0.02  # a change of a unit value below 2 % is listed as held


class BusinessEvent(Noun):
    """A dated event the business told us of."""

    date: str  # ISO
    text: str
    kind: str = ""


def gather(
    before: RunCost | None, after: RunCost | None, ledger: Ledger | None, events: tuple[BusinessEvent, ...], words: Words
) -> tuple[Evidence, ...]:
    """The business corner's evidence between two priced runs; one unknown fact where money cannot be counted."""
    facts = [_event(event, words) for event in events]
    if before is None or after is None:
        sentence = "Prices, volumes and customers cannot be judged: no cost is known for both periods."
        return (
            *facts,
            Evidence(
                id="business:cost",
                corner="business",
                subject="business tables",
                measure="unit values",
                sentence=sentence,
                state="unknown",
                value_text="unknown",
            ),
        )
    facts += _value_facts(before, after, ledger, words)
    facts += _outcome_facts(before, after, ledger, words)
    facts.append(_volume_fact(before, after, ledger, words))
    return tuple(facts)


def of_rule(fact: Evidence, rule: str) -> Evidence:
    """The same fact, saying which of several cost rules it is about."""
    return msgspec.structs.replace(fact, id=f"{fact.id}@{rule}", subject=f"{rule}: {fact.subject}", sentence=f"{rule}: {fact.sentence}")


def _event(event: BusinessEvent, words: Words) -> Evidence:
    return Evidence(
        id=f"business:event:{event.date}:{event.text}", corner="business", subject=event.kind or "event", measure="business event", state="watch",
        sentence=f"{words.day(event.date)}: {event.text}.", value_text=words.day(event.date), source=Source(kind="table", text="events table"),
    )  # fmt: skip


def _part(ledger: Ledger | None, line: str, unit: SliceKey) -> float | None:
    found = ledger.line(line) if ledger else None  # type: ignore[arg-type]
    return dict(found.by_unit).get(unit) if found else None


def _value_facts(before: RunCost, after: RunCost, ledger: Ledger | None, words: Words) -> list[Evidence]:
    """One fact per unit whose values moved; one held fact when none did."""
    old_lines, facts = by_unit(before), []
    names = value_names(after.rule)
    for line in after.lines:
        old = old_lines.get(line.unit)
        if old is None:
            continue
        moved = [
            (name, a, b) for name, a, b in zip(names, old.values, line.values, strict=False) if abs(b - a) > _NOTABLE * max(abs(a), 1e-12)
        ]
        if not moved:
            continue
        text = "; ".join(f"{value_name(name)} {words.number(a)} → {words.number(b)} ({_ratio(a, b, words)})" for name, a, b in moved)
        money = _part(ledger, "values", line.unit)
        effect = f" It accounts for {words.change(money)} of the change of cost." if money is not None else ""
        large = any(abs(b - a) > 0.1 * max(abs(a), 1e-12) for _, a, b in moved)
        facts.append(
            Evidence(
                id=f"business:values:{line.unit.text}", corner="business", subject=line.unit.text, measure="unit values", state="violated" if large else "watch",
                sentence=f"{line.unit.text}: {text}.{effect}", value_text="; ".join(_ratio(a, b, words) for _, a, b in moved), band="within 2 %", money=money,
                source=Source(kind="slice", id=slice_id(line.unit), text=line.unit.text),
            )
        )  # fmt: skip
    if not facts:
        sentence = "Prices, margins and costs per unit are within 2 % of the reference period in every unit."
        facts.append(
            Evidence(
                id="business:values",
                corner="business",
                subject="all units",
                measure="unit values",
                sentence=sentence,
                state="held",
                value_text="within 2 %",
            )
        )
    return facts


def _ratio(old: float, new: float, words: Words) -> str:
    if old == 0:
        return "from zero"
    change = new / old - 1
    return ("+" if change > 0 else "−") + words.percent(abs(change), 0 if abs(change) >= 0.1 else 1)


def _outcome_facts(before: RunCost, after: RunCost, ledger: Ledger | None, words: Words) -> list[Evidence]:
    """The observed outcome rate per unit (inventory: events per case): customers' behaviour, whatever the model says."""
    if after.rule.kind != "inventory":
        return []
    old_lines, changes = by_unit(before), []
    for line in after.lines:
        old = old_lines.get(line.unit)
        if old is not None:
            n0, n1 = (old.cases, line.cases) if after.cells.realised else (old.evaluated, line.evaluated)
            changes.append((line.unit, share_change((min(old.rates[1], 1.0), int(n0)), (min(line.rates[1], 1.0), int(n1)))))
    facts = []
    for unit, change in changes:
        if change.low <= 0 <= change.high:
            continue
        relative = change.difference / change.reference if change.reference else 0.0
        money = _part(ledger, "concept" if ledger and ledger.line("concept") else "rate", unit)
        facts.append(
            Evidence(
                id=f"business:outcome:{unit.text}", corner="business", subject=unit.text, measure="outcome rate", money=money,
                state="violated" if abs(relative) > 0.2 else "watch", value=change.difference, value_text=words.points(change.difference), band="no change",
                sentence=(
                    f"{unit.text}: the outcome rate went from {words.percent(change.reference, 1)} to {words.percent(change.current, 1)} "
                    f"({words.points(change.difference)}; 95 %: {words.points(change.low)} to {words.points(change.high)})."
                ),
                source=Source(kind="slice", id=slice_id(unit), text=unit.text),
            )
        )  # fmt: skip
    return facts


def _volume_fact(before: RunCost, after: RunCost, ledger: Ledger | None, words: Words) -> Evidence:
    old, new = float(before.cells.volume.sum()), float(after.cells.volume.sum())
    change = new / old - 1 if old else 0.0
    line = ledger.line("volume") if ledger else None
    money = line.money.value if line else None
    effect = f", which accounts for {words.change(money)} of the change of cost" if money is not None else ""
    return Evidence(
        id="business:volume", corner="business", subject="volume", measure="volume", state="watch" if abs(change) > 0.1 else "held", value=change,
        value_text=_ratio(old, new, words), band="within 10 %", money=money,
        sentence=f"Volume went from {words.count(round(old))} to {words.count(round(new))} cases ({_ratio(old, new, words)}){effect}.",
    )  # fmt: skip

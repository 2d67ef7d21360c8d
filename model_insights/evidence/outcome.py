"""The business result as evidence of the business corner: revenue or margin against the level expected of it.

Its money is of the other account, so no fact here carries a part of the change of the cost of mistakes."""

from __future__ import annotations

from model_insights.cost.level import Expected
from model_insights.cost.result import RunResult
from model_insights.cost.result_ledger import result_ledger
from model_insights.evidence.fact import Evidence, Source, State
from model_insights.results import Results
from model_insights.run import Run
from model_insights.wording import RESULT_LINES, Words

_FEW = 4  # earlier periods from which a level judges a result
_LEAST = 0.05  # of the level: an ordinary difference is taken to be no smaller


def gather(made: Results | None, reference: Run | None, run: Run, words: Words) -> tuple[Evidence, ...]:
    """One fact about the period's result; none where insights.toml has no [result]."""
    if made is None:
        return ()
    now, level = made.found.get(run.id, "the business tables were not read"), made.levels.get(run.id)
    if isinstance(now, str):
        return (_fact(made, "unknown", f"The {made.rule.name} is not known: {now.rstrip('.')}.", "unknown"),)
    before = made.result(reference.id) if reference is not None else None
    state, band = _judged(now, level, words)
    value = words.amount(now.total) if before is None else words.change(now.total - before.total)
    return (_fact(made, state, _sentence(made, now, before, level, words), value, band=band, number=now.total),)


def _fact(made: Results, state: State, sentence: str, value: str, *, band: str = "", number: float | None = None) -> Evidence:
    return Evidence(
        id="business:result", corner="business", subject="business result", measure=made.rule.name, sentence=sentence, state=state, value=number,
        value_text=value, band=band, source=Source(kind="table", text="business tables"), account="result",
    )  # fmt: skip


def _judged(now: RunResult, level: Expected | None, words: Words) -> tuple[State, str]:
    """The state against the expected level, and what would have been unremarkable."""
    if level is None or level.periods < _FEW:
        return "unknown", ""
    ordinary = max(level.spread, _LEAST * abs(level.value))
    below = (level.value - now.total) / ordinary if ordinary else 0.0
    band = f"above {words.amount(level.value - 2 * ordinary)}"
    return ("violated" if below > 3 else "watch" if below > 2 else "held"), band


def _sentence(made: Results, now: RunResult, before: RunResult | None, level: Expected | None, words: Words) -> str:
    name = made.rule.name.capitalize()
    text = f"{name} was {words.amount(now.total)}"
    if level is not None:
        text += f"; expected from the periods before: {words.amount(level.value)}"
    if before is not None:
        ledger = result_ledger(before, now)
        top = max(ledger.lines, key=lambda line: abs(line.money))
        text += (
            f". Against the reference {words.change(ledger.change)}, most by “{RESULT_LINES[top.id].lower()}” ({words.change(top.money)})"
        )
    return f"{text}."

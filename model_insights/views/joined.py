"""How well the business tables covered the evaluation: facts for the account of the cost."""

from __future__ import annotations

from collections.abc import Mapping

from model_insights.config import Config, TableSource
from model_insights.cost.account import RunCost
from model_insights.cost.currency import DatedSource
from model_insights.cost.uncovered import Uncovered, uncovered
from model_insights.cost.units import UnitTable, Unmatched
from model_insights.view import Fact
from model_insights.wording import Words


def join_facts(cost: RunCost, table: UnitTable | str | None, words: Words) -> tuple[Fact, ...]:
    """Rows matched, rows without a partner with their first keys, and what is not covered as a range of money."""
    if table is None or isinstance(table, str):
        return ()
    rows = (Fact(label="Rows joined", value=f"{words.count(table.joined)}, one to one"),) if cost.rule.grain else ()
    unmatched = tuple(Fact(label="Without a price", value=_unmatched(one, words)) for one in table.unmatched)
    outside = uncovered(cost, table)
    if outside is None:
        return (*rows, *unmatched)
    return (*rows, *unmatched, Fact(label="Not covered", value=_not_covered(outside, words)))


def rate_facts(config: Config | None, sources: Mapping[str, TableSource], start: str, words: Words) -> tuple[Fact, ...]:
    """Which tables were in another currency, and at which rate they were converted for a run whose period begins on `start`."""
    if config is None:
        return ()
    found = []
    for name, source in sources.items():
        dated = isinstance(source, DatedSource)
        rate = source.rate_at(start) if isinstance(source, DatedSource) else config.insights.rates.get(source.currency)
        if source.currency in ("", config.insights.currency) or rate is None:
            continue
        since = f", the rate of {words.day(start)}" if dated else ""
        text = (
            f"table {name} from {source.currency}, at {config.insights.currency} {words.number(rate, 4)} for one {source.currency}{since}"
        )
        found.append(Fact(label="Converted", value=text))
    return tuple(found)


def not_covered(cost: RunCost, table: UnitTable | str | None, words: Words) -> str:
    """`; not covered: EUR 1 to EUR 5` for the lead of the slices; "" when nothing with known cases is outside the total."""
    outside = uncovered(cost, table) if isinstance(table, UnitTable) else None
    return f"; not covered: {words.money(outside.low)} to {words.money(outside.high)}" if outside and outside.volume else ""


def _unmatched(one: Unmatched, words: Words) -> str:
    more = one.rows - len(one.keys)
    keys = "; ".join(one.keys) + (f" and {words.count(more)} more" if more > 0 else "")
    cases = "" if one.volume is None else f", {_count(round(one.volume), 'case', words)}"
    return f"{_count(one.rows, 'row', words)}{cases}: {one.reason} ({keys})"


def _not_covered(outside: Uncovered, words: Words) -> str:
    what = " and ".join(
        text
        for count, text in (
            (outside.rows, _count(outside.rows, "row", words)),
            (outside.units, _count(outside.units, "unit", words)),
        )
        if count
    )
    untold = f"; of {words.count(outside.untold)} of them no table tells the cases" if outside.untold else ""
    low, high = (words.money(rate, digits=3) for rate in outside.per_case)
    cases = _count(round(outside.volume), "case", words) if outside.volume else "no known number of cases"
    return (
        f"{words.money(outside.low)} to {words.money(outside.high)} for {cases} in {what} without a price{untold}. "
        f"Per case as in the cheapest ({low}) and the dearest ({high}) priced unit; not in the total."
    )


def _count(count: int, one: str, words: Words) -> str:
    return f"{words.count(count)} {one if count == 1 else one + 's'}"

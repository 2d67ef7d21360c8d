"""What the rows of a run say of combinations and costly slices, where they were read, and the facts for the data corner."""

from __future__ import annotations

from typing import Union

from msgspec.structs import replace

from model_insights.cost.account import Money
from model_insights.evidence.carried import Carry
from model_insights.evidence.combinations import Combination, Coverage, Item, SupportCurve, ThinMass
from model_insights.evidence.fact import Evidence, State
from model_insights.evidence.rows import Level
from model_insights.evidence.search import SliceSearch
from model_insights.noun import Noun
from model_insights.wording import Words, plural

READING = "The rows are still being read; the page fills when they are."
TOLD = 3  # new and lost combinations that become facts of their own; the rest is in the table
_NOTABLE, _LARGE = 0.01, 0.05  # shares of the rows
WAYS = {2: "two", 3: "three"}


class PastThin(Noun):
    """The thin mass of an earlier run, against what its own model learned from."""

    run: str
    thin: ThinMass


class RowFindings(Noun):
    """Coverage and search of one run against one reference; a sentence where there is none. `*_text`: which rows, in words."""

    coverage: Union[Coverage, str]
    slices: Union[SliceSearch, str]
    now_text: str = ""
    base_text: str = ""
    before_text: str = ""
    loss_text: str = ""  # how rows are priced, or why they are not
    past: tuple[PastThin, ...] = ()
    carried: Union[Carry, str] = ""  # what each feature tells of the outcome and explains of the loss


def scaled_findings(found: RowFindings, factor: float) -> RowFindings:
    """The same where every price is `factor` times what it is: so is the money of each row, and all that is counted from it."""
    if factor == 1.0:
        return found
    covered, searched = found.coverage, found.slices
    return replace(
        found, coverage=covered if isinstance(covered, str) else _scaled_coverage(covered, factor),
        slices=searched if isinstance(searched, str) else _scaled_search(searched, factor),
    )  # fmt: skip


def _scaled_coverage(found: Coverage, factor: float) -> Coverage:
    def combinations(listed: tuple[Combination, ...]) -> tuple[Combination, ...]:
        return tuple(replace(one, money=_times(one.money, factor)) for one in listed)

    wants = tuple(replace(one, worth=None if one.worth is None else one.worth * factor) for one in found.wants)
    return replace(
        found, thin=replace(found.thin, money=_times(found.thin.money, factor)), new=combinations(found.new), lost=combinations(found.lost),
        wants=wants, curve=None if found.curve is None else _scaled_curve(found.curve, factor),
    )  # fmt: skip


def _scaled_curve(curve: SupportCurve, factor: float) -> SupportCurve:
    points = tuple(
        replace(one, loss=one.loss * factor, low=one.low * factor, high=one.high * factor, fitted=one.fitted * factor)
        for one in curve.points
    )
    return replace(curve, points=points, plateau=curve.plateau * factor, cost=_scaled(curve.cost, factor))


def _scaled_search(found: SliceSearch, factor: float) -> SliceSearch:
    slices = tuple(
        replace(
            one, excess=_scaled(one.excess, factor), loss=one.loss * factor, ordinary=one.ordinary * factor,
            before=None if one.before is None else one.before * factor,
        )
        for one in found.slices
    )  # fmt: skip
    critical = tuple(replace(one, money=_times(one.money, factor)) for one in found.critical)
    return replace(found, money=found.money * factor, slices=slices, critical=critical)


def _times(money: Money | None, factor: float) -> Money | None:
    return None if money is None else _scaled(money, factor)


def _scaled(money: Money, factor: float) -> Money:
    return Money(value=money.value * factor, low=money.low * factor, high=money.high * factor)


def gather(found: RowFindings, words: Words) -> tuple[Evidence, ...]:
    """The thin mass, and the most frequent new and lost combinations; nothing where rows say nothing."""
    if isinstance(found.coverage, str):
        return ()
    new = [_appeared(one, found.coverage, words, i) for i, one in enumerate(found.coverage.new[:TOLD])]
    lost = [_vanished(one, words, i) for i, one in enumerate(found.coverage.lost[:TOLD])]
    return (_thin(found.coverage, words), *new, *lost)


def _thin(found: Coverage, words: Words) -> Evidence:
    thin = found.thin
    state: State = "violated" if thin.change.low > _LARGE else "watch" if thin.change.low > _NOTABLE else "held"
    few = f"fewer than {plural(found.support, 'training example')}"
    return Evidence(
        id="data:thin", corner="data", subject="combinations", measure="thin mass", state=state, value=thin.share, value_text=words.percent(thin.share, 1),
        sentence=f"{words.percent(thin.share, 1)} of the rows hold a combination of {WAYS[found.ways]} features with {few}; "
        f"of the rows learned from {words.percent(thin.usual, 1)} would ({words.points(thin.change.low)} to {words.points(thin.change.high)}).",
        band=f"at most {words.points(_NOTABLE)} above the rows learned from",
    )  # fmt: skip


def _appeared(one: Combination, found: Coverage, words: Words, at: int) -> Evidence:
    is_learned = one.trained >= found.support
    learned = f"; the model learned from about {words.count(round(one.trained))} examples of it" if is_learned else ""
    before = "never seen in the reference" if not one.before else f"{plural(one.before, 'row')} in the reference"
    cost = f"; the rows there cost {words.amount(one.money.value)}" if _is_known(one) and one.money else ""
    return Evidence(
        id=f"data:new:{at}", corner="data", subject=items_text(one.items, words), measure="new combination", value=one.share,
        state="violated" if one.low > _NOTABLE and not is_learned else "watch",
        value_text=words.percent(one.share, 1), money=one.money.value if one.money and _is_known(one) else None,
        sentence=f"{items_text(one.items, words)} is new: {words.percent(one.share, 1)} of the rows ({_interval(one, words)}), {before}{learned}{cost}.",
        band=_BAND,
    )  # fmt: skip


def _vanished(one: Combination, words: Words, at: int) -> Evidence:
    now = "no row now" if not one.now else f"{plural(one.now, 'row')} now"
    return Evidence(
        id=f"data:lost:{at}", corner="data", subject=items_text(one.items, words), measure="lost combination", state="watch", value=one.share,
        value_text=words.percent(one.share, 1), money=-one.money.value if one.money and _is_known(one) else None,
        sentence=f"{items_text(one.items, words)} is gone: {words.percent(one.share, 1)} of the reference's rows ({_interval(one, words)}), {now}.",
        band=_BAND,
    )  # fmt: skip


_BAND = "less than ten times as frequent as in the other period, or chance (false-discovery control over all combinations)"


def _is_known(one: Combination) -> bool:
    """Its money is beyond chance."""
    return one.money is not None and (one.money.low > 0 or one.money.high < 0)


def _interval(one: Combination, words: Words) -> str:
    return f"95\u00a0%: {words.percent(one.low, 1)} to {words.percent(one.high, 1)}"


def items_text(items: tuple[Item, ...], words: Words) -> str:
    """`brand=Corso, price 84.2 to 113`."""
    return ", ".join(f"{one.feature}{_level_text(one.level, words)}" for one in items)


def _level_text(level: Level, words: Words) -> str:
    if level.kind == "value":
        value = level.value
        return f"={value if isinstance(value, str) else str(int(value)) if value.is_integer() else words.number(value)}"
    if level.kind == "bin":
        return _bin_text(level.low, level.high, words)
    if level.kind == "new":
        return " of a value never learned" if level.low is None else " outside the range learned from"
    return " missing" if level.kind == "missing" else " of a rare value"


def _bin_text(low: float | None, high: float | None, words: Words) -> str:
    if low is not None and high is not None:
        digits = next((d for d in range(3, 9) if words.number(low, d) != words.number(high, d)), 9)  # coordinates differ late
        return f" {words.number(low, digits)} to {words.number(high, digits)}"
    return f" from {words.number(low)}" if low is not None else f" below {words.number(high)}" if high is not None else " of any value"

"""Since when: the date at which money or a feature moved, with its interval, and what began in the same periods (methods A2.4 and A2.5).

A coincidence is evidence and no proof: it is said beside the date, and weighs nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from model_insights.evidence.business import BusinessEvent
from model_insights.evidence.change import FeatureChange
from model_insights.evidence.changepoint import LEVEL, Shift, shifts
from model_insights.evidence.schema import schema_changes
from model_insights.evidence.versions import services
from model_insights.loaded import Loaded
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.stats import FeaturePath, FeatureStats
from model_insights.wording import Words

_LISTED = 2  # coincidences that a sentence names


class Onset(Noun):
    """The first run of a new level, and the first and last run of its 80 % interval."""

    first: str
    low: str
    high: str
    what: str = ""  # of a feature: the mean, the share of a value, the missing share


def cost_onset(runs: Sequence[Run], totals: Mapping[str, float], since: Run, run: Run, season: int | None) -> Onset | None:
    """The rise of the cost that `run` still stands on; None where the series shows no rise whose interval holds `since`."""
    order = [one.id for one in runs]
    if run.id not in order or since.id not in order:
        return None
    judged = order[: order.index(run.id) + 1]
    begin = order.index(since.id)
    found = [
        one for one in shifts([totals.get(key) for key in judged], season=season) if one.after > one.before and one.low <= begin <= one.high
    ]
    return _named(judged, found[-1]) if found else None


def feature_onset(
    spans: Sequence[tuple[str, int, Mapping[FeaturePath, FeatureStats]]], path: FeaturePath, change: FeatureChange | None, run_id: str
) -> Onset | None:
    """When the feature came to what it is in the run: of its most remarkable value, else its mean; of its missing share without `change`."""
    order = [one for one, _, _ in spans]
    if run_id not in order:
        return None
    judged = spans[: order.index(run_id) + 1]
    what, values = _series([one.get(path) for _, _, one in judged], change)
    found = shifts(values)
    return _named([one for one, _, _ in judged], found[-1], what) if found else None


def _series(found: Sequence[FeatureStats | None], change: FeatureChange | None) -> tuple[str, list[float | None]]:
    if change is None:
        return "missing share", [one.common.missing if one else None for one in found]
    value = change.value
    if value is not None and value.p < 0.05 and any(one and one.string for one in found):
        return f"share of “{value.label}”", [_share(one, value.label) for one in found]
    return "mean", [one.numeric.mean if one and one.numeric else None for one in found]


def _share(stats: FeatureStats | None, value: str) -> float | None:
    if stats is None or stats.string is None or not stats.common.tot_num_values:
        return None
    return sum(one.count for one in stats.string.ranks or stats.string.top_values if one.value == value) / stats.common.tot_num_values


def _named(order: Sequence[str], shift: Shift, what: str = "") -> Onset:
    return Onset(first=order[shift.at], low=order[shift.low], high=order[shift.high], what=what)


def interval_text(onset: Onset, labels: Mapping[str, str], words: Words) -> str:
    """`80 %: 8 Jul 2024 to 22 Jul 2024`; `80 %: that period`."""
    low, high = (words.day(labels.get(one, one)) for one in (onset.low, onset.high))
    return f"{words.percent(LEVEL)}: {'that period' if onset.low == onset.high else f'{low} to {high}'}"


def coincidences(runs: Sequence[Run], onset: Onset, events: Sequence[BusinessEvent], words: Words) -> tuple[str, ...]:
    """What began between the ends of the interval, the rarest kind first: what begins in most periods coincides with everything."""
    order = [one.id for one in runs]
    if onset.low not in order or onset.high not in order:
        return ()
    low, high = order.index(onset.low), order.index(onset.high)
    new = {one.run_id: one.model for one in services(runs) if one.is_new}
    inside, dated = runs[low : high + 1], low < high
    first, last = inside[0].period.start, inside[-1].period.end or inside[-1].period.start
    kinds = (
        (len(new), [_dated(f"model {new[one.id]} began to serve", one.period.label, dated, words) for one in inside if one.id in new]),
        (len(events), [_dated(event.text, event.date, dated, words) for event in events if first and last and first <= event.date <= last]),
        (1, [_dated("the schema was revised", one.period.label, dated, words) for one in inside if _is_revised(runs, order.index(one.id))]),
    )
    return tuple(text for _, texts in sorted(kinds, key=lambda kind: kind[0]) for text in texts)


def _dated(text: str, date: str, dated: bool, words: Words) -> str:
    return f"{text} ({words.day(date)})" if dated else text


def _is_revised(runs: Sequence[Run], at: int) -> bool:
    now, then = runs[at].schema, runs[at - 1].schema if at else runs[at].schema
    return isinstance(now, Loaded) and isinstance(then, Loaded) and bool(schema_changes(then.value, now.value))


def since_text(runs: Sequence[Run], since: Run, onset: Onset | None, events: Sequence[BusinessEvent], words: Words) -> str:
    """`since 15 Jul 2024 (80 %: 8 Jul 2024 to 22 Jul 2024); in that time: model no. 14 began to serve (15 Jul 2024)`."""
    said = f"since {words.day(since.period.label)}"
    if onset is None:
        return said
    beside = coincidences(runs, onset, events, words)[:_LISTED]
    labels = {one.id: one.period.label for one in runs}
    return f"{said} ({interval_text(onset, labels, words)})" + (f"; in that time: {', '.join(beside)}" if beside else "")

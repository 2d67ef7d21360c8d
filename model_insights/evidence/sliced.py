"""Changes inside slices of the statistics, where StatisticsGen was told to slice: what the whole hides, and where a fault lies (methods A3)."""

from __future__ import annotations

import msgspec
from scipy import stats

from model_insights.evidence.change import FeatureChange, ShareChange, feature_change, missing_change, sized
from model_insights.evidence.fact import Evidence, Source
from model_insights.ids import feature_id
from model_insights.noun import Noun
from model_insights.stats import DatasetStats, FeaturePath, Statistics
from model_insights.wording import Words, plural

_DISCOVERY = 0.03
_FEWEST = 100  # examples of a slice
_JUMP = 0.01  # of a missing share
_TOLD = 8  # changes that become facts; their number is said


class SliceChange(Noun):
    """One feature in one slice: a change of its distribution, or of its missing share, beyond chance and by an effect that matters."""

    slice: str  # as TFDV names it
    path: FeaturePath
    examples: int
    change: FeatureChange | None = None
    missing: ShareChange | None = None

    @property
    def size(self) -> float:
        return abs(self.missing.difference) if self.missing is not None else self.change.w_low or 0.0 if self.change is not None else 0.0


def slice_changes(reference: Statistics, current: Statistics) -> tuple[tuple[SliceChange, ...], int]:
    """(changes found, tests made) over the slices that both have, each with a hundred examples: BH over all slices and features together."""
    olds = {one.name: one for one in reference.datasets if one is not reference.whole}
    tests: list[tuple[float, SliceChange]] = []
    for new in current.datasets:
        old = olds.get(new.name)
        if new is not current.whole and old is not None and min(old.num_examples, new.num_examples) >= _FEWEST:
            tests += _tests(old, new)
    if not tests:
        return (), 0
    adjusted = stats.false_discovery_control([p for p, _ in tests], method="bh")
    beyond = [_sized(one) for (_, one), p in zip(tests, adjusted, strict=True) if p <= _DISCOVERY]
    return tuple(sorted((one for one in beyond if _matters(one)), key=lambda one: (-one.size, one.slice, one.path))), len(tests)


def _tests(old: DatasetStats, new: DatasetStats) -> list[tuple[float, SliceChange]]:
    known = {one.path: one for one in old.features}
    found: list[tuple[float, SliceChange]] = []
    for one in new.features:
        before = known.get(one.path)
        if before is None or before.type != one.type or new.name.startswith(f"{one.name}_"):
            continue
        change = feature_change(before, one)
        if change is not None and change.p is not None:
            found.append((change.p, SliceChange(slice=new.name, path=one.path, examples=new.num_examples, change=change)))
        missing = missing_change((before, old.num_examples), (one, new.num_examples))
        if missing is not None and missing.p is not None and max(missing.reference, missing.current) > 0:
            found.append((missing.p, SliceChange(slice=new.name, path=one.path, examples=new.num_examples, missing=missing)))
    return found


def _sized(one: SliceChange) -> SliceChange:
    return one if one.change is None else msgspec.structs.replace(one, change=sized(one.change))


def _matters(one: SliceChange) -> bool:
    if one.missing is not None:
        return one.missing.low > _JUMP or one.missing.high < -_JUMP
    return one.change is not None and one.change.state == "changed"


def gather(reference: Statistics | None, current: Statistics | None, clocks: frozenset[FeaturePath], words: Words) -> tuple[Evidence, ...]:
    """The largest changes inside slices, a fact each; one held fact where slices are and none changed; nothing without sliced statistics."""
    if reference is None or current is None:
        return ()
    found, tested = slice_changes(reference, current)
    found = tuple(one for one in found if one.path not in clocks)
    if not tested:
        return ()
    slices = plural(len(current.datasets) - 1, "slice")
    if not found:
        text = f"In the {slices} of the statistics no feature changed beyond chance ({plural(tested, 'test')})."
        return (
            Evidence(id="data:sliced", corner="data", subject="slices of the statistics", measure="change in a slice", sentence=text, state="held", value_text="none"),
        )  # fmt: skip
    rest = f" The largest {_TOLD} of {len(found)}." if len(found) > _TOLD else ""
    return tuple(_fact(one, rest if i == 0 else "", words) for i, one in enumerate(found[:_TOLD]))


def _fact(one: SliceChange, rest: str, words: Words) -> Evidence:
    name = ".".join(one.path)
    if one.missing is not None:
        m = one.missing
        what = f"missing values of {name} went from {words.percent(m.reference, 1)} to {words.percent(m.current, 1)}"
        text, value = words.points(m.difference), m.difference
    else:
        change = one.change
        value = change.w or 0.0 if change is not None else 0.0
        what, text = (
            f"the distribution of {name} moved (effect size w {words.number(value, 2)}, below 0.1 would not matter)",
            f"w {words.number(value, 2)}",
        )
    return Evidence(
        id=f"data:sliced:{one.slice}:{name}:{'missing' if one.missing else 'change'}", corner="data", subject=f"{name} in {one.slice}",
        measure="change in a slice", sentence=f"In slice {one.slice} ({plural(one.examples, 'example')}) {what}.{rest}", state="watch", value=value,
        value_text=text, band="no change beyond chance", source=Source(kind="feature", id=feature_id(one.path), text=name),
    )  # fmt: skip

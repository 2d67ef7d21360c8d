"""Which slices, out of all that features and pairs of them make, cost more than the rest? Searched on one half of the rows, judged on the other.

Money-SliceLine (methods A5.3; SliceLine: Sagadeeva and Boehm, SIGMOD 2021): all slices of one and two predicates are counted, the best are
tried with a third. Ranked by the money beyond chance (excess less three standard errors of as many ordinary rows), picked one after another without the rows of
those before, so that each row and each euro counts once. Their money is estimated on rows that had no part in finding them.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from model_insights.cost.account import Money
from model_insights.evidence.combinations import Cut, Group, Item
from model_insights.evidence.rows import Column, Floats, NumberColumn, RowTable
from model_insights.noun import Noun

FEW_ROWS = 400  # priced rows below which nothing is searched
MOST_SLICES = 8  # shown
FALSE_DISCOVERY = 0.05
SMALL_EFFECT = 0.2  # Cohen's d
CRITICAL_LEVEL = 0.99  # of declared slices, which are no search and stand outside its false-discovery control
_LEAST_ROWS, _LEAST_SHARE = 32, 1 / 400  # support of a slice in the searched half
_CANDIDATES, _BEAM, _PICKED = 400, 60, 16  # picked on the first half, for the second to judge
_BEYOND_CHANCE = 3.0  # standard errors
_TAIL = 0.001  # of the losses on either side is cut while searching: one dear row makes no slice
_SEED = 20_240_615

Mask = NDArray[np.bool_]
Codes = Sequence[NDArray[np.uint8]]


class FoundSlice(Noun):
    """A slice without the rows of those before it. `excess`: money of the period above what as many ordinary rows cost (95 % interval).

    `share` is of all rows; losses are money of the period per row; `ordinary`: rows in none of the slices picked; `before`: loss per row of
    the same slice in the reference. `effect`: Cohen's d. `is_certain`: passes the false-discovery control (BH) on the second half."""

    items: tuple[Item, ...]
    rows: int  # of the second half, on which it was judged
    share: float
    excess: Money
    loss: float
    ordinary: float
    effect: float
    p: float
    is_certain: bool = False
    before: float | None = None


class CriticalSlice(Noun):
    """A slice declared critical, on all rows; the interval is at CRITICAL_LEVEL.

    `costly`: rows that cost something, `most`: the share of them that is still possible (95 %); None where rows may also bring money."""

    text: str
    rows: int
    costly: int | None = None
    money: Money | None = None
    most: float | None = None
    reason: str = ""  # why nothing can be said


class SliceSearch(Noun):
    """What the search found. `money`: of all priced rows; `tried`: slices with enough rows."""

    features: tuple[str, ...]
    rows: int
    money: float
    depth: int
    least_rows: int
    tried: int
    slices: tuple[FoundSlice, ...] = ()
    critical: tuple[CriticalSlice, ...] = ()


class _Whole(msgspec.Struct, frozen=True):
    """Rows, sum and standard deviation of the losses in which slices are looked for."""

    n: float
    total: float
    spread: float


class _Candidate(msgspec.Struct, frozen=True, order=True):
    score: float
    group: Group
    codes: tuple[int, ...]


def search(
    table: RowTable, cut: Cut, *, before: RowTable | None = None, depth: int = 2, critical: Sequence[Mapping[str, object]] = ()
) -> SliceSearch | str:
    """The costliest slices of the rows of `table`, coded in `cut.now`; a sentence where nothing can be searched."""
    if table.loss is None:
        return table.loss_reason
    known = np.flatnonzero(np.isfinite(table.loss))
    if len(known) < FEW_ROWS:
        return f"{len(known):,} rows have a cost; {FEW_ROWS} are needed to search on one half and judge on the other"
    order = np.random.default_rng([_SEED, len(known)]).permutation(known)
    first, second = np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    half = _Half([one[first] for one in cut.now], cut.sizes, table.loss[first])
    picked = half.pick(half.candidates(depth))
    slices = _judged(picked, [one[second] for one in cut.now], table.loss[second], len(known), cut)
    earlier = cut.before if before is not None and before.loss is not None else None
    return SliceSearch(
        features=tuple(one.name for one in cut.levels), rows=len(known), money=float(table.loss[known].sum()), depth=depth, least_rows=half.least,
        tried=half.tried, critical=tuple(_critical(table, one) for one in critical),
        slices=tuple(
            msgspec.structs.replace(one, before=_loss_before(earlier, before, which)) if earlier is not None else one for which, one in slices
        ),
    )  # fmt: skip


# --- the half that is searched -----------------------------------------------------------------------------------------------------


class _Half:
    """Counts slices of the searched half."""

    def __init__(self, codes: Codes, sizes: Sequence[int], loss: Floats) -> None:
        self._codes, self._sizes = codes, sizes
        self._loss = np.clip(loss, *np.quantile(loss, [_TAIL, 1 - _TAIL]))
        self._all = _whole(self._loss)
        self.least = max(_LEAST_ROWS, math.ceil(len(loss) * _LEAST_SHARE))
        self.tried = 0

    def candidates(self, depth: int) -> list[_Candidate]:
        """The best slices of up to `depth` predicates, best first."""
        best: list[_Candidate] = []
        everything = np.arange(len(self._loss))
        for size in range(1, min(depth, 2) + 1):
            for group in itertools.combinations(range(len(self._codes)), size):
                self._keep(best, self._slices(everything, group, (), ()))
        if depth > 2:
            for parent in [one for one in sorted(best, reverse=True) if len(one.group) == 2][:_BEAM]:
                rows = np.flatnonzero(_mask(self._codes, parent.group, parent.codes))
                for feature in (f for f in range(len(self._codes)) if f not in parent.group):
                    found = self._slices(rows, (feature,), parent.group, parent.codes)
                    self._keep(best, [one for one in found if one.score > parent.score])
        return sorted(best, key=lambda one: (-one.score, len(one.group), one.group, one.codes))

    @staticmethod
    def _keep(best: list[_Candidate], found: Sequence[_Candidate]) -> None:
        for one in found:
            (heapq.heappush if len(best) < _CANDIDATES else heapq.heappushpop)(best, one)

    def _slices(self, rows: NDArray[np.intp], group: Group, outer: Group, outer_codes: tuple[int, ...]) -> list[_Candidate]:
        """Slices of one crossing (within the rows of an outer one) whose excess is above chance."""
        at = self._codes[group[0]][rows].astype(np.intp)
        for feature in group[1:]:
            at = at * self._sizes[feature] + self._codes[feature][rows]
        size, loss = math.prod(self._sizes[feature] for feature in group), self._loss[rows]
        n = np.bincount(at, minlength=size)
        enough = np.flatnonzero((n >= self.least) & (len(self._loss) - n >= self.least))
        self.tried += len(enough)
        total = np.bincount(at, weights=loss, minlength=size)
        score = certain_excess(n[enough].astype(np.float64), total[enough].astype(np.float64), self._all)
        return [
            _Candidate(float(score[i]), *_sorted((*outer, *group), (*outer_codes, *self._decoded(group, int(enough[i])))))
            for i in np.flatnonzero(score > 0)
        ]

    def _decoded(self, group: Group, cell: int) -> tuple[int, ...]:
        codes = []
        for feature in reversed(group):
            cell, code = divmod(cell, self._sizes[feature])
            codes.append(code)
        return tuple(reversed(codes))

    def pick(self, candidates: Sequence[_Candidate]) -> list[_Candidate]:
        """One after another the best slice of the rows that are left: what lives on the rows of a better one falls away."""
        masks = [_mask(self._codes, one.group, one.codes) for one in candidates]
        left = np.ones(len(self._loss), bool)
        picked: list[_Candidate] = []
        while len(picked) < _PICKED and candidates:
            scores = self._scores([mask & left for mask in masks], left)
            at = int(np.argmax(scores))
            if scores[at] <= 0:
                break
            at = self._narrowed(at, candidates, masks, scores, left)
            picked.append(candidates[at])
            left &= ~masks[at]
        return picked

    def _scores(self, masks: Sequence[Mask], left: Mask) -> Floats:
        inside = [self._loss[mask] for mask in masks]
        n = np.array([len(one) for one in inside], np.float64)
        whole = _whole(self._loss[left])
        scores = certain_excess(n, np.array([one.sum() for one in inside]), whole)
        return np.where((n < self.least) | (whole.n - n < self.least), -np.inf, scores)

    def _narrowed(self, at: int, candidates: Sequence[_Candidate], masks: Sequence[Mask], scores: Floats, left: Mask) -> int:
        """The best narrower slice that leaves nothing certain of the wider one: then the wider one only has it inside."""
        wide = set(zip(candidates[at].group, candidates[at].codes, strict=True))
        inner = [i for i, one in enumerate(candidates) if wide < set(zip(one.group, one.codes, strict=True)) and scores[i] > 0]
        rest = self._scores([masks[at] & ~masks[i] & left for i in inner], left)
        fitting = [i for i, score in zip(inner, rest, strict=True) if score <= 0]
        return max(fitting, key=lambda i: scores[i], default=at)


def certain_excess(n: Floats, total: Floats, whole: _Whole) -> Floats:
    """Excess of slices (rows and sums [slices]) over the rest of `whole`, less the standard errors that chance needs."""
    rest = np.maximum(whole.n - n, 1.0)
    inside = np.maximum(n, 1.0)
    excess = n * (total / inside - (whole.total - total) / rest)
    found: Floats = excess - _BEYOND_CHANCE * n * whole.spread * np.sqrt(1 / inside + 1 / rest)
    return found


def _whole(loss: Floats) -> _Whole:
    return _Whole(n=float(len(loss)), total=float(loss.sum()), spread=float(loss.std()))


def _sorted(group: Group, codes: tuple[int, ...]) -> tuple[Group, tuple[int, ...]]:
    pairs = sorted(zip(group, codes, strict=True))
    return tuple(feature for feature, _ in pairs), tuple(code for _, code in pairs)


def _mask(codes: Codes, group: Group, wanted: tuple[int, ...]) -> Mask:
    found: Mask = codes[group[0]] == wanted[0]
    for feature, code in zip(group[1:], wanted[1:], strict=True):
        found &= codes[feature] == code
    return found


# --- the half that judges -----------------------------------------------------------------------------------------------------------


def _judged(picked: Sequence[_Candidate], codes: Codes, loss: Floats, rows: int, cut: Cut) -> list[tuple[_Candidate, FoundSlice]]:
    """The picked slices that cost more on rows that had no part in picking them too, the most excess first; money scaled to all `rows`."""
    masks, taken = [], np.zeros(len(loss), bool)
    for one in picked:
        masks.append(_mask(codes, one.group, one.codes) & ~taken)
        taken |= masks[-1]
    found = [
        (one, _estimated(cut, one, loss, mask, ~taken, rows / len(loss))) for one, mask in zip(picked, masks, strict=True) if mask.sum() > 1
    ]
    if not found:
        return []
    adjusted = stats.false_discovery_control([one.p for _, one in found], method="bh")
    judged = [
        (which, msgspec.structs.replace(one, is_certain=bool(p <= FALSE_DISCOVERY)))
        for (which, one), p in zip(found, adjusted, strict=True)
    ]
    return sorted((pair for pair in judged if pair[1].excess.value > 0), key=lambda pair: -pair[1].excess.value)[:MOST_SLICES]


def _estimated(cut: Cut, one: _Candidate, loss: Floats, mask: Mask, ordinary: Mask, scale: float) -> FoundSlice:
    """Sum over the slice of (loss - ordinary loss); its error from what each row, inside or ordinary, adds to it (influence)."""
    level = float(loss[ordinary].mean()) if ordinary.any() else float(loss.mean())
    inside, outside = loss[mask], loss[ordinary]
    n, others = len(inside), max(len(outside), 1)
    parts = np.zeros(len(loss))
    parts[mask] = inside - level
    value = float(parts.sum())
    parts[ordinary] = -(n / others) * (outside - level)
    error = float(parts.std() * math.sqrt(len(parts)))
    down, up = _skewed(parts, float(stats.t.ppf(0.975, n - 1)))
    return FoundSlice(
        items=tuple(Item(feature=cut.levels[f].name, level=cut.levels[f].level(code)) for f, code in zip(one.group, one.codes, strict=True)),
        rows=n, share=n / len(loss), excess=Money(value=value * scale, low=(value - down * error) * scale, high=(value + up * error) * scale),
        loss=float(inside.mean()), ordinary=level, effect=(float(inside.mean()) - level) / (float(loss.std()) or 1.0),
        p=float(stats.norm.sf(value / error)) if error > 0 else 1.0,
    )  # fmt: skip


def _skewed(parts: Floats, z: float) -> tuple[float, float]:
    """Standard errors below and above of an interval for the sum of skewed parts (Hall 1992, the cubic transformation)."""
    centred = parts - parts.mean()
    squares = float(np.square(centred).sum())
    skew = float((centred**3).sum()) / squares**1.5 if squares > 0 else 0.0
    if abs(skew) < 1e-6:
        return z, z

    def inverse(x: float) -> float:
        return 3 / skew * (float(np.cbrt(1 + skew * (x - skew / 6))) - 1)

    return inverse(z), -inverse(-z)


def _loss_before(codes: Codes, table: RowTable | None, one: _Candidate) -> float | None:
    """Loss per row of the whole slice in the reference; None where it has no priced row."""
    loss = table.loss[_mask(codes, one.group, one.codes)] if table is not None and table.loss is not None else np.zeros(0)
    kept = loss[np.isfinite(loss)]
    return float(kept.mean()) if len(kept) else None


# --- declared slices -----------------------------------------------------------------------------------------------------------------


def _critical(table: RowTable, wanted: Mapping[str, object]) -> CriticalSlice:
    """A declared slice on all its rows. Without a costly row the rule of three says what is still possible."""
    text = ", ".join(f"{column}={value}" for column, value in wanted.items())
    columns = {one.name: one for one in table.columns}
    if lacking := [name for name in wanted if name not in columns]:
        return CriticalSlice(text=text, rows=0, reason=f"the rows have no {', '.join(lacking)}")
    mask = np.ones(table.rows, bool)
    for name, value in wanted.items():
        mask &= _equals(columns[name], value)
    loss = table.loss[mask] if table.loss is not None else np.zeros(0)
    loss = loss[np.isfinite(loss)]
    if not len(loss):
        return CriticalSlice(text=text, rows=int(mask.sum()), reason="no row of it has a cost")
    total = float(loss.sum())
    half = float(stats.norm.ppf(0.5 + CRITICAL_LEVEL / 2)) * math.sqrt(float(np.square(loss).sum()))
    found = CriticalSlice(text=text, rows=len(loss), money=Money(value=total, low=total - half, high=total + half))
    if table.loss is not None and float(np.nanmin(table.loss)) < 0:
        return found
    costly = int((loss > 0).sum())
    most = min(1.0, 3 / len(loss)) if not costly else float(stats.beta.ppf(0.975, costly + 0.5, len(loss) - costly + 0.5))
    return msgspec.structs.replace(found, costly=costly, most=most)


def _equals(column: Column, value: object) -> Mask:
    if isinstance(column, NumberColumn):
        try:
            return np.asarray(column.values == float(value), bool)  # type: ignore[arg-type]
        except ValueError:
            return np.zeros(len(column.values), bool)
    at = column.labels.index(str(value)) if str(value) in column.labels else -2
    return np.asarray(column.codes == at, bool)

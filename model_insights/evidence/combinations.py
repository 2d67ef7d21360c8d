"""Which combinations of feature values did the model learn from, which appear, vanish or are thin, and what falls there (methods A4).

A combination counts as covered from `support` training examples on: a single example does not teach a model (Lanus et al., NIST, count
from one). What a sample shows of training is scaled by the share that it is of it. Thin mass is held against the base's own, each base row
without itself, so that many features or few rows raise no alarm by themselves.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from model_insights.cost.account import Money, money_of
from model_insights.cost.unlabelled import isotonic
from model_insights.evidence.change import ShareChange, share_change, wilson
from model_insights.evidence.rows import MOST_BINS, Codes, Column, Floats, Level, Levels, RowTable, coded, levels_of
from model_insights.noun import Noun

FEW_ROWS = 200  # rows on either side below which nothing is said
MOST_FEATURES = {1: 80, 2: 80, 3: 20}  # by ways; the first by name
FALSE_DISCOVERY = 0.05
TIMES = 10  # new: at least so many times more frequent than in the reference; lost: the other way round
LISTED = 25  # combinations of each list
FEW_WANTED = 3  # rows from which a thin combination is worth a line
_THIN_CELLS = 10  # of a crossing that are looked at
_TESTABLE = 10  # rows of both periods together from which a combination can be beyond chance at all (Tarone)
_BINS, _ROWS_A_BIN = 12, 30  # of the support-versus-loss curve
_DRAWS = 400
_CLEAR = 0.01  # a p below is beyond chance: the curve is looked at every period
_SEED = 20_240_614

Group = tuple[int, ...]  # features that are crossed, by number
Places = NDArray[np.intp]


class Item(Noun):
    """One feature on one level."""

    feature: str
    level: Level


class Combination(Noun):
    """A combination that appeared or vanished. Rows of both periods, the share with Wilson's interval, its money where rows are priced.

    `money` of a new one is its cost now, of a lost one its cost in the reference. `trained`: training examples it stands on."""

    items: tuple[Item, ...]
    now: int
    before: int
    trained: float
    share: float  # of the rows of the period in which it is frequent
    low: float
    high: float
    p: float
    money: Money | None = None


class Want(Noun):
    """A thin combination: rows now that fall there and in none listed before, training examples it has and lacks, what they may be worth.

    `worth`: money of the period that the rows would cost less at the support where the loss levels off; None where that is not known."""

    items: tuple[Item, ...]
    rows: int
    share: float
    trained: float
    lacking: int
    worth: float | None = None


class SupportPoint(Noun):
    """Rows of about one support: mean loss per row with its 95 % interval, and the curve fitted to all of them."""

    support: float  # training examples of the thinnest combination of a row
    rows: int
    loss: float
    low: float
    high: float
    fitted: float


class SupportCurve(Noun):
    """Loss against support: an association, no proof. `enough`: support from which the loss is within 5 % of its plateau.

    `cost`: money of the rows below `enough` above what they would cost there; `p` tests "no fall of the loss with support"."""

    points: tuple[SupportPoint, ...]
    plateau: float
    enough: float
    cost: Money
    p: float

    @property
    def is_beyond_chance(self) -> bool:
        return self.p < _CLEAR and self.cost.low > 0


class ThinMass(Noun):
    """Share of rows with at least one combination below the support. `usual`: the same of the base, each row without itself."""

    change: ShareChange
    rows: int
    money: Money | None = None

    @property
    def share(self) -> float:
        return self.change.current

    @property
    def usual(self) -> float:
        return self.change.reference


class Coverage(Noun):
    """What the rows of a period have in common with those the model learned from (the base), and with those of the reference."""

    ways: int
    support: int
    features: tuple[str, ...]
    left_out: tuple[tuple[str, str], ...]
    rows: int
    base_rows: int
    base_share: float  # of the training examples that the base rows are
    before_rows: int
    thin: ThinMass
    unseen: float  # Good-Turing: share of further rows that would hold a combination which none of these rows has
    possible: int  # combinations that the levels allow
    covered: int  # of them with enough support
    tests: int
    new: tuple[Combination, ...] = ()
    lost: tuple[Combination, ...] = ()
    wants: tuple[Want, ...] = ()
    curve: SupportCurve | None = None


class Compared(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The rows to compare. `base`: rows the model learned from (tables of several runs); `base_share`: their share of all it learned from."""

    now: RowTable
    base: tuple[RowTable, ...]
    before: RowTable | None = None
    base_share: float = 1.0


def coverage(
    rows: Compared, *, ways: Literal[2, 3] = 2, support: int = 20, features: Sequence[str] = (), leave_out: Iterable[str] = ()
) -> Coverage | str:
    """Coverage of `ways`-way combinations of `features` (empty: all but `leave_out`); a sentence where there are too few rows."""
    base_rows = sum(one.rows for one in rows.base)
    if min(rows.now.rows, base_rows) < FEW_ROWS:
        return f"{rows.now.rows:,} rows now and {base_rows:,} to compare with; {FEW_ROWS} are needed on both sides"
    cut = cut_rows(rows, support=support, ways=ways, features=features, leave_out=leave_out)
    if len(cut.levels) < ways:
        return f"only {len(cut.levels)} features can be crossed"
    tally = _Tally(cut, rows, support)
    for size in dict.fromkeys((1, ways)):
        for group in itertools.combinations(range(len(cut.levels)), size):
            tally.add(group, is_counted=size == ways)
        tally.settle(size)
    return tally.result(ways)


# --- cutting ---------------------------------------------------------------------------------------------------------------------


class Cut(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """All rows on common levels: codes [rows] per feature."""

    levels: tuple[Levels, ...]
    now: tuple[Codes, ...]
    base: tuple[Codes, ...]
    before: tuple[Codes, ...] | None
    left_out: tuple[tuple[str, str], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(one.size for one in self.levels)

    def items(self, group: Group, cell: int) -> tuple[Item, ...]:
        """The levels of a cell of the crossed features."""
        found = []
        for feature in reversed(group):
            cell, code = divmod(cell, self.sizes[feature])
            found.append(Item(feature=self.levels[feature].name, level=self.levels[feature].level(code)))
        return tuple(reversed(found))


def cut_rows(rows: Compared, *, support: int, ways: int, features: Sequence[str], leave_out: Iterable[str]) -> Cut:
    """The features on levels of the base: so many bins that a crossing of two numbers keeps several times the support on average."""
    base_rows = sum(one.rows for one in rows.base)
    enough = 5 * max(1.0, support * rows.base_share)
    bins = int(min(MOST_BINS, max(2.0, math.sqrt(base_rows / enough))))
    names, left_out = _features(rows, features, frozenset(leave_out), MOST_FEATURES[ways])
    found, now, base, before = [], [], [], []
    for name in names:
        columns = [_column(one, name) for one in rows.base]
        present = [one for one in columns if one is not None]
        fresh = [one for table in (rows.now, rows.before) if table is not None and (one := _column(table, name)) is not None]
        levels = levels_of(present or fresh[:1], bins=bins, fresh=fresh)
        found.append(levels)
        now.append(coded(levels, _column(rows.now, name), rows.now.rows))
        base.append(np.concatenate([coded(levels, one, table.rows) for one, table in zip(columns, rows.base, strict=True)]))
        if rows.before is not None:
            before.append(coded(levels, _column(rows.before, name), rows.before.rows))
    return Cut(
        levels=tuple(found), now=tuple(now), base=tuple(base), before=tuple(before) if rows.before is not None else None, left_out=left_out
    )


def _features(rows: Compared, wanted: Sequence[str], leave_out: frozenset[str], most: int) -> tuple[list[str], tuple[tuple[str, str], ...]]:
    """Names of the features that can be crossed, and why the others are not."""
    tables = [rows.now, *rows.base, *([rows.before] if rows.before is not None else [])]
    kinds: dict[str, set[type]] = {}
    for column in (column for table in tables for column in table.columns):
        kinds.setdefault(column.name, set()).add(type(column))
    left_out = {name: why for table in tables for name, why in table.left_out}
    listed = [name for name in sorted(kinds) if name in wanted or (not wanted and name not in leave_out)]
    mixed = [name for name in listed if len(kinds[name]) > 1]
    left_out |= dict.fromkeys(mixed, "it is text in one period and a number in another")
    left_out |= {name: "no row has it" for name in wanted if name not in kinds and name not in left_out}
    kept = [name for name in listed if name not in left_out]
    left_out |= dict.fromkeys(kept[most:], f"only {most} features are crossed; name others in [coverage]")
    return kept[:most], tuple(sorted(left_out.items()))


def _column(table: RowTable, name: str) -> Column | None:
    return next((one for one in table.columns if one.name == name), None)


# --- counting --------------------------------------------------------------------------------------------------------------------


class _Cell(Noun):
    """A combination found while counting, before anything is known of its money."""

    group: Group
    cell: int
    now: int
    before: int
    trained: int
    p: float
    is_new: bool


class _Crossed:
    """Coded rows of one table, and room to cross them in: fresh memory for each of a thousand crossings takes longer than counting."""

    def __init__(self, codes: Sequence[Codes], sizes: Sequence[int]) -> None:
        rows = len(codes[0])
        self._codes, self._sizes = tuple(one.astype(np.uint16) for one in codes), sizes
        self._short, self._at = np.empty(rows, np.uint16), np.empty(rows, np.intp)
        self.taken = np.empty(rows, np.int32)

    def places(self, group: Group) -> Places:
        """The cell of each row [rows], until the next call; three ways of 28 levels still fit 16 bits."""
        np.copyto(self._short, self._codes[group[0]])
        for feature in group[1:]:
            np.multiply(self._short, np.uint16(self._sizes[feature]), out=self._short)
            np.add(self._short, self._codes[feature], out=self._short)
        np.copyto(self._at, self._short)
        return self._at


class _Tally:
    """Counts one crossing after another and keeps what is remarkable; the rows' supports are the smallest seen so far."""

    def __init__(self, cut: Cut, rows: Compared, support: int) -> None:
        self._cut, self._rows, self._support, self._sizes = cut, rows, support, cut.sizes
        self._base_rows = sum(one.rows for one in rows.base)
        self._now, self._base = _Crossed(cut.now, cut.sizes), _Crossed(cut.base, cut.sizes)
        self._before = _Crossed(cut.before, cut.sizes) if cut.before is not None else None
        most = np.iinfo(np.int32).max
        self.now_support, self.base_support = np.full(rows.now.rows, most, np.int32), np.full(self._base_rows, most, np.int32)
        self._alone = np.zeros(rows.now.rows, bool)  # holds a combination that no other row now has
        self._thin_cells: list[tuple[int, Group, int, int]] = []  # rows now, crossing, cell, base rows
        self._possible = self._covered = self._tests = 0
        self._waiting: list[_Cell] = []
        self._found: list[_Cell] = []
        self._told: set[tuple[int, int, bool]] = set()  # (feature, level, is new) that stand alone already

    @property
    def _enough(self) -> float:
        """Rows of the base that stand for `support` training examples."""
        return self._support * self._rows.base_share

    def add(self, group: Group, *, is_counted: bool) -> None:
        """Counts one crossing. `is_counted`: it is one of the asked size, so the rows' supports follow from it."""
        size = math.prod(self._sizes[feature] for feature in group)
        at_now, at_base = self._now.places(group), self._base.places(group)
        now, base = np.bincount(at_now, minlength=size), np.bincount(at_base, minlength=size)
        if self._before is not None:
            before = np.bincount(self._before.places(group), minlength=size)
            self._compare(group, now, before, base)
        if not is_counted:
            return
        counts = base.astype(np.int32)
        for support, at, taken in ((self.now_support, at_now, self._now.taken), (self.base_support, at_base, self._base.taken)):
            np.minimum(support, counts.take(at, out=taken, mode="clip"), out=support)  # clip: nothing to check, twice as fast
        if (once := now == 1).any():
            self._alone |= once.take(at_now, mode="clip")
        self._possible += math.prod(len(self._cut.levels[feature].known) for feature in group)
        self._covered += int((base >= max(1.0, self._enough)).sum())
        thin = np.where(base < self._enough, now, 0)
        for cell in np.argsort(-thin, kind="stable")[:_THIN_CELLS].tolist() if thin.max() >= FEW_WANTED else ():
            if thin[cell] >= FEW_WANTED:
                self._thin_cells.append((int(now[cell]), group, cell, int(base[cell])))

    def _compare(self, group: Group, now: Places, before: Places, base: Places) -> None:
        """Cells that are far more frequent in one of the periods, with the p of so few in the other (binomial, given both together)."""
        n_now, n_before = self._rows.now.rows, self._rows.before.rows if self._rows.before is not None else 0
        total = now + before
        testable = total >= _TESTABLE
        self._tests += 2 * int(testable.sum())
        share = n_now / (n_now + n_before)
        for is_new, many, few, n_many, n_few in ((True, now, before, n_now, n_before), (False, before, now, n_before, n_now)):
            remarkable = testable & (few * n_many * TIMES <= many * n_few)
            for cell in np.flatnonzero(remarkable).tolist():
                if self._stands_alone(group, cell, is_new=is_new):
                    continue
                p = float(stats.binom.sf(many[cell] - 1, total[cell], share if is_new else 1 - share))
                self._waiting.append(
                    _Cell(group=group, cell=cell, now=int(now[cell]), before=int(before[cell]), trained=int(base[cell]), p=p, is_new=is_new)
                )

    def _stands_alone(self, group: Group, cell: int, *, is_new: bool) -> bool:
        """One of its levels appeared (vanished) as a whole: its crossings say nothing more."""
        return len(group) > 1 and any((feature, code, is_new) in self._told for feature, code in self._codes(group, cell))

    def _codes(self, group: Group, cell: int) -> list[tuple[int, int]]:
        found = []
        for feature in reversed(group):
            cell, code = divmod(cell, self._sizes[feature])
            found.append((feature, code))
        return found

    def settle(self, size: int) -> None:
        """After all crossings of one size: what passes the false-discovery control of all tests so far stays (BH)."""
        order = sorted(self._waiting, key=lambda one: (one.p, one.group, one.cell))
        passed = [i for i, one in enumerate(order, start=1) if one.p <= FALSE_DISCOVERY * i / max(self._tests, 1)]
        kept = order[: max(passed, default=0)]
        self._found += kept
        self._waiting = []
        if size == 1:
            self._told |= {(one.group[0], one.cell, one.is_new) for one in kept}

    # --- what came out -----------------------------------------------------------------------------------------------------------

    def result(self, ways: int) -> Coverage:
        rows = self._rows
        curve = support_curve(self.now_support / rows.base_share, rows.now.loss) if rows.now.loss is not None else None
        return Coverage(
            ways=ways, support=self._support, features=tuple(one.name for one in self._cut.levels), left_out=self._cut.left_out, rows=rows.now.rows,
            base_rows=self._base_rows, base_share=rows.base_share, before_rows=rows.before.rows if rows.before is not None else 0,
            thin=self._thin(), unseen=float(self._alone.mean()), possible=self._possible, covered=self._covered, tests=self._tests,
            new=self._combinations(is_new=True), lost=self._combinations(is_new=False), wants=self._wants(curve), curve=curve,
        )  # fmt: skip

    def _thin(self) -> ThinMass:
        is_thin = self.now_support < self._enough
        usual = float(np.mean(self.base_support - 1 < self._enough))
        now = int(is_thin.sum())
        change = share_change((usual, self._base_rows), (now / len(is_thin), len(is_thin)))
        return ThinMass(change=change, rows=now, money=money_in(self._rows.now.loss, is_thin))

    def _combinations(self, *, is_new: bool) -> tuple[Combination, ...]:
        """The most frequent ones whose rows are not mostly those of one listed before."""
        table = self._rows.now if is_new else self._rows.before
        codes = self._now if is_new else self._before
        if table is None or codes is None:
            return ()
        listed: list[Combination] = []
        taken = np.zeros(table.rows, bool)
        for one in sorted(
            (c for c in self._found if c.is_new == is_new), key=lambda c: (-(c.now if is_new else c.before), c.group, c.cell)
        ):
            mask = codes.places(one.group) == one.cell
            if len(listed) == LISTED or np.mean(taken[mask]) > 0.8:
                continue
            taken |= mask
            listed.append(self._combination(one, table, mask))
        return tuple(listed)

    def _combination(self, one: _Cell, table: RowTable, mask: NDArray[np.bool_]) -> Combination:
        share = float(mask.mean())
        low, high = wilson(share, table.rows)
        return Combination(
            items=self._cut.items(one.group, one.cell), now=one.now, before=one.before, trained=one.trained / self._rows.base_share,
            share=share, low=low, high=high, p=one.p, money=money_in(table.loss, mask),
        )  # fmt: skip

    def _wants(self, curve: SupportCurve | None) -> tuple[Want, ...]:
        """The thin combinations that hold the most rows, each row counted once (lazy greedy cover)."""
        heap = [(-now, group, cell, base) for now, group, cell, base in self._thin_cells]
        heapq.heapify(heap)
        taken, wants = np.zeros(self._rows.now.rows, bool), list[Want]()
        while heap and len(wants) < LISTED:
            gain, group, cell, base = heapq.heappop(heap)
            mask = (self._now.places(group) == cell) & ~taken
            fresh = int(mask.sum())
            if fresh < -gain:
                if fresh >= FEW_WANTED:
                    heapq.heappush(heap, (-fresh, group, cell, base))
                continue
            taken |= mask
            wants.append(self._want(group, cell, base, mask, curve))
        return tuple(wants)

    def _want(self, group: Group, cell: int, base: int, mask: NDArray[np.bool_], curve: SupportCurve | None) -> Want:
        trained, rows = base / self._rows.base_share, int(mask.sum())
        worth = None
        if curve is not None and curve.is_beyond_chance:
            thinnest = int((mask & (self.now_support == base)).sum())  # more examples of this one help only where it is what is thinnest
            worth = thinnest * max(0.0, fitted_loss(curve, trained) - curve.plateau)
        return Want(
            items=self._cut.items(group, cell), rows=rows, share=rows / self._rows.now.rows, trained=trained,
            lacking=math.ceil(max(0.0, self._support - trained)), worth=worth,
        )  # fmt: skip


def money_in(loss: Floats | None, mask: NDArray[np.bool_]) -> Money | None:
    """Money of the priced rows of a part, with the interval of a random number of rows (Var = sum of squares; methods A5.2)."""
    if loss is None:
        return None
    kept = loss[mask & np.isfinite(loss)]
    if not len(kept):
        return None
    value, half = float(kept.sum()), 1.96 * float(np.sqrt(np.square(kept).sum()))
    return Money(value=value, low=value - half, high=value + half)


# --- support against loss -----------------------------------------------------------------------------------------------------------


def support_curve(support: Floats, loss: Floats) -> SupportCurve | None:
    """The falling curve of loss [rows] against support [rows]; None where nothing varies or too few rows are priced."""
    known = np.isfinite(loss)
    support, loss = support[known], loss[known]
    if len(loss) < FEW_ROWS or np.ptp(support) == 0 or np.ptp(loss) == 0:
        return None
    log = np.log10(1 + support)
    at = _binned(log)
    n = np.bincount(at).astype(float)
    x, mean = np.bincount(at, weights=log) / n, np.bincount(at, weights=loss) / n
    error = np.sqrt(np.maximum(np.bincount(at, weights=loss**2) / n - mean**2, 0.0) / n)
    fit = _falling(x, mean, n)
    rng = np.random.default_rng([_SEED, len(loss)])
    drawn = np.array([_excess(x, one, n, _falling(x, one, n))[0] for one in mean + error * rng.standard_normal((_DRAWS, len(mean)))])
    cost, enough = _excess(x, mean, n, fit)
    points = tuple(
        SupportPoint(
            support=float(10 ** x[i] - 1), rows=int(n[i]), loss=float(mean[i]), low=float(mean[i] - 1.96 * error[i]),
            high=float(mean[i] + 1.96 * error[i]), fitted=float(fit[i]),
        )
        for i in range(len(x))
    )  # fmt: skip
    return SupportCurve(
        points=points, plateau=float(fit[-1]), enough=float(10**enough - 1), cost=money_of(cost, drawn), p=_falls(log, loss)
    )


def fitted_loss(curve: SupportCurve, support: float) -> float:
    """Loss per row at a support, straight between the points."""
    return float(np.interp(math.log10(1 + support), [math.log10(1 + p.support) for p in curve.points], [p.fitted for p in curve.points]))


def _binned(log: Floats) -> Places:
    """Bin of each row: equal steps of the logarithm, small ones joined with the next larger support."""
    edges = np.linspace(float(log.min()), float(log.max()), _BINS + 1)
    at = np.clip(np.searchsorted(edges, log, side="right") - 1, 0, _BINS - 1)
    joined, number, rows = np.zeros(_BINS, np.intp), 0, 0
    for i, count in enumerate(np.bincount(at, minlength=_BINS).tolist()):
        joined[i], rows = number, rows + count
        if rows >= _ROWS_A_BIN:
            number, rows = number + 1, 0
    if rows < _ROWS_A_BIN and number:  # the last ones join what came before
        joined[joined == number] = number - 1
    found: Places = joined[at]
    return found


def _falling(x: Floats, mean: Floats, n: Floats) -> Floats:
    """Isotonic regression, falling in x."""
    return isotonic(-x[::-1], (mean * n)[::-1], n[::-1]).y[::-1]


def _excess(x: Floats, mean: Floats, n: Floats, fit: Floats) -> tuple[float, float]:
    """(money above the plateau's level of the rows below, the x from which the fit is within 5 % of its plateau)."""
    reached = fit <= fit[-1] + 0.05 * abs(fit[-1])
    first = int(np.argmax(reached))
    return float((n[:first] * (mean[:first] - fit[first])).sum()), float(x[first])


def _falls(log: Floats, loss: Floats) -> float:
    """One-sided p of a slope that is not negative: least squares with errors that may differ from row to row (HC0)."""
    centred = log - log.mean()
    square = float((centred**2).sum())
    slope = float((centred * loss).sum()) / square
    rest = loss - loss.mean() - slope * centred
    error = math.sqrt(float((centred**2 * rest**2).sum())) / square
    return float(stats.norm.cdf(slope / error)) if error > 0 else 0.5

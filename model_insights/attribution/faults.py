"""Puts a detected fault of the data into clean rows, where it was found: in one value of another column, or anywhere (methods A3, A6.2)."""

from __future__ import annotations

import hashlib

import msgspec
import numpy as np
from numpy.typing import NDArray

from model_insights.attribution.design import RIDGES, Columns, Ints, coding, cross_product, least_squares, prepared
from model_insights.cost.model import Floats
from model_insights.evidence.quality import Corruption
from model_insights.noun import Noun

FEW_ROWS = 20  # of the faulty rows, from which a place or a donor is looked for
_COVERED = 0.8  # share of the faulty rows that one value must hold to be their place
_DENSER = 2.0  # and how much denser they must lie there
_SEED = 20_240_615

Bools = NDArray[np.bool_]


class Fault(Noun):
    """A detected corruption and its place: rows whose `column` is `value` are hit with probability `share` ("" hits anywhere)."""

    corruption: Corruption
    column: str = ""
    value: str = ""
    share: float = 1.0

    @property
    def name(self) -> str:
        return ".".join(self.corruption.path)


def located(corruption: Corruption, clean: Columns, faulty: Columns) -> Fault:
    """Where the fault lies in the faulty period's rows: the one value of a column of text that holds it, if any does."""
    name = ".".join(corruption.path)
    anywhere = Fault(corruption=corruption, share=corruption.operator.share)
    if name not in clean or name not in faulty or corruption.kind not in ("missing", "default value", "partial unit"):
        return anywhere
    hit, usual = flagged(corruption, clean, faulty), flagged(corruption, clean, clean)
    if int(hit.sum()) < FEW_ROWS:
        return anywhere
    best: tuple[float, Fault] | None = None
    for column in sorted(faulty):
        if column == name or faulty[column].dtype.kind != "O" or column not in clean:
            continue
        for value in sorted({one for one in faulty[column].tolist() if one is not None}):
            there, before = faulty[column] == value, clean[column] == value
            if int(there.sum()) < FEW_ROWS or int(before.sum()) < FEW_ROWS:
                continue
            covered, dense, base = hit[there].sum() / hit.sum(), hit[there].mean(), usual[before].mean()
            if covered >= _COVERED and dense >= _DENSER * hit.mean() and (best is None or covered * dense > best[0]):
                share = float(np.clip((dense - base) / max(1 - base, 1e-9), 0.0, 1.0))
                best = (float(covered * dense), Fault(corruption=corruption, column=column, value=value, share=share))
    return best[1] if best is not None else anywhere


def flagged(corruption: Corruption, clean: Columns, columns: Columns) -> Bools:
    """Rows that look hit, by their own value."""
    values, operator = columns[".".join(corruption.path)], corruption.operator
    if corruption.kind == "missing":
        return np.isnan(values) if values.dtype.kind == "f" else np.array([one is None for one in values.tolist()], dtype=bool)
    if corruption.kind in ("default value", "stuck"):
        same: Bools = values == (float(operator.value) if values.dtype.kind == "f" else operator.value)
        return same
    if corruption.kind == "re-encoding":
        return np.isin(values.astype(str), [new for _, new in operator.mapping])
    if corruption.kind == "partial unit" and values.dtype.kind == "f":
        known = clean[".".join(corruption.path)]
        low, high = np.nanquantile(known, [0.001, 0.999])
        scaled = values / operator.factor
        found: Bools = ((values < low) | (values > high)) & (scaled >= low) & (scaled <= high)
        return found
    return np.ones(len(values), dtype=bool)


def injected(faults: tuple[Fault, ...], columns: Columns, *, seed: int = 0) -> tuple[Columns, Bools]:
    """The columns with the faults put in, and which rows were changed by any. Deterministic by seed."""
    changed = dict(columns)
    rows = len(next(iter(columns.values()))) if columns else 0
    touched = np.zeros(rows, dtype=bool)
    for number, fault in enumerate(faults):
        if fault.name not in columns:
            continue
        there = columns[fault.column] == fault.value if fault.column else np.ones(rows, dtype=bool)
        if fault.corruption.kind == "swapped":
            changed[fault.name] = columns[".".join(fault.corruption.operator.other)]
            touched |= there
            continue
        operator = msgspec.structs.replace(fault.corruption.operator, share=fault.share)
        spoiled = operator.apply(changed[fault.name], seed=_SEED + 1000 * seed + number)
        new = changed[fault.name].copy()
        new[there] = spoiled[there]
        touched |= _differ(new, changed[fault.name])
        changed[fault.name] = new
    return changed, touched


def is_random(faults: tuple[Fault, ...]) -> bool:
    """Whether luck decides which rows are hit."""
    return any(fault.share < 0.999 and fault.corruption.kind not in ("re-encoding", "swapped") for fault in faults)


def digest(faults: tuple[Fault, ...], seed: int) -> str:
    """Names the faults and the luck: equal for equal injections, "" for none."""
    if not faults:
        return ""
    told = [(one.name, one.corruption.operator, one.column, one.value, one.share) for one in faults]
    return hashlib.sha256(msgspec.json.encode((told, seed if is_random(faults) else 0), order="sorted")).hexdigest()[:24]


def _differ(new: NDArray, old: NDArray) -> Bools:  # type: ignore[type-arg]
    if new.dtype.kind == "f":
        moved: Bools = ~((new == old) | (np.isnan(new) & np.isnan(old)))
        return moved
    return np.array([a != b for a, b in zip(new.tolist(), old.tolist(), strict=True)], dtype=bool)


def donated(touched: Bools, columns: Columns, score: Floats, donors: Bools, donor_columns: Columns, donor_score: Floats, faulty: tuple[str, ...]) -> Floats | None:  # fmt: skip
    """Scores of the touched rows without asking the model: each takes that of the really faulty row most like it in the other columns.

    Likeness is the score that these columns let expect (ridge, on the donors). None where there are too few donors."""
    if int(donors.sum()) < FEW_ROWS:
        return None
    others = [{name: one[name] for name in one if name not in faulty} for one in (columns, donor_columns)]
    ready = [prepared(one) for one in others]
    design = coding(*ready)
    asked, donating = design.dummies(ready[0])[touched], design.dummies(ready[1])[donors]
    beta = least_squares(cross_product(donating), donating.T @ donor_score[donors], RIDGES[-1])
    expected, known = asked @ beta, donating @ beta
    order = np.argsort(known, kind="stable")
    found: Floats = score.copy()
    found[touched] = donor_score[donors][order][_nearest(known[order], expected)]
    return found


def _nearest(known: Floats, asked: Floats) -> Ints:
    """Place of the nearest of sorted values."""
    right = np.clip(np.searchsorted(known, asked), 1, len(known) - 1) if len(known) > 1 else np.zeros(len(asked), dtype=np.int64)
    left = np.maximum(right - 1, 0)
    found: Ints = np.where(np.abs(asked - known[left]) <= np.abs(known[right] - asked), left, right)
    return found

"""The verdict: which corner, how sure, how much, what cannot be told apart, and what to do next (methods A8)."""

from __future__ import annotations

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy import stats

from model_insights.calibration import calibrated
from model_insights.config import SeverityBudget
from model_insights.evidence.fact import Evidence
from model_insights.ledger import Corner, Ledger, LineId
from model_insights.noun import Noun

Confidence = Literal["very likely", "likely", "leaning", "cannot tell"]
CORNERS: tuple[Corner, ...] = ("business", "data", "model")
_SEASONAL: frozenset[LineId] = frozenset({"volume", "mix", "rate", "concept"})  # lines that a season moves
_SHARING: tuple[LineId, ...] = ("model", "rate", "concept", "quality")  # lines on either side of the cell that both periods share
_MOVES = ("PSI", "missing values", "schema anomaly", "presence", "outliers", "lost rows", "training/serving skew")
_FAMILY = 0.02  # Holm over the ledger's lines: false alarms per run
_STATISTICAL_POWER = 3.3  # standard errors: smallest loss found with 80 % power under Holm (A8.1)
_TOGETHER = 0.9  # resampled periods in which lines that share a cell must have added something


class CornerShareOf(Noun):
    """Money of a corner (sum of its lines) and its share of the moved money."""

    corner: Corner
    money: float
    share: float


class Verdict(Noun):
    """The conclusion over one ledger.

    `kind`: `fault` (a line is confirmed), `quiet` (none is), `better` (cost fell), `open` (no ledger: `reason` says why)."""

    kind: Literal["fault", "quiet", "better", "open"]
    corner: Corner | None = None
    confidence: Confidence = "cannot tell"
    probability: float | None = None  # that the corner is right, calibrated on simulated faults
    raw_probability: float | None = None  # share of resampled periods in which the corner holds the largest line
    leading: Corner | None = None  # the corner most draws favour, named or not; None when it cannot be told apart from another
    confirmed: tuple[LineId, ...] = ()
    shares: tuple[CornerShareOf, ...] = ()
    cannot_tell_share: float = 0.0
    cannot_tell: tuple[Corner, ...] = ()  # the corners that cannot be told apart
    rate_corners: tuple[Corner, ...] = ()
    by_exclusion: bool = False
    detectable: float | None = None  # the smallest loss that would have been found
    reason: str = ""
    next_measurement: str = ""


def rate_corners(ledger: Ledger, data_facts: tuple[Evidence, ...], sliced_on: tuple[str, ...]) -> tuple[tuple[Corner, ...], str]:
    """Where the rate line may belong, narrowed by what the data corner found (A6.5 naming rule), and the reason.

    With the model step in its own line and no change in any feature outside the slicing, the rates moved because the outcomes did:
    business, by exclusion. A detected data fault names data (its size is not separable). Otherwise they cannot be parted."""
    if ledger.rows is not None and ledger.line("rate") is None:
        return ("business",), "rows of both periods were compared: like cases had other outcomes, or an input that is not recorded moved"
    if not ledger.model_known:
        return (
            "business",
            "data",
            "model",
        ), "the serving model was not judged on the reference data, so the model cannot be parted from the world"
    if any(fact.state == "unknown" and fact.subject in ("statistics", "reference") for fact in data_facts):
        return ("business", "data"), "there are no statistics to rule out a change of the data"
    faults = sorted({f.subject for f in data_facts if f.measure == "data fault" and f.state == "violated"})
    if faults:
        return ("data",), f"a data fault in {', '.join(faults)} explains moved rates; how much of them cannot be parted from aggregates"
    moved = [
        f.subject
        for f in data_facts
        if f.subject not in sliced_on and ((f.measure == "PSI" and f.state == "watch") or (f.state == "violated" and f.measure in _MOVES))
    ]
    if moved:
        names = ", ".join(sorted(dict.fromkeys(moved)))
        return ("business", "data"), f"{names} changed too, and aggregates cannot part a data fault from a change of customers"
    return ("business",), "no feature outside the slices changed, so the outcomes themselves did (by exclusion)"


def conclude(
    ledger: Ledger,
    corners_of_rate: tuple[Corner, ...],
    reason: str,
    budget: SeverityBudget | None,
    *,
    days: float | None,
    in_season: bool = False,
) -> Verdict:
    """The verdict over a ledger. Deterministic: the ledger's draws are seeded.

    `in_season`: the cost is at the level that earlier seasons let expect, so moved cases, volumes and rates are no fault."""
    material = material_of(ledger, budget, days)
    confirmed = confirmed_lines(ledger, material)
    corners = {line.id: corners_of_rate if line.id == "rate" else line.corners for line in ledger.lines}
    shares, unclear, pair = _shares(ledger, corners)
    detectable = _detectable(ledger)
    fell = ledger.change < -material and float(np.mean(_total(ledger) < 0)) > 0.95
    quiet = Verdict(
        kind="better" if fell else "quiet", shares=shares, cannot_tell_share=unclear, rate_corners=corners_of_rate, detectable=detectable,
        reason=reason, by_exclusion=corners_of_rate == ("business",) and ledger.line("rate") is not None, cannot_tell=pair,
    )  # fmt: skip
    if not confirmed:
        return quiet
    if in_season and set(confirmed) <= _SEASONAL:
        return msgspec.structs.replace(quiet, reason="the cost is at the level expected of the season")
    raw, owners = _largest(ledger, corners, confirmed)
    leading = owners[0] if len(owners) == 1 else None
    probability = calibrated(raw, ledger.tier) if leading is not None else None
    said = word(probability) if probability is not None else "cannot tell"
    return msgspec.structs.replace(
        quiet, kind="fault", corner=leading if said != "cannot tell" else None, confidence=said, confirmed=confirmed, probability=probability,
        raw_probability=raw, leading=leading, next_measurement=_next(owners), cannot_tell=owners if len(owners) > 1 else pair,
    )  # fmt: skip


def material_of(ledger: Ledger, budget: SeverityBudget | None, days: float | None) -> float:
    """The smallest loss that counts: 2 % of the reference cost, and the first step of the ladder where there is one."""
    return max(0.02 * abs(ledger.before), budget.little * (days or 30.0) / 30.0 if budget else 0.0)


def is_up(ledger: Ledger, material: float) -> bool:
    """Whether the whole cost rose beyond chance and by what is material."""
    return ledger.change > material and float(np.mean(_total(ledger) > 0)) > 0.95


def confirmed_lines(ledger: Ledger, material: float) -> tuple[LineId, ...]:
    """Lines that raised the cost beyond chance (Holm, one-sided), beyond what they do in ordinary steps, and beyond materiality."""
    raised = [(line.id, _p_positive(ledger.news(line.id), ledger.error(line.id)), ledger.news(line.id)) for line in ledger.lines]
    ranked = sorted(raised, key=lambda one: one[1])
    out: list[LineId] = []
    for i, (name, p, money) in enumerate(ranked):
        if p * (len(ranked) - i) > _FAMILY:
            break
        if money > material:
            out.append(name)
    kept = [name for name in out if name not in _SHARING or not _is_offset(ledger, material)]
    return tuple(sorted(kept, key=lambda name: -ledger.news(name)))


def _is_offset(ledger: Ledger, material: float) -> bool:
    """Whether what the model step and the outcomes added comes to nothing when taken together.

    Both hang on one cell, the new model on the reference data: a reference period that happened to suit the old model, or the new one,
    moves them by the same amount in opposite directions."""
    names = [line.id for line in ledger.lines if line.id in _SHARING]
    if not ledger.model_known or "model" not in names:
        return False
    draws: NDArray[np.float64] = np.sum([ledger.draws[name] - ledger.ordinary.get(name, 0.0) for name in names], axis=0)
    return sum(ledger.news(name) for name in names) <= material or float(np.mean(draws > 0)) < _TOGETHER


def _p_positive(value: float, spread: float) -> float:
    """One-sided p of "this line did not raise the cost", from its standard deviation; 0 for an exact amount."""
    if spread <= 1e-12:
        return 0.0 if value > 0 else 1.0
    return float(stats.norm.sf(value / spread))


def _shares(ledger: Ledger, corners: dict[LineId, tuple[Corner, ...]]) -> tuple[tuple[CornerShareOf, ...], float, tuple[Corner, ...]]:
    moved = sum(abs(line.money.value) for line in ledger.lines) or 1.0
    money = dict.fromkeys(CORNERS, 0.0)
    absolute = dict.fromkeys(CORNERS, 0.0)
    unclear = 0.0
    pair: tuple[Corner, ...] = ()
    for line in ledger.lines:
        owners = corners[line.id]
        if len(owners) == 1:
            money[owners[0]] += line.money.value
            absolute[owners[0]] += abs(line.money.value)
        elif abs(line.money.value) > 0:
            unclear, pair = unclear + abs(line.money.value), owners
    return tuple(CornerShareOf(corner=c, money=money[c], share=absolute[c] / moved) for c in CORNERS), unclear / moved, pair


def _largest(ledger: Ledger, corners: dict[LineId, tuple[Corner, ...]], confirmed: tuple[LineId, ...]) -> tuple[float, tuple[Corner, ...]]:
    """The owners of the confirmed line that is largest most often over the draws, and how often.

    A line that is not confirmed names nobody, and does not weaken one that was measured by itself, or whose data fault was seen. But rates
    are customers by exclusion only, and so is concept where the model step flatters the new model: there, whatever may hide in the noise
    of the other lines counts against them."""
    found = _tally(ledger, corners, confirmed)
    owner = max(found, key=lambda key: found[key])
    left = "concept" if ledger.flattered and "concept" in confirmed else "rate"
    if left in confirmed and corners[left] == owner == ("business",):
        return _tally(ledger, corners, tuple(line.id for line in ledger.lines))[owner], owner
    return found[owner], owner


def _tally(ledger: Ledger, corners: dict[LineId, tuple[Corner, ...]], lines: tuple[LineId, ...]) -> dict[tuple[Corner, ...], float]:
    """How often the largest of the lines belongs to each set of owners."""
    winners = np.argmax(np.stack([ledger.draws[name] - ledger.ordinary.get(name, 0.0) for name in lines]), axis=0)
    tally: dict[tuple[Corner, ...], float] = {}
    for i, name in enumerate(lines):
        tally[corners[name]] = tally.get(corners[name], 0.0) + float(np.mean(winners == i))
    return tally


def word(probability: float) -> Confidence:
    """Words for a calibrated probability (methods A8.5)."""
    return "very likely" if probability >= 0.95 else "likely" if probability >= 0.8 else "leaning" if probability >= 0.6 else "cannot tell"


def _detectable(ledger: Ledger) -> float:
    return _STATISTICAL_POWER * float(np.std(_total(ledger)))


def _total(ledger: Ledger) -> NDArray[np.float64]:
    total: NDArray[np.float64] = np.sum([ledger.draws[line.id] for line in ledger.lines], axis=0)
    return total


def _next(corners: tuple[Corner, ...]) -> str:
    """The one measurement that would separate an inseparable set of corners."""
    if "model" in corners and len(corners) > 1:
        return "Let the Evaluator judge the latest blessed model as baseline in every run: its metrics on the reference data separate the model from the world."
    if len(corners) > 1:
        return "Compare the changed features with their source for the costliest slice: if the recorded values are right, customers changed; if not, mend the feed."
    return ""

"""How frequent are outcomes now, before they are in? From decisions alone, where outcomes keep following scores (BBSE; methods A6.4).

Lipton, Wang and Smola (2018): with true and false positive rates of a labelled period, the share of positive decisions now gives the share
of positives. It holds where cases of a class look as they did; a changed relation cannot be seen without labels.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from model_insights.cost.unlabelled import FEW_LABELS, Scores
from model_insights.evidence.fact import Evidence, State
from model_insights.history import served_by, serving
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.wording import Words

LOOK_BACK = 4  # earlier runs in which labels are looked for
_LEAST = 0.1  # of true over false positive rate: with less the equation says nothing (condition number)


class PriorShift(Noun):
    """Share of positives then (from labels) and now (estimated, with its 95 % interval)."""

    before: float
    now: float
    low: float
    high: float
    rows: int


def prior_shift(reference: Scores, current: Scores) -> PriorShift | str:
    """The share of positives of `current`, from its scores and the labels of `reference`; the sentence why it cannot be said.

    The decision is the threshold that parts the classes best on half of the labelled rows; the rates are those of the other half."""
    known = np.isfinite(reference.label)
    score, label = reference.score[known], reference.label[known] > 0.5
    half = np.arange(len(score)) % 2 == 0
    if min(int(label[half].sum()), int((~label[half]).sum()), int(label[~half].sum()), int((~label[~half]).sum())) < FEW_LABELS // 2:
        return "too few labelled rows of either outcome"
    cuts = np.unique(np.quantile(score[half], np.linspace(0.02, 0.98, 49)))
    gains = [float((score[half][label[half]] >= cut).mean() - (score[half][~label[half]] >= cut).mean()) for cut in cuts]
    cut = float(cuts[int(np.argmax(gains))])
    hits, alarms = score[~half][label[~half]] >= cut, score[~half][~label[~half]] >= cut
    caught, wrong, decided = float(hits.mean()), float(alarms.mean()), current.score >= cut
    apart, share = caught - wrong, float(decided.mean())
    if apart < _LEAST:
        return "the scores hardly part the outcomes, so their shares say nothing of them"
    now = (share - wrong) / apart
    error = math.sqrt(
        share * (1 - share) / len(decided) + now**2 * caught * (1 - caught) / len(hits) + (1 - now) ** 2 * wrong * (1 - wrong) / len(alarms)
    ) / apart  # fmt: skip
    low, high = (float(np.clip(now + side * 1.96 * error, 0.0, 1.0)) for side in (-1, 1))
    return PriorShift(before=float(label.mean()), now=float(np.clip(now, 0.0, 1.0)), low=low, high=high, rows=len(decided) * current.stride)


def labelled_before(run: Run, runs: Sequence[Run], scores: Mapping[tuple[str, str], Scores | str]) -> Scores | None:
    """Scores with labels of the model that serves in `run`, from the latest of the four runs before it that has them."""
    order = [one.id for one in runs]
    at = order.index(run.id) if run.id in order else 0
    for one in reversed(runs[max(0, at - LOOK_BACK) : at]):
        name = served_by(one, run)
        known = None if name is None else scores.get((one.id, "serving" if name == serving(one).model else "candidate"))
        if isinstance(known, Scores) and known.labelled >= FEW_LABELS:
            return known
    return None


def gather(reference: Scores | str | None, current: Scores | str | None, words: Words) -> tuple[Evidence, ...]:
    """One fact where the judged period has scores and too few outcomes, and the reference has both; nothing else."""
    if not isinstance(reference, Scores) or not isinstance(current, Scores) or current.labelled >= FEW_LABELS:
        return ()
    found = prior_shift(reference, current)
    if isinstance(found, str):
        return (_fact(f"How frequent outcomes are now cannot be said before they are in: {found}.", "unknown", "not known", None, words),)
    moved = not found.low <= found.before <= found.high
    sentence = (
        f"Outcomes are not in yet. If cases of each outcome look as they did, {words.percent(found.now, 1)} of {words.count(found.rows)} cases are positives "
        f"(95 %: {words.percent(found.low, 1)} to {words.percent(found.high, 1)}), against {words.percent(found.before, 1)} in the reference."
    )
    return (_fact(sentence, "watch" if moved else "held", words.percent(found.now, 1), found, words),)


def _fact(sentence: str, state: State, text: str, found: PriorShift | None, words: Words) -> Evidence:
    return Evidence(
        id="business:prior", corner="business", subject="outcomes", measure="prior shift", sentence=sentence, state=state, value_text=text,
        value=found.now if found else None, band=f"around {words.percent(found.before, 1)}" if found else "",
    )  # fmt: skip

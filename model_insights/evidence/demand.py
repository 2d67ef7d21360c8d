"""Opposite moves between slices: what one brand lost another won, beside what marketing spent. From the evaluations' counts of outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from model_insights.cost.rates import scalar
from model_insights.evidence.change import ShareChange, share_change
from model_insights.evidence.fact import Evidence, Source
from model_insights.evidence.subtests import value_change
from model_insights.history import evaluation_of, serving
from model_insights.ids import slice_id
from model_insights.metrics import Evaluation
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.slices import OVERALL, SliceKey
from model_insights.wording import Words

_DISCOVERY = 0.05  # Bonferroni over all values of all columns
_MATTERS = 0.1  # relative change of a value's outcomes
_NOTABLE = 0.25  # relative change of spend that is worth a line


class Move(Noun):
    """A value of a column, and its outcomes per case of the whole in both periods."""

    where: SliceKey
    share: ShareChange


class Opposite(Noun):
    """Demand that went from some values of a column to others; the largest on each side first."""

    column: str
    fell: tuple[Move, ...]
    rose: tuple[Move, ...]


def opposite_moves(reference: Evaluation, current: Evaluation, models: tuple[str, str]) -> tuple[Opposite, ...]:
    """Columns in which some values lost outcomes per case of the whole and others won some, beyond chance; the largest move first.

    Per case of the whole, and not as a part of all outcomes: there, whatever one loses the others win."""
    sizes = [scalar(one, OVERALL, "example_count", model) for one, model in zip((reference, current), models, strict=True)]
    if sizes[0] is None or sizes[1] is None:
        return ()
    counted = {column: (_outcomes(reference, column, models[0]), _outcomes(current, column, models[1])) for column in _columns(current)}
    known = {column: (then, now) for column, (then, now) in counted.items() if then and now and set(then) == set(now)}
    family = sum(len(then) for then, _ in known.values())
    found = []
    for column, (then, now) in known.items():
        moves = _moves(then, now, (sizes[0], sizes[1]), family)
        fell, rose = ([move for move in moves if (move.share.difference > 0) == up] for up in (False, True))
        if fell and rose:
            order = [tuple(sorted(side, key=lambda move: -abs(move.share.difference))) for side in (fell, rose)]
            found.append(Opposite(column=column, fell=order[0], rose=order[1]))
    return tuple(sorted(found, key=lambda one: one.fell[0].share.difference))


def _columns(evaluation: Evaluation) -> list[str]:
    return [columns[0] for columns in evaluation.config.slicing if len(columns) == 1]


def _outcomes(evaluation: Evaluation, column: str, model: str) -> dict[SliceKey, float]:
    """Positives of each value of a column; empty where a value's are not known."""
    found = {}
    for where in evaluation.slices:
        if isinstance(where, SliceKey) and where.columns == (column,):
            count, rate = scalar(evaluation, where, "example_count", model), scalar(evaluation, where, "mean_label", model)
            if count is None or rate is None:
                return {}
            found[where] = count * rate
    return found


def _moves(then: Mapping[SliceKey, float], now: Mapping[SliceKey, float], sizes: tuple[float, float], family: int) -> list[Move]:
    total0, total1 = sizes
    moves = []
    for where in then:
        test = value_change((where.text,), np.array([then[where]]), np.array([now[where]]), total0, total1)
        if test is None or test.p * family > _DISCOVERY or abs(test.ratio - 1) < _MATTERS:
            continue
        moves.append(Move(where=where, share=share_change((test.reference, int(total0)), (test.current, int(total1)))))
    return moves


def gather(reference: Run | None, run: Run, spend: Mapping[str, Mapping[str, float]], words: Words) -> tuple[Evidence, ...]:
    """One fact for each column in which demand went from some values to others, and one for each notable change of marketing spend."""
    if reference is None:
        return ()
    spent = _spend_facts(spend.get(reference.id, {}), spend.get(run.id, {}), words)
    old, new = evaluation_of(reference), evaluation_of(run)
    if old is None or new is None:
        return spent
    models = (serving(reference).model or "", serving(run).model or "")
    beside = "; ".join(fact.value_text for fact in spent if fact.state == "watch")
    return (*(_fact(one, beside, words) for one in opposite_moves(old, new, models)), *spent)


def _fact(one: Opposite, beside: str, words: Words) -> Evidence:
    def said(moves: Sequence[Move]) -> str:
        return ", ".join(
            f"{move.where.items[0][1]} from {words.percent(move.share.reference, 1)} to {words.percent(move.share.current, 1)}"
            for move in moves[:2]
        )

    moved = min(-sum(move.share.difference for move in one.fell), sum(move.share.difference for move in one.rose))
    sentence = f"Demand moved between values of {one.column}: outcomes of {said(one.fell)} of all cases fell, and of {said(one.rose)} rose."
    sentence += f" Marketing spend moved in the same time: {beside}." if beside else ""
    where = one.fell[0].where
    return Evidence(
        id=f"business:demand:{one.column}", corner="business", subject=one.column, measure="demand between slices", sentence=sentence, state="watch",
        value=moved, value_text=words.points(moved), band="no opposite moves beyond chance", source=Source(kind="slice", id=slice_id(where), text=where.text),
    )  # fmt: skip


def _spend_facts(then: Mapping[str, float], now: Mapping[str, float], words: Words) -> tuple[Evidence, ...]:
    """Spend by channel (or whatever the table is cut by) that moved by a quarter or more; one held fact when none did."""
    if not then or not now:
        return ()
    facts = []
    for name in sorted({*then, *now}):
        old, new = then.get(name, 0.0), now.get(name, 0.0)
        change = new / old - 1 if old else 1.0
        if abs(change) < _NOTABLE:
            continue
        said = f"{words.money(old)} → {words.money(new)}"
        facts.append(
            Evidence(
                id=f"business:spend:{name}", corner="business", subject=name, measure="marketing spend", state="watch", value=change,
                sentence=f"Marketing spend for {name} went from {words.money(old)} to {words.money(new)}.", value_text=f"{name} {said}",
                band=f"within {words.percent(_NOTABLE)}", source=Source(kind="table", text="spend table"),
            )
        )  # fmt: skip
    if facts:
        return tuple(facts)
    total = f"{words.money(sum(then.values()))} → {words.money(sum(now.values()))}"
    return (
        Evidence(
            id="business:spend", corner="business", subject="all channels", measure="marketing spend", state="held", value_text=total,
            sentence=f"Marketing spend is within {words.percent(_NOTABLE)} of the reference in every channel ({total} in all).",
        ),
    )  # fmt: skip

"""What is shown beside a ledger that rows have parted: how comparable the rows were, and how each step was taken."""

from __future__ import annotations

from typing import Literal

from model_insights.noun import Noun

Order = Literal["earlier data", "later data", "both", "same model"]


class Overlap(Noun):
    """How comparable the two periods' rows are: shown beside the result.

    `effective`: effective share of the reweighted rows, the smaller of both directions; `largest_weight`: share of the weight on one row;
    `separability`: area under the ROC curve of the odds, 0.5 is no difference; `miscalibration`: largest mean residual of the outcome
    model by tenth of its predictions, in standard errors."""

    rows: tuple[int, int]
    effective: float
    largest_weight: float
    separability: float
    miscalibration: float


class MovedInput(Noun):
    """What the move of one input did to the mean prediction; name "" is the interplay of all."""

    name: str
    change: float


class Leaf(Noun):
    """Later rows whose outcomes are not what the earlier law let expect: `excess` is the mean outcome beyond it, with its 95 % interval."""

    where: tuple[str, ...]
    rows: int
    excess: float
    low: float
    high: float


class RankingPart(Noun):
    name: Literal["model", "inputs", "outcomes"]
    change: float
    low: float
    high: float


class Ranking(Noun):
    """Area under the ROC curve in the earlier and the later rows; the parts sum to the change."""

    before: float
    after: float
    parts: tuple[RankingPart, ...]


class RowNotes(Noun):
    """How a ledger came to be parted by rows: shown beside it.

    `order`: on which data the model step was taken; `quality`: "re-scored" (the model was asked), "adjusted" (scores of like rows) or ""
    (no fault); `merged`: units that stay in the rates line; `overlap_units`: units compared on the overlap only."""

    overlap: Overlap
    order: Order
    quality: Literal["re-scored", "adjusted", ""]
    faults: tuple[str, ...]
    units: int
    merged: int
    overlap_units: int
    moved: tuple[MovedInput, ...] = ()
    leaves: tuple[Leaf, ...] = ()
    ranking: Ranking | None = None

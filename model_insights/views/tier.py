"""What the account rests on: its tier, where the model step was taken, how comparable the rows were, what would part it further."""

from __future__ import annotations

from model_insights.attribution.notes import Order, RowNotes
from model_insights.ledger import Ledger
from model_insights.view import Fact
from model_insights.wording import Words, plural

_ORDER: dict[Order, str] = {
    "earlier data": "on the reference data; the new model had seen that period, so it looks better there than it is",
    "later data": "on this period's data, which neither model had seen",
    "both": "the mean over both periods' data, which the new model had not seen",
    "same model": "none: the same model served in both periods",
}
_POOR, _SEPARABLE = 0.2, 0.95  # effective share below which, and ROC area above which, the rows are said to be hardly comparable


def tier_facts(ledger: Ledger, words: Words) -> list[Fact]:
    """Facts about how the ledger came to be, for "How we know"."""
    if ledger.rows is None:
        known = "known from the Evaluator's baseline" if ledger.model_known else "not stored: merged into the rates"
        facts = [
            Fact(label="Tier", value=f"{ledger.tier}: slice aggregates; the serving model on the reference data is {known}"),
            Fact(label="Model step", value=_ORDER["earlier data"]),
        ]
        return [*facts, *([Fact(label="No rows compared", value=ledger.rows_reason)] if ledger.rows_reason else [])]
    return [
        Fact(label="Tier", value=f"{ledger.tier}: {_TIERS[ledger.tier]}"),
        Fact(label="Model step", value=_ORDER[ledger.rows.order]),
        *_row_facts(ledger.rows, words),
    ]


_TIERS = {
    "T2": "slice aggregates, parted by rows with the predictions that the pipeline kept",
    "T3": "slice aggregates, parted by rows that the models were asked about again",
}


def _row_facts(rows: RowNotes, words: Words) -> list[Fact]:
    told = rows.overlap
    poor = told.effective < _POOR or told.separability > _SEPARABLE
    overlap = (
        f"{words.percent(told.effective)} effective rows after reweighting, largest weight {words.percent(told.largest_weight, 1)}; "
        f"the periods can be told apart with ROC area {words.number(told.separability, 2)}{': hardly comparable' if poor else ''}"
    )
    facts = [
        Fact(label="Rows compared", value=f"{words.count(told.rows[0])} and {words.count(told.rows[1])}"),
        Fact(label="Overlap of the rows", value=overlap),
        Fact(
            label="Outcome model",
            value=f"largest mean residual by tenth of its predictions: {words.number(told.miscalibration, 2)} standard errors",
        ),
    ]
    if rows.faults:
        how = (
            "put into clean rows and scored by the model"
            if rows.quality == "re-scored"
            else "adjusted, not re-scored: scores of like rows that have it"
        )
        facts.append(Fact(label="Data faults measured", value=f"{', '.join(rows.faults)}: {how}"))
    if rows.overlap_units:
        facts.append(Fact(label="Compared on the overlap only", value=f"{plural(rows.overlap_units, 'slice')} of {rows.units}"))
    if rows.merged:
        facts.append(Fact(label="Not parted", value=f"{plural(rows.merged, 'slice')} of {rows.units}: too few rows, or no overlap"))
    return facts

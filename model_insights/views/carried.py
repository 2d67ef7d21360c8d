"""Which features tell of the outcome, which carry the loss, and which could go: a table below the data corner."""

from __future__ import annotations

from model_insights.evidence.carried import LUCK, Carried, Carry, silent
from model_insights.evidence.findings import RowFindings
from model_insights.ids import feature_id
from model_insights.view import Cell, Column, Link, Row, Section, TableRequest
from model_insights.views.page import table
from model_insights.wording import Words, plural

_ANSWERS = {True: "could go", False: "keep", None: "too few rows to tell"}
_NAMED = 6


def sections(found: RowFindings | None, words: Words, asked: TableRequest | None) -> tuple[Section, ...]:
    """The table over the rows that were read; nothing where they say nothing of it."""
    carry = found.carried if found is not None else ""
    if found is None or not isinstance(carry, Carry) or not carry.features:
        return ()
    return (_section(found, carry, words, asked),)


def _section(found: RowFindings, carry: Carry, words: Words, asked: TableRequest | None) -> Section:
    said = "tells of the outcome by itself, and how much of the differences between rows' losses it explains"
    lead = f"How much each feature {said}, beyond {plural(carry.deals, 'permutation')} of {words.count(carry.rows)} rows ({found.now_text or 'rows of the period'})."
    return Section(
        id="carried", title=_title(carry, words), lead=lead, corner="data",
        blocks=(
            table(
                "carried", "What features carry", _columns(carry), [_row(one, carry, words) for one in carry.features], asked, empty="No feature.",
                note="A feature that tells nothing by itself may tell something together with another: try without it before it goes.",
            ),
        ),
    )  # fmt: skip


def _columns(carry: Carry) -> tuple[Column, ...]:
    columns = [Column(id="feature", title="Feature")]
    if carry.entropy is not None:
        columns.append(
            Column(
                id="information",
                title="Tells of the outcome",
                align="right",
                hint="mutual information as a share of the outcome's entropy, less what permuted outcomes give",
            )
        )
    if any(one.loss is not None for one in carry.features):
        columns.append(
            Column(
                id="loss",
                title="Explains of the loss",
                align="right",
                hint="share of the variance of rows' losses between the feature's levels, less what permuted losses give",
            )
        )
    return (*columns, Column(id="answer", title="Could it go?"))


def _row(one: Carried, carry: Carry, words: Words) -> Row:
    cells = [Cell(text=one.feature)]
    if carry.entropy is not None:
        share = (one.information or 0.0) / carry.entropy if carry.entropy else 0.0
        cells.append(_share(share, one.information_p, words))
    if any(other.loss is not None for other in carry.features):
        cells.append(_share(one.loss or 0.0, one.loss_p, words))
    return Row(
        id=one.feature,
        cells=(*cells, Cell(text=_ANSWERS[carry.could_go(one)])),
        link=Link(view="feature", id=feature_id((one.feature,))),
    )


def _share(value: float, p: float | None, words: Words) -> Cell:
    if p is None:
        return Cell(text="not known")
    if p > LUCK:
        return Cell(text="nothing beyond chance", value=0.0)
    return Cell(text=words.percent(value, 2 if value < 0.1 else 1), value=value)


def _title(carry: Carry, words: Words) -> str:
    going = silent(carry)
    top = next((one for one in carry.features if one.information_p is not None and one.information_p <= LUCK), None)
    best = max(
        (one for one in carry.features if one.loss_p is not None and one.loss_p <= LUCK), key=lambda one: one.loss or 0.0, default=None
    )
    parts = [f"{top.feature} tells most of the outcome"] if top is not None else []
    parts += [f"{best.feature} carries most of the loss"] if best is not None else []
    if going:
        parts.append(f"{', '.join(going[:_NAMED])}{' and others' if len(going) > _NAMED else ''} could go")
    return "; ".join(parts) if parts else "No feature carries anything beyond chance by itself"

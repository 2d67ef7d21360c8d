"""What features carry, by permutation on rows: the telling one is found, the silent one could go, and few rows say nothing."""

from __future__ import annotations

import numpy as np
import pytest

from model_insights.evidence.carried import Carry, carried, silent
from model_insights.evidence.findings import RowFindings
from model_insights.evidence.rows import NumberColumn, RowTable, TextColumn
from model_insights.views.carried import sections
from model_insights.wording import Words


def rows(n: int, *, seed: int = 1, has_label: bool = True, has_loss: bool = True) -> RowTable:
    """`channel` tells of the outcome, `region` carries the loss, `noise` and `hue` are neither."""
    rng = np.random.default_rng(seed)
    channel, region, hue = (rng.integers(0, 4, n) for _ in range(3))
    label = (rng.random(n) < np.array([0.1, 0.2, 0.4, 0.6])[channel]).astype(float)
    loss = rng.gamma(1, 1, n) + 2.0 * (region == 3)
    texts = [
        TextColumn(name=name, codes=codes.astype(np.int32), labels=("a", "b", "c", "d"))
        for name, codes in (("channel", channel), ("region", region), ("hue", hue))
    ]
    return RowTable(
        columns=(*texts, NumberColumn(name="noise", values=rng.normal(size=n))), rows=n, label=label if has_label else None, loss=loss if has_loss else None
    )  # fmt: skip


def found(table: RowTable, **options: object) -> Carry:
    carry = carried(table, **options)  # type: ignore[arg-type]
    assert isinstance(carry, Carry)
    return carry


def test_the_telling_feature_the_costly_one_and_those_that_could_go_are_told_apart() -> None:
    carry = found(rows(5_000))
    by_name = {one.feature: one for one in carry.features}

    assert "channel" == carry.features[0].feature
    assert max(by_name.values(), key=lambda one: one.loss or 0.0).feature == "region"
    assert ["hue", "noise"] == silent(carry)


def test_the_information_is_that_of_the_law() -> None:
    """Mutual information of a uniform channel and outcomes of 0.1, 0.2, 0.4, 0.6."""
    rates = np.array([0.1, 0.2, 0.4, 0.6])

    def entropy(p: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
        return -(p * np.log2(p) + (1 - p) * np.log2(1 - p))

    assert found(rows(20_000)).features[0].information == pytest.approx(float(entropy(rates.mean()) - entropy(rates).mean()), rel=0.1)


def test_few_rows_are_too_few_to_let_a_feature_go() -> None:
    carry = found(rows(300))

    assert () == tuple(silent(carry))
    assert {None} == {carry.could_go(one) for one in carry.features if one.feature in ("hue", "noise")}


def test_an_information_that_chance_gives_is_seldom_called_one() -> None:
    beyond = [one.information_p for seed in range(20) for one in found(rows(1_000, seed=seed)).features if one.feature in ("hue", "noise")]

    assert sum(p <= 0.05 for p in beyond) <= 6  # 2 of 40 expected


def test_rows_without_outcome_or_price_say_why() -> None:
    assert "neither outcomes nor prices" in str(carried(rows(1_000, has_label=False, has_loss=False)))
    assert "Fewer than 200 rows" in str(carried(rows(100)))


def test_only_the_features_that_are_asked_for_are_looked_at() -> None:
    assert ["channel"] == [one.feature for one in found(rows(1_000), features=("channel", "hue"), leave_out=("hue",)).features]


def test_without_prices_the_loss_is_not_known_and_without_outcomes_nothing_could_go() -> None:
    assert {None} == {one.loss for one in found(rows(1_000, has_loss=False)).features}
    assert {None, False} >= {found(rows(1_000, has_label=False)).could_go(one) for one in found(rows(1_000, has_label=False)).features}


def test_the_page_says_what_could_go_and_what_carries_the_loss() -> None:
    carry = found(rows(5_000))
    (section,) = sections(RowFindings(coverage="", slices="", now_text="5,000 rows", carried=carry), Words(), None)
    cells = {row.id: [cell.text for cell in row.cells] for row in section.blocks[0].rows}  # type: ignore[union-attr]

    assert "channel tells most of the outcome; region carries most of the loss; hue, noise could go" == section.title
    assert ["nothing beyond chance", "nothing beyond chance", "could go"] == cells["hue"][1:]
    assert () == sections(None, Words(), None)

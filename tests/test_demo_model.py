"""The demo's click model: numpy only, so that the What-If Tool can load it anywhere."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from demo_code import model

WEIGHTS = {
    "vocabulary": {"product_line": ["boots", "sandals"], "brand": ["Ostra", "Wren"], "region": [], "device": ["phone"], "channel": []},
    "coefficients": [-1.5, -0.5, 1.0, 0.9, -0.1, 0.2, 0.3, -0.3, 0.05, -0.1, -0.2],
}
ROW = {"product_line": "boots", "brand": "Wren", "device": "phone", "price": 80.0, "discount": 0.1, "is_new": 1}


class FakeFeature:
    """Has the fields of a tf.train.Feature."""

    def __init__(self, kind: str, *values: object) -> None:
        self._kind = kind
        setattr(self, kind, type("Values", (), {"value": values})())

    def WhichOneof(self, _: str) -> str:
        return self._kind


def an_example(**features: FakeFeature) -> Any:
    holder = type("Features", (), {"feature": features})()
    return type("Example", (), {"features": holder})()


def shoppers() -> dict[str, Any]:
    """20,000 rows; one in five clicks, whatever is shown."""
    rng = np.random.default_rng(1)
    columns: dict[str, Any] = {name: rng.choice(["a", "b"], 20_000) for name in model.CATEGORICAL}
    columns |= {"price": rng.uniform(20, 200, 20_000), "discount": np.zeros(20_000), "is_new": np.zeros(20_000)}
    return columns | {"days_since_visit": np.zeros(20_000), "click": (rng.random(20_000) < 0.2).astype(int)}


def test_the_model_takes_examples_and_dictionaries_alike():
    example = an_example(
        **{name: FakeFeature("bytes_list", str(ROW[name]).encode()) for name in ("product_line", "brand", "device")},
        price=FakeFeature("float_list", 80.0),
        discount=FakeFeature("float_list", 0.1),
        is_new=FakeFeature("int64_list", 1),
        days_since_visit=FakeFeature("int64_list"),
    )
    odds = -1.5 + 1.0 * 0.1 - 0.1 + 0.2 + 0.3 - 0.1 - 0.2

    assert [1 / (1 + np.exp(-odds))] == pytest.approx(model.predict([ROW], WEIGHTS))
    assert model.predict([ROW], WEIGHTS).tolist() == model.predict([example], WEIGHTS).tolist()


def test_a_category_the_model_never_saw_adds_nothing():
    known, unknown, absent = model.predict([ROW, {**ROW, "brand": "?"}, {k: v for k, v in ROW.items() if k != "brand"}], WEIGHTS)

    assert unknown == pytest.approx(absent, rel=1e-12)  # which instructions multiply a row depends on where it stands
    assert known != unknown


def test_training_learns_the_rate_and_dropped_negatives_inflate_it():
    columns = shoppers()
    right, losses = model.train(columns)
    wrong, _ = model.train(columns, negatives_kept=0.4)

    assert 0.2 == pytest.approx(model.score(columns, right).mean(), abs=0.01)
    assert 0.2 / (0.2 + 0.8 * 0.4) == pytest.approx(model.score(columns, wrong).mean(), abs=0.015)
    assert all(after <= before + 1e-12 for before, after in itertools.pairwise(losses))


def test_a_recent_visit_counts_more_than_an_old_one_and_none_is_its_own_case():
    recent, old, never = model.predict([{**ROW, "days_since_visit": 0}, {**ROW, "days_since_visit": 80}, ROW], WEIGHTS)

    assert recent > old > never


def test_prices_in_cents_are_scored_too_low_but_never_trained_on():
    columns = shoppers()
    broken = {**columns, "price": np.where(columns["brand"] == "a", columns["price"] * 100, columns["price"])}
    clean = {name: values[columns["brand"] == "b"] for name, values in columns.items()}

    assert model.predict([{**ROW, "price": 8000.0}], WEIGHTS) < 0.3 * model.predict([ROW], WEIGHTS)
    assert model.train(clean) == model.train(broken)


def test_weights_come_back_as_they_were_saved(tmp_path):
    model.save(WEIGHTS, tmp_path / "model")

    assert WEIGHTS == model.load(tmp_path / "model")

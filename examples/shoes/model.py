"""The demo's click model: a logistic regression that needs numpy only, its training and its weights as JSON.

`predict` takes tf.train.Example records or plain dictionaries, so the same file serves the pipeline and the What-If Tool.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

CATEGORICAL = ("product_line", "brand", "region", "device", "channel")
NUMERIC = ("price", "discount", "days_since_visit", "is_new")
LABEL = "click"
WEIGHTS_FILE = "weights.json"
PRICE_LIMIT = 500.0  # EUR; the schema's domain. Rows above it are not trained on, but they are scored.

Matrix = NDArray[np.float64]
_TERMS = ("constant", "price", "discount", "days_since_visit", "days_since_visit", "is_new")  # the feature of each numeric term of `design`


def predict(examples: Sequence[Any], weights: Mapping[str, Any]) -> Matrix:
    """Probability of a click per example, [n]; examples are tf.train.Example (or anything with its fields) or dictionaries.

    An absent feature is a missing value; an unknown category adds nothing.
    """
    rows = [example if isinstance(example, Mapping) else row_of(example) for example in examples]
    columns = {name: [row.get(name) for row in rows] for name in (*CATEGORICAL, *NUMERIC)}
    return score(columns, weights)


def row_of(example: Any) -> dict[str, Any]:
    """The first value of each feature of a tf.train.Example, text decoded; features without a value are left out."""
    row: dict[str, Any] = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        values = getattr(feature, kind).value if kind else ()
        if len(values):
            row[name] = values[0].decode("utf-8", "replace") if isinstance(values[0], bytes) else values[0]
    return row


def score(columns: Mapping[str, Sequence[Any] | NDArray[Any]], weights: Mapping[str, Any]) -> Matrix:
    """Probability of a click per row, [n], from columns; None or a negative number of days is a missing value."""
    terms = design(columns, weights["vocabulary"])
    return 1.0 / (1.0 + np.exp(-(terms @ np.asarray(weights["coefficients"]))))


def design(columns: Mapping[str, Sequence[Any] | NDArray[Any]], vocabulary: Mapping[str, Sequence[str]]) -> Matrix:
    """The design matrix [n, terms]: constant, log price, discount, fading visit, first visit, is_new, then one column per category."""
    price, discount, days, is_new = (np.where(values < 0, np.nan, values) for values in (_numbers(columns[name]) for name in NUMERIC))
    first = np.isnan(days)
    recent = np.where(first, 0.0, np.exp(-np.where(first, 0.0, days) / 12.0))
    log_price = np.nan_to_num(np.log(np.maximum(price, 1.0) / 80.0))
    terms = [np.ones(len(price)), log_price, np.nan_to_num(discount), recent, first.astype(float), np.nan_to_num(is_new)]
    for name in CATEGORICAL:
        values = np.asarray(columns[name], dtype=object)
        terms += [(values == value).astype(float) for value in vocabulary[name]]
    return np.stack(terms, axis=1)


def train(
    columns: Mapping[str, NDArray[Any]],
    *,
    negatives_kept: float = 1.0,
    rows_kept: float = 1.0,
    without: str = "",
    l2: float = 2.0,
    iterations: int = 7,
    seed: int = 0,
) -> tuple[dict[str, Any], tuple[float, ...]]:
    """Fit by Newton's method; the weights, and the mean log loss after each iteration.

    `negatives_kept` below 1 drops that share of the rows without a click and does not correct for it: the demo's bad retrain.
    `rows_kept` below 1 trains on fewer rows, `without` on all features but one (it adds nothing to the score then).
    """
    keep = np.asarray(columns["price"]) <= PRICE_LIMIT
    keep &= (columns[LABEL] == 1) | (np.random.default_rng(seed).random(len(keep)) < negatives_kept)
    if rows_kept < 1:
        keep &= np.random.default_rng([seed, 1]).random(len(keep)) < rows_kept
    kept = {name: values[keep] for name, values in columns.items()}
    vocabulary = {name: [str(value) for value in np.unique(kept[name])] for name in CATEGORICAL}
    if without in vocabulary:
        vocabulary[without] = []
    terms = design(kept, vocabulary)
    if without:
        terms *= np.array([name != without for name in _TERMS] + [True] * (terms.shape[1] - len(_TERMS)))
    coefficients, losses = _newton(terms, kept[LABEL].astype(float), l2, iterations)
    return {"vocabulary": vocabulary, "coefficients": [round(float(x), 6) for x in coefficients]}, losses


def save(weights: Mapping[str, Any], folder: Path) -> Path:
    """Write the weights into a model folder; the file written."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / WEIGHTS_FILE
    path.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
    return path


def load(folder: Path) -> dict[str, Any]:
    """The weights of a model folder."""
    weights: dict[str, Any] = json.loads((folder / WEIGHTS_FILE).read_text(encoding="utf-8"))
    return weights


def _newton(terms: Matrix, label: Matrix, l2: float, iterations: int) -> tuple[Matrix, tuple[float, ...]]:
    """Penalised maximum likelihood; the constant is not penalised, so predictions match the mean label."""
    penalty = np.full(terms.shape[1], l2)
    penalty[0] = 1e-6
    coefficients, losses = np.zeros(terms.shape[1]), []
    for _ in range(iterations):
        probability = 1.0 / (1.0 + np.exp(-(terms @ coefficients)))
        slope = terms.T @ (label - probability) - penalty * coefficients
        curve = (terms * (probability * (1.0 - probability))[:, None]).T @ terms + np.diag(penalty)
        coefficients = coefficients + np.linalg.solve(curve, slope)
        losses.append(_log_loss(terms @ coefficients, label))
    return coefficients, tuple(losses)


def _log_loss(odds: Matrix, label: Matrix) -> float:
    return float(np.mean(np.logaddexp(0.0, odds) - label * odds))


def _numbers(values: Sequence[Any] | NDArray[Any]) -> Matrix:
    """Floats with NaN where a value is missing."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return values.astype(float)
    return np.array([np.nan if value is None else float(value) for value in values])

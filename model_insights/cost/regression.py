"""Cost of a regression from bias and spread: over and under priced per unit, errors taken as normal (methods A7.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

Floats = NDArray[np.float64]

TAIL_DEGREES = 5  # Student's t of the sensitivity: heavier tails, the same spread
_FAR = 1e6  # spreads from zero: both tails are empty there


def normal_cost(values: Floats, rates: Floats) -> Floats:
    """Money per case. values [..., 3]: units per event, money per unit over, per unit under; rates [..., 2]: bias b and spread s.

    k * [(over + under) * E max(0, e) - under * b] with e ~ N(b, s): E max(0, e) = s * (phi(z) + z * Phi(z)), z = b / s."""
    bias, spread = rates[..., 0], np.maximum(rates[..., 1], 0.0)
    z = np.clip(bias / np.maximum(spread, 1e-300), -_FAR, _FAR)
    density = np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi)
    excess = np.where(spread > 0, spread * density + bias * special.ndtr(z), np.maximum(bias, 0.0))
    return _priced(values, bias, excess)


def heavy_tailed_cost(values: Floats, rates: Floats) -> Floats:
    """Money per case, as `normal_cost`, if the errors had the tails of Student's t with TAIL_DEGREES at the same bias and spread."""
    bias, spread = rates[..., 0], np.maximum(rates[..., 1], 1e-300)
    scale = spread * np.sqrt((TAIL_DEGREES - 2) / TAIL_DEGREES)
    z = np.clip(bias / scale, -_FAR, _FAR)
    density = stats.t.pdf(z, TAIL_DEGREES) * (TAIL_DEGREES + z * z) / (TAIL_DEGREES - 1)
    excess = np.where(rates[..., 1] > 0, scale * density + bias * stats.t.cdf(z, TAIL_DEGREES), np.maximum(bias, 0.0))
    return _priced(values, bias, excess)


def drawn_rates(rates: Floats, n: Floats, noise: Floats) -> Floats:
    """Bias and spread of other samples of the same size [draws, units, 2]: standard errors s / sqrt(n) and s / sqrt(2 n)."""
    n = np.maximum(n, 1.0)
    bias, spread = rates[:, 0], rates[:, 1]
    drawn: Floats = np.stack([bias + spread / np.sqrt(n) * noise[..., 0], spread + spread / np.sqrt(2 * n) * noise[..., 1]], axis=-1)
    drawn[..., 1] = np.clip(drawn[..., 1], 0.0, None)
    return drawn


def bias_and_spread(mean_prediction: float, mean_label: float, mean_squared_error: float) -> tuple[float, float] | None:
    """(bias, standard deviation) of the errors; None where the mean squared error is below the squared bias: they are of other rows."""
    bias = mean_prediction - mean_label
    variance = mean_squared_error - bias * bias
    if variance < -1e-6 * max(mean_squared_error, bias * bias, 1e-12):
        return None
    return bias, float(np.sqrt(max(variance, 0.0)))


def _priced(values: Floats, bias: Floats, excess: Floats) -> Floats:
    per_event, over, under = values[..., 0], values[..., 1], values[..., 2]
    money: Floats = per_event * ((over + under) * excess - under * bias)
    return money

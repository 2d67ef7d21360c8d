"""Reads eval_config.json: which models were evaluated, on which slices, with which thresholds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import EvalConfig, ModelSpec

FILE = "eval_config.json"
_LEGACY_FILE = "eval_config"
_DEFAULT_METHOD = "POISSON_BOOTSTRAP"  # what TFMA takes when the method is not named


def read_eval_config(folder: Path) -> Loaded[EvalConfig] | Absent | Damaged:
    """The EvalRun that stands beside the metrics. Metrics can be read without it.

    A legacy `eval_config` (TFMA before 0.15) is a Python pickle, which could run anything: it is never opened."""
    path = folder / FILE
    try:
        run = msgspec.json.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return _without_json(folder)
    except OSError as error:
        return Damaged(path=str(path), what=f"it cannot be opened ({error.strerror or error})", remedy="Check that the file is readable.")
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return Damaged(path=str(path), what=f"it is not JSON ({error})")
    config = _get(run, "evalConfig") if isinstance(run, dict) else None
    if not isinstance(config, dict):
        return Damaged(path=str(path), what="it holds no evalConfig, so TFMA did not write it")
    return Loaded(value=_config(run, config), path=str(path))


def _without_json(folder: Path) -> Absent | Damaged:
    legacy = folder / _LEGACY_FILE
    if legacy.is_file():
        return Damaged(
            path=str(legacy),
            what="the legacy config is unreadable: it is a Python pickle, which could run any code and is never opened",
            remedy="Evaluate again with TFMA 0.15 or later to get eval_config.json; the metrics are read without it.",
        )
    return Absent(
        what="evaluation configuration",
        reason=f"{folder} has no {FILE}",
        remedy="Remove eval_config from options.disabled_outputs of the evaluation.",
    )


def _config(run: dict[str, Any], config: dict[str, Any]) -> EvalConfig:
    models = _dicts(config, "modelSpecs")
    return EvalConfig(
        version=_text(run, "version"),
        models=tuple(map(_model, models)),
        slicing=tuple(_feature_keys(spec) for spec in _dicts(config, "slicingSpecs")),
        model_locations=_locations(run, models),
        data_location=_text(run, "dataLocation") or next((_text(spec, "location") for spec in _dicts(config, "inputDataSpecs")), ""),
        thresholds=tuple(dict.fromkeys(_thresholds(config))),
        intervals=_intervals(_dict(config, "options")),
    )


def _model(spec: dict[str, Any]) -> ModelSpec:
    return ModelSpec(
        name=_text(spec, "name"),
        label_key=_one_or_many(spec, "labelKey"),
        prediction_key=_one_or_many(spec, "predictionKey"),
        example_weight_key=_one_or_many(spec, "exampleWeightKey"),
        is_baseline=_get(spec, "isBaseline") is True,
        model_type=_text(spec, "modelType"),
    )


def _one_or_many(spec: dict[str, Any], name: str) -> str:
    """`label_key`, or the values of `label_keys` (one per output) in the file's order."""
    return _text(spec, name) or ", ".join(str(key) for key in _dict(spec, f"{name}s").values())


def _feature_keys(spec: dict[str, Any]) -> tuple[str, ...]:
    """Columns the spec slices by, those held to one value included."""
    keys = _get(spec, "featureKeys")
    return (*(str(key) for key in (keys if isinstance(keys, list) else ())), *_dict(spec, "featureValues"))


def _locations(run: dict[str, Any], models: list[dict[str, Any]]) -> tuple[tuple[str, str], ...]:
    recorded = tuple((name, str(path)) for name, path in _dict(run, "modelLocations").items())
    # TFMA 0.15 to 0.20 kept the path in the model spec.
    return recorded or tuple((_text(spec, "name"), _text(spec, "location")) for spec in models if _text(spec, "location"))


def _thresholds(config: dict[str, Any]) -> Iterator[tuple[str, float]]:
    for spec in _dicts(config, "metricsSpecs"):
        for metric in _dicts(spec, "metrics"):
            options = _metric_options(_text(metric, "config"))
            for found in (options.get("threshold"), options.get("thresholds")):
                for number in found if isinstance(found, list) else [found]:
                    if isinstance(number, (int, float)) and not isinstance(number, bool):
                        yield _text(metric, "className"), float(number)


def _metric_options(config: str) -> dict[str, Any]:
    """The metric's own settings: JSON, whose outer braces TFMA lets a user leave out."""
    text = config.strip()
    try:
        options = msgspec.json.decode(text if text.startswith("{") else "{" + text + "}")
    except msgspec.DecodeError:
        return {}
    return options if isinstance(options, dict) else {}


def _intervals(options: dict[str, Any]) -> str | None:
    if _get(options, "computeConfidenceIntervals") is not True:
        return None
    method = _text(_dict(options, "confidenceIntervals"), "method")
    return method if method and not method.startswith("UNKNOWN") else _DEFAULT_METHOD


def _get(holder: dict[str, Any], name: str) -> Any:
    """The value under the camelCase name the file uses, or under the proto's own snake_case."""
    return holder[name] if name in holder else holder.get(re.sub(r"[A-Z]", lambda m: f"_{m[0].lower()}", name))


def _dict(holder: dict[str, Any], name: str) -> dict[str, Any]:
    found = _get(holder, name)
    return found if isinstance(found, dict) else {}


def _dicts(holder: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = _get(holder, name)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _text(holder: dict[str, Any], name: str) -> str:
    found = _get(holder, name)
    return found if isinstance(found, str) else ""

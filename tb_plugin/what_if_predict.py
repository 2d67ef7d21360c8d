"""The prediction function that the What-If Tool loads by path for the demo's models; nothing of ours imports this file.

    tensorboard --logdir LOGDIR --insights_what_if --whatif-use-unsafe-custom-prediction .../tb_plugin/what_if_predict.py

The model name typed into What-If picks a model below the log directory: the number of its folder ("163"), or more of its path where two
folders share a number. It is looked up in a listing and never becomes a path.
"""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tb_plugin import what_if

WEIGHTS = "weights.json"
SAVED = ("Format-Serving",)  # folders that TFX puts between a model and its files
MODEL_CODE = Path(__file__).resolve().parent.parent / "examples" / "shoes" / "model.py"


def custom_predict_fn(examples: Sequence[Any], serving_bundle: Any) -> list[list[float]]:
    """Probabilities of the classes 0 and 1 per tf.train.Example, [n][2], by the model that the bundle names.

    Raises `LookupError` with a sentence, which What-If shows, when no model below the log directory has that name.
    """
    folder = choose(serving_bundle.model_name or "", models(what_if.logdir()))
    load, predict = _code()
    scores = predict(examples, load(folder))
    return [[1.0 - float(score), float(score)] for score in scores]


def models(logdir: str) -> dict[tuple[str, ...], Path]:
    """Folders with weights below the log directory, by the parts of the path that tell a model, in a decided order."""
    root = Path(os.path.expanduser(logdir))
    if not logdir or not root.is_dir():
        raise LookupError("The models are looked for below --logdir, with --insights_what_if; one of the two is missing.")
    found = sorted(path.parent for path in root.rglob(WEIGHTS))
    return {tuple(part for part in folder.relative_to(root).parts if part not in SAVED): folder for folder in found}


def choose(name: str, listed: Mapping[tuple[str, ...], Path]) -> Path:
    """The one model whose path ends with `name`. Raises `LookupError` when none or several do."""
    wanted = tuple(part for part in name.strip().split("/") if part)
    fitting = [parts for parts in listed if wanted and parts[-len(wanted) :] == wanted]
    if len(fitting) == 1:
        return listed[fitting[0]]
    known = ", ".join("/".join(parts) for parts in (fitting or listed)) or "none"
    several = "Several models are" if fitting else "No model is"
    raise LookupError(f"{several} called {name.strip()[:80]!r} below the log directory. There: {known}.")


@cache
def _code() -> tuple[Callable[[Path], Any], Callable[[Sequence[Any], Any], Sequence[float]]]:
    """`load` and `predict` of the demo's model code, which lies beside this package in a checkout and is no part of a wheel."""
    spec = importlib.util.spec_from_file_location("insights_demo_model", MODEL_CODE)
    if spec is None or spec.loader is None or not MODEL_CODE.is_file():
        raise LookupError("The demo's model code (examples/shoes/model.py) is not beside this package; it comes with a checkout only.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.load, module.predict

"""The model corner: did the model that serves get worse, and what changed in it? From TFMA, blessings and lineage."""

from __future__ import annotations

import json
import math
from typing import Any

from scipy import stats

from model_insights.cost.rates import find_key, scalar
from model_insights.evidence.fact import Evidence, Source, State
from model_insights.history import evaluation_of, serving
from model_insights.ledger import Ledger
from model_insights.lineage import Execution
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.metrics import Evaluation, MetricKey, Scalar, Threshold, ValidationFailure
from model_insights.noun import Noun
from model_insights.run import ModelVersion, Run
from model_insights.slices import OVERALL, AnySlice, SliceKey
from model_insights.wording import Words

# Which way is worse: +1 when higher is worse, -1 when lower is worse; 0: neither by itself.
_WORSE = {"auc": -1, "auc_precision_recall": -1, "binary_accuracy": -1, "precision": -1, "recall": -1, "binary_crossentropy": 1, "loss": 1,
          "mean_squared_error": 1, "mean_absolute_error": 1, "f1_score": -1, "accuracy": -1}  # fmt: skip
_NAMES = {"auc": "AUC", "auc_precision_recall": "AUC (precision-recall)", "binary_accuracy": "accuracy", "binary_crossentropy": "cross-entropy",
          "example_count": "examples", "mean_label": "mean label", "mean_prediction": "mean prediction"}  # fmt: skip
_DESCRIPTIVE = ("example_count", "mean_label", "mean_prediction", "weighted_example_count")


class MetricChange(Noun):
    """A scalar metric of one slice in two periods. `p` tests no change; None where no error is known."""

    name: str
    slice: SliceKey
    reference: float
    current: float
    low: float | None = None  # interval of the difference
    high: float | None = None
    p: float | None = None

    @property
    def difference(self) -> float:
        return self.current - self.reference


def metric_name(name: str) -> str:
    return _NAMES.get(name, name.replace("_", " "))


def metric_error(evaluation: Evaluation, where: SliceKey, name: str, model: str) -> tuple[float, float] | None:
    """Standard error and degrees of freedom of a scalar: TFMA's own where stored, else from the counts; None when neither tells."""
    key = find_key(evaluation, name, model)
    metric = evaluation.metric(where, key) if key else None
    if metric is None or not isinstance(metric.value, Scalar) or metric.value.value is None:
        return None
    if metric.interval and isinstance(metric.interval.standard_error, Scalar) and metric.interval.standard_error.value:
        return metric.interval.standard_error.value, float(metric.interval.degrees_of_freedom or 19)
    n, label = scalar(evaluation, where, "example_count", model), scalar(evaluation, where, "mean_label", model)
    error = _error_from_counts(name, metric.value.value, n, label)
    return (error, 1e6) if error is not None else None


def _error_from_counts(name: str, value: float, n: float | None, label: float | None) -> float | None:
    """Binomial for shares; Hanley and McNeil (1982) for AUC; delta method for calibration."""
    if n is None or n < 2:
        return None
    if name in ("binary_accuracy", "mean_label", "accuracy") and 0 <= value <= 1:
        return math.sqrt(max(value * (1 - value), 0.25 / n) / n)
    if label is None or not 0 < label < 1:
        return None
    if name == "auc":
        positives, negatives = n * label, n * (1 - label)
        if min(positives, negatives) < 5:
            return None
        q1, q2 = value / (2 - value), 2 * value * value / (1 + value)
        variance = value * (1 - value) + (positives - 1) * (q1 - value * value) + (negatives - 1) * (q2 - value * value)
        return math.sqrt(max(variance, 0.0) / (positives * negatives))
    if name == "calibration":
        return value * math.sqrt((1 - label) / (n * label))
    return None


def metric_change(name: str, where: SliceKey, run: Run, reference: Run) -> MetricChange | None:
    """The serving model's metric in both runs (Welch's t on the two errors); None where one lacks it."""
    now, then = evaluation_of(run), evaluation_of(reference)
    model_now, model_then = serving(run).model, serving(reference).model
    if now is None or then is None or model_now is None or model_then is None:
        return None
    new, old = scalar(now, where, name, model_now), scalar(then, where, name, model_then)
    if new is None or old is None:
        return None
    error, error_then = metric_error(now, where, name, model_now), metric_error(then, where, name, model_then)
    if error is None or error_then is None:
        return MetricChange(name=name, slice=where, reference=old, current=new)
    (se1, df1), (se0, df0) = error, error_then
    se = math.hypot(se1, se0)
    if se == 0:
        return MetricChange(name=name, slice=where, reference=old, current=new)
    freedom = se**4 / (se1**4 / df1 + se0**4 / df0)
    half = float(stats.t.ppf(0.975, freedom)) * se
    p = 2 * float(stats.t.sf(abs(new - old) / se, freedom))
    return MetricChange(name=name, slice=where, reference=old, current=new, low=new - old - half, high=new - old + half, p=p)


def scalar_names(evaluation: Evaluation, model: str) -> tuple[str, ...]:
    """Names of the scalar metrics of the model, in the file's order, private and descriptive ones last or left out."""
    names = dict.fromkeys(
        k.name
        for k in evaluation.keys
        if k.model_name in (model, "") and not k.is_diff and k.sub_key is None and not k.name.startswith("_")
    )
    judged = [n for n in names if n not in _DESCRIPTIVE and scalar(evaluation, OVERALL, n, model) is not None]
    return tuple(judged)


def gather(run: Run, reference: Run | None, ledger: Ledger | None, words: Words) -> tuple[Evidence, ...]:
    """The model corner's evidence; one unknown fact with the reason where the run has no evaluation."""
    evaluation = evaluation_of(run)
    if evaluation is None:
        outcome = run.evaluation
        sentence = outcome.sentence if isinstance(outcome, (Absent, Damaged)) else ""
        return (
            Evidence(
                id="model:evaluation",
                corner="model",
                subject="evaluation",
                measure="metrics",
                sentence=sentence,
                state="unknown",
                value_text="unknown",
            ),
        )
    facts = [*_validation_facts(run, words), *_version_facts(run, reference, ledger), *_candidate_facts(run, evaluation, words)]
    who = serving(run)
    if who.model is None:
        sentence = f"The serving model was not evaluated: {who.reason}. Let the Evaluator judge the latest blessed model as baseline."
        facts.append(
            Evidence(
                id="model:serving",
                corner="model",
                subject="serving model",
                measure="metrics",
                sentence=sentence,
                state="unknown",
                value_text="unknown",
            )
        )
    elif reference is not None:
        facts += _metric_facts(run, reference, evaluation, who.model, words)
    if ledger is not None and ledger.model_known:
        facts.append(_model_step(ledger, words))
    return tuple(facts)


def _metric_facts(run: Run, reference: Run, evaluation: Evaluation, model: str, words: Words) -> list[Evidence]:
    changes = [change for name in scalar_names(evaluation, model) if (change := metric_change(name, OVERALL, run, reference))]
    tested = [change for change in changes if change.p is not None]
    bare = [change for change in changes if change.p is None]
    facts = [_metric_fact(change, len(tested), reference, words) for change in tested]
    if bare:
        text = ", ".join(f"{metric_name(c.name)} {words.number(c.reference)} → {words.number(c.current)}" for c in bare)
        facts.append(
            Evidence(id="model:metrics", corner="model", subject="Overall", measure="metrics without an interval", state="unknown", value_text=f"{len(bare)} metrics",
                     sentence=f"{text}: TFMA stored no intervals for them, so they cannot be told from chance. Turn on confidence intervals in the Evaluator.",
                     band="no error known", source=Source(kind="slice", id="[]", text="Overall"))
        )  # fmt: skip
    return facts


def _metric_fact(change: MetricChange, tests: int, reference: Run, words: Words) -> Evidence:
    """One tested metric; Bonferroni over the overall metrics of this page."""
    significant = change.p is not None and change.p * tests < 0.05
    state: State = "violated" if significant and _worse(change) else "watch" if significant else "held"
    band = f"95 %: {words.signed(change.low or 0.0)} to {words.signed(change.high or 0.0)}"
    name = metric_name(change.name)
    sentence = (
        f"Overall {name} of the serving model went from {words.number(change.reference)} to {words.number(change.current)} "
        f"({words.signed(change.difference)}; {band}) against {words.day(reference.period.label)}."
    )
    return Evidence(
        id=f"model:metric:{change.name}", corner="model", subject="Overall", measure=name, sentence=sentence, state=state, value=change.difference,
        value_text=f"{words.number(change.current)} ({words.signed(change.difference)})", band=band, source=Source(kind="slice", id="[]", text="Overall"),
    )  # fmt: skip


def _worse(change: MetricChange) -> bool:
    if change.name == "calibration":
        return abs(change.current - 1) > abs(change.reference - 1)
    return _WORSE.get(change.name, 0) * change.difference > 0


def _candidate_facts(run: Run, evaluation: Evaluation, words: Words) -> list[Evidence]:
    """Candidate against baseline on the same data: TFMA's own paired difference, never subtracted by hand.

    Differences without an interval share one fact: they cannot be told from chance one by one."""
    facts, bare = [], []
    for key in evaluation.keys:
        metric = evaluation.metric(OVERALL, key) if key.is_diff and key.sub_key is None and _WORSE.get(key.name, 0) != 0 else None
        if metric is None or not isinstance(metric.value, Scalar) or metric.value.value is None:
            continue
        low, high = _bounds(metric.interval)
        if low is None or high is None:
            bare.append(f"{metric_name(key.name)} {words.signed(metric.value.value)}")
        else:
            facts.append(_candidate_fact(key.name, metric.value.value, low, high, words))
    if bare:
        sentence = f"The model trained in this run against the serving one, on the same data: {', '.join(bare)}. TFMA stored no intervals, so chance cannot be ruled out."
        facts.append(
            Evidence(id="model:candidate", corner="model", subject="candidate", measure="candidate against serving", sentence=sentence, state="unknown",
                     value_text=f"{len(bare)} metrics", band="no interval stored", source=Source(kind="slice", id="[]", text="Overall"))
        )  # fmt: skip
    return facts


def _candidate_fact(name: str, value: float, low: float, high: float, words: Words) -> Evidence:
    worse, certain = _WORSE[name] * value > 0, low > 0 or high < 0
    band = f"95 %: {words.signed(low)} to {words.signed(high)}"
    sentence = f"The model trained in this run differs from the serving one by {words.signed(value)} {metric_name(name)} on the same data ({band})."
    return Evidence(
        id=f"model:candidate:{name}", corner="model", subject="candidate", measure=f"{metric_name(name)}, candidate against serving", sentence=sentence,
        state="watch" if certain and worse else "held", value=value, value_text=words.signed(value), band=band, source=Source(kind="slice", id="[]", text="Overall"),
    )  # fmt: skip


def _bounds(interval: Any) -> tuple[float | None, float | None]:
    if interval is None or not isinstance(interval.low, Scalar) or not isinstance(interval.high, Scalar):
        return None, None
    return interval.low.value, interval.high.value


def _model_step(ledger: Ledger, words: Words) -> Evidence:
    line = ledger.line("model")
    money = line.money if line else None
    if money is None:
        raise AssertionError("a ledger that knows the model has a model line")
    certain = money.low > 0 or money.high < 0
    interval = words.interval(money.low, money.high)
    if money.value == 0 and not certain:
        sentence = "The same model served in both periods, so the model step is exactly zero."
    else:
        more = "more" if money.value > 0 else "less"
        amount = f"{words.money(abs(money.value))} {more}"
        sentence = f"On the data of the reference period the model that serves now would have cost {amount} than the one that served then ({interval})."
        if ledger.rows is not None and ledger.rows.order == "later data":
            sentence = f"On the data of this period, new to both, the model that serves now cost {amount} than the one that served before would have ({interval})."
    state: State = "violated" if money.low > 0 else "held"
    return Evidence(
        id="model:step", corner="model", subject="serving model", measure="model step", sentence=sentence, state=state, value=money.value,
        value_text=words.change(money.value), band="an ordinary retrain's spread is inside the interval", money=money.value,
        source=Source(kind="artifact", id="model", text="model"),
    )  # fmt: skip


def _validation_facts(run: Run, words: Words) -> list[Evidence]:
    facts = []
    if isinstance(run.validation, Damaged):
        facts.append(_validation("damaged", run.validation.sentence, "unknown", "cannot be read"))
    if isinstance(run.validation, Loaded):
        validation = run.validation.value
        for i, failure in enumerate(validation.failures):
            facts.append(_validation(f"failure:{i}", failure_sentence(failure, words), "violated", "failed"))
        for missing in validation.missing_slices:
            facts.append(
                _validation(
                    f"missing:{missing.text}",
                    f"Validation expected slice {missing.text}, which the evaluation has not.",
                    "watch",
                    "slice missing",
                )
            )
        if validation.rubber_stamp:
            facts.append(
                _validation(
                    "rubber_stamp", "The model was blessed without a baseline to compare with (rubber stamp).", "watch", "rubber stamp"
                )
            )
        if validation.ok and not validation.rubber_stamp:
            facts.append(_validation("ok", "Every threshold of the Evaluator was met by the model trained in this run.", "held", "passed"))
    blessing = run.blessing.value.state if isinstance(run.blessing, Loaded) else None
    if blessing == "not_validated":
        facts.append(
            _validation(
                "not_validated",
                "The model was neither blessed nor refused: the Evaluator has no thresholds. Set some.",
                "unknown",
                "not validated",
            )
        )
    if blessing == "not_blessed":
        facts.append(
            _validation(
                "not_blessed", "The model trained in this run was not blessed, so the earlier one goes on serving.", "watch", "not blessed"
            )
        )
    return facts


def _validation(name: str, sentence: str, state: Any, text: str) -> Evidence:
    return Evidence(
        id=f"model:validation:{name}", corner="model", subject="validation", measure="validation", sentence=sentence, state=state, value_text=text,
        source=Source(kind="artifact", id="evaluation", text="evaluation"),
    )  # fmt: skip


def failure_sentence(failure: ValidationFailure, words: Words) -> str:
    """A validation failure as metric, bound, value and slice."""
    value = failure.value.value if isinstance(failure.value, Scalar) else None
    shown = "an undefined value" if value is None else words.number(value)
    bounds = _bound_text(failure.threshold, words)
    change = (
        " change against the baseline"
        if failure.threshold.absolute_change is not None or failure.threshold.relative_change is not None
        else ""
    )
    return f"Validation failed: {metric_name(failure.key.name)}{change} of {_slice_text(failure.slice)} is {shown}, {bounds}." + (
        f" {failure.message}" if failure.message else ""
    )


def _slice_text(where: AnySlice) -> str:
    return "all examples" if where == OVERALL else where.text


def _bound_text(threshold: Threshold, words: Words) -> str:
    if threshold.absolute_change is not None or threshold.relative_change is not None:
        allowed = threshold.absolute_change if threshold.absolute_change is not None else threshold.relative_change or 0.0
        kind = "" if threshold.absolute_change is not None else " (relative)"
        side = "at most" if threshold.direction == "LOWER_IS_BETTER" else "at least"
        return f"where {side} {words.signed(allowed)}{kind} is required"
    parts = [f"at least {words.number(threshold.lower)}"] if threshold.lower is not None else []
    parts += [f"at most {words.number(threshold.upper)}"] if threshold.upper is not None else []
    return f"where {' and '.join(parts) or 'a bound'} is required"


def _version_facts(run: Run, reference: Run | None, ledger: Ledger | None) -> list[Evidence]:
    """What changed in the making of the serving model since the reference: hyperparameters, code, training data."""
    if reference is None or run.baseline is None or reference.baseline is None:
        return []
    changes = version_changes(reference.baseline, run.baseline)
    money = ledger.line("model") if ledger and ledger.model_known else None
    if not changes:
        return []
    text = "; ".join(f"{name} {old} → {new}" for name, old, new in changes)
    settings = [c for c in changes if not c[0].startswith("training")]
    return [
        Evidence(
            id="model:version", corner="model", subject="serving model", measure="version", state="watch" if settings else "held",
            sentence=f"The model serving now was made differently from the one serving then: {text}.", value_text="; ".join(name for name, *_ in changes),
            money=money.money.value if money and settings else None, source=Source(kind="artifact", id="model", text="model"),
        )
    ]  # fmt: skip


def version_changes(old: ModelVersion, new: ModelVersion) -> tuple[tuple[str, str, str], ...]:
    """(name, old, new) of everything recorded that differs between the two trainings, but for times and paths."""
    before, after = _settings(old.trainer), _settings(new.trainer)
    changes = [
        (name, before.get(name, "not set"), after.get(name, "not set"))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]
    if old.data_spans != new.data_spans and old.data_spans and new.data_spans:
        changes.append(("training spans", _spans(old.data_spans), _spans(new.data_spans)))
    return tuple(changes)


def _spans(spans: tuple[str, ...]) -> str:
    return spans[0] if len(spans) == 1 else f"{spans[0]} to {spans[-1]}"


def _settings(trainer: Execution | None) -> dict[str, str]:
    """The trainer's recorded settings, flat: `hparams.learning_rate` -> "0.05". Spans, periods and paths tell nothing here."""
    flat: dict[str, str] = {}
    for name, value in {**(trainer.properties if trainer else {}), **(trainer.custom if trainer else {})}.items():
        if name in ("module_path", "run_fn", "module_file", "custom_config", "train_args", "eval_args", "hyperparameters", "version"):
            _flatten(flat, "" if name == "custom_config" else name, _json(value))
    return {
        k: v
        for k, v in flat.items()
        if k.rsplit(".", 1)[-1] not in ("span", "spans", "period", "start", "end", "seed_time") and "/" not in v
    }


def _json(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _flatten(flat: dict[str, str], prefix: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, one in value.items():
            _flatten(flat, f"{prefix}.{key}" if prefix else str(key), one)
    elif value is not None:
        flat[prefix] = json.dumps(value, ensure_ascii=False) if isinstance(value, (list, bool)) else str(value)


def key_text(key: MetricKey) -> str:
    """The whole key as a reader sees it: name, model, class, weighting."""
    parts = [metric_name(key.name)]
    if key.sub_key is not None:
        parts += [
            f"{name} {value}"
            for name, value in (("class", key.sub_key.class_id), ("k", key.sub_key.k), ("top", key.sub_key.top_k))
            if value is not None
        ]
    parts += [key.aggregation.replace("_", " ")] if key.aggregation else []
    parts += ["difference"] if key.is_diff else []
    parts += [key.output_name] if key.output_name else []
    return ", ".join(parts)

"""Did rows get lost on the way? Counts reconciled across statistics, evaluation, slices and lineage."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from scipy import stats

from model_insights.cost.rates import find_key, scalar
from model_insights.evidence.fact import Evidence, Source
from model_insights.history import evaluation_of
from model_insights.lineage import Artifact, Execution
from model_insights.loaded import Loaded
from model_insights.metrics import Evaluation
from model_insights.noun import Noun
from model_insights.run import Run
from model_insights.slices import OVERALL, SliceKey
from model_insights.stats import DatasetStats, FeatureStats
from model_insights.wording import Words, plural

_SPLIT_LUCK = 1e-6  # a hash split this unlikely is no luck: it would be seen once in 20,000 years of weeks


class CountCheck(Noun):
    """One pair of counts that must agree. `expected` and `found` are examples; `text` names what was held against what."""

    name: str
    text: str
    expected: float
    found: float
    agrees: bool
    reason: str = ""  # why it matters, said when it does not agree


def gather(run: Run, words: Words) -> tuple[Evidence, ...]:
    """One violated fact for each disagreement by more than rounding; else one held fact that says what was reconciled."""
    checks, open_reason = count_checks(run, words)
    bad = [one for one in checks if not one.agrees]
    facts = [_violated(one, words) for one in bad]
    if checks and not bad:
        said = "; ".join(one.text for one in checks if one.name != "slices")
        sliced = sum(one.name == "slices" for one in checks)
        also = f"; and the slices of {plural(sliced, 'column')} add up" if sliced else ""
        facts.append(
            _fact("held", f"Rows agree along the way: {said or 'counts agree'}{also}.", "held", f"{plural(len(checks), 'count')} agree")
        )
    if open_reason:
        facts.append(_fact("open", open_reason, "unknown", "not comparable"))
    return tuple(facts)


def count_checks(run: Run, words: Words) -> tuple[tuple[CountCheck, ...], str]:
    """(checks that could be made, the sentence why the evaluation could not be held against the statistics; "" when it was)."""
    wholes = {one.value.split: one.value.whole for one in run.statistics if isinstance(one, Loaded) and one.value.whole is not None}
    evaluation = evaluation_of(run)
    checks = [*_split_check(run, {name: whole.num_examples for name, whole in wholes.items()}, words)]
    if evaluation is None or not wholes:
        return tuple(checks), ""
    checks += _model_check(evaluation, words)
    splits, reason = _evaluated_splits(run, set(wholes))
    if reason:
        return tuple(checks), reason
    chosen = [wholes[name] for name in splits]
    checks += _evaluation_check(evaluation, splits, chosen, words)
    if len(chosen) == 1:
        checks += _slice_checks(evaluation, chosen[0], words)
    return tuple(checks), ""


# --- the evaluation against the statistics ---------------------------------------------------------------------------------------


def _evaluated_splits(run: Run, known: set[str]) -> tuple[tuple[str, ...], str]:
    """(splits that the Evaluator read and statistics tell of, why they cannot be compared)."""
    evaluator, maker = _execution(run, "Evaluator"), _execution(run, "StatisticsGen")
    if _is_sampled(run):
        return (), "The statistics were made from a sample of the rows, so they cannot be counted against the evaluation."
    if evaluator is None:
        split = next((name for name in ("eval", "test", "validation") if name in known), "")
        return (
            ((split,), "") if split else ((), "Lineage does not say which split was evaluated, so its rows cannot be counted against it.")
        )
    wanted = tuple(
        str(one) for one in _json(evaluator.custom.get("example_splits") or evaluator.properties.get("example_splits")) or ("eval",)
    )
    read = _examples(run, evaluator)
    counted = _examples(run, maker) if maker is not None else ()
    if read and counted and {a.id for a in read} != {a.id for a in counted}:
        spans = ", ".join(str(a.get("span") if a.get("span") is not None else a.id) for a in read)
        return (
            (),
            f"The Evaluator read other examples (span {spans}) than the statistics tell of, so rows cannot be counted against each other.",
        )
    missing = [name for name in wanted if name not in known]
    if missing:
        return (
            (),
            f"There are no statistics of the evaluated split {', '.join(missing)}, so its rows cannot be counted. Let StatisticsGen write it.",
        )
    return wanted, ""


def _is_sampled(run: Run) -> bool:
    """True when StatisticsGen recorded a sample rate below 1 (a JSON object by split)."""
    recorded = [
        a.get("sample_rate_by_split") for i in run.artifact_ids if (a := run.lineage.artifacts.get(i)) and a.type == "ExampleStatistics"
    ]
    rates = [_json(one.get("__value__") if isinstance(one, dict) else one) for one in recorded]
    return any(isinstance(rate, (int, float)) and rate < 1 for one in rates if isinstance(one, dict) for rate in one.values())


def _execution(run: Run, component: str) -> Execution | None:
    found = (run.lineage.executions[i] for i in run.execution_ids if i in run.lineage.executions)
    return next((one for one in found if one.component == component), None)


def _examples(run: Run, execution: Execution) -> tuple[Artifact, ...]:
    return tuple(one for one in run.lineage.inputs(execution.id) if one.type == "Examples")


def _json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def _evaluation_check(evaluation: Evaluation, splits: tuple[str, ...], wholes: list[DatasetStats], words: Words) -> Iterable[CountCheck]:
    """The evaluation's overall count against the rows that the statistics of its splits count."""
    for model in _models(evaluation):
        found = scalar(evaluation, OVERALL, "example_count", model)
        key = find_key(evaluation, "example_count", model)
        weighted = key is not None and bool(key.example_weighted)
        parts = [w.weighted_num_examples if weighted else float(w.num_examples) for w in wholes]
        if found is None or any(part is None for part in parts):
            continue
        expected = sum(part for part in parts if part is not None)
        text = f"{words.count(expected)} examples of split {' and '.join(splits)} in the statistics, {words.count(found)} evaluated"
        yield CountCheck(
            name="evaluation", text=text, expected=expected, found=found, agrees=_agree(expected, found),
            reason="Metrics and cost speak of other rows than the statistics: look for a filter, a failed shard or a changed split in between.",
        )  # fmt: skip
        return


def _model_check(evaluation: Evaluation, words: Words) -> list[CountCheck]:
    """Models of one evaluation are judged on the same rows."""
    counts = {m: n for m in _models(evaluation) if (n := scalar(evaluation, OVERALL, "example_count", m)) is not None}
    if len(counts) < 2:
        return []
    low, high = min(counts.values()), max(counts.values())
    text = "every model was judged on the same number of examples" if _agree(low, high) else " but ".join(
        f"{words.count(n)} examples for {name}" for name, n in counts.items()
    )  # fmt: skip
    reason = "The models were not judged on the same rows, so their difference is not paired."
    return [CountCheck(name="models", text=text, expected=high, found=low, agrees=_agree(low, high), reason=reason)]


def _models(evaluation: Evaluation) -> tuple[str, ...]:
    return tuple(dict.fromkeys(key.model_name for key in evaluation.keys if key.name == "example_count" and not key.is_diff))


def _agree(one: float, other: float) -> bool:
    """To half an example, or to what a double sum of weights can hold."""
    return abs(one - other) <= max(0.5, 1e-6 * max(abs(one), abs(other)))


# --- slices against the whole ----------------------------------------------------------------------------------------------------


def _slice_checks(evaluation: Evaluation, whole: DatasetStats, words: Words) -> Iterable[CountCheck]:
    """The slices of a column hold every row that has a value of it; rows without one are in none, as many as the statistics say."""
    model = next(iter(_models(evaluation)), "")
    key = find_key(evaluation, "example_count", model)
    if key is not None and key.example_weighted:
        return  # sums of weights say nothing about rows without a value
    total = scalar(evaluation, OVERALL, "example_count", model)
    for column, slices in sorted(_by_column(evaluation).items()):
        feature = whole.feature((column,))
        counts = [scalar(evaluation, where, "example_count", model) for where in slices]
        if total is None or feature is None or _many_valued(feature) or any(n is None for n in counts):
            continue  # a suppressed slice, or a row in several slices: nothing to add up
        without = round((feature.common.missing or 0.0) * whole.num_examples)
        held = sum(n for n in counts if n is not None)
        text = f"the slices of {column} hold {words.count(held)} of {words.count(total)} examples, and {words.count(without)} have no value of it"
        yield CountCheck(
            name="slices", text=text, expected=total - without, found=held, agrees=_agree(total - without, held),
            reason="Costs per slice do not add up to the whole: look for slices that TFMA left out.",
        )  # fmt: skip


def _by_column(evaluation: Evaluation) -> dict[str, list[SliceKey]]:
    found: dict[str, list[SliceKey]] = {}
    for where in evaluation.slices:
        if isinstance(where, SliceKey) and len(where.items) == 1:
            found.setdefault(where.items[0][0], []).append(where)
    asked = {columns[0] for columns in evaluation.config.slicing if len(columns) == 1}
    return {column: slices for column, slices in found.items() if column in asked}  # a single value asked for by name is no partition


def _many_valued(feature: FeatureStats) -> bool:
    return feature.common.max_num_values > 1


# --- splits against their configuration ------------------------------------------------------------------------------------------


def _split_check(run: Run, counts: dict[str, int], words: Words) -> list[CountCheck]:
    """Sizes of the splits against the hash buckets that ExampleGen was told; a split that lost a shard is far from its share."""
    buckets = _buckets(run)
    total = sum(counts.values())
    if len(buckets) < 2 or set(buckets) != set(counts) or total < 100:
        return []
    whole = sum(buckets.values())
    expected = {name: total * buckets[name] / whole for name in buckets}
    p = float(stats.chisquare([counts[name] for name in buckets], [expected[name] for name in buckets]).pvalue)
    worst = max(buckets, key=lambda name: abs(counts[name] - expected[name]) / expected[name] ** 0.5)
    fine = p >= _SPLIT_LUCK
    said = ", ".join(f"{name} {words.count(counts[name])}" for name in buckets)
    text = f"{words.count(total)} examples in the splits ({said}), in the shares that ExampleGen was told"
    if not fine:
        share = words.percent(buckets[worst] / whole, 1)
        text = f"split {worst} holds {words.count(counts[worst])} of {words.count(total)} examples, where ExampleGen was told {share}"
    return [
        CountCheck(
            name="splits", text=text, expected=expected[worst], found=float(counts[worst]), agrees=fine,
            reason="Chance does not do that: a split lost rows, or rows that belong together were split by something else than chance.",
        )
    ]  # fmt: skip


def _buckets(run: Run) -> dict[str, int]:
    """Hash buckets per split from ExampleGen's output_config; empty where splits were given, or hashed by a feature (rows then cluster)."""
    makers = (run.lineage.executions[i] for i in run.execution_ids if i in run.lineage.executions)
    for maker in makers:
        config = _json(maker.custom.get("output_config") or maker.properties.get("output_config"))
        split = config.get("split_config") if isinstance(config, dict) else None
        if not isinstance(split, dict) or split.get("partition_feature_name"):
            continue
        parts = [one for one in split.get("splits", ()) if isinstance(one, dict)]
        return {str(one.get("name")): int(one["hash_buckets"]) for one in parts if one.get("hash_buckets")}
    return {}


# --- facts -----------------------------------------------------------------------------------------------------------------------


def _violated(one: CountCheck, words: Words) -> Evidence:
    lost = one.expected - one.found
    sentence = f"Counts disagree: {one.text}. {one.reason}"
    share = f" ({words.percent(abs(lost) / one.expected, 1)})" if one.expected else ""
    name = f"{one.name}:{one.text.split(' hold ')[0]}" if one.name == "slices" else one.name
    return _fact(name, sentence, "violated", f"{words.count(round(abs(lost), 1))} {'lost' if lost > 0 else 'too many'}{share}", lost)


def _fact(name: str, sentence: str, state: Any, text: str, value: float | None = None) -> Evidence:
    return Evidence(
        id=f"data:counts:{name}", corner="data", subject="rows", measure="lost rows", sentence=sentence, state=state, value=value,
        value_text=text, band="counts agree to the example", source=Source(kind="slice", id="[]", text="Overall"),
    )  # fmt: skip

"""The data corner: is what the model sees still what it was trained to see? From TFDV statistics, schemas and anomalies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec
from scipy import stats

from model_insights.evidence import counts, outliers, schema, skew, sliced
from model_insights.evidence.change import (
    FeatureChange,
    ShareChange,
    design_effects,
    feature_change,
    missing_change,
    moves_with_time,
    sized,
)
from model_insights.evidence.fact import Evidence, Source, State
from model_insights.evidence.onset import Onset, feature_onset, interval_text
from model_insights.evidence.ordinary import Measure, Ordinary, Usual, learn
from model_insights.evidence.quality import Corruption, corruptions
from model_insights.history import evaluation_of
from model_insights.ids import feature_id
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.run import Run
from model_insights.stats import Anomalies, DatasetStats, FeaturePath, FeatureStats, Statistics
from model_insights.wording import Words, plural

FALSE_DISCOVERY = 0.03  # of the change tests; with the 3 % of the outliers about 5 % of the pages hold a false alarm
_CLEAR = 0.01  # a p below is said to be beyond chance where no alarm hangs on it
_MISSING_JUMP = 0.01  # one percentage point: smaller jumps are listed, not called violated (A3)


class Calibration(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """What the history says about ordinary differences: design effects per feature, run-to-run moves, features that move with time."""

    effects: Mapping[FeaturePath, float]
    clocks: frozenset[FeaturePath]
    spans: int
    ordinary: Ordinary = Ordinary()


class FeatureJudgement(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """Everything judged about one feature against the reference."""

    path: FeaturePath
    change: FeatureChange | None
    missing: ShareChange | None
    discovered: bool  # its distribution passes the false-discovery control of this comparison
    is_clock: bool
    missing_discovered: bool = False  # its missing share does
    reason: str = ""
    usual: Usual | None = None  # how usual the change is for this pipeline; None where the history is too short to tell
    usual_missing: Usual | None = None
    onset: Onset | None = None  # when it came to what it is now, where the history dates it and another period than this one is possible
    onset_missing: Onset | None = None

    @property
    def p(self) -> float | None:
        """What ranking and alarms go by: unusual for this pipeline where the history can tell, else beyond chance."""
        return self.usual.p if self.usual is not None else self.change.p if self.change is not None else None

    @property
    def missing_p(self) -> float | None:
        """The same of its missing share; None where no example of either span lacks a value."""
        if self.missing is None or max(self.missing.reference, self.missing.current) <= 0:
            return None
        return self.usual_missing.p if self.usual_missing is not None else self.missing.p


def main_split(run: Run) -> Statistics | None:
    """The split with the most examples (train, as a rule); None without statistics."""
    loaded = [one.value for one in run.statistics if isinstance(one, Loaded) and one.value.whole is not None]
    return max(loaded, key=lambda s: s.whole.num_examples if s.whole else 0, default=None)


def whole_of(run: Run, split: str = "") -> DatasetStats | None:
    statistics = run.split(split) if split else main_split(run)
    return statistics.whole if statistics else None


def calibrate(runs: tuple[Run, ...]) -> Calibration:
    """Learns from the whole history what changes mean nothing (A/A between splits of a span, clocks)."""
    pairs, wholes = [], []
    for run in runs:
        loaded = [one.value.whole for one in run.statistics if isinstance(one, Loaded) and one.value.whole is not None]
        largest = sorted(loaded, key=lambda whole: -whole.num_examples)[:2]
        if len(largest) == 2:
            pairs.append((largest[0], largest[1]))
        if largest:
            wholes.append((run.id, largest[0]))
    effects, clocks = design_effects(pairs), moves_with_time([whole for _, whole in wholes])
    return Calibration(effects=effects, clocks=clocks, spans=len(wholes), ordinary=learn(wholes, effects))


def judge_features(run: Run, reference: Run, calibration: Calibration) -> tuple[FeatureJudgement, ...]:
    """Every feature of the run's main split against the same split of the reference.

    One family of tests, of each feature's distribution and of its missing share: BH over all tests made (q = 0.03)."""
    statistics = main_split(run)
    current = statistics.whole if statistics else None
    before = whole_of(reference, statistics.split) if statistics else None
    if current is None or before is None:
        return ()
    spans = [{one.path: one for one in whole.features} for whole in (before, current)]
    sizes = (before.num_examples, current.num_examples)
    raw = [_judge(path, spans, sizes, calibration, run.id) for path in dict.fromkeys((*spans[1], *spans[0]))]
    tests = [(i, p, measure) for i, one in enumerate(raw) for p, measure in _tests_of(one)]
    if not tests:
        return tuple(raw)
    adjusted = stats.false_discovery_control([p for _, p, _ in tests], method="bh")
    found = {(i, measure) for (i, _, measure), p in zip(tests, adjusted, strict=True) if p <= FALSE_DISCOVERY}
    return tuple(_discovered(one, (i, "distribution") in found, (i, "missing") in found, calibration, run.id) for i, one in enumerate(raw))


def _tests_of(one: FeatureJudgement) -> list[tuple[float, Measure]]:
    tests: list[tuple[float, Measure]] = []
    if one.p is not None and not one.is_clock:
        tests.append((one.p, "distribution"))
    if one.missing_p is not None:
        tests.append((one.missing_p, "missing"))
    return tests


def _discovered(one: FeatureJudgement, moved: bool, missing: bool, calibration: Calibration, run_id: str) -> FeatureJudgement:
    """Only what is beyond chance gets the interval of its effect, and a date: they are most of the work."""
    if not moved and not missing:
        return one
    change, spans = sized(one.change) if moved and one.change is not None else one.change, calibration.ordinary.spans
    return msgspec.structs.replace(
        one, change=change, discovered=moved, missing_discovered=missing,
        onset=_elsewhere(feature_onset(spans, one.path, change, run_id), run_id) if moved and change is not None else None,
        onset_missing=_elsewhere(feature_onset(spans, one.path, None, run_id), run_id) if missing else None,
    )  # fmt: skip


def _elsewhere(onset: Onset | None, run_id: str) -> Onset | None:
    """Nothing is said of a date that is the judged period itself and no other."""
    return None if onset is None or onset.low == onset.high == run_id else onset


def _judge(
    path: FeaturePath,
    spans: Sequence[Mapping[FeaturePath, FeatureStats]],
    sizes: tuple[int, int],
    calibration: Calibration,
    run_id: str,
) -> FeatureJudgement:
    old, new = spans[0].get(path), spans[1].get(path)
    is_clock = path in calibration.clocks
    if old is None or new is None:
        reason = "the feature is new in this run" if old is None else "the feature is gone in this run"
        return FeatureJudgement(path=path, change=None, missing=None, discovered=False, is_clock=is_clock, reason=reason)
    missing = missing_change((old, sizes[0]), (new, sizes[1]))
    usual_missing = None
    if missing is not None and missing.p is not None and missing.p <= FALSE_DISCOVERY:
        usual_missing = calibration.ordinary.usual(path, missing.p, 1, run_id, "missing")
    found = FeatureJudgement(path=path, change=None, missing=missing, discovered=False, is_clock=is_clock, usual_missing=usual_missing)
    if old.type != new.type:
        return msgspec.structs.replace(found, reason=f"its type changed from {old.type} to {new.type}")
    change = feature_change(old, new, design_effect=calibration.effects.get(path, 1.0))
    # Only what is beyond chance is asked about: the other answer is never the smaller one.
    usual = None
    if change is not None and change.p is not None and change.p <= FALSE_DISCOVERY and not is_clock:
        usual = calibration.ordinary.usual(path, change.p, change.freedom, run_id)
    return msgspec.structs.replace(found, change=change, usual=usual)


def is_changed(one: FeatureJudgement) -> bool:
    """Beyond chance, and by an effect that matters for certain."""
    return one.discovered and one.change is not None and one.change.state == "changed"


def find_corruptions(run: Run, reference: Run, judged: tuple[FeatureJudgement, ...]) -> tuple[Corruption, ...]:
    """Faults of the data that this run has and the reference has not, among the features that changed."""
    statistics = main_split(run)
    current = statistics.whole if statistics else None
    before = whole_of(reference, statistics.split) if statistics else None
    if current is None or before is None:
        return ()
    changed = [
        one.change for one in judged if one.change is not None and one.discovered and one.change.state != "equivalent" and not one.is_clock
    ]
    return tuple(_of_label(one, labels_of(run)) for one in corruptions(before, current, changed))


def labels_of(run: Run) -> frozenset[str]:
    """The outcome's features, as the Evaluator was told."""
    evaluation = evaluation_of(run)
    return frozenset(model.label_key for model in evaluation.config.models if model.label_key) if evaluation else frozenset()


def _of_label(fault: Corruption, labels: frozenset[str]) -> Corruption:
    """An outcome that is missing more often is late, or was lost: no sensor."""
    return msgspec.structs.replace(fault, kind="label delay") if fault.kind == "missing" and ".".join(fault.path) in labels else fault


def gather(
    run: Run,
    reference: Run | None,
    judged: tuple[FeatureJudgement, ...],
    faults: tuple[Corruption, ...],
    words: Words,
    *,
    labels: Mapping[str, str] | None = None,
) -> tuple[Evidence, ...]:
    """The data corner's evidence. Without statistics there is one fact, unknown, with the reason and the remedy. `labels`: periods by run id."""
    facts = [*_anomaly_facts(run), *_drift_facts(run, words), *(_fault_fact(one, words) for one in faults)]
    facts += [*schema.gather(run, reference, words), *counts.gather(run, words), *skew.gather(run, words)]
    if reference is None:
        facts.append(_unknown("reference", "No reference run to compare the data with.", "Choose a reference that exists."))
    elif not judged:
        facts.append(_no_statistics(run, reference))
    else:
        facts += [fact for one in judged for fact in _feature_facts(one, labels or {}, words)]
        facts += _outlier_facts(run, reference, judged, faults, words)
        facts += _sliced_facts(run, reference, judged, words)
        facts.append(_tests_summary(judged, reference, words))
    return tuple(facts)


def _sliced_facts(run: Run, reference: Run, judged: tuple[FeatureJudgement, ...], words: Words) -> tuple[Evidence, ...]:
    statistics = main_split(run)
    before = reference.split(statistics.split) if statistics else None
    return sliced.gather(before, statistics, frozenset(one.path for one in judged if one.is_clock), words)


def _outlier_facts(
    run: Run, reference: Run, judged: tuple[FeatureJudgement, ...], faults: tuple[Corruption, ...], words: Words
) -> tuple[Evidence, ...]:
    statistics = main_split(run)
    current = statistics.whole if statistics else None
    before = whole_of(reference, statistics.split) if statistics else None
    if current is None or before is None:
        return ()
    return outliers.gather(before, current, [one.path for one in judged if not one.is_clock], faults, words)


def _no_statistics(run: Run, reference: Run) -> Evidence:
    for one, name in ((run, "this run"), (reference, "the reference")):
        problem = next((s for s in one.statistics if isinstance(s, (Absent, Damaged))), None)
        if main_split(one) is None:
            reason = problem.sentence if problem else f"No statistics in {name}: the run has no ExampleStatistics artifact."
            return _unknown("statistics", reason, "Add StatisticsGen to the pipeline, or restore its files.")
    return _unknown("statistics", "The two runs have no split in common.", "Write the same splits in each run.")


def _unknown(subject: str, sentence: str, remedy: str) -> Evidence:
    return Evidence(
        id=f"data:{subject}",
        corner="data",
        subject=subject,
        measure="statistics",
        sentence=f"{sentence} {remedy}".strip(),
        state="unknown",
        value_text="unknown",
    )


def _feature_facts(one: FeatureJudgement, labels: Mapping[str, str], words: Words) -> list[Evidence]:
    name, source = ".".join(one.path), Source(kind="feature", id=feature_id(one.path), text=".".join(one.path))
    facts = []
    if one.reason:
        sentence = f"{name}: {one.reason}."
        facts.append(
            Evidence(
                id=f"data:feature:{name}",
                corner="data",
                subject=name,
                measure="presence",
                sentence=sentence,
                state="watch",
                value_text=one.reason,
                source=source,
            )
        )
    if one.missing is not None and one.missing_discovered:
        facts.append(_missing_fact(name, one.missing, onset_text(one.onset_missing, labels, words), source, words))
    if one.change is not None and not one.is_clock:
        facts += _change_fact(name, one, one.change, onset_text(one.onset, labels, words), source, words)
    return facts


def fault_text(fault: Corruption, words: Words) -> str:
    """What happened to the values, in words: the start of a sentence about the feature."""
    share, operator = words.percent(fault.share), fault.operator
    factor = words.number(operator.factor) if operator.factor >= 1 else f"1/{words.number(1 / operator.factor)}"
    shift = f"{'plus' if operator.offset >= 0 else 'minus'} {words.number(abs(operator.offset), 5)}"
    texts = {
        "unit": f"all values look multiplied by {factor}",
        "partial unit": f"about {share} of the values look multiplied by {factor}",
        "affine": f"all values look like {words.number(operator.factor, 5)} times what they were {shift}, which is another scale",
        "saturated": f"values {'above' if operator.is_upper else 'below'} {operator.value} were set to it, {share} of all",
        "duplicates": f"about {share} of the rows repeat the key of another row",
        "label delay": f"{words.percent(fault.share, 1)} of the outcomes are not in yet: rates and costs speak of the others only",
        "stuck": f"the values stand still at {operator.value}",
        "default value": f"“{operator.value}” replaced about {share} of the values, whatever they were",
        "missing": f"{words.percent(fault.share, 1)} of the examples lost their value",
        "re-encoding": f"values are spelt otherwise ({', '.join(f'{a} → {b}' for a, b in operator.mapping[:3])})",
        "swapped": f"the values look like those of {'.'.join(operator.other)} before",
    }
    return texts[fault.kind]


def _fault_fact(fault: Corruption, words: Words) -> Evidence:
    name = ".".join(fault.path)
    sentence = f"{name}: {fault_text(fault, words)}."
    if not fault.snapped:
        sentence += " The factor is no known unit, so the quantity itself may have changed: compare with the business tables."
    interval = (
        f" (95 %: {words.percent(fault.low, 1)} to {words.percent(fault.high, 1)})"
        if fault.low is not None and fault.high is not None
        else ""
    )
    return Evidence(
        id=f"data:fault:{name}", corner="data", subject=name, measure="data fault" if fault.snapped else "possible data fault", sentence=sentence,
        state="violated" if fault.snapped else "watch", value=fault.share, value_text=f"{fault.kind}, {words.percent(fault.share)}{interval}",
        band="no such pattern", source=Source(kind="feature", id=feature_id(fault.path), text=name),
    )  # fmt: skip


def onset_text(onset: Onset | None, labels: Mapping[str, str], words: Words) -> str:
    """Since when, as a sentence; empty where the history does not date it."""
    if onset is None:
        return ""
    return (
        f" The {onset.what} came to its level in {words.day(labels.get(onset.first, onset.first))} ({interval_text(onset, labels, words)})."
    )


def _missing_fact(name: str, missing: ShareChange, since: str, source: Source, words: Words) -> Evidence:
    jump = missing.low > _MISSING_JUMP
    sentence = (
        f"Missing values of {name} went from {words.percent(missing.reference, 1)} to {words.percent(missing.current, 1)} of examples "
        f"({words.points(missing.difference)}, 95 %: {words.points(missing.low)} to {words.points(missing.high)}).{since}"
    )
    return Evidence(
        id=f"data:missing:{name}", corner="data", subject=name, measure="missing values", sentence=sentence, state="violated" if jump else "watch",
        value=missing.difference, value_text=words.points(missing.difference), band="no change of more than 1 percentage point", source=source,
    )  # fmt: skip


def _change_fact(name: str, one: FeatureJudgement, change: FeatureChange, since: str, source: Source, words: Words) -> list[Evidence]:
    if change.state == "too_few" or change.psi is None or change.psi_null is None or change.jensen_shannon is None:
        return []
    changed = is_changed(one)
    state: State = "violated" if changed and (change.w_low or 0) > 0.25 else "watch" if changed else "held"
    beyond_chance = change.p is not None and change.p < _CLEAR
    quiet = "moved no more than it usually does between runs" if one.usual and beyond_chance else "shows no change beyond chance"
    verb = "moved" if changed else quiet if not one.discovered else "moved a little"
    sentence = (
        f"The distribution of {name} {verb}: PSI {words.number(change.psi)} (chance alone stays below {words.number(change.psi_null)} in 95 of 100 cases), "
        f"Jensen-Shannon divergence {words.number(change.jensen_shannon)} bits (below {words.number(change.jensen_shannon_null or 0.0)})."
    )
    sentence += f"{value_text(change, words)}{since}" if changed else ""
    sentence += usual_text(one, words)
    if change.new_mass > 0.005:
        sentence += f" {words.percent(change.new_mass, 1)} of examples have a value that the reference has not."
    return [
        Evidence(
            id=f"data:change:{name}", corner="data", subject=name, measure="PSI", sentence=sentence, state=state, value=change.psi,
            value_text=f"PSI {words.number(change.psi)}", band=f"below {words.number(change.psi_null)} by chance", source=source,
        )
    ]  # fmt: skip


def value_text(change: FeatureChange, words: Words) -> str:
    """The one value that moved most beyond luck, as a sentence; empty where none did."""
    one = change.value
    if one is None or one.p > FALSE_DISCOVERY:
        return ""
    shares = [words.percent(share, 0 if share > 0.1 else 1 if share > 0.01 else 2) for share in (one.reference, one.current)]
    times = f"{words.number(one.ratio, 2)} times as often, 95 %: {words.number(one.low, 2)} to {words.number(one.high, 2)}"
    said = f"({times})" if one.reference > 0 and one.current > 0 else "(never before)" if one.current > 0 else "(never now)"
    return f" “{one.label}” went from {shares[0]} to {shares[1]} of the values {said}."


def usual_text(one: FeatureJudgement, words: Words) -> str:
    """Is it real, and is it unusual for this pipeline: both answers as a sentence; empty where the history is too short to tell."""
    if one.usual is None or one.change is None or one.change.p is None:
        return ""
    real, usual = p_text(one.change.p, words), p_text(one.usual.p, words)
    return f" As large a change comes by chance alone with probability {real}, and between runs of this pipeline with {usual} ({plural(one.usual.pairs, 'pair')} of runs)."


def p_text(p: float, words: Words) -> str:
    return "below 0.001" if p < 0.001 else words.number(p, 2)


def _tests_summary(judged: tuple[FeatureJudgement, ...], reference: Run, words: Words) -> Evidence:
    tested = [one for one in judged if one.change and one.change.p is not None and not one.is_clock]
    gaps = sum(one.missing_p is not None for one in judged)
    found, made = sum(one.discovered for one in tested), len(tested) + gaps
    also = f", and {sum(one.missing_discovered for one in judged)} of {gaps} in their missing share," if gaps else ""
    sentence = (
        f"{found} of {plural(len(tested), 'feature')}{also} changed against {words.day(reference.period.label)} "
        f"after control of false discoveries at {words.percent(FALSE_DISCOVERY)}; "
        f"without the control about {FALSE_DISCOVERY * made:.1f} of {made} tests would look changed by chance alone."
    )
    usual = [one for one in tested if one.usual is not None and not one.discovered and one.change and (one.change.p or 0.0) < _CLEAR]
    if usual:
        names = ", ".join(".".join(one.path) for one in usual)
        sentence += f" Beyond chance, but usual between runs of this pipeline: {names}."
    clocks = [".".join(one.path) for one in judged if one.is_clock]
    if clocks:
        sentence += f" Not tested, because they move with time: {', '.join(clocks)}."
    return Evidence(
        id="data:tests", corner="data", subject="all features", measure="tests", sentence=sentence, state="held", value=float(found),
        value_text=f"{found} of {len(tested)}",
    )  # fmt: skip


def _anomaly_facts(run: Run) -> list[Evidence]:
    """Schema anomalies, one fact per feature and message, splits together."""
    by_text: dict[tuple[FeaturePath, str, str], list[tuple[Anomalies, str]]] = {}
    facts = []
    for outcome in run.anomalies:
        if isinstance(outcome, Loaded) and not outcome.value.is_pair:
            for one in outcome.value.anomalies:
                text = one.short_description or one.description or ", ".join(r.type for r in one.reasons)
                by_text.setdefault((one.path, text, one.severity), []).append((outcome.value, one.description))
        elif isinstance(outcome, Damaged):
            facts.append(_unknown("anomalies", outcome.sentence, ""))
    for (path, text, level), found in by_text.items():
        name = ".".join(path) or "the whole data set"
        splits = ", ".join(dict.fromkeys(anomalies.split for anomalies, _ in found))
        detail = next((description for _, description in found if description), "")
        facts.append(
            Evidence(
                id=f"data:anomaly:{name}:{text}", corner="data", subject=name, measure="schema anomaly", value_text=text,
                sentence=f"{name}: {text.rstrip('.')} (schema anomaly in {splits}). {detail}".strip(), state="violated" if level == "ERROR" else "watch",
                source=Source(kind="feature", id=feature_id(path), text=name) if path else Source(kind="none"),
            )
        )  # fmt: skip
    return facts


def _drift_facts(run: Run, words: Words) -> list[Evidence]:
    """Drift and skew that TFDV measured above its own threshold, with its value and threshold (it knows no sample size)."""
    worst: dict[tuple[FeaturePath, str], tuple[float, float, str, str]] = {}
    for outcome in run.anomalies:
        if not isinstance(outcome, Loaded):
            continue
        for drift in outcome.value.drift:
            if drift.value is not None and drift.threshold is not None and drift.value > drift.threshold:
                known = worst.get((drift.path, drift.kind))
                if known is None or drift.value > known[0]:
                    worst[(drift.path, drift.kind)] = (
                        drift.value,
                        drift.threshold,
                        drift.measure.replace("_", " ").lower(),
                        outcome.value.split,
                    )
    return [
        Evidence(
            id=f"data:{kind}:{'.'.join(path)}", corner="data", subject=".".join(path), measure=f"TFDV {kind}", state="watch", value=value,
            value_text=f"{measure} {words.number(value)}", band=f"threshold {words.number(threshold)}",
            sentence=f"TFDV measured {kind} of {'.'.join(path)} in {split}: {measure} {words.number(value)} above its threshold {words.number(threshold)}.",
            source=Source(kind="feature", id=feature_id(path), text=".".join(path)),
        )
        for (path, kind), (value, threshold, measure, split) in sorted(worst.items())
    ]  # fmt: skip

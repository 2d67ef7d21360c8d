"""Does the model see in service what it was trained on? Training statistics against those of serving, with the tests of change (methods A3)."""

from __future__ import annotations

from scipy import stats

from model_insights.evidence.change import FeatureChange, feature_change, sized
from model_insights.evidence.fact import Evidence, Source, State
from model_insights.ids import feature_id
from model_insights.loaded import Loaded
from model_insights.run import Run
from model_insights.stats import DatasetStats, Statistics
from model_insights.wording import Words, plural

_SERVING = ("serving", "serve", "production", "live", "online")
_DISCOVERY = 0.03


def serving_split(run: Run) -> Statistics | None:
    """Statistics of what was served, by the name of their split; None where a pipeline makes none."""
    return next((one for one in _loaded(run) if one.split.lower() in _SERVING), None)


def _loaded(run: Run) -> list[Statistics]:
    return [one.value for one in run.statistics if isinstance(one, Loaded) and one.value.whole is not None]


def _training_split(run: Run) -> Statistics | None:
    """The largest split that was not served."""
    others = [one for one in _loaded(run) if one.split.lower() not in _SERVING]
    return max(others, key=lambda one: one.whole.num_examples if one.whole else 0, default=None)


def skews(training: DatasetStats, serving: DatasetStats) -> tuple[tuple[FeatureChange, ...], int]:
    """(features that differ beyond chance and by an effect that matters, how many were tested); features of one side only are left out."""
    served = {one.path: one for one in serving.features}
    found = [feature_change(one, served[one.path]) for one in training.features if one.path in served and one.type == served[one.path].type]
    tested = [one for one in found if one is not None and one.p is not None]
    if not tested:
        return (), 0
    adjusted = stats.false_discovery_control([one.p for one in tested if one.p is not None], method="bh")
    beyond = [sized(one) for one, p in zip(tested, adjusted, strict=True) if p <= _DISCOVERY]
    return tuple(one for one in beyond if one.state == "changed"), len(tested)


def gather(run: Run, words: Words) -> tuple[Evidence, ...]:
    """One fact for each feature that is another in service than in training; one held fact when none is; nothing without serving statistics."""
    serving, training = serving_split(run), _training_split(run)
    if serving is None or training is None or serving.whole is None or training.whole is None:
        return ()
    found, tested = skews(training.whole, serving.whole)
    if not tested:
        return ()
    if not found:
        sentence = f"None of {plural(tested, 'feature')} differs between split {training.split} and split {serving.split} beyond chance."
        return (_fact("none", "all features", sentence, "held", "no difference"),)
    return tuple(_skew_fact(one, training.split, serving.split, words) for one in found)


def _skew_fact(one: FeatureChange, training: str, serving: str, words: Words) -> Evidence:
    name = ".".join(one.path)
    low, high = words.number(one.w_low or 0.0, 2), words.number(one.w_high or 0.0, 2)
    sentence = (
        f"{name} is another in service than in training: split {serving} differs from split {training} by an effect size (Cohen's w) of "
        f"{words.number(one.w or 0.0, 2)} (95 %: {low} to {high}; below 0.1 would not matter)."
    )
    state: State = "violated" if (one.w_low or 0.0) > 0.25 else "watch"
    return _fact(
        name, name, sentence, state, f"w {words.number(one.w or 0.0, 2)}", Source(kind="feature", id=feature_id(one.path), text=name)
    )


def _fact(name: str, subject: str, sentence: str, state: State, text: str, source: Source | None = None) -> Evidence:
    return Evidence(
        id=f"data:skew-test:{name}", corner="data", subject=subject, measure="training/serving skew", sentence=sentence, state=state,
        value_text=text, band="no difference that matters", source=source or Source(kind="none"),
    )  # fmt: skip

"""Which model was serving when: push history from lineage, blessings and pushes; age and training spans of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from model_insights.evidence.fact import Evidence, Source
from model_insights.loaded import Loaded
from model_insights.noun import Noun
from model_insights.run import ModelVersion, Run
from model_insights.wording import Words, plural

Answer = Literal["yes", "no", "not known"]


class Service(Noun):
    """The model serving in one period.

    `made_in` is the run that trained it (None: lineage does not say); `age` counts the periods from that run to this one; `trained_on` are
    its training spans, oldest first; `blessed` and `pushed` are what became of it in the run that trained it."""

    run_id: str
    model: str  # number of the artifact, or its place where no store numbers it
    made_in: str | None = None
    age: int | None = None
    trained_on: tuple[str, ...] = ()
    blessed: Answer = "not known"
    pushed: Answer = "not known"
    is_new: bool = False  # another model than the period before


def services(runs: Sequence[Run]) -> tuple[Service, ...]:
    """One Service for each run whose serving model lineage knows, in the order of the runs."""
    order = {run.id: i for i, run in enumerate(runs)}
    found: list[Service] = []
    for i, run in enumerate(runs):
        if run.baseline is None:
            continue
        maker = next((one for one in runs if one.id == run.baseline.run_id), None)
        model = model_text(run.baseline)
        found.append(
            Service(
                run_id=run.id, model=model, made_in=maker.id if maker else None, age=i - order[maker.id] if maker else None,
                trained_on=run.baseline.data_spans, blessed=_blessed(maker), pushed=_pushed(maker), is_new=bool(found) and found[-1].model != model,
            )
        )  # fmt: skip
    return tuple(found)


def next_service(runs: Sequence[Run]) -> Service | None:
    """What serves after the last run: its candidate when it was pushed (blessed, where no push is recorded), else what serves now."""
    last = runs[-1] if runs else None
    if last is None or last.candidate is None:
        return None
    blessed, pushed = _blessed(last), _pushed(last)
    if pushed == "yes" or (pushed == "not known" and blessed == "yes"):
        return Service(
            run_id=last.id, model=model_text(last.candidate), made_in=last.id, age=1, trained_on=last.candidate.data_spans, blessed=blessed,
            pushed=pushed, is_new=True,
        )  # fmt: skip
    now = next((one for one in services(runs) if one.run_id == last.id), None)
    return None if now is None else msgspec.structs.replace(now, age=None if now.age is None else now.age + 1, is_new=False)


def gather(runs: Sequence[Run], run: Run, words: Words) -> tuple[Evidence, ...]:
    """Age and training spans of the serving model: `watch` when it is older than in any of at least three earlier periods.

    Nothing without an evaluation: an age alone must not make a model look judged."""
    known = services(runs[: next((i for i, one in enumerate(runs) if one.id == run.id), -1) + 1])
    now = known[-1] if known and known[-1].run_id == run.id else None
    if now is None or now.age is None or not isinstance(run.evaluation, Loaded):
        return ()
    ages = [one.age for one in known[:-1] if one.age is not None]
    is_old = len(ages) >= 3 and now.age > max(ages)
    label = next((words.day(one.period.label) for one in runs if one.id == now.made_in), "")
    usual = f"; until now it was at most {plural(max(ages), 'period')}" if is_old else ""
    spans = f" on {spans_text(now.trained_on)}" if now.trained_on else ""
    sentence = f"The serving model ({now.model}) was trained in {label}{spans}, {plural(now.age, 'period')} before it served here{usual}."
    return (
        Evidence(
            id="model:age", corner="model", subject="serving model", measure="age", sentence=sentence, state="watch" if is_old else "held",
            value=float(now.age), value_text=plural(now.age, "period"), band=f"at most {plural(max(ages), 'period')}" if ages else "",
            source=Source(kind="artifact", id="model", text="model"),
        ),
    )  # fmt: skip


def spans_text(spans: tuple[str, ...]) -> str:
    """`span 4`, `spans 1 to 4`."""
    return f"span {spans[0]}" if len(spans) == 1 else f"spans {spans[0]} to {spans[-1]}" if spans else "not recorded"


def model_text(version: ModelVersion) -> str:
    """`no. 175` for an artifact of a store, else the last two parts of its place."""
    if version.artifact is not None:
        return f"no. {version.artifact.id}"
    return "/".join(version.uri.rstrip("/").split("/")[-2:]) or "not recorded"


def _blessed(run: Run | None) -> Answer:
    if run is None or not isinstance(run.blessing, Loaded) or run.blessing.value.state == "not_validated":
        return "not known"
    return "yes" if run.blessing.value.state == "blessed" else "no"


def _pushed(run: Run | None) -> Answer:
    if run is None or not isinstance(run.push, Loaded):
        return "not known"
    return "yes" if run.push.value.pushed else "no"

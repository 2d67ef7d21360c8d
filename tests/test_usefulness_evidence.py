"""Which features carry the predictions and which could go, from what is stored; and the remedy where nothing is."""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
import pytest

from model_insights.evidence.usefulness import usefulness
from model_insights.metrics import AttributionKey, Attributions, Scalar
from model_insights.slices import OVERALL, SliceKey
from model_insights.stats import CustomStatistic, DatasetStats
from model_insights.view import Bars, Request, Section
from model_insights.workspace import Workspace
from tests.builders import a_dataset, numeric_stats
from tests.encoders import double_value, field, write_tfrecord


def with_information(**values: dict[str, float]) -> DatasetStats:
    features = []
    for name, numbers in values.items():
        custom = tuple(CustomStatistic(name=key, number=number) for key, number in numbers.items())
        features.append(msgspec.structs.replace(numeric_stats(range(100), name=name), custom=custom))
    return a_dataset(*features)


def attributed(
    name: str = "mean_absolute_attributions", model: str = "baseline", where: SliceKey = OVERALL, **values: float
) -> Attributions:
    key = AttributionKey(name=name, model_name=model)
    return Attributions(slice=where, key=key, values=tuple((feature, Scalar(value=value)) for feature, value in values.items()))


def test_information_about_the_label_ranks_the_features() -> None:
    found = usefulness(with_information(a={"adjusted_mutual_information": 0.1}, b={"adjusted_mutual_information": 0.4}, c={}), (), None)
    assert found is not None

    assert ("statistics", ["b", "a"], 1, 2, None) == (
        found.source,
        [f.name for f in found.features],
        found.rank("b"),
        found.rank("a"),
        found.rank("c"),
    )


def test_partitions_tell_the_error_and_luck_is_negligible() -> None:
    """tfdv's partitioned generator writes mean, standard deviation and number of partitions."""
    name = "sklearn_adjusted_mutual_information"
    strong = {f"mean_{name}": 0.4, f"std_dev_{name}": 0.02, f"num_partitions_{name}": 4.0}
    luck = {f"mean_{name}": 0.02, f"std_dev_{name}": 0.04, f"num_partitions_{name}": 4.0}
    found = usefulness(with_information(a=strong, b=luck), (), None)
    assert found is not None

    assert [0.01, 0.02] == [one.error for one in found.features]
    assert [False, True] == [found.is_negligible(one) for one in found.features]


def test_attributions_of_the_model_win_over_information_about_the_label() -> None:
    whole = with_information(a={"adjusted_mutual_information": 0.1})
    found = usefulness(whole, (attributed(a=0.2, b=0.6), attributed(model="candidate", a=9.0)), "baseline")
    assert found is not None

    assert ("attributions", [("b", 0.6), ("a", 0.2)]) == (found.source, [(f.name, f.value) for f in found.features])


def test_signed_attributions_count_by_size_and_slices_do_not_count() -> None:
    found = usefulness(
        None, (attributed("mean_attributions", a=-0.5, b=0.1), attributed(where=SliceKey(items=(("c", "x"),)), a=9.0)), "baseline"
    )
    assert found is not None

    assert [("a", 0.5), ("b", 0.1)] == [(f.name, f.value) for f in found.features]


def test_nothing_stored_is_no_answer() -> None:
    assert usefulness(with_information(a={"domain_info": 1.0}), (), "baseline") is None
    assert usefulness(None, (), None) is None


# --- on the page -----------------------------------------------------------------------------------------------------------------


def on_page(folder: Path, feature: str, state: Path) -> Section:
    workspace = Workspace.open(str(folder), state=str(state))
    workspace.scan()
    view = workspace.view(Request(view="feature", id=f'["{feature}"]'))
    return next(section for section in view.sections if section.id == "usefulness")


def test_the_page_says_that_nothing_is_stored_and_what_would_store_it(runs: Path, tmp_path: Path) -> None:
    section = on_page(runs / "taxi", "fare", tmp_path)

    assert "Whether this feature could go is not stored" == section.title
    assert "MutualInformation" in section.blocks[0].text  # type: ignore[union-attr]


@pytest.fixture
def explained(runs: Path, tmp_path: Path) -> Path:
    """The taxi runs with attributions in the last two evaluations, as TFMA writes them."""
    target = tmp_path / "taxi"
    shutil.copytree(runs / "taxi", target, ignore=shutil.ignore_patterns("BulkInferrer*", "Trainer"))
    folders = sorted((target / "pipeline/Evaluator/evaluation").iterdir(), key=lambda path: int(path.name))
    for folder, fare in zip(folders[-2:], (0.2, 0.3), strict=True):
        values = {"fare": fare, "payment_type": 0.6, "pickup_latitude": 0.0001}
        entries = b"".join(field(2, field(1, name) + field(2, double_value(value))) for name, value in values.items())
        key = field(1, "mean_absolute_attributions") + field(2, "baseline")
        write_tfrecord(folder / "attributions-00000-of-00001.tfrecord", [field(1, b"") + field(2, field(1, key) + entries)])
    return target


def test_the_page_ranks_the_feature_by_attributions_now_and_in_the_reference(explained: Path, tmp_path: Path) -> None:
    section = on_page(explained, "fare", tmp_path / "state")
    figure = next(block for block in section.blocks if isinstance(block, Bars))

    assert "fare is no. 2 of 3 features with 33\u00a0% of the mean absolute attributions" == section.title
    assert [("payment_type", 0.6, 0.6), ("fare", 0.3, 0.2), ("pickup_latitude", 0.0001, 0.0001)] == [
        (bar.label, bar.value.value, bar.reference.value if bar.reference else None) for bar in figure.bars
    ]


def test_the_page_says_that_a_feature_could_go(explained: Path, tmp_path: Path) -> None:
    assert on_page(explained, "pickup_latitude", tmp_path / "state").title.startswith("pickup_latitude could go")

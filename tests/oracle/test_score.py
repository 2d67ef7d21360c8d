"""The score command through real TensorFlow: a small SavedModel made here, and the models of the real runs."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_insights.artifacts.scores import ScoreFiles
from model_insights.pipeline.score import SavedModel, Unscored, main, spoiled
from model_insights.workspace import Workspace

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore")]
SHOES = Path(__file__).resolve().parent.parent / "config" / "shoes.toml"


def a_saved_model(folder: Path, *, outputs: int = 1) -> Path:
    """P = logistic(x), 0 where x is missing; serialized tf.Examples in."""
    import tensorflow as tf

    class Model(tf.Module):
        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
        def serve(self, examples: Any) -> Any:
            parsed = tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32, default_value=[0.0])})
            score = tf.sigmoid(parsed["x"])
            return {f"score_{i}": score for i in range(outputs)}

    model = Model()
    tf.saved_model.save(model, str(folder), signatures={"serving_default": model.serve})
    return folder


def an_example(x: float, n: int = 3) -> bytes:
    from tensorflow.core.example.example_pb2 import Example

    example = Example()
    example.features.feature["x"].float_list.value.append(x)
    example.features.feature["n"].int64_list.value.append(n)
    example.features.feature["place"].bytes_list.value.append(b"west")
    return bytes(example.SerializeToString())


def test_a_saved_model_says_what_its_formula_says(tmp_path: Path) -> None:
    asked = np.linspace(-3, 3, 2_500)
    scores = SavedModel(a_saved_model(tmp_path / "model")).scores([an_example(float(x)) for x in asked])

    np.testing.assert_allclose(1 / (1 + np.exp(-asked)), scores, rtol=1e-5)


def test_a_fault_is_put_into_the_examples_and_the_rest_stays() -> None:
    from tensorflow.core.example.example_pb2 import Example

    columns = {
        "x": np.array([0.0, np.nan]),
        "n": np.array([0.0, 300.0]),
        "place": np.array([None, "east"], object),
        "new": np.array([1.0, 1.0]),
    }
    made = Example.FromString(spoiled(an_example(1.5), columns, 1)).features.feature

    assert ([], [300], [b"east"]) == (
        list(made["x"].float_list.value),
        list(made["n"].int64_list.value),
        list(made["place"].bytes_list.value),
    )
    assert "new" not in made


def test_a_model_of_several_numbers_is_a_sentence(tmp_path: Path) -> None:
    model = SavedModel(a_saved_model(tmp_path / "model", outputs=2))

    with pytest.raises(Unscored, match="no single number per row; its outputs: score_0, score_1"):
        model.scores([an_example(0.0)])


def test_examples_the_model_cannot_parse_are_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unscored, match="does not understand the examples"):
        SavedModel(a_saved_model(tmp_path / "model")).scores([b"no example"])


def test_a_folder_without_a_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(Unscored, match="cannot be loaded"):
        SavedModel(tmp_path)


def fingerprint(folder: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        digest.update(f"{path} {path.stat().st_mtime_ns} {path.stat().st_size}".encode())
    return digest.hexdigest()


def test_the_scored_shoe_runs_tell_the_weeks_that_aggregates_cannot(runs: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """2024-07-08: an ordinary retrain gone bad. 2024-08-12: customers changed in the week in which the price feed was mended."""
    before = fingerprint(runs / "shoes")
    arguments = [str(runs / "shoes"), "--insights_config", str(SHOES), "--insights_state", str(tmp_path)]

    assert 0 == main(arguments)
    kept = {path.name: path.read_bytes() for path in ScoreFiles(tmp_path).folder.iterdir()}
    capsys.readouterr()
    assert 0 == main(arguments)
    assert "0 of 44 questions are not answered yet." in capsys.readouterr().err
    assert kept == {path.name: path.read_bytes() for path in ScoreFiles(tmp_path).folder.iterdir()}
    assert before == fingerprint(runs / "shoes")

    workspace = Workspace.open(str(runs / "shoes"), config=str(SHOES), state=str(tmp_path))
    workspace.scan()
    said = {one.period: one for one in workspace.records()}
    assert {"T3"} == {one.tier for one in said.values() if one.lines}
    assert ("model", "business", "data", "model") == tuple(
        said[day].corner for day in ("2024-07-08", "2024-08-12", "2024-07-29", "2024-09-09")
    )
    for one in said.values():
        assert sum(line.money.value for line in one.lines) == pytest.approx(one.change or 0.0, abs=1e-6)

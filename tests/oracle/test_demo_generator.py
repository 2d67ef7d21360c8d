"""The demo can be made anew: two weeks of it, through the real libraries, are those that are committed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examples.shoes.generate import main
from model_insights.artifacts.tfma import read_evaluation
from model_insights.loaded import Loaded
from model_insights.metrics import Evaluation

DEMO = Path(__file__).resolve().parent.parent.parent / "examples" / "shoes"
SAME_BYTES = ("runs/business", "runs/pipeline/StatisticsGen", "runs/pipeline/ImportSchemaGen", "runs/pipeline/BulkInferrer.serving")


def evaluation(folder: Path) -> Evaluation:
    outcome = read_evaluation(folder)
    assert isinstance(outcome, Loaded)
    return outcome.value


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore")
def test_two_weeks_made_anew_are_the_committed_ones(tmp_path: Path):
    assert 0 == main(["--out", str(tmp_path), "--weeks", "2"])
    for part in SAME_BYTES:
        for made in sorted((tmp_path / part).rglob("*.*")):
            if made.is_file():
                assert (DEMO / made.relative_to(tmp_path)).read_bytes() == made.read_bytes(), made.name

    assert (DEMO / "truth.json").read_bytes() == (tmp_path / "truth.json").read_bytes()
    for made in (tmp_path / "runs" / "pipeline" / "Evaluator" / "evaluation").iterdir():
        new, old = evaluation(made), evaluation(DEMO / made.relative_to(tmp_path))
        rows = [old.slice_index[where] for where in new.slices]  # TFMA writes slices in any order

        assert new.keys == tuple(old.keys[old.key_index[key]] for key in new.keys)
        np.testing.assert_allclose(new.scalars, old.scalars[rows][:, [old.key_index[key] for key in new.keys]], rtol=1e-9)

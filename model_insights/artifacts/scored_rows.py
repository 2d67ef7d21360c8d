"""Which rows a run's models judged in the pipeline, model by model."""

from __future__ import annotations

from model_insights.artifacts.row_sources import RowSource
from model_insights.run import Run


def predictions_by_model(run: Run) -> dict[str, RowSource]:
    """Predictions of the run by the id of the model artifact that made them, as lineage tells it; the first where it made several."""
    found: dict[str, RowSource] = {}
    for execution in (run.lineage.executions[i] for i in run.execution_ids if i in run.lineage.executions):
        models = [one for one in run.lineage.inputs(execution.id) if one.type == "Model"]
        for artifact in run.lineage.outputs(execution.id):
            if artifact.type == "InferenceResult" and artifact.path and len(models) == 1:
                source = RowSource(artifact=artifact, role="other", text=f"predictions of {execution.node}")
                found.setdefault(str(models[0].id), source)
    return found

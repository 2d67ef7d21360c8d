"""Reads PredictionLogs (BulkInferrer's `inference_result`) into a frame of the examples and what the model said of them.

Source: tensorflow_serving/apis/{prediction_log,predict,classification,regression,input}.proto; tfx/components/bulk_inferrer/executor.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import polars as pl
from google.protobuf.message import DecodeError

from model_insights.artifacts.example_columns import ExampleColumns, Kind, NoExample, OtherPayload, Values, series_of
from model_insights.artifacts.examples import Source, common_place, files_of, first_records, not_supported, nothing_in
from model_insights.artifacts.messages import declare
from model_insights.artifacts.tensors import STRING, TENSOR_MESSAGES, DamagedTensor, UnreadTensor, rows_of
from model_insights.artifacts.tfdv_files import damaged, text_of
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded

PREFIX = "prediction"
_MESSAGES = declare(
    "prediction_log",
    {
        **TENSOR_MESSAGES,
        "PredictionLog": """
            2 classify_log oneof:log_type ClassifyLog
            3 regress_log oneof:log_type RegressLog
            4 multi_inference_log oneof:log_type bytes
            5 session_run_log oneof:log_type bytes
            6 predict_log oneof:log_type PredictLog
            7 predict_streamed_log oneof:log_type bytes
        """,
        "PredictLog": "1 request PredictRequest; 2 response PredictResponse",
        "PredictRequest": "2 inputs map<string, TensorProto>",
        "PredictResponse": "1 outputs map<string, TensorProto>",
        "ClassifyLog": "1 request InputRequest; 2 response ClassificationResponse",
        "RegressLog": "1 request InputRequest; 2 response RegressionResponse",
        "InputRequest": "2 input Input",
        "Input": "1 example_list ExampleList; 2 example_list_with_context ExampleList",
        "ExampleList": "1 examples repeated bytes; 2 context bytes",
        "ClassificationResponse": "1 result ClassificationResult",
        "ClassificationResult": "1 classifications repeated Classifications",
        "Classifications": "1 classes repeated Class",
        "Class": "1 label bytes; 2 score float",
        "RegressionResponse": "1 result RegressionResult",
        "RegressionResult": "1 regressions repeated Regression",
        "Regression": "1 value float",
    },
)


Outputs = dict[str, tuple[Kind, list[Values]]]  # by output: its kind, and its values of each example of one log


def read_predictions(
    source: Source, *, columns: Sequence[str] | None = None, limit: int | None = None
) -> Loaded[pl.DataFrame] | Absent | Damaged:
    """One row per example, in file order. `source`: a file, its shards, or the folder of an InferenceResult artifact.

    The columns of the examples as `read_examples` gives them (`columns`, `limit` too), then what the model said: `prediction` when it
    has one output, else `prediction_<output>`; `prediction_classes` and `prediction_scores` for classifications. An output with more
    values than one is a list, flattened in row-major order. Strings, integers, booleans and floats; NaN and infinity are null."""
    files = files_of(source)
    if isinstance(files, (Absent, Damaged)):
        return files
    gathered = PredictionColumns(columns)
    for file, offset, payload in first_records(files, limit):
        if isinstance(payload, ArtifactUnreadable):
            return damaged(payload)
        try:
            gathered.add(payload)
        except (OtherPayload, UnreadTensor) as error:
            return not_supported(f"in the record at byte {offset} of {file.name}, {error}")
        except NoExample as error:
            return Damaged(path=str(file), what=f"in the record at byte {offset}, {error}", offset=offset)
    if not gathered.examples.rows:
        return nothing_in(files)
    try:
        return Loaded(value=gathered.frame(limit), path=str(common_place(files)))
    except NoExample as error:
        return Damaged(path=str(common_place(files)), what=str(error))


class PredictionColumns:
    """Collects PredictionLogs record by record, then gives a frame as `read_predictions` does."""

    def __init__(self, columns: Sequence[str] | None) -> None:
        self.examples = ExampleColumns(columns)
        self._outputs: dict[str, list[Values]] = {}
        self._kinds: dict[str, set[Kind]] = {}
        self._input = ""  # the request's input that held the examples so far

    @property
    def rows(self) -> int:
        return self.examples.rows

    def add(self, serialized: bytes) -> None:
        """Append the examples of one log. Raises NoExample (OtherPayload, UnreadTensor) when the bytes are something else."""
        log = _parsed(serialized)
        kind = log.WhichOneof("log_type")
        if kind == "predict_log":
            examples = self._examples_of(log.predict_log.request.inputs)
            outputs = _outputs_of(log.predict_log.response.outputs, len(examples))
        elif kind in ("classify_log", "regress_log"):
            examples = _examples_in(getattr(log, kind).request.input)
            results = getattr(log, kind).response.result
            outputs = _classified(results.classifications) if kind == "classify_log" else _regressed(results.regressions)
        else:
            raise OtherPayload(f"there is a {kind}")
        self._append(examples, outputs)

    def frame(self, limit: int | None = None) -> pl.DataFrame:
        """One row per example so far, at most `limit`. Raises NoExample when a value is damaged."""
        features = self.examples.series()
        rows = self.examples.rows
        said = {name: values + [()] * (rows - len(values)) for name, values in sorted(self._outputs.items())}
        names = column_names(tuple(said), set(features))
        outputs = [series_of(names[name], values, self._kinds.get(name, ())) for name, values in said.items()]
        return pl.DataFrame([*features.values(), *outputs]).head(rows if limit is None else limit)

    def _append(self, examples: Sequence[bytes], outputs: Outputs) -> None:
        for name, (kind, rows) in outputs.items():
            if len(rows) != len(examples):
                raise NoExample(f"{len(examples)} examples were asked and {len(rows)} answered")
            column = self._outputs.setdefault(name, [])
            column += [()] * (self.examples.rows - len(column))
            column += rows
            if any(rows):
                self._kinds.setdefault(name, set()).add(kind)
        for example in examples:
            self.examples.add(example)

    def _examples_of(self, inputs: Any) -> Sequence[bytes]:
        """The serialized tf.Examples of a request: the text input that holds them, whatever its name."""
        texts = {name: inputs[name].string_val for name in sorted(inputs) if inputs[name].dtype == STRING and inputs[name].string_val}
        if self._input not in texts:
            fitting = [name for name, values in texts.items() if _is_example(values[0])]
            if not fitting:
                raise OtherPayload(f"the request holds no serialized tf.Example (its inputs: {', '.join(sorted(inputs)) or 'none'})")
            self._input = max(fitting, key=lambda name: len(texts[name][0]))  # an empty text could be an example without features
        values: Sequence[bytes] = texts[self._input]
        return values


def _parsed(serialized: bytes) -> Any:
    try:
        log = _MESSAGES["PredictionLog"].FromString(serialized)
    except DecodeError as error:
        raise NoExample("it is no PredictionLog, or a truncated one") from error
    if log.WhichOneof("log_type") is None:
        raise NoExample("it is some other message, no PredictionLog")
    return log


def _is_example(serialized: bytes) -> bool:
    attempt = ExampleColumns()
    try:
        attempt.add(serialized)
        attempt.series()
    except NoExample:
        return False
    return True


def _examples_in(request: Any) -> Sequence[bytes]:
    """Features of the shared context belong to each example; of serialized messages laid end to end, the later value counts."""
    shared = request.example_list_with_context
    return [*request.example_list.examples, *(shared.context + example for example in shared.examples)]


def _outputs_of(outputs: Any, count: int) -> Outputs:
    found: Outputs = {}
    for name in outputs:
        try:
            found[name] = rows_of(outputs[name], count)
        except UnreadTensor as error:
            raise UnreadTensor(f"output {name} {error}") from error
        except DamagedTensor as error:
            raise NoExample(f"output {name} {error}") from error
    return found


def tensor_rows(serialized: bytes, count: int) -> tuple[Kind, list[Values]]:
    """`tensors.rows_of` of a serialized TensorProto. Raises NoExample, UnreadTensor, DamagedTensor."""
    try:
        return rows_of(_MESSAGES["TensorProto"].FromString(serialized), count)
    except DecodeError as error:
        raise NoExample("an output is no tensor, or a truncated one") from error


def _classified(classifications: Any) -> Outputs:
    labels = [tuple(text_of(one.label) for one in row.classes) for row in classifications]
    scores = [tuple(_finite(one.score) for one in row.classes) for row in classifications]
    return {"classes": ("text", labels), "scores": ("float", scores)}


def _regressed(regressions: Any) -> Outputs:
    return {"value": ("float", [(_finite(one.value),) for one in regressions])}


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def column_names(outputs: tuple[str, ...], taken: set[str]) -> dict[str, str]:
    """A name per output; a feature of that name keeps it."""
    wanted = {name: f"{PREFIX}_{name}" for name in outputs}
    if len(outputs) == 1:
        wanted = {outputs[0]: PREFIX}
    found: dict[str, str] = {}
    for output, name in wanted.items():
        while name in taken or name in found.values():
            name += "_"
        found[output] = name
    return found

"""The revival of What-If, on a stand-in for its package: message modules written the way an old protoc wrote them."""

from __future__ import annotations

import argparse
import ast
import json
import logging
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from google.protobuf import __version__ as protobuf_version
from google.protobuf import descriptor_pb2

from tb_plugin import what_if, what_if_predict

OLD_PROTOC = """
import sys
_b=sys.version_info[0]<3 and (lambda x:x) or (lambda x:x.encode('latin1'))
from google.protobuf import descriptor as _descriptor
from google.protobuf import symbol_database as _symbol_database
from google.protobuf import wrappers_pb2 as google_dot_protobuf_dot_wrappers__pb2
{imports}
DESCRIPTOR = _descriptor.FileDescriptor(
  name={name!r}, package='tensorflow.serving', syntax='proto3',
  serialized_pb=_b({text!r}), dependencies=[])
raise TypeError('Descriptors cannot be created directly')

def beta_create_stub(channel):
  return 'a stub for ' + channel
"""
USER = """
from google.protobuf import json_format
from tensorboard_plugin_wit._vendor.tensorflow_serving.apis import score_pb2

def infer():
    return json_format.MessageToJson(score_pb2.Score(), including_default_value_fields=True)
"""


def file_proto(name: str, *dependencies: str) -> descriptor_pb2.FileDescriptorProto:
    return descriptor_pb2.FileDescriptorProto(
        name=f"tensorflow_serving/apis/{name}.proto", package="tensorflow.serving", syntax="proto3", dependency=dependencies
    )


def model_proto() -> descriptor_pb2.FileDescriptorProto:
    file = file_proto("model", "google/protobuf/wrappers.proto")
    message = file.message_type.add(name="ModelSpec")
    message.field.add(name="name", number=1, type=9, label=1)
    message.field.add(name="version", number=2, type=11, label=1, type_name=".google.protobuf.Int64Value")
    return file


def score_proto() -> descriptor_pb2.FileDescriptorProto:
    file = file_proto("score", "tensorflow_serving/apis/model.proto")
    message = file.message_type.add(name="Score")
    message.field.add(name="value", number=1, type=2, label=1)
    message.field.add(name="model_spec", number=2, type=11, label=1, type_name=".tensorflow.serving.ModelSpec")
    entry = message.nested_type.add(name="LabelsEntry", options={"map_entry": True})
    entry.field.add(name="key", number=1, type=9, label=1)
    entry.field.add(name="value", number=2, type=11, label=1, type_name=".tensorflow.serving.ModelSpec")
    message.field.add(name="labels", number=3, type=11, label=3, type_name=".tensorflow.serving.Score.LabelsEntry")
    file.enum_type.add(name="Kind").value.add(name="UNKNOWN", number=0)
    service = file.service.add(name="Scoring")
    service.method.add(name="Score", input_type=".tensorflow.serving.ModelSpec", output_type=".tensorflow.serving.Score")
    return file


@pytest.fixture
def stand_in(tmp_path: Path) -> Path:
    """A folder for sys.path that holds a package of What-If's name and shape."""
    apis = tmp_path / "tensorboard_plugin_wit" / "_vendor" / "tensorflow_serving" / "apis"
    utils = tmp_path / "tensorboard_plugin_wit" / "_utils"
    for folder in (apis, utils):
        folder.mkdir(parents=True)
        for parent in (folder, *folder.parents):
            if parent.is_relative_to(tmp_path) and parent != tmp_path:
                (parent / "__init__.py").touch()
    imports = "from tensorboard_plugin_wit._vendor.tensorflow_serving.apis import model_pb2 as model__pb2"
    for file, needs in ((model_proto(), ""), (score_proto(), imports)):
        text = OLD_PROTOC.format(imports=needs, name=file.name, text=file.SerializeToString().decode("latin1"))
        (apis / f"{Path(file.name).stem}_pb2.py").write_text(text)
    (utils / "inference_utils.py").write_text(USER)
    (utils.parent / "wit_plugin.py").write_text("class WhatIfToolPlugin:\n    def is_active(self):\n        return False\n")
    return tmp_path


def run(stand_in: Path, code: str) -> str:
    """What the code prints in a process of its own, where the stand-in can be imported and `revive` is at hand."""
    start = f"import sys\nsys.path.insert(0, {str(stand_in)!r})\nfrom tb_plugin.what_if import revive\n"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", start + textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert not ran.returncode, ran.stderr
    return ran.stdout.strip()


APIS = "tensorboard_plugin_wit._vendor.tensorflow_serving.apis"


def test_without_being_asked_nothing_is_revived(stand_in):
    said = run(
        stand_in,
        f"""
        import tb_plugin.what_if, importlib
        try: importlib.import_module("{APIS}.score_pb2")
        except TypeError as error: print(error)
        """,
    )

    assert "Descriptors cannot be created directly" == said


def test_a_revived_module_has_its_messages_enums_and_functions(stand_in):
    said = run(
        stand_in,
        f"""
        revive(logdir="runs")
        from {APIS} import score_pb2 as s, model_pb2 as m
        score = s.Score(value=0.5, model_spec=m.ModelSpec(name="a"), labels={{"x": m.ModelSpec(name="b")}})
        back = s.Score.FromString(score.SerializeToString())
        print(back == score, back.labels["x"].name, s.Kind.Name(0), s.UNKNOWN, s.beta_create_stub("channel"))
        """,
    )

    assert "True b UNKNOWN 0 a stub for channel" == said


def test_the_wire_format_is_that_of_the_real_messages(stand_in):
    said = run(
        stand_in,
        f"""
        revive(logdir="runs")
        from {APIS} import model_pb2 as m
        print(m.ModelSpec(name="ab").SerializeToString().hex())
        """,
    )

    assert "0a026162" == said  # field 1, length 2


@pytest.mark.parametrize("ours_first", [True, False])
def test_a_real_tensorflow_serving_api_finds_its_names_free(stand_in, ours_first):
    other = model_proto()
    other.message_type[0].field.add(name="signature_name", number=3, type=9, label=1)  # another version of the same file
    lines = [f"from {APIS} import model_pb2 as m", f"real = pool.Default().AddSerializedFile({other.SerializeToString()!r})"]

    said = run(
        stand_in,
        "from google.protobuf import descriptor_pool as pool, wrappers_pb2\nrevive(logdir='runs')\n"
        + "\n".join(lines if ours_first else reversed(lines))
        + "\nprint(real.name, m.DESCRIPTOR.name)",
    )

    assert "tensorflow_serving/apis/model.proto insights_what_if/tensorflow_serving/apis/model.proto" == said


@pytest.mark.skipif(int(protobuf_version.partition(".")[0]) < 5, reason="before protobuf 5 the option has its old name")
def test_the_renamed_option_of_json_is_translated_for_what_if(stand_in):
    said = run(stand_in, "revive(logdir='runs')\nfrom tensorboard_plugin_wit._utils import inference_utils as i\nprint(i.infer())")

    assert {"value": 0.0, "labels": {}} == json.loads(said)


def test_the_option_of_json_keeps_its_meaning(stand_in):
    said = run(
        stand_in,
        """
        revive(logdir='runs')
        from tensorboard_plugin_wit._utils import inference_utils as i
        from google.protobuf import json_format
        print(i.infer()); print(i.json_format is json_format, i.json_format.Parse is json_format.Parse)
        """,
    )

    assert {"value": 0.0, "labels": {}} == json.loads(said.rpartition("\n")[0])
    assert "False True" == said.rpartition("\n")[2]


def test_the_revived_tab_stands_in_the_bar(stand_in):
    said = run(stand_in, "revive(logdir='a')\nfrom tensorboard_plugin_wit import wit_plugin as w\nprint(w.WhatIfToolPlugin().is_active())")

    assert "True" == said


def test_reviving_twice_steps_in_once(stand_in):
    said = run(
        stand_in,
        """
        revive(logdir="a"); revive(logdir="b")
        from tb_plugin import what_if
        print(sum(isinstance(finder, what_if.Reviver) for finder in sys.meta_path), what_if.logdir())
        """,
    )

    assert "1 b" == said


def test_a_module_without_a_descriptor_is_named():
    with pytest.raises(ImportError, match=r"^new_pb2 holds no message descriptor; this version of the What-If Tool is not known\.$"):
        what_if.descriptor_in(ast.parse("DESCRIPTOR = None"), "new_pb2")


def test_the_flag_is_off_unless_given_and_defined_once():
    parser = argparse.ArgumentParser()
    for _ in range(2):
        what_if.WhatIfRevival().define_flags(parser)

    assert (False, True) == tuple(parser.parse_args(given).insights_what_if for given in ([], ["--insights_what_if"]))


def test_without_the_flag_no_finder_is_added():
    before = list(sys.meta_path)
    what_if.WhatIfRevival().fix_flags(argparse.Namespace(insights_what_if=False, logdir="runs"))
    what_if.WhatIfRevival().fix_flags(argparse.Namespace())

    assert before == sys.meta_path


def test_a_fault_of_the_revival_never_ends_tensorboard(monkeypatch, caplog):
    monkeypatch.setattr(what_if, "_protobuf", lambda: 1 // 0)

    with caplog.at_level(logging.WARNING, logger="tensorboard"):
        what_if.WhatIfRevival().define_flags(None)
        what_if.WhatIfRevival().fix_flags(argparse.Namespace(insights_what_if=True, logdir="runs"))

    assert "Insights could not add its flag for What-If (AttributeError" in caplog.messages[0]
    assert "Insights could not revive What-If (ZeroDivisionError: integer division or modulo by zero)." == caplog.messages[1]


def test_the_revival_is_no_tab():
    assert what_if.WhatIfRevival().load(None) is None


# --- the demo's prediction function -------------------------------------------------------------------------------------------

ROW = {"product_line": "boots", "brand": "Corso", "region": "west", "device": "phone", "channel": "tv", "price": 80.0, "discount": 0.0}


def weights(constant: float) -> str:
    columns = ("product_line", "brand", "region", "device", "channel")
    return json.dumps({"vocabulary": {name: [] for name in columns}, "coefficients": [constant, 0.0, 0.0, 0.0, 0.0, 0.0]})


@pytest.fixture
def predicting(tmp_path, root, monkeypatch):
    """The prediction function beside a log directory with three models, two of which share a number."""
    for folder, constant in (("shoes/Trainer/model/12", 0.0), ("shoes/Trainer/model/7", 50.0), ("taxi/Trainer/model/7", -50.0)):
        place = tmp_path / folder / "Format-Serving"
        place.mkdir(parents=True)
        (place / "weights.json").write_text(weights(constant))
    monkeypatch.setattr(what_if_predict, "MODEL_CODE", root / "examples" / "shoes" / "model.py")
    monkeypatch.setattr(what_if, "_revived_for", str(tmp_path))
    what_if_predict._code.cache_clear()
    return lambda name, rows=(ROW,): what_if_predict.custom_predict_fn(list(rows), SimpleNamespace(model_name=name))


def test_a_model_is_picked_by_its_number_or_more_of_its_path(predicting):
    assert [[0.5, 0.5]] == predicting("12")
    assert [[0.0, 1.0]] == [[round(share, 9) for share in row] for row in predicting("shoes/Trainer/model/7")]


def test_every_example_gets_both_classes(predicting):
    assert [[0.5, 0.5]] * 3 == predicting("12", [ROW] * 3)


@pytest.mark.parametrize("name", ["13", "", "../../etc", "/", "shoes", "2"])
def test_a_name_that_no_model_has_is_answered_by_those_there_are(predicting, name):
    with pytest.raises(
        LookupError, match=r"^No model is called '.*' below the log directory\. There: shoes/Trainer/model/12, .*/model/7\.$"
    ):
        predicting(name)


def test_a_name_that_two_models_have_is_answered_by_both(predicting):
    with pytest.raises(LookupError, match=r"^Several models are called '7' .* There: shoes/Trainer/model/7, taxi/Trainer/model/7\.$"):
        predicting("7")


def test_without_a_log_directory_the_flag_is_named(monkeypatch):
    monkeypatch.setattr(what_if, "_revived_for", "")

    with pytest.raises(LookupError, match=r"--insights_what_if"):
        what_if_predict.custom_predict_fn([], SimpleNamespace(model_name="12"))


def test_outside_a_checkout_the_missing_model_code_is_named(predicting, monkeypatch, tmp_path):
    monkeypatch.setattr(what_if_predict, "MODEL_CODE", tmp_path / "nowhere.py")

    with pytest.raises(LookupError, match=r"it comes with a checkout only\.$"):
        predicting("12")

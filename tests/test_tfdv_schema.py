"""TFDV schemas: what a person wrote is read, whatever later releases add."""

from __future__ import annotations

from pathlib import Path

import pytest
from tfdv_encoders import dataset, number_feature, statistics

from model_insights.artifacts.tfdv_schema import read_schema
from model_insights.artifacts.tfdv_sniff import is_schema_file
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.stats import Comparator, Schema, SchemaFeature

TEXT = """
# curated by hand
feature {
  name: "company"
  type: BYTES
  domain: "companies"
  presence { min_fraction: 0.0 min_count: 1 }
  value_count { min: 0 max: 1 }
  distribution_constraints { min_domain_mass: 0.9 }
  skew_comparator { infinity_norm { threshold: 0.01 } }
  drift_comparator { jensen_shannon_divergence { threshold: 0.3 source { type: QUANTILES } } normalized_abs_difference { threshold: 0.2 } }
  not_in_environment: "SERVING"
  lifecycle_stage: ALPHA
}
feature { name: "fare" type: FLOAT float_domain { min: 0 max: inf disallow_nan: true } shape { dim { size: 2 } dim { size: 3 } } }
feature { name: "tip.share" type: INT int_domain { min: -1 max: 7 } deprecated: true in_environment: "TRAINING" }
feature { name: "rush" type: INT bool_domain {} }
feature { name: "paid" type: BYTES bool_domain { true_value: "yes" false_value: "no" } }
feature { name: "trip" type: STRUCT struct_domain { feature { name: "miles" type: FLOAT domain: "miles" } } }
string_domain { name: "companies" value: "Blue" value: "Caf\\303\\251" value: "</script>" }
float_domain { name: "miles" min: 0.5 }
default_environment: "TRAINING"
default_environment: "SERVING"
a_message_of_the_future { depth { of: 3 } names: ["a", "b"] }
"""


def write(file: Path, text: str | bytes) -> Path:
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def read(tmp_path: Path, text: str) -> Schema:
    outcome = read_schema(write(tmp_path / "schema.pbtxt", text))
    assert isinstance(outcome, Loaded), outcome.sentence
    return outcome.value


def refused(tmp_path: Path, data: str | bytes) -> Damaged:
    outcome = read_schema(write(tmp_path / "schema.pbtxt", data))
    assert isinstance(outcome, Damaged)
    return outcome


def test_a_feature_keeps_every_constraint(tmp_path: Path):
    expected = SchemaFeature(
        path=("company",),
        type="BYTES",
        min_fraction=0.0,
        min_count=1,
        value_count_min=0,
        value_count_max=1,
        domain=("Blue", "Café", "</script>"),
        min_domain_mass=0.9,
        drift=Comparator(jensen_shannon=0.3, normalized_abs_difference=0.2),
        skew=Comparator(infinity_norm=0.01),
        not_in_environment=("SERVING",),
        lifecycle_stage="ALPHA",
    )

    assert expected == read(tmp_path, TEXT).features[0]


def test_a_bound_of_infinity_is_no_bound_and_a_shape_is_a_count(tmp_path: Path):
    assert SchemaFeature(path=("fare",), type="FLOAT", low=0.0, value_count_min=6, value_count_max=6) == read(tmp_path, TEXT).features[1]


def test_a_deprecated_feature_has_that_stage_and_its_name_keeps_the_dot(tmp_path: Path):
    expected = SchemaFeature(path=("tip.share",), type="INT", low=-1, high=7, in_environment=("TRAINING",), lifecycle_stage="DEPRECATED")

    assert expected == read(tmp_path, TEXT).features[2]


def test_a_bool_domain_allows_its_two_values(tmp_path: Path):
    _, _, _, rush, paid, *_ = read(tmp_path, TEXT).features

    assert ((0.0, 1.0), ()) == ((rush.low, rush.high), rush.domain)
    assert ((None, None), ("yes", "no")) == ((paid.low, paid.high), paid.domain)


def test_a_struct_lists_its_features_by_path_and_shares_domains(tmp_path: Path):
    *_, trip, miles = read(tmp_path, TEXT).features

    assert (("trip",), ("trip", "miles")) == (trip.path, miles.path)
    assert 0.5 == miles.low


def test_the_text_and_the_environments_are_kept(tmp_path: Path):
    schema = read(tmp_path, TEXT)

    assert TEXT == schema.text
    assert ("TRAINING", "SERVING") == schema.default_environment


def test_an_enum_name_of_the_future_reads_as_unknown(tmp_path: Path):
    text = 'feature { name: "a" type: TENSOR lifecycle_stage: RETIRED }\nfeature { name: "TENSOR" type: INT }'
    first, second = read(tmp_path, text).features

    assert ("TYPE_UNKNOWN", "UNKNOWN_STAGE") == (first.type, first.lifecycle_stage)
    assert (("TENSOR",), "INT") == (second.path, second.type)


def test_a_domain_that_is_not_there_leaves_the_feature_without(tmp_path: Path):
    assert () == read(tmp_path, 'feature { name: "a" type: BYTES domain: "gone" }').features[0].domain


def test_a_folder_is_read_through_its_schema_file(tmp_path: Path):
    write(tmp_path / "schema.pbtxt", TEXT)

    assert isinstance(read_schema(tmp_path), Loaded)


def test_a_missing_schema_is_absent(tmp_path: Path):
    outcome = read_schema(tmp_path)

    assert isinstance(outcome, Absent)
    assert "schema.pbtxt is not there" == outcome.reason


DAMAGED = {
    "empty": (b"", "the file is empty (0 bytes)"),
    "blank": (b" \n", "the file holds only blanks"),
    "truncated": (TEXT[:300].encode(), "its text is no Schema"),
    "binary": (statistics(dataset(number_feature("fare"))), "it is binary, and a Schema is text"),
    "other text": (b"datasets { num_examples: 3 }", "it is text, but no Schema"),
    "json": (b'{"a": 1}', "its text is no Schema"),
}


@pytest.mark.parametrize(("data", "what"), DAMAGED.values(), ids=DAMAGED)
def test_damage_is_a_sentence(tmp_path: Path, data: bytes, what: str):
    outcome = refused(tmp_path, data)

    assert outcome.what.startswith(what)
    assert not outcome.what.endswith(".")


def test_the_parser_says_line_and_column_without_our_package_name(tmp_path: Path):
    what = refused(tmp_path, "feature {\n  name: 3\n}").what

    assert "(2:9 :" in what
    assert "insights." not in what


def test_schemas_are_known_by_content(tmp_path: Path):
    assert is_schema_file(write(tmp_path / "a", TEXT))
    assert is_schema_file(write(tmp_path / "b", 'default_environment: "x"'))
    assert not is_schema_file(write(tmp_path / "c", "features { feature {} }"))
    assert not is_schema_file(write(tmp_path / "d", statistics(dataset(number_feature("fare")))))
    assert not is_schema_file(write(tmp_path / "e", b""))


def test_real_schemas_are_read(runs: Path):
    outcome = read_schema(runs / "taxi" / "schema" / "schema.pbtxt")

    assert isinstance(outcome, Loaded)
    assert 19 == len(outcome.value.features)

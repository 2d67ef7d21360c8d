"""Reads a TFDV schema. Source of meaning: tensorflow_metadata/proto/v0/schema.proto."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from model_insights.artifacts.tfdv_files import Kind, StrPath, damaged, text_message, text_of
from model_insights.artifacts.tfdv_messages import SCHEMA
from model_insights.errors import ArtifactUnreadable
from model_insights.loaded import Absent, Damaged, Loaded
from model_insights.stats import Comparator, FeaturePath, Schema, SchemaFeature

FILE_NAME = "schema.pbtxt"
_REMEDY = "Write it again with SchemaGen, ImportSchemaGen or tfdv.write_schema_text, or restore the file."
_TYPES: tuple[Literal["TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT"], ...] = ("TYPE_UNKNOWN", "BYTES", "INT", "FLOAT", "STRUCT")
_KIND = Kind(SCHEMA["Schema"], "Schema", lambda message: not message.ListFields(), _REMEDY)

Named = Mapping[bytes, Any]  # a domain of the schema by its name


def read_schema(source: StrPath) -> Loaded[Schema] | Absent | Damaged:
    """A schema from its file, or from the folder that holds `schema.pbtxt`. Fields newer than our list are skipped; sparse and
    weighted features are not listed, the features they are made of are."""
    place = Path(source) / FILE_NAME if Path(source).is_dir() else Path(source)
    if not place.is_file():
        return Absent(what="schema", reason=f"{place.name} is not there", remedy="Add SchemaGen or ImportSchemaGen to the pipeline.")
    try:
        message, text = text_message(place, _KIND)
    except ArtifactUnreadable as error:
        return damaged(error)
    return Loaded(value=_schema(message, text), path=str(place))


def _schema(schema: Any, text: str) -> Schema:
    shared = (*schema.string_domain, *schema.float_domain, *schema.int_domain)
    named = {domain.name: domain for domain in shared}
    return Schema(
        features=tuple(one for feature in schema.feature for one in _features(feature, (), named)),
        default_environment=tuple(text_of(one) for one in schema.default_environment),
        text=text,
    )


def _features(feature: Any, parents: FeaturePath, named: Named) -> Iterator[SchemaFeature]:
    """The feature, then those inside it (a struct's)."""
    path = (*parents, text_of(feature.name))
    yield _feature(feature, path, named)
    for inner in feature.struct_domain.feature:
        yield from _features(inner, path, named)


def _feature(feature: Any, path: FeaturePath, named: Named) -> SchemaFeature:
    domain = _domain(feature, named)
    low, high = _bounds(feature, domain)
    least, most = _value_count(feature)
    return SchemaFeature(
        path=path,
        type=_TYPES[feature.type],
        min_fraction=_set(feature.presence, "min_fraction"),
        min_count=_set(feature.presence, "min_count"),
        value_count_min=least,
        value_count_max=most,
        domain=_strings(domain),
        low=low,
        high=high,
        min_domain_mass=_set(feature.distribution_constraints, "min_domain_mass"),
        drift=_comparator(feature, "drift_comparator"),
        skew=_comparator(feature, "skew_comparator"),
        in_environment=tuple(text_of(one) for one in feature.in_environment),
        not_in_environment=tuple(text_of(one) for one in feature.not_in_environment),
        lifecycle_stage=_stage(feature),
    )


def _domain(feature: Any, named: Named) -> Any:
    """The feature's own domain, or the one of the schema it names; None where it has none or names one that is not there."""
    kind = feature.WhichOneof("domain_info")
    if kind is None:
        return None
    return named.get(feature.domain) if kind == "domain" else getattr(feature, kind)


def _strings(domain: Any) -> tuple[str, ...]:
    names = domain.DESCRIPTOR.fields_by_name if domain is not None else {}
    if "value" in names:
        return tuple(text_of(one) for one in domain.value)
    if "true_value" in names:
        return tuple(text_of(one) for one in (domain.true_value, domain.false_value) if one)
    return ()


def _bounds(feature: Any, domain: Any) -> tuple[float | None, float | None]:
    """Bounds of a number; a bool domain on integers allows 0 and 1."""
    names = domain.DESCRIPTOR.fields_by_name if domain is not None else {}
    if "min" in names:
        return _set(domain, "min"), _set(domain, "max")
    if "true_value" in names and not _strings(domain):
        return 0.0, 1.0
    return None, None


def _value_count(feature: Any) -> tuple[int | None, int | None]:
    """Least and most values of one example. A fixed shape asks for exactly the product of its sizes."""
    if feature.WhichOneof("shape_type") == "shape":
        sizes = [dim.size for dim in feature.shape.dim if dim.HasField("size")]
        count = math.prod(sizes) if len(sizes) == len(feature.shape.dim) else None
        return count, count
    return _set(feature.value_count, "min"), _set(feature.value_count, "max")


def _comparator(feature: Any, name: str) -> Comparator | None:
    if not feature.HasField(name):
        return None
    comparator = getattr(feature, name)
    return Comparator(
        infinity_norm=_set(comparator.infinity_norm, "threshold"),
        jensen_shannon=_set(comparator.jensen_shannon_divergence, "threshold"),
        normalized_abs_difference=_set(comparator.normalized_abs_difference, "threshold"),
    )


def _stage(feature: Any) -> str:
    """Older schemas say `deprecated: true` for what is a stage of its own since."""
    if feature.HasField("lifecycle_stage"):
        number = feature.lifecycle_stage
        name: str = feature.DESCRIPTOR.fields_by_name["lifecycle_stage"].enum_type.values_by_number[number].name
        return name
    return "DEPRECATED" if feature.deprecated else ""


def _set(message: Any, field: str) -> Any:
    """The field's value when it was written and is finite, else None."""
    if not message.HasField(field):
        return None
    value = getattr(message, field)
    return value if math.isfinite(value) else None

"""Makes the What-If Tool 1.8 load beside protobuf 4 and later, when asked to by `--insights_what_if`; contains none of its code.

What-If carries message modules written by a protoc so old that today's protobuf refuses to run them. They also carry the descriptor of
their messages as bytes, and those are as good as ever: a finder steps in when one of these modules is imported, takes the bytes
out of its source, and has protobuf build the same classes from them. docs/decisions/0003-what-if.md tells why this and nothing else.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import logging
import sys
from collections.abc import Iterator, Sequence
from importlib.abc import InspectLoader, Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from tensorboard.plugins import base_plugin

logger = logging.getLogger("tensorboard")

PACKAGE = "tensorboard_plugin_wit"
VENDORED = f"{PACKAGE}._vendor.tensorflow_serving."
USES_JSON = f"{PACKAGE}._utils.inference_utils"
PLUGIN = f"{PACKAGE}.wit_plugin"
FOLDER, SCOPE = "insights_what_if/", "insights_what_if."  # the rebuilt messages' own names, beside those of a real TensorFlow Serving

_revived_for = ""


class WhatIfRevival(base_plugin.TBLoader):  # type: ignore[misc]
    """An entry point that is no tab: TensorBoard asks every loader to fix the flags before it loads any plugin, What-If's included."""

    def define_flags(self, parser: argparse.ArgumentParser) -> None:
        try:
            _define(parser)
        except Exception as fault:  # an exception here would end TensorBoard
            logger.warning("Insights could not add its flag for What-If (%s: %s).", type(fault).__name__, fault)

    def fix_flags(self, flags: argparse.Namespace) -> None:
        try:
            if getattr(flags, "insights_what_if", False):
                revive(logdir=getattr(flags, "logdir", "") or "")
        except Exception as fault:  # an exception here would end TensorBoard
            logger.warning("Insights could not revive What-If (%s: %s).", type(fault).__name__, fault)

    def load(self, context: base_plugin.TBContext) -> None:
        """There is nothing to load: What-If has its own entry point."""


def _define(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("insights what-if")
    try:
        group.add_argument(
            "--insights_what_if",
            action="store_true",
            help="Make the What-If Tool (extra what-if) load with protobuf 4 and later, by rebuilding its message classes.",
        )
    except argparse.ArgumentError:  # another loader of ours was here first
        parser._action_groups.remove(group)


def revive(*, logdir: str) -> None:
    """Step in from now on when What-If's message modules are imported. Does nothing under protobuf 3, which runs them as they are."""
    global _revived_for
    _revived_for = logdir
    if _protobuf() >= 4 and not any(isinstance(finder, Reviver) for finder in sys.meta_path):
        sys.meta_path.insert(0, Reviver())


def _protobuf() -> int:
    """Major version of the Python package."""
    from google.protobuf import __version__

    return int(__version__.partition(".")[0])


def logdir() -> str:
    """The log directory of the TensorBoard whose What-If was revived; "" when none was."""
    return _revived_for


class Reviver(MetaPathFinder):
    """Finds What-If's modules where they are, and has those that need it loaded our way."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        is_message = fullname.startswith(VENDORED) and fullname.endswith("_pb2")
        ours = MessageLoader if is_message else {USES_JSON: JsonLoader, PLUGIN: TabLoader}.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if ours else None
        if ours and spec is not None and isinstance(spec.loader, InspectLoader):
            spec.loader = ours(spec.loader)
        return spec


class Substitute(Loader):
    """Loads one module of What-If's in our way; knows how it would have been loaded."""

    def __init__(self, original: InspectLoader) -> None:
        self._original = original


class MessageLoader(Substitute):
    """Loads a generated message module without running its outdated part."""

    def exec_module(self, module: ModuleType) -> None:
        tree = ast.parse(self._original.get_source(module.__name__) or "")
        for name in _imports(tree):
            importlib.import_module(name)  # puts the files this one builds on into the pool
        described = renamed(descriptor_in(tree, module.__name__))
        build(described, module)
        functions = ast.Module([node for node in tree.body if isinstance(node, ast.FunctionDef)], [])  # the gRPC stub's factory
        exec(compile(functions, module.__spec__.origin or "" if module.__spec__ else "", "exec"), module.__dict__)


class TabLoader(Substitute):
    """Loads the tab, which calls itself inactive always, and puts it into the bar: who gave the flag looks for it there."""

    def exec_module(self, module: ModuleType) -> None:
        self._original.exec_module(module)
        module.WhatIfToolPlugin.is_active = lambda _: True


class JsonLoader(Substitute):
    """Loads the module that asks protobuf for JSON with an option that protobuf 5 renamed."""

    def exec_module(self, module: ModuleType) -> None:
        self._original.exec_module(module)
        module.json_format = JsonFormat(module.json_format)  # type: ignore[attr-defined]


class JsonFormat:
    """google.protobuf.json_format for one module, with `MessageToJson` as it was called before protobuf 5."""

    def __init__(self, real: ModuleType) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def MessageToJson(self, message: Any, including_default_value_fields: bool = False, **options: Any) -> str:
        option = "always_print_fields_with_no_presence" if _protobuf() >= 5 else "including_default_value_fields"
        return str(self._real.MessageToJson(message, **{option: including_default_value_fields}, **options))


def _imports(tree: ast.Module) -> Iterator[str]:
    """Full names of the message modules that a generated module imports at its top."""
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names if alias.name.endswith("_pb2"))


def descriptor_in(tree: ast.Module, name: str) -> bytes:
    """The serialised file descriptor that a generated module hands to protobuf. Raises `ImportError` when there is none."""
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "serialized_pb":
            literal = node.value.args[0] if isinstance(node.value, ast.Call) else node.value
            text = ast.literal_eval(literal)
            return text.encode("latin-1") if isinstance(text, str) else bytes(text)
    raise ImportError(f"{name} holds no message descriptor; this version of the What-If Tool is not known.", name=name)


def renamed(described: bytes) -> bytes:
    """The same file under a file name and package of our own, so that it never meets the file of an installed tensorflow-serving-api.

    The messages' wire format does not know its package, and gRPC addresses lie in the stub as texts.
    """
    from google.protobuf import descriptor_pb2

    file = descriptor_pb2.FileDescriptorProto.FromString(described)
    package = f".{file.package}."
    file.name, file.package = FOLDER + file.name, SCOPE + file.package
    file.dependency[:] = [FOLDER + name if name.startswith("tensorflow_serving/") else name for name in file.dependency]
    for field in (field for field in _fields(file.message_type) if field.type_name):
        field.type_name = _in_scope(field.type_name, package)
    for service in file.service:
        for method in service.method:
            method.input_type, method.output_type = _in_scope(method.input_type, package), _in_scope(method.output_type, package)
    return bytes(file.SerializeToString())


def _in_scope(name: str, package: str) -> str:
    return f".{SCOPE}{name[1:]}" if name.startswith(package) else name


def _fields(messages: Any) -> Iterator[Any]:
    for message in messages:
        yield from message.field
        yield from message.extension
        yield from _fields(message.nested_type)


def build(described: bytes, module: ModuleType) -> None:
    """Put into the module what protoc's output of today would put there."""
    from google.protobuf import descriptor_pool
    from google.protobuf.internal import builder

    module.DESCRIPTOR = descriptor_pool.Default().AddSerializedFile(described)  # type: ignore[attr-defined]
    builder.BuildMessageAndEnumDescriptors(module.DESCRIPTOR, module.__dict__)
    builder.BuildTopDescriptorsAndMessages(module.DESCRIPTOR, module.__name__, module.__dict__)

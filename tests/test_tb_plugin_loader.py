"""What TensorBoard meets first: the entry points. Nothing of ours may end it or slow it down."""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys

import pytest
from tab_fakes import a_context
from tensorboard.plugins import base_plugin

from tb_plugin import loader, plugin

LOADERS = (loader.TriangleLoader(), loader.CostLoader())


def a_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    for each in LOADERS:
        each.define_flags(parser)
    return parser


def test_the_flags_are_defined_once_although_both_loaders_define_them():
    options = a_parser().format_help().partition("\noptions:")[2]

    assert (1, 1, 1) == tuple(options.count(words) for words in ("--insights_config PATH", "--insights_state DIR", "\ninsights:\n"))


def test_flags_may_be_left_out():
    flags = a_parser().parse_args([])

    assert ("", "") == (flags.insights_config, flags.insights_state)


def test_both_tabs_share_one_backend(tmp_path):
    context = a_context(str(tmp_path))
    triangle, cost = (each.load(context) for each in LOADERS)

    assert triangle.backend is cost.backend
    assert ("insights_triangle", "business_cost") == (triangle.plugin_name, cost.plugin_name)


def test_another_tensorboard_has_another_backend(tmp_path):
    first, second = (loader.TriangleLoader().load(a_context(str(tmp_path))) for _ in range(2))

    assert first.backend is not second.backend


def test_the_tabs_are_called_by_their_names(tmp_path):
    context = a_context(str(tmp_path))

    assert ["Insights Triangle", "Business Cost"] == [each.load(context).frontend_metadata().tab_name for each in LOADERS]


def test_a_fault_of_ours_while_loading_costs_the_tab_and_one_sentence(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(plugin, "TABS", {})

    with caplog.at_level(logging.WARNING, logger="tensorboard"):
        loaded = loader.TriangleLoader().load(a_context(str(tmp_path)))

    assert loaded is None
    assert ["Insights could not load its tab 'insights_triangle' (KeyError: 'insights_triangle')."] == caplog.messages


def test_a_parser_that_refuses_us_costs_the_flags_and_one_sentence(caplog):
    with caplog.at_level(logging.WARNING, logger="tensorboard"):
        loader.TriangleLoader().define_flags(None)

    assert [
        "Insights could not add its flags (AttributeError: 'NoneType' object has no attribute 'add_argument_group')."
    ] == caplog.messages


def test_a_context_without_flags_is_no_reason_to_fail():
    context = base_plugin.TBContext(logdir=None, flags=None)

    assert not loader.CostLoader().load(context).is_active()


@pytest.mark.parametrize(
    ("logdir", "spec", "handed", "roots"),
    [
        ("runs", "", "runs", ("runs",)),
        ("runs,/x", "", "runs,/x", ("runs,/x",)),  # TensorBoard takes it as one path
        ("", "a:/x,b:/y", "a:/x,b:/y", ("/x", "/y")),
        ("", "/x, s3://bucket/y", "/x, s3://bucket/y", ("/x", "s3://bucket/y")),
        ("", "/odd:name", "/odd:name", ("/odd:name",)),
        ("", "", "", ()),
    ],
)
def test_logdir_and_logdir_spec_are_read_as_tensorboard_reads_them(logdir, spec, handed, roots):
    backend = loader.TriangleLoader().load(a_context(logdir, logdir_spec=spec)).backend

    assert (handed, roots) == (backend.source.logdir, backend.source.roots)


def test_the_entry_point_module_needs_nothing_but_the_standard_library_and_tensorboard():
    assert {"tb_plugin", "tb_plugin.loader"} == strange(newly_imported("import tensorboard.plugins.base_plugin", "import tb_plugin.loader"))


TENSORBOARD = "import tensorboard.backend.application, tensorboard.plugins.base_plugin as b"
LOAD = """
import tb_plugin.loader as l, tb_plugin.what_if as w, argparse
w.WhatIfRevival().fix_flags(argparse.Namespace(insights_what_if=False))
tabs = [each.load(b.TBContext(logdir={logdir!r})) for each in (l.TriangleLoader(), l.CostLoader())]
for tab in tabs: tab.get_plugin_apps(), tab.frontend_metadata()
"""


def test_tensorboards_start_imports_four_small_modules_of_ours_and_nothing_else(tmp_path):
    """The gate behind "TensorBoard's start must not notice us": no numpy, polars, protobuf, msgspec or model_insights."""
    names = strange(newly_imported(TENSORBOARD, LOAD.format(logdir=str(tmp_path))))

    assert {"tb_plugin", "tb_plugin.loader", "tb_plugin.plugin", "tb_plugin.what_if"} == names


def test_the_list_of_plugins_on_an_ordinary_directory_imports_nothing_but_ours(tmp_path):
    names = strange(newly_imported(TENSORBOARD, LOAD.format(logdir=str(tmp_path)) + "assert not any(tab.is_active() for tab in tabs)"))

    assert {"tb_plugin"} == {name.partition(".")[0] for name in names}


def strange(names: set[str]) -> set[str]:
    """Those that are not of the standard library."""
    return {name for name in names if name.partition(".")[0] not in sys.stdlib_module_names}


def newly_imported(before: str, after: str) -> set[str]:
    """Modules that the second piece of code adds to those of the first, in a process of its own."""
    code = f"import sys\n{before}\nknown = set(sys.modules)\n{after}\nimport json\nprint(json.dumps(sorted(set(sys.modules) - known)))"
    ran = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout.splitlines()[-1]))

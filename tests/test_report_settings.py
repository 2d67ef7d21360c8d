"""The part [report] of insights.toml, and tables asked whole for paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_insights.config import parse
from model_insights.errors import ConfigError
from model_insights.view import Cell, Column, Row, TableRequest
from model_insights.views.page import table
from model_insights.workspace import Workspace

START = '[insights]\ncurrency = "EUR"\n'


def test_the_report_settings_are_read():
    settings = parse(START + '[report]\ncompany = "Schuh & Co"\naccent = "#0A5c36"\npaper = "Letter"\nrecipients = ["Ada"]\n').report

    assert ("Schuh & Co", "#0A5c36", "Letter", ("Ada",)) == (settings.company, settings.accent, settings.paper, settings.recipients)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('accent = "blue"', "report.accent is 'blue'; give a colour as six hexadecimal digits"),
        ('accent = "#1d4f7c; } body { background: url(http://x)"', "six hexadecimal digits"),
        ('logo = "http://evil.example/logo.png"', "nothing is fetched"),
        ('logo = "/etc/passwd"', "relative to insights.toml"),
        ('paper = "A3"', "line 4: Invalid enum value 'A3'"),
        ('colour = "red"', "line 4: Object contains unknown field `colour`"),
    ],
)
def test_a_mistake_in_the_report_settings_is_a_sentence(line: str, said: str):
    with pytest.raises(ConfigError) as raised:
        parse(f"{START}[report]\n{line}\n")

    assert said in str(raised.value)


def test_a_workspace_tells_the_settings_of_a_pipeline(root: Path, tmp_path: Path):
    demo = root / "examples" / "shoes" / "runs"
    workspace = Workspace.open(str(demo), state=str(tmp_path))
    workspace.scan()
    settings = workspace.settings_of()

    assert settings.config is not None
    assert "EUR" == settings.config.insights.currency
    assert (settings.folders[0] / "insights.toml").is_file()


def test_a_table_can_be_asked_whole():
    rows = [Row(id=str(i), cells=(Cell(text=str(i)),)) for i in range(30)]
    whole = table("t", "", (Column(id="a", title="A"),), rows, TableRequest(size=1000), empty="")

    assert (30, 30, 1000) == (len(whole.rows), whole.total, whole.page_size)

"""insights.toml: every mistake is a sentence with the line."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_insights.config import parse
from model_insights.errors import ConfigError

START = '[insights]\ncurrency = "EUR"\n'


def test_the_files_of_the_real_runs_are_understood(root: Path) -> None:
    shoes = parse((root / "tests/config/shoes.toml").read_text())

    assert shoes.cost[0].unit == ("product_line",)
    assert shoes.severity is not None
    assert shoes.severity.emergency == 20_000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[insights]\ncurrency = 3\n", "line 2: Expected `str`, got `int`"),
        (START + "colour = 1\n", "line 3: Object contains unknown field `colour`"),
        (START + '[[cost]]\nname = "x"\nkind = "gamble"\n', "line 5: Invalid enum value 'gamble'"),
        ("insights = \n[x]", "line 1"),
        ('[insights]\ncurrency = "Euro"\n', "ISO 4217"),
        (START + '[[cost]]\nname = "x"\nkind = "inventory"\nover = 1\n', "needs `under`"),
        (START + '[[cost]]\nname = "x"\nkind = "classification"\n', "needs `threshold`"),
        (START + '[[cost]]\nname = "x"\nkind = "classification"\nthreshold = 0.5\ntables = ["t"]\n', "names table 't'"),
        (START + "[severity]\nlittle = 5\nbig = 3\nemergency = 9\n", "must rise"),
        (START + 'events = "calendar"\n', "insights.events"),
    ],
)
def test_a_mistake_is_a_sentence(text: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"insights\.toml") as error:
        parse(text)

    assert said in str(error.value)

"""The documentation of insights.toml: every key of every part, and examples that parse. And what is refused about tables and currencies."""

from __future__ import annotations

import re
import typing
from pathlib import Path

import msgspec
import pytest

from model_insights import config as parts
from model_insights.config import Config, parse
from model_insights.errors import ConfigError

TABLE = '[insights]\ncurrency = "EUR"\n[tables.prices]\n'


@pytest.fixture(scope="module")
def text(root: Path) -> str:
    return (root / "docs" / "insights_toml.md").read_text(encoding="utf-8")


def tables_of(struct: type[msgspec.Struct], path: str = "") -> dict[str, type[msgspec.Struct]]:
    """Heading -> struct of every part that `struct` reaches, written as TOML writes it: [insights], [tables.NAME], [[cost]]."""
    found: dict[str, type[msgspec.Struct]] = {}
    for field in msgspec.structs.fields(struct):
        for kind in (field.type, *typing.get_args(field.type)):
            if not (isinstance(kind, type) and issubclass(kind, msgspec.Struct)):
                continue
            container = typing.get_origin(field.type)
            inner = f"{path}{field.encode_name}" + (".NAME" if container is dict else "")
            found[f"[[{inner}]]" if container is tuple else f"[{inner}]"] = kind
            found.update(tables_of(kind, f"{inner}."))
    return found


def section(text: str, heading: str) -> str:
    """The part of the page below `## \\`heading\\``."""
    found = re.search(rf"^## `{re.escape(heading)}`\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found is not None, f"no section {heading}"
    return found[1]


HEADINGS = tables_of(Config)


def test_every_part_of_the_file_is_reached() -> None:
    known = {kind for kind in vars(parts).values() if isinstance(kind, type) and issubclass(kind, parts._Strict)}

    assert known - {parts._Strict, Config} == set(HEADINGS.values())


@pytest.mark.parametrize("heading", [*HEADINGS, "[[critical]]"])
def test_every_part_has_a_section(text: str, heading: str) -> None:
    assert section(text, heading).strip()


@pytest.mark.parametrize(
    ("heading", "key"), [(heading, field.encode_name) for heading, kind in HEADINGS.items() for field in msgspec.structs.fields(kind)]
)
def test_every_key_has_a_row_in_its_section(text: str, heading: str, key: str) -> None:
    assert re.search(rf"^\| `{key}` \| .+ \|", section(text, heading), re.MULTILINE)


@pytest.mark.parametrize("heading", list(HEADINGS))
def test_no_row_documents_a_key_that_is_none(text: str, heading: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section(text, heading), re.MULTILINE)

    assert set(rows) <= {field.encode_name for field in msgspec.structs.fields(HEADINGS[heading])}


def test_every_top_level_table_is_documented(text: str) -> None:
    for field in msgspec.structs.fields(Config):
        assert re.search(rf"^## `\[+{field.encode_name}\b", text, re.MULTILINE), field.name


def test_every_example_is_understood(text: str) -> None:
    examples = re.findall(r"^```toml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)

    assert ["EUR", "EUR", "USD", "EUR", "EUR", "EUR"] == [parse(example).insights.currency for example in examples]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "exactly one of `path`, `url` and `url_env`"),
        ('path = "a.csv"\nurl_env = "DB"\n', "exactly one of"),
        ('path = "a.csv"\nquery = "select 1"\n', "a `query` for a file"),
        ('url_env = "DB"\n', "without a `query`"),
        ('url_env = "DB"\nquery = "drop table t"\n', "a query that begins with DROP"),
        ('url_env = "DB"\nquery = "select 1; select 2"\n', "a query that holds 2 statements"),
        ('path = "a.csv"\nvalid_to = "until"\n', "`valid_to` without `valid_from`"),
        ('path = "a.csv"\ntimeout = 0\n', "timeout 0"),
        ('path = "a.csv"\nseparator = ", "\n', "give one character"),
        ('path = "a.csv"\ncurrency = "USD"\nmoney = ["cost"]\n', "two currencies are not added"),
        ('path = "a.csv"\ncurrency = "dollar"\n', "ISO 4217"),
        ('path = "a.csv"\ncurrency = "USD"\n[insights.rates]\nUSD = 0.9\n', "name its money columns"),
        ('path = "a.csv"\n[insights.rates]\nUSD = -1\n', "insights.rates.USD is -1"),
        ('path = "a.csv"\n[insights.rates]\ndollar = 1\n', "insights.rates.dollar"),
        ('pth = "a.csv"\n', "unknown field `pth`"),
    ],
)
def test_a_mistake_about_tables_or_currencies_is_a_sentence(lines: str, said: str) -> None:
    with pytest.raises(ConfigError, match=r"insights\.toml") as error:
        parse(TABLE + lines)

    assert said in str(error.value)


@pytest.mark.parametrize(
    "place",
    [
        'url = "postgresql://reader:geheim@db/shop"',
        'url = "postgresql://reader:ge/he@im@db/shop"',
        'url = "postgresql://db/shop?user=reader&password=geheim"',
        'path = "https://reader:geheim@shop.example/t.csv"',
        'path = "ftp://reader:geheim@shop.example/t.csv"',
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(place: str) -> None:
    with pytest.raises(ConfigError, match="password in its address") as error:
        parse(f'{TABLE}{place}\nquery = "select 1"\n')

    assert "geheim" not in str(error.value)
    assert "he@im" not in str(error.value)


@pytest.mark.parametrize(
    "place",
    [
        'url = "postgresql://reader@db:5432/shop"\nquery = "select 1"',
        'url = "sqlite:///C:/shop/a@b.db"\nquery = "select 1"',
        'path = "http://shop.example:8080/a@b.csv"',
        'path = "s3://shop/prices.parquet"',
        'path = "prices.csv"\ncurrency = "EUR"',
        'path = "prices.csv"\ncurrency = "USD"\nmoney = ["cost"]\n[insights.rates]\nUSD = 0.92',
    ],
)
def test_a_table_without_secrets_and_with_its_rate_is_taken(place: str) -> None:
    assert "prices" in parse(f"{TABLE}{place}\n").tables

"""Any period against any other: later ones backwards, and the statistics of one split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from benchmarks.verdict.pipelines import Change, past, present
from benchmarks.verdict.worlds import SHOES, law
from model_insights.errors import UnknownId
from model_insights.judgement import Case, ledger_between, series
from model_insights.ledger import check
from model_insights.loaded import Loaded
from model_insights.reading import PlotShelf, Settings
from model_insights.remembered import Remembered
from model_insights.view import Request, View
from model_insights.views.choices import splits_of
from model_insights.workspace import Book


@pytest.fixture(scope="module")
def case() -> Case:
    return present(past(SHOES, law(SHOES, 3), 1000, 4), Change(), with_lineage=True)


@pytest.fixture
def book(case: Case, tmp_path: Path) -> Book:
    return Book(case, Settings(config=case.config, folders=()), Remembered(tmp_path), plots=PlotShelf())


def page(book: Book, **parts: Any) -> View:
    return book.view(Request(**parts), (("p", "p"),))


def test_a_later_reference_is_the_account_read_backwards(case: Case) -> None:
    made = series(case)
    first, last = made.runs[1], made.runs[-1]
    forwards, backwards = ledger_between(made, first, last), ledger_between(made, last, first)
    assert not isinstance(forwards, str)
    assert not isinstance(backwards, str)

    check(backwards)
    assert (forwards.before, forwards.after) == (backwards.after, backwards.before)
    assert backwards.change == -forwards.change
    assert [-line.money.value for line in forwards.lines] == [line.money.value for line in backwards.lines]
    assert all(line.money.low <= line.money.value <= line.money.high for line in backwards.lines)
    assert (last.id, first.id) == (backwards.reference_id, backwards.run_id)


def test_a_run_against_itself_is_a_sentence(case: Case) -> None:
    made = series(case)

    assert "the reference is the run itself" == ledger_between(made, made.runs[1], made.runs[1])


def test_every_other_period_is_offered_and_can_be_chosen(book: Book) -> None:
    run = book.history.runs[2]
    offered = [choice for choice in page(book, run=run.id).selection.references if choice.id.startswith("run:")]
    others = [one for one in reversed(book.history.runs) if one.id != run.id]

    assert [f"run:{one.id}" for one in others] == [choice.id for choice in offered]
    assert [True] * len(offered) == [choice.text.endswith("(later)") == (choice.id > f"run:{run.id}") for choice in offered]
    for choice in offered:
        shown = page(book, run=run.id, reference=choice.id)
        assert choice.id == shown.selection.reference
        assert len({one.id for one in shown.selection.references}) == len(shown.selection.references)


def test_a_pinned_run_that_does_not_exist_is_a_sentence(book: Book) -> None:
    with pytest.raises(UnknownId, match="names no run of this pipeline"):
        page(book, reference="run:nowhere")


def test_splits_are_offered_where_both_periods_have_several_and_the_page_says_which(book: Book) -> None:
    run, reference = book.history.runs[-1], book.history.runs[-2]
    names = [one.value.split for one in run.statistics if isinstance(one, Loaded)]
    plain = page(book)
    assert tuple(names) == splits_of(run, reference)
    assert (names if len(names) > 1 else []) == [choice.id for choice in plain.selection.splits]

    for name in names:
        chosen = page(book, split=name)
        assert name == chosen.selection.split
        assert ("Statistics", f"split {name}") == (chosen.footer[-1].label, chosen.footer[-1].value)
        assert plain.headline is not None
        assert chosen.headline is not None
        assert plain.headline.money == chosen.headline.money


def test_a_split_that_there_is_not_is_the_usual_one(book: Book) -> None:
    assert page(book, split="holdout").sections == page(book).sections

"""Periods: what labels mean, how long they last, and in which order runs stand."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_insights.periods import PeriodHint, parse_period, periods_of

DAY_MS = 86_400_000


def a_hint(label: str = "", **fields: Any) -> PeriodHint:
    return PeriodHint(label=label, **{"source": "property" if label else "mlmd", **fields})


@pytest.mark.parametrize(
    ("label", "first", "last"),
    [
        ("2024-08-12", "2024-08-12", None),
        ("20240812", "2024-08-12", None),
        ("2024/08/12", "2024-08-12", None),
        ("2024-08-12T07:30:00Z", "2024-08-12", None),
        ("2013Q1", "2013-01-01", "2013-03-31"),
        ("2013-Q4", "2013-10-01", "2013-12-31"),
        ("Q2 2013", "2013-04-01", "2013-06-30"),
        ("2024H2", "2024-07-01", "2024-12-31"),
        ("2024-W33", "2024-08-12", "2024-08-18"),
        ("2020W53", "2020-12-28", "2021-01-03"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2024", "2024-01-01", "2024-12-31"),
        ("2024-06-03/2024-06-09", "2024-06-03", "2024-06-09"),
        ("2024-06 to 2024-08", "2024-06-01", "2024-08-31"),
    ],
)
def test_a_label_names_its_first_and_last_day(label: str, first: str, last: str | None) -> None:
    assert (dt.date.fromisoformat(first), dt.date.fromisoformat(last) if last else None) == parse_period(label)


@pytest.mark.parametrize(
    "label", ["", "span 4", "batch", "165", "2024-13", "2024-02-30", "2024-W60", "2024H3", "2024-06-09..2024-06-03", "1584391735"]
)
def test_what_names_no_period_is_not_taken_for_one(label: str) -> None:
    assert parse_period(label) is None


@given(st.dates(dt.date(1990, 1, 1), dt.date(2099, 12, 31)))
def test_every_day_lies_in_the_week_and_month_named_after_it(day: dt.date) -> None:
    year, week, _ = day.isocalendar()
    for label in (f"{year}-W{week:02d}", f"{day:%Y-%m}", f"{day.year}Q{(day.month + 2) // 3}", f"{day.year}"):
        found = parse_period(label)

        assert found is not None
        assert found[1] is not None
        assert found[0] <= day <= found[1]


def test_weekly_dates_last_until_the_next_and_the_last_as_long_as_the_others() -> None:
    found = periods_of([a_hint("2024-06-03"), a_hint("2024-06-10"), a_hint("2024-06-24"), a_hint("2024-07-01")])

    assert ["2024-06-09", "2024-06-16", "2024-06-30", "2024-07-07"] == [one.end for one in found]
    assert {7.0} == {one.days for one in found}


def test_the_first_days_of_months_last_a_month() -> None:
    found = periods_of([a_hint("2024-01-01"), a_hint("2024-02-01"), a_hint("2024-03-01"), a_hint("2024-04-01")])

    assert [31.0, 29.0, 31.0] == [one.days for one in found[:3]]


def test_dates_without_rhythm_have_no_end() -> None:
    found = periods_of([a_hint("2024-01-01"), a_hint("2024-01-03"), a_hint("2024-04-01"), a_hint("2024-11-01")])

    assert {("", None)} == {(one.end, one.days) for one in found}


def test_a_single_date_has_no_end() -> None:
    assert ("2024-01-01", "", None) == (lambda one: (one.start, one.end, one.days))(periods_of([a_hint("2024-01-01")])[0])


def test_a_calendar_gives_label_and_both_ends() -> None:
    (found,) = periods_of([a_hint("Easter", start="2024-03-25", end="2024-04-07", source="calendar", span=3)])

    assert ("Easter", "2024-03-25", "2024-04-07", 14.0, "calendar") == (found.label, found.start, found.end, found.days, found.source)


def test_a_calendar_whose_end_is_before_its_start_gives_no_end() -> None:
    (found,) = periods_of([a_hint("x", start="2024-03-25", end="2024-03-01", source="calendar")])

    assert ("2024-03-25", "") == (found.start, found.end)


def test_a_run_that_failed_takes_the_period_of_the_run_that_repeated_its_span() -> None:
    ghost, good, later = periods_of([a_hint(span=4, executed_ms=1), a_hint("2024-06-24", span=4), a_hint("2024-07-01", span=5)])

    assert (good.label, good.start, good.end, good.order) == (ghost.label, ghost.start, ghost.end, ghost.order)
    assert later.order > good.order


def test_without_labels_spans_name_and_order_the_runs() -> None:
    found = periods_of([a_hint(span=10, executed_ms=1), a_hint(span=9, executed_ms=2)])

    assert [("span 10", 10.0, "mlmd", ""), ("span 9", 9.0, "mlmd", "")] == [(one.label, one.order, one.source, one.start) for one in found]


def test_spans_that_count_days_are_dates() -> None:
    found = periods_of([a_hint(span=19_876, span_is_date=True), a_hint(span=19_883, span_is_date=True)])

    assert ["2024-06-02", "2024-06-09"] == [one.start for one in found]
    assert [7.0, 7.0] == [one.days for one in found]


def test_spans_that_do_not_tell_runs_apart_give_way_to_time() -> None:
    found = periods_of([a_hint(span=0, executed_ms=0), a_hint(span=0, executed_ms=DAY_MS)])

    assert ["1970-01-01", "1970-01-02"] == [one.label for one in found]
    assert [("mlmd", None)] * 2 == [(one.source, one.days) for one in found]


@pytest.mark.parametrize(
    ("apart", "labels"),
    [
        (120_000, ["1970-01-01 00:00", "1970-01-01 00:02"]),
        (1_000, ["1970-01-01 00:00:00", "1970-01-01 00:00:01"]),
    ],
)
def test_times_are_told_as_finely_as_telling_runs_apart_needs(apart: int, labels: list[str]) -> None:
    assert labels == [one.label for one in periods_of([a_hint(executed_ms=0), a_hint(executed_ms=apart)])]


def test_a_run_without_any_time_says_so() -> None:
    assert ("unknown time", "") == (lambda one: (one.label, one.start))(periods_of([a_hint()])[0])


def test_a_run_that_is_still_going_stands_after_the_span_before_it() -> None:
    first, second, going = periods_of([a_hint("2024-06-03", span=1), a_hint("2024-06-10", span=2), a_hint(span=3, executed_ms=9)])

    assert "span 3" == going.label
    assert first.order < second.order < going.order < second.order + 1


def test_a_run_without_span_stands_after_the_one_executed_before_it() -> None:
    """Back-fills run years within an hour, so the time itself would put it anywhere."""
    first, ghost, second = periods_of(
        [a_hint("2013Q1", executed_ms=DAY_MS), a_hint(executed_ms=DAY_MS + 1), a_hint("2013Q2", executed_ms=DAY_MS + 2)]
    )

    assert first.order < ghost.order < second.order


def test_labels_that_are_no_dates_are_ordered_by_time() -> None:
    found = periods_of([a_hint("blue", executed_ms=2 * DAY_MS), a_hint("red", executed_ms=DAY_MS)])

    assert [2.0, 1.0] == [one.order for one in found]


@given(
    st.lists(
        st.tuples(st.sampled_from(["", "2024-06-03", "2024Q2", "x"]), st.none() | st.integers(0, 50), st.none() | st.integers(0, 10**12)),
        max_size=8,
    )
)
def test_every_run_gets_a_period_whatever_is_known(rows: list[tuple[str, int | None, int | None]]) -> None:
    found = periods_of([a_hint(label, span=span, executed_ms=time) for label, span, time in rows])

    assert len(rows) == len(found)
    assert all(one.label for one in found)

"""A query may only read, an expression may only compute: told from the words alone, on the safe side."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_insights.sql_text import expression_fault, query_fault


@pytest.mark.parametrize(
    "query",
    [
        "select * from prices",
        "SELECT 1;",
        "-- all of it\nselect a, 'drop; table' as b from t; -- done",
        "/* prices */ WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "(select 1) union (select 2)",
        "select \"update\", `delete` from t where name like 'a%' and x = 'it''s # $$ -- fine'",
        "select replace(a, 'x', 'y'), t::date, 1 - -1 from created_orders",
    ],
)
def test_a_query_that_reads_is_taken(query: str) -> None:
    assert query_fault(query) == ""


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "is empty"),
        (";;", "is empty"),
        ("delete from t", "begins with DELETE"),
        ("'select'", "begins with a quoted text"),
        ("(1)", "begins with no word"),
        ("select 1; drop table t", "2 statements"),
        ("select 1 -- '\n; drop table t -- '", "2 statements"),
        ("with x as (delete from t returning *) select * from x", "holds DELETE"),
        ("select * into copy from t", "holds INTO"),
        ("select 1 into outfile '/tmp/x'", "holds INTO"),
        ("select * from t for update", "holds UPDATE"),
        ("select 1 /*! into outfile '/tmp/x' */", "MySQL would run"),
        ("select 1 /*M! into outfile '/tmp/x' */", "MySQL would run"),
        ("select 5--1 into outfile '/tmp/x'", "without a space"),
        ("select /* /* */ ' */ 1; drop table t -- '", "comment within a comment"),
        ("select 1 # '\n into outfile 'x'", "#, which MySQL"),
        ("select 1 as $a$ into outfile '/x' -- $a$", "dollar signs"),
        ("select 'a\\'; drop table t; -- '", "backslash"),
        ("select 'open", "not closed"),
        ("attach 'other.db' as o", "begins with ATTACH"),
    ],
)
def test_a_query_that_may_do_more_is_refused_with_the_reason(query: str, said: str) -> None:
    assert said in query_fault(query)


@given(st.lists(st.sampled_from(["'a''b'", '"x;"', "`y`", "/* ' */", "-- '\n", "+ 1", "(", ")", ";", "'/*'", "'--'"])))
def test_nothing_that_is_closed_hides_a_second_statement(parts: list[str]) -> None:
    assert query_fault(f"select 1 {' '.join(parts)}; drop table t") != ""


@pytest.mark.parametrize("text", ["price * 2", "'select'", "CASE WHEN a > 1 THEN 2 ELSE 3 END", "selected + 1"])
def test_an_expression_over_columns_is_taken(text: str) -> None:
    assert expression_fault(text) == ""


@pytest.mark.parametrize("text", ["(SELECT * FROM read_csv('/etc/passwd'))", "a IN (select 1)", "WITH x AS (SELECT 1) x"])
def test_an_expression_with_a_query_inside_is_refused(text: str) -> None:
    assert "query of its own" in expression_fault(text)


def test_a_semicolon_ends_no_expression_and_is_refused_outside_of_texts() -> None:
    assert expression_fault("1; drop table t") == "holds a semicolon"
    assert expression_fault("CASE WHEN note = ';' THEN 1 END") == ""

"""Combinations of feature values: what is covered, thin, new and lost, and what the rows there cost."""

from __future__ import annotations

import numpy as np
import pytest

from model_insights.evidence.combinations import Combination, Compared, Coverage, Item, coverage, support_curve
from model_insights.evidence.findings import items_text
from model_insights.evidence.rows import Level, NumberColumn, RowTable, TextColumn, coded, levels_of
from model_insights.wording import Words


def text(name: str, values: list[str | None]) -> TextColumn:
    labels = tuple(dict.fromkeys(one for one in values if one is not None))
    return TextColumn(name=name, codes=np.array([-1 if one is None else labels.index(one) for one in values], np.int32), labels=labels)


def number(name: str, values: list[float]) -> NumberColumn:
    return NumberColumn(name=name, values=np.array(values, float))


def a_table(rows: int, seed: int, *, without: tuple[str, str] | None = None, loss: float | None = None) -> RowTable:
    """Line (a, b, c), channel (x, y, z) and a price, independent; rows of `without` take another channel."""
    rng = np.random.default_rng(seed)
    line, channel = rng.choice(["a", "b", "c"], rows).tolist(), rng.choice(["x", "y", "z"], rows).tolist()
    if without:
        channel = [("y" if (one, other) == without else other) for one, other in zip(line, channel, strict=True)]
    columns = (text("channel", channel), text("line", line), number("price", rng.lognormal(3, 1, rows).tolist()))
    return RowTable(columns=columns, rows=rows, loss=None if loss is None else np.full(rows, loss))


def covered(now: RowTable, base: RowTable, before: RowTable | None = None, **options) -> Coverage:
    found = coverage(Compared(now=now, base=(base,), before=before, base_share=options.pop("base_share", 1.0)), **options)
    assert isinstance(found, Coverage), found
    return found


def words(one: Combination) -> dict[str, str | float]:
    return {item.feature: item.level.value for item in one.items}


def test_numbers_are_cut_at_the_quantiles_of_the_base():
    column = number("price", [float(i) for i in range(100)])
    levels = levels_of([column], bins=4)
    edges = [one.low for one in levels.known]

    assert edges == [None, 24.75, 49.5, 74.25]
    assert np.bincount(coded(levels, column, 100)).tolist() == [0, 25, 25, 25, 25]


def test_what_the_base_never_had_is_new_and_what_is_not_there_is_missing():
    levels = levels_of([text("device", ["phone", "desk"])], bins=10)
    prices = levels_of([number("price", [float(i) for i in range(100)])], bins=10)
    found = coded(levels, text("device", ["desk", None, "watch"]), 3)

    assert [levels.level(int(code)) for code in found] == [Level(kind="value", value="desk"), Level(kind="missing"), Level(kind="new")]
    assert prices.level(int(coded(prices, number("price", [9_900.0]), 1)[0])).kind == "new"
    assert coded(levels, None, 2).tolist() == [0, 0]


def test_rare_texts_of_the_base_are_one_level_and_no_news():
    column = text("city", [f"c{i:02d}" for i in range(40) for _ in range(40 - i)])
    levels = levels_of([column], bins=10)
    found = coded(levels, text("city", ["c00", "c39", "c40"]), 3)

    assert [levels.level(int(code)).kind for code in found] == ["value", "other", "new"]


def test_a_combination_that_appears_is_new_and_only_it():
    before = a_table(4_000, 1, without=("a", "x"))
    found = covered(a_table(4_000, 2), before, before)

    assert [words(one) for one in found.new] == [{"channel": "x", "line": "a"}]
    assert found.lost == ()
    assert found.new[0].share == pytest.approx(1 / 9, abs=0.02)
    assert found.new[0].low < found.new[0].share < found.new[0].high
    assert (found.new[0].before, found.new[0].trained) == (0, 0.0)


def test_a_combination_that_vanishes_is_lost():
    before = a_table(4_000, 1)
    found = covered(a_table(4_000, 2, without=("c", "z")), before, before)

    assert [words(one) for one in found.lost] == [{"channel": "z", "line": "c"}]
    assert found.new == ()


def test_a_new_value_is_told_once_and_not_with_every_partner():
    before, now = a_table(4_000, 1), a_table(4_000, 2)
    line = ["d" if i % 10 == 0 else "b" for i in range(4_000)]
    now = RowTable(columns=(now.columns[0], text("line", line), now.columns[2]), rows=4_000)
    new = covered(now, before, before).new

    assert [words(one) for one in new] == [{"line": "d"}]


def test_equal_worlds_have_no_new_and_no_lost_combination():
    found = [covered(a_table(3_000, seed), a_table(3_000, 100 + seed), a_table(3_000, 200 + seed)) for seed in range(10)]

    assert [(one.new, one.lost) for one in found] == [((), ())] * 10


def test_thin_mass_without_change_is_that_of_the_base_itself():
    """About twenty rows a combination and a support of twenty: half of the rows are thin, now as then."""
    found = [covered(two_cities(3_000, seed), two_cities(3_000, 50 + seed)).thin for seed in range(10)]
    differences = [one.change.difference for one in found]

    assert all(0.25 < one.share < 0.75 for one in found)
    assert np.mean(differences) == pytest.approx(0.0, abs=0.02)


def two_cities(rows: int, seed: int) -> RowTable:
    """Two columns of twelve values each, independent."""
    rng = np.random.default_rng(seed)
    columns = tuple(text(name, [f"c{i}" for i in rng.integers(0, 12, rows)]) for name in ("start", "end"))
    return RowTable(columns=columns, rows=rows)


def test_thin_mass_is_the_share_of_rows_in_combinations_below_the_support():
    base = a_table(4_000, 1, without=("a", "x"))
    now = a_table(4_000, 2, loss=2.0)
    found = covered(now, base, support=20)
    expected = sum(line == 0 and channel == 0 for line, channel in zip(_at(now, "line", "a"), _at(now, "channel", "x"), strict=True))

    assert found.thin.rows == expected
    assert found.thin.usual == 0
    assert found.thin.money is not None
    assert found.thin.money.value == pytest.approx(2.0 * expected)


def _at(table: RowTable, name: str, value: str) -> list[int]:
    column = next(one for one in table.columns if one.name == name)
    assert isinstance(column, TextColumn)
    return [0 if column.labels[code] == value else 1 for code in column.codes]


def test_a_sample_stands_for_all_it_was_drawn_from():
    """Thirty rows a combination of a tenth of the training are about 300 training examples."""
    whole, tenth = (covered(a_table(900, 1), a_table(900, 2), support=150, base_share=share) for share in (1.0, 0.1))

    assert whole.thin.share == 1.0
    assert tenth.thin.share < 0.2


def test_what_to_collect_names_the_combination_and_how_many_examples():
    found = covered(a_table(4_000, 2), a_table(4_000, 1, without=("a", "x")), support=20)

    assert {item.feature: item.level.value for item in found.wants[0].items} == {"channel": "x", "line": "a"}
    assert (found.wants[0].trained, found.wants[0].lacking) == (0.0, 20)
    assert found.wants[0].share == pytest.approx(1 / 9, abs=0.02)


def test_each_row_is_wanted_once():
    rng = np.random.default_rng(3)
    now, base = a_table(2_000, 2), a_table(2_000, 1)
    columns = (*now.columns, number("age", rng.normal(size=2_000).tolist()))
    found = covered(RowTable(columns=columns, rows=2_000), RowTable(columns=(*base.columns, columns[-1]), rows=2_000), support=225)

    assert 0 < sum(one.rows for one in found.wants) <= found.thin.rows


def test_loss_that_falls_with_support_is_an_association_with_a_price():
    rng = np.random.default_rng(1)
    support = 10 ** rng.uniform(0, 3, 5_000)
    loss = np.where(support < 30, 3.0, 1.0) + rng.normal(0, 0.5, 5_000)
    curve = support_curve(support, loss)

    assert curve is not None
    assert curve.is_beyond_chance
    assert 20 < curve.enough < 60
    assert curve.plateau == pytest.approx(1.0, abs=0.05)
    assert curve.cost.low < 2.0 * (support < 30).sum() < curve.cost.high


def test_loss_that_does_not_depend_on_support_has_no_price():
    rng = np.random.default_rng(2)
    curves = [support_curve(10 ** rng.uniform(0, 3, 2_000), rng.exponential(1.0, 2_000)) for _ in range(20)]

    assert sum(curve is not None and curve.is_beyond_chance for curve in curves) <= 3


def test_three_ways_find_what_no_pair_shows():
    """Each pair occurs; the three together never did before."""
    rng = np.random.default_rng(4)
    flags = rng.integers(0, 2, (6_000, 3))
    odd = flags[flags.sum(axis=1) % 2 == 1]
    base = RowTable(columns=tuple(text(f"f{i}", [str(v) for v in odd[:, i]]) for i in range(3)), rows=len(odd))
    now = RowTable(columns=tuple(text(f"f{i}", [str(v) for v in flags[:, i]]) for i in range(3)), rows=6_000)

    assert covered(now, base, base, ways=2).new == ()
    assert len(covered(now, base, base, ways=3).new) == 4


def test_few_rows_say_nothing():
    found = coverage(Compared(now=a_table(50, 1), base=(a_table(4_000, 2),)))

    assert found == "50 rows now and 4,000 to compare with; 200 are needed on both sides"


def test_columns_that_are_no_features_are_named_with_their_reason():
    now, base = a_table(400, 1), a_table(400, 2)
    mixed = RowTable(
        columns=(*base.columns[:2], text("price", ["a"] * 400)), rows=400, left_out=(("order_id", "nearly every value is its own"),)
    )
    found = covered(now, mixed)

    assert found.left_out == (("order_id", "nearly every value is its own"), ("price", "it is text in one period and a number in another"))


def test_bins_are_told_with_the_digits_in_which_they_differ():
    near, far = (Item(feature="lat", level=Level(kind="bin", low=low, high=high)) for low, high in ((41.8812, 41.9021), (51.4, 60.2)))

    assert [items_text((one,), Words()) for one in (near, far)] == ["lat 41.88 to 41.90", "lat 51.4 to 60.2"]

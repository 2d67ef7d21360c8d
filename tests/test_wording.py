"""A number becomes text once, rightly rounded and signed."""

from __future__ import annotations

from model_insights.cost.account import Money
from model_insights.wording import Words, money_value, ticks

ENGLISH, GERMAN = Words(currency="EUR"), Words(locale="de", currency="EUR")


def test_money_carries_its_currency_and_its_sign() -> None:
    assert ["EUR\u00a04,810", "−EUR\u00a0121", "+EUR\u00a03.46", "EUR\u00a00"] == [
        ENGLISH.money(4810.4), ENGLISH.change(-120.7), ENGLISH.change(3.456), ENGLISH.money(0.0),
    ]  # fmt: skip


def test_the_locale_writes_the_numbers() -> None:
    assert ("EUR\u00a04.810", "0,0632") == (GERMAN.money(4810.4), GERMAN.number(0.0632))


def test_small_and_large_numbers_keep_three_figures() -> None:
    assert ["0.0632", "0.650", "12.3", "1,234", "0.00001"] == [ENGLISH.number(v) for v in (0.0632, 0.65, 12.34, 1234.4, 0.0000123)]


def test_nothing_is_ever_minus_zero() -> None:
    assert ("0\u00a0%", "0") == (ENGLISH.percent(-0.001), ENGLISH.number(-0.0))


def test_unknown_money_is_said() -> None:
    assert money_value(ENGLISH, None).text == "not known"


def test_an_amount_stands_with_its_interval() -> None:
    value = money_value(ENGLISH, Money(value=100.0, low=-5.0, high=205.0))

    assert value.interval_text == "95\u00a0%: −EUR\u00a05.00 to EUR\u00a0205"


def test_ticks_are_round_and_inside() -> None:
    assert [(0.0, "0"), (2000.0, "2,000"), (4000.0, "4,000"), (6000.0, "6,000")] == [(t.value, t.text) for t in ticks(ENGLISH, -300, 7000)]


def test_ticks_have_as_many_places_as_their_step() -> None:
    assert ["0", "2,500", "5,000", "7,500", "10,000"] == [t.text for t in ticks(ENGLISH, 0, 10_000, count=4)]
    assert ["0.00", "0.25", "0.50", "0.75", "1.00"] == [t.text for t in ticks(ENGLISH, 0, 1, count=4)]
    assert ["0.0\u00a0%", "2.5\u00a0%", "5.0\u00a0%"] == [t.text for t in ticks(ENGLISH, 0, 0.05, kind="percent", count=2)]

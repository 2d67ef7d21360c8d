"""Where a number becomes text, once, for tab and paper alike; and the names of the field's states, corners and ledger lines."""

from __future__ import annotations

import datetime as dt
import math

from babel import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, format_percent

from model_insights.cost.account import Money
from model_insights.noun import Noun
from model_insights.view import Tick, Tone, Value

_NO_CURRENCY = "XXX"  # ISO 4217: the code where no currency is involved
STATES = {"held": "Held", "watch": "Watch", "violated": "Violated", "unknown": "Unknown"}
CORNERS = {"business": "Business realities", "data": "Data", "model": "Model"}
SEVERITIES = {
    "none": "No problem",
    "little": "Little problem",
    "big": "Big problem",
    "emergency": "Emergency",
    "unknown": "Severity unknown",
}
LINES = {
    "volume": "Volume",
    "values": "Unit values",
    "rate": "Rates inside slices",
    "mix": "Mix of slices",
    "unseen": "New or vanished slices",
    "model": "Model change",
    "concept": "Customers behave otherwise",
    "quality": "Data faults",
    "stale": "Model out of date",
}
LINE_HINTS = {
    "volume": "more or fewer cases at unchanged cost per case",
    "values": "prices, margins and holding costs from the business tables",
    "rate": "outcomes or predictions moved inside the slices: customers, data quality, or mix below the slices",
    "mix": "cases moved between slices",
    "unseen": "slices that only one of the periods has",
    "model": "the model that serves now against the one that served then, on the same data",
    "concept": "outcomes of like cases changed: customers, or an input that is not recorded",
    "quality": "what the detected data faults make the model say, put into (or taken out of) the same rows",
    "stale": "the part of changed outcomes that a model trained on the newest data would have recovered",
}
RESULT_LINES = {
    "volume": "Volume",
    "mix": "Mix",
    "sold": "Sold per case",
    "price": "Revenue per unit sold",
    "costs": "Cost per unit sold",
    "unseen": "New or vanished rows",
}
RESULT_HINTS = {
    "volume": "more or fewer cases at unchanged result per case",
    "mix": "cases moved between rows of the tables",
    "sold": "units sold per case: customers bought more or less often",
    "price": "revenue per unit sold: prices and discounts",
    "costs": "variable cost per unit sold: suppliers",
    "unseen": "rows that only one of the periods has, or with money and nothing sold",
}

_VALUE_NAMES = {
    "units_per_event": "units per event",
    "over": "cost per unit over",
    "under": "cost per unit short",
    "tp": "value of a true positive",
    "fp": "cost of a false positive",
    "tn": "value of a true negative",
    "fn": "cost of a false negative",
    "wrong": "cost of another wrong class",
    "none": "cost of no prediction",
    "cost": "cost per row",
}


def value_name(name: str) -> str:
    """A unit value in words; of a class pair ("0->1") what happened."""
    actual, _, predicted = name.partition("->")
    if predicted:
        return f"cost of class {actual} {'without a prediction' if predicted == '-1' else f'predicted as {predicted}'}"
    return _VALUE_NAMES.get(name, name)


class Words(Noun):
    """Formats numbers for one locale and currency. Money is rounded to what its interval can bear."""

    locale: str = "en"
    currency: str = ""

    def money(self, value: float, *, digits: int | None = None) -> str:
        """`EUR 4,810`: the currency as its code, so that no sign is mistaken. Whole units from 100 on, else two decimals."""
        places = digits if digits is not None else (0 if abs(value) >= 100 or value == 0 else 2)
        pattern = "¤¤\u00a0#,##0" + ("." + "0" * places if places else "")
        code = self.currency or _NO_CURRENCY
        return str(format_currency(_no_minus_zero(value, places), code, pattern, locale=self.locale, currency_digits=False))

    def amount(self, value: float) -> str:
        """Money that may be negative, with a true minus in front of the currency."""
        return self.money(value) if value >= 0 else f"−{self.money(-value)}"

    def change(self, value: float) -> str:
        """Money with its sign: `+EUR 4,810`, `−EUR 120`."""
        return _signed(value, self.money(abs(value)))

    def number(self, value: float, digits: int = 3) -> str:
        """A plain number with up to `digits` significant decimals."""
        if value != 0 and (abs(value) < 1e-6 or abs(value) >= 1e7):
            return f"{value:.{max(digits - 1, 1)}g}".replace("-", "−", 1) if value < 0 else f"{value:.{max(digits - 1, 1)}g}"
        places = max(0, digits - 1 - math.floor(math.log10(abs(value)))) if 0 < abs(value) < 10 ** (digits - 1) else 0
        if 0 < abs(value) < 10**-digits:
            places = -math.floor(math.log10(abs(value)))
        text: str = format_decimal(_no_minus_zero(value, places), "#,##0" + ("." + "0" * places if places else ""), locale=self.locale)
        return text.replace("-", "−")

    def count(self, value: float) -> str:
        """A number of cases; decimals only where weights make them."""
        return str(format_decimal(value, "#,##0" if float(value).is_integer() else "#,##0.#", locale=self.locale))

    def percent(self, share: float, digits: int = 0) -> str:
        pattern = "#,##0" + ("." + "0" * digits if digits else "") + "\u00a0%"
        text: str = format_percent(_no_minus_zero(share, digits + 2), pattern, locale=self.locale)
        return text.replace("-", "−")

    def points(self, difference: float) -> str:
        """A difference of shares: `+3.2 percentage points`."""
        return _signed(difference, f"{format_decimal(abs(100 * difference), '#,##0.0', locale=self.locale)} percentage points")

    def signed(self, value: float, digits: int = 3) -> str:
        return _signed(value, self.number(abs(value), digits))

    def interval(self, low: float, high: float, *, money: bool = True) -> str:
        one = self.amount if money else self.number
        return f"95\u00a0%: {one(low)} to {one(high)}"

    def day(self, iso: str) -> str:
        """`12 Aug 2024` for an ISO date; other labels as they are."""
        try:
            return str(format_date(dt.date.fromisoformat(iso), "d MMM y", locale=self.locale))
        except ValueError:
            return iso

    def short_day(self, iso: str) -> str:
        try:
            return str(format_date(dt.date.fromisoformat(iso), "d MMM", locale=self.locale))
        except ValueError:
            return iso


def checked_locale(name: str) -> bool:
    """True when Babel knows the locale."""
    try:
        Locale.parse(name)
    except (UnknownLocaleError, ValueError):
        return False
    return True


def money_value(words: Words, money: Money | None, *, signed: bool = False, tone: Tone = "neutral") -> Value:
    """An amount with its interval, as views carry it; `not known` where there is none."""
    if money is None:
        return Value(text="not known", tone="unknown")
    text = words.change(money.value) if signed else words.money(money.value)
    has_interval = money.high - money.low > 1e-9
    return Value(
        text=text, value=money.value, low=money.low if has_interval else None, high=money.high if has_interval else None,
        interval_text=words.interval(money.low, money.high) if has_interval else "", tone=tone,
    )  # fmt: skip


def ticks(words: Words, low: float, high: float, *, kind: str = "number", count: int = 5) -> tuple[Tick, ...]:
    """Round ticks within [low, high]; kind is number, money, percent or signed_money."""
    span = high - low
    if not math.isfinite(span) or span <= 0:
        low, span = low - 0.5, 1.0
        high = low + span
    raw = span / max(count, 1)
    step = 10 ** math.floor(math.log10(raw))
    step *= next((factor for factor in (1, 2, 2.5, 5, 10) if factor * step >= raw), 10)
    first = math.ceil(low / step - 1e-9)
    values = [round((first + i) * step, 12) for i in range(int((high - first * step) / step + 1e-9) + 1)]
    return tuple(Tick(value=value, text=_tick_text(words, value, step, kind)) for value in values)


def _tick_text(words: Words, value: float, step: float, kind: str) -> str:
    places = max(0, -math.floor(math.log10(step) + 1e-9))
    places += step * 10**places % 1 > 1e-6  # a step of 2.5, 0.25, ... needs one more
    if kind == "percent":
        return words.percent(value, max(0, places - 2))
    text: str = format_decimal(_no_minus_zero(value, places), "#,##0" + ("." + "0" * places if places else ""), locale=words.locale)
    return text.replace("-", "−")


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _signed(value: float, text: str) -> str:
    return text if value == 0 else f"{'+' if value > 0 else '−'}{text}"


def _no_minus_zero(value: float, places: int) -> float:
    return 0.0 if round(value, places) == 0 else value

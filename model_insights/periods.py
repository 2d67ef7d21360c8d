"""Which business time the runs of a pipeline speak of: labels like `2024-08-12`, `2013Q1` or `2024-W33`, their length and order. Pure."""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from calendar import monthrange
from collections.abc import Sequence
from itertools import pairwise
from statistics import median_low
from typing import Literal

import msgspec

from model_insights.noun import Noun
from model_insights.run import Period

Source = Literal["property", "calendar", "mlmd", "event", "folder", "file"]
_CLOCK_SOURCES = ("mlmd", "event", "file")  # a time of execution: it begins nothing and has no length
_REGULAR = 0.12  # months differ by 10 %
_EPOCH = dt.date(1970, 1, 1)
_BESIDE = 1e-3  # days; keeps a run without a date next to the dated one it belongs beside

_DATE = re.compile(r"(\d{4})([-/]?)(\d{2})\2(\d{2})(?:[T ]\d{2}:?\d{2}.*)?")
_WEEK = re.compile(r"(\d{4})-?W(\d{1,2})", re.IGNORECASE)
_MONTH = re.compile(r"(\d{4})[-/](\d{1,2})")
_PART = re.compile(r"(?:(\d{4})[- ]?([QH])([1-4])|([QH])([1-4])[- ]?(\d{4}))", re.IGNORECASE)
_YEAR = re.compile(r"(?:19|20)\d{2}")
_BETWEEN = re.compile(r"(.+?)(?:/|\.\.+| to | - )(.+)")


class PeriodHint(Noun):
    """What one run says of its period."""

    label: str = ""  # as an execution, a calendar or a folder says it; "" when none does
    start: str = ""  # where a calendar gives them
    end: str = ""
    source: Source = "mlmd"  # of the label; without a label, of the time
    span: int | None = None
    span_is_date: bool = False  # TFX counts days since 1970 where the input pattern holds a date
    executed_ms: int | None = None


def parse_period(label: str) -> tuple[dt.date, dt.date | None] | None:
    """First and last day (inclusive) that a label names; None when it names none.

    A plain date names a beginning: its last day is None, because weekly and monthly pipelines are labelled so too."""
    text = label.strip()
    try:
        return _single(text) or _interval(text)
    except ValueError:  # 2024-13, 2024-W60, 2024-02-30
        return None


def _single(text: str) -> tuple[dt.date, dt.date | None] | None:
    if match := _DATE.fullmatch(text):
        return dt.date(int(match[1]), int(match[3]), int(match[4])), None
    if match := _WEEK.fullmatch(text):
        monday = dt.date.fromisocalendar(int(match[1]), int(match[2]), 1)
        return monday, monday + dt.timedelta(days=6)
    if match := _MONTH.fullmatch(text):
        return _months(int(match[1]), int(match[2]), 1)
    if match := _PART.fullmatch(text):
        year, kind, part = (match[1], match[2], match[3]) if match[1] else (match[6], match[4], match[5])
        length = 3 if kind.upper() == "Q" else 6
        return _months(int(year), (int(part) - 1) * length + 1, length)
    if _YEAR.fullmatch(text):
        return _months(int(text), 1, 12)
    return None


def _interval(text: str) -> tuple[dt.date, dt.date | None] | None:
    match = _BETWEEN.fullmatch(text)
    first, last = (_single(match[1].strip()), _single(match[2].strip())) if match else (None, None)
    if first is None or last is None:
        return None
    end = last[1] or last[0]
    return (first[0], end) if end >= first[0] else None


def _months(year: int, month: int, length: int) -> tuple[dt.date, dt.date]:
    last = month + length - 1
    return dt.date(year, month, 1), dt.date(year, last, monthrange(year, last)[1])


def periods_of(hints: Sequence[PeriodHint]) -> tuple[Period, ...]:
    """The period of each run, in the order given. What a run does not say, the others may: a failed run takes the label of the run that
    repeated its span, and plain dates at regular distances last until the next."""
    labelled = _by_time(_by_span(_borrowed(hints)))
    return _ordered(_closed([_named(hint) for hint in labelled]), labelled)


def _borrowed(hints: Sequence[PeriodHint]) -> list[PeriodHint]:
    known = {hint.span: hint for hint in hints if hint.label and hint.span is not None}
    return [
        msgspec.structs.replace(hint, label=found.label, start=found.start, end=found.end, source=found.source)
        if not hint.label and hint.span is not None and (found := known.get(hint.span))
        else hint
        for hint in hints
    ]


def _by_span(hints: Sequence[PeriodHint]) -> list[PeriodHint]:
    """Label by span, where spans tell runs apart (a pipeline that counts none has 0 everywhere)."""
    spans = {hint.span for hint in hints if hint.span is not None}
    if not (len(spans) > 1 or (len(hints) == 1 and spans - {0})):
        return list(hints)
    return [hint if hint.label or hint.span is None else _with_span(hint, hint.span) for hint in hints]


def _with_span(hint: PeriodHint, span: int) -> PeriodHint:
    if hint.span_is_date:
        return msgspec.structs.replace(hint, label=(_EPOCH + dt.timedelta(days=span)).isoformat(), source="property")
    return msgspec.structs.replace(hint, label=f"span {span}", source="mlmd")


def _by_time(hints: Sequence[PeriodHint]) -> list[PeriodHint]:
    """Label the rest by its time of execution, as finely as telling them apart needs."""
    times = [hint.executed_ms for hint in hints if not hint.label and hint.executed_ms is not None]
    form = next(
        (form for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M") if len({_told(ms, form) for ms in times}) == len(times)), "%Y-%m-%d %H:%M:%S"
    )
    return [hint if hint.label else msgspec.structs.replace(hint, label=_time_label(hint.executed_ms, form)) for hint in hints]


def _time_label(executed_ms: int | None, form: str) -> str:
    return "unknown time" if executed_ms is None else _told(executed_ms, form)


def _told(ms: int, form: str) -> str:
    return (dt.datetime(1970, 1, 1) + dt.timedelta(milliseconds=ms)).strftime(form)


def _named(hint: PeriodHint) -> Period:
    parsed = parse_period(hint.label)
    first, last = parsed if parsed else (None, None)
    start, end = _day(hint.start) or first, _day(hint.end) or (last if not hint.start else None)
    if start and end and end < start:
        end = None
    return Period(label=hint.label, start=start.isoformat() if start else "", end=end.isoformat() if end else "", source=hint.source)


def _day(text: str) -> dt.date | None:
    parsed = parse_period(text) if text else None
    return parsed[0] if parsed else None


def _closed(periods: list[Period]) -> list[Period]:
    """Give plain dates at regular distances their last day, and every period with both ends its length."""
    starts = sorted({_ordinal(one) for one in periods if one.start and one.source not in _CLOCK_SOURCES})
    gaps = [later - earlier for earlier, later in pairwise(starts)]
    usual = median_low(gaps) if gaps else 0
    if sum(abs(gap - usual) <= _REGULAR * usual for gap in gaps) * 2 <= len(gaps):
        usual = 0
    return [_with_length(one, starts, usual) for one in periods]


def _with_length(period: Period, starts: list[int], usual: int) -> Period:
    if not period.start:
        return period
    start = _ordinal(period)
    if not period.end and usual and period.source not in _CLOCK_SOURCES:
        following = starts[at] if (at := bisect_right(starts, start)) < len(starts) else start + usual
        period = msgspec.structs.replace(period, end=dt.date.fromordinal(min(start + usual, following) - 1).isoformat())
    days = float(dt.date.fromisoformat(period.end).toordinal() - start + 1) if period.end else None
    return msgspec.structs.replace(period, days=days)


def _ordinal(period: Period) -> int:
    return dt.date.fromisoformat(period.start).toordinal()


def _ordered(periods: list[Period], hints: Sequence[PeriodHint]) -> tuple[Period, ...]:
    """Order in days where any period has a date; the others stand beside the dated run of the next lower span, or the one executed before.
    Without any date: by span where all have one, else by time."""
    dated = [(hint, float(_ordinal(one))) for one, hint in zip(periods, hints, strict=True) if one.start and not _by_clock(one)]
    if dated:
        orders = [
            float(_ordinal(one)) if one.start and not _by_clock(one) else _beside(hint, dated)
            for one, hint in zip(periods, hints, strict=True)
        ]
    elif all(hint.span is not None and hint.label == f"span {hint.span}" for hint in hints):
        orders = [float(hint.span or 0) for hint in hints]
    else:
        orders = [(hint.executed_ms or 0) / 86_400_000 for hint in hints]
    return tuple(msgspec.structs.replace(one, order=order) for one, order in zip(periods, orders, strict=True))


def _by_clock(period: Period) -> bool:
    return period.source in _CLOCK_SOURCES


def _beside(hint: PeriodHint, dated: Sequence[tuple[PeriodHint, float]]) -> float:
    if hint.span is not None and (known := [(one.span, order) for one, order in dated if one.span is not None]):
        lower = [pair for pair in known if pair[0] <= hint.span]
        span, order = max(lower) if lower else min(known)
        return order + (hint.span - span) * _BESIDE
    earlier = [(one.executed_ms or 0, order) for one, order in dated if (one.executed_ms or 0) <= (hint.executed_ms or 0)]
    return max(earlier)[1] + _BESIDE if earlier else min(order for _, order in dated) - _BESIDE

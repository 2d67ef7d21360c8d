"""Distributions of one feature side by side: categories as rows of dots, numbers as a histogram under a dashed outline."""

from __future__ import annotations

from model_insights.view import Distribution, DistributionBin
from report.figures.paper import BAD, GOOD, HAIR, INK, MAIN, MUTED, REFERENCE, Paper, shorten, wrap
from report.figures.scale import Scale, spread
from report.measure import measure

PITCH, HEAD = 6.0, 7.0


def distribution(figure: Distribution, width: float) -> str:
    """Now, reference and training, bin by bin."""
    numeric = any(bin.low is not None or bin.high is not None for bin in figure.bins)
    return _histogram(figure, width) if numeric else _dots(figure, width)


def _dots(figure: Distribution, width: float) -> str:
    bottom = HEAD + PITCH * len(figure.bins)
    paper = Paper(width, bottom + 9)
    room = min(max((measure(bin.label, 8, 600) for bin in figure.bins), default=0) + 1, 0.36 * width)
    columns = _columns(figure, width)
    x = Scale(figure.axis, [0.0, *(share for bin in figure.bins for share in bin.shares)], room + 4, min(columns, default=width) - 4)
    for tick in spread(figure.axis.ticks, x):
        paper.line((x(tick.value),) * 2, (HEAD - 2, bottom), color=HAIR, width=0.6)
        paper.text(x(tick.value), bottom + 2.4, tick.text, color=MUTED, align="center")
    paper.text((x.start + x.end) / 2, bottom + 6.6, figure.axis.label, color=MUTED, align="center")
    _heads(paper, figure, columns)
    for index, bin in enumerate(figure.bins):
        _dot_row(paper, figure, bin, x, HEAD + PITCH * (index + 0.5), room, columns)
    return paper.svg(figure.alt)


def _columns(figure: Distribution, width: float) -> list[float]:
    """Left edges are not needed: right edge of each series' column, minus its width for the first."""
    widths = [
        max([measure(shorten(name, 24), 7.5) + 5, *(measure(bin.texts[i]) for bin in figure.bins)]) + 3
        for i, name in enumerate(figure.series)
    ]
    return [width - sum(widths[i:]) for i in range(len(widths))]


def _heads(paper: Paper, figure: Distribution, columns: list[float]) -> None:
    for index, (name, role) in enumerate(zip(figure.series, figure.roles, strict=True)):
        right = [*columns, paper.width][index + 1]
        words = shorten(name, 24, 7.5)
        paper.text(right, 2, words, size=7.5, color=MUTED, align="right")
        _sign(paper, role, right - measure(words, 7.5) - 2.2, 2)


def _sign(paper: Paper, role: str, x: float, y: float, color: str = MAIN) -> None:
    if role in ("training", "candidate"):
        paper.line((x, x), (y - 1.3, y + 1.3), color=MUTED, width=1.3)
    else:
        paper.dot(x, y, 2.3, color=color if role == "main" else REFERENCE, hollow=role == "reference")


def _dot_row(paper: Paper, figure: Distribution, bin: DistributionBin, x: Scale, y: float, room: float, columns: list[float]) -> None:
    color = BAD if bin.tone == "bad" else MAIN
    lines = wrap(bin.label, room, 8, 600 if bin.tone == "bad" else 400, lines=1)
    paper.text(0, y, lines[0] if lines else "", weight=600 if bin.tone == "bad" else 400)
    known = [(role, share) for role, share in zip(figure.roles, bin.shares, strict=True) if share is not None]
    if known:
        paper.line((x(min(share for _, share in known)), x(max(share for _, share in known))), (y, y), color=REFERENCE, width=1)
    for role, share in reversed(known):  # now lies on top
        _sign(paper, role, x(share), y, color)
    for index, words in enumerate(bin.texts):
        paper.text(
            [*columns, paper.width][index + 1],
            y,
            words,
            align="right",
            color=INK if index == 0 else MUTED,
            weight=600 if index == 0 and bin.tone == "bad" else 400,
        )


def _histogram(figure: Distribution, width: float) -> str:
    height, narrow = 52.0, width < 100
    paper = Paper(width, height)
    left = max((measure(tick.text) for tick in figure.axis.ticks), default=4) + 2.5
    y = Scale(figure.axis, [0.0, *(share for bin in figure.bins for share in bin.shares)], height - 10, 14 if narrow else 9)
    step = (width - left - 2) / max(len(figure.bins), 1)
    paper.text(0, 2, figure.axis.label, color=MUTED)
    for tick in figure.axis.ticks:
        paper.line((left, width), (y(tick.value),) * 2, color=HAIR, width=0.6)
        paper.text(left - 1.5, y(tick.value), tick.text, color=MUTED, align="right")
    for index, role in enumerate(figure.roles):
        _outline(paper, [bin.shares[index] for bin in figure.bins], role, y, left, step, [bin.tone == "bad" for bin in figure.bins])
    paper.line((left, width), (y(0),) * 2, color=MUTED, width=0.8)
    _bin_names(paper, figure, left, step, y)
    _legend(paper, figure, 6.4 if narrow else 2.0)
    return paper.svg(figure.alt)


def _outline(paper: Paper, shares: list[float | None], role: str, y: Scale, left: float, step: float, bad: list[bool]) -> None:
    if role == "main":
        for index, share in enumerate(shares):
            paper.box(left + index * step + 0.3, y(share or 0), step - 0.6, y(0) - y(share or 0), fill=BAD if bad[index] else MAIN)
        return
    xs = [left + (index + side) * step for index in range(len(shares)) for side in (0, 1)]
    ys = [y(share or 0) for share in shares for _ in (0, 1)]
    color = {"reference": INK, "candidate": GOOD}.get(role, REFERENCE)
    paper.line(xs, ys, color=color, width=1.2, dash={"reference": (3, 1.5), "candidate": (5, 1.5)}.get(role, (1, 1.5)))


def _bin_names(paper: Paper, figure: Distribution, left: float, step: float, y: Scale) -> None:
    widest = max((measure(bin.label, 7) for bin in figure.bins), default=0)
    every = max(1, -(-int(widest + 3) // max(int(step), 1)))
    for index, bin in enumerate(figure.bins):
        middle = left + (index + 0.5) * step
        if index % every == 0:
            paper.text(
                min(max(middle, measure(bin.label, 7) / 2), paper.width - measure(bin.label, 7) / 2),
                y(0) + 3.2,
                bin.label,
                size=7,
                color=MUTED,
                align="center",
            )
        if bin.tone == "bad" and bin.texts:
            paper.text(middle, y(bin.shares[0] or 0) - 2, bin.texts[0], weight=600, align="center")


def _legend(paper: Paper, figure: Distribution, y: float) -> None:
    """From right to left; each name has its part of the width."""
    right, room = paper.width, min(30.0, paper.width / max(len(figure.series), 1) - 9)
    for name, role in reversed(list(zip(figure.series, figure.roles, strict=True))):
        words = shorten(name, room, 7.5)
        paper.text(right, y, words, size=7.5, color=MUTED, align="right")
        right -= measure(words, 7.5) + 1.5
        if role == "main":
            paper.box(right - 3, y - 1, 3, 2, fill=MAIN)
        else:
            color, dash = (INK, (3, 1.5)) if role == "reference" else (REFERENCE, (1, 1.5))
            paper.line((right - 5, right), (y, y), color=color, width=1.2, dash=dash)
        right -= 8

"""The scoreboard: benchmarks/verdict/README.md, from the results alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.verdict.judging import Result
from benchmarks.verdict.scenarios import BY_NAME
from benchmarks.verdict.scoring import (
    ANSWERS,
    Map,
    as_said,
    calibration_error,
    faults,
    is_good,
    is_held_out,
    is_right,
    macro,
    nulls,
    share,
    unanswerable,
)
from benchmarks.verdict.weekly import HELD, History, Told

ROWS = tuple[str, str, Callable[[Sequence[Result]], str]]
STEPS = ("none", "little", "big", "emergency")
WORDS = ("very likely", "likely", "leaning")
NOTES = Path(__file__).parent / "notes.md"  # what the last run showed
RULES = Path(__file__).parent / "rules.md"  # what was written down before the held-out settings were run


def page(given: Sequence[Result], maps: Mapping[str, Map], histories: Sequence[History], *, wanted: int) -> str:
    """The whole page. `wanted`: cases of the whole design."""
    results = [as_said(one, maps) for one in given]
    held, fitted = ([one for one in results if is_held_out(one.job) is wanted] for wanted in (True, False))
    parts = [
        RULES.read_text(),
        "## What ran\n",
        f"{len(results)} of the {wanted} cases of the design, the smaller ones first, and {len(histories)} whole histories; `make verdict` goes on where it stopped.\n",
        *_table(["", "fitting", "held out"], _counts(fitted, held)),
        "\n## Goals\n",
        *_table(["what", "goal", "held out", "fitting"], [[name, goal, of(held), of(fitted)] for name, goal, of in _goals()]),
        "\n## Week after week\n",
        "Whole histories of the demo's shop (17 weeks, three faults each, half of them with restless retrains), judged as `insights-report --history` does.\n",
        *_table(["what", "goal", "held out", "fitting"], _weekly(histories)),
        "\n## Against simpler rules, held out\n",
        "The same cases and the same reference. A rule that must always name a corner is never silent on healthy weeks.\n",
        *_table(["", "T1 at 1 MDE", "T1 at 2 MDE", "macro over corners, 2 MDE", "false alarm, healthy"], _rules(held)),
        "\n## By scenario, all cases\n",
        "Right: the corner of a fault, none where none can be told, no fault in a healthy week. Below 1 MDE silence is right too, and not scored.\n",
        *_table(
            ["scenario", "put in", "tier", "cases", "right at 1 MDE and more", "right at 2 MDE and more", "of them held out", "cannot tell", "wrong corner", "coverage"],
            _scenarios(results),
        ),
        "\n## How sure, held out\n",
        *_table(["tier", "said", "right"], _words(held)),
        "\nThe shipped map, from the share of resampled periods in which the corner holds the largest line to P(the corner is right), from fitting settings:",
        *(f"{tier}, {one.cases} cases: " + ", ".join(f"{raw:g} → {right:g}" for raw, right in one.knots) + "." for tier, one in maps.items()),
        "\n## Where it is wrong, held out\n",
        *_table(["world", "scenario", "tier", "n", "said", "share of its cases at 1 MDE and more"], _wrong(held)),
        NOTES.read_text(),
    ]  # fmt: skip
    return "\n".join(parts).rstrip() + "\n"


def _table(head: list[str], body: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *(f"| {' | '.join(row)} |" for row in body)]


def _counts(fitted: Sequence[Result], held: Sequence[Result]) -> list[list[str]]:
    kinds = {
        "single faults": lambda one: one.answerable and BY_NAME[one.job.scenario].kind == "fault",
        "healthy": lambda one: BY_NAME[one.job.scenario].kind == "null",
        "mixed": lambda one: one.answerable and BY_NAME[one.job.scenario].kind == "mixed",
        "unanswerable": lambda one: not one.answerable,
        "all cases": lambda one: True,
    }
    rows = [[name, str(sum(map(of, fitted))), str(sum(map(of, held)))] for name, of in kinds.items()]
    return [*rows, ["settings", *(str(len({one.job.setting for one in found})) for found in (fitted, held))]]


def _goals() -> list[ROWS]:
    """Name, goal, and how it is counted."""
    return [
        *((f"top-1 corner, {tier}, single faults at {size} MDE and more", goal, _top(tier, size)) for tier, size, goal in (
            ("T1", 1, ""), ("T1", 2, "0.88"), ("T0", 1, ""), ("T0", 2, "0.88"))),
        *((f"of them {corner}, T1, 2 MDE", "", _top("T1", 2, corner)) for corner in ("business", "data", "model")),
        ("top-1 line, T1, single faults at 2 MDE and more", "0.92", lambda found: share([bool(one.line_right) for one in faults(found, "T1", 2)]).text),
        ("false alarm, healthy weeks (N0, N2, N3)", "at most 0.02", _alarms("N0", "N2", "N3")),
        ("of them in the taxi world", "", lambda found: _alarms("N0", "N2", "N3")([one for one in found if one.job.world == "taxi"])),
        ("false alarm, restless weeks (N6)", "at most 0.02", _alarms("N6")),
        ("season called a fault (N1)", "at most 0.05", _alarms("N1")),
        *((f"attribution error, {tier}, single faults at 1 MDE and more, median", goal, _distance(tier)) for tier, goal in (("T1", ""), ("T0", "at most 0.25"))),
        ("coverage of the lines' 95 % intervals, pooled", "0.94 to 0.96", _coverage),
        ("the worst scenario's coverage", "at least 0.90", _worst),
        ("cannot tell, recall on the unanswerable at 1 MDE and more", "0.95", lambda found: share([one.kind == "fault" and not one.corner for one in unanswerable(found)]).text),
        ("cannot tell, precision", "0.70", lambda found: share([not one.answerable for one in found if one.kind == "fault" and not one.corner]).text),
        ("calibration error of the probability said", "at most 0.04", _error),
        ("wrong among the corners named", "at most 0.03", lambda found: share([not is_right(one) for one in found if one.corner]).text),
        ("a corner is named, of answerable faults at 2 MDE, T1", "0.80", lambda found: share([bool(one.corner) for one in faults(found, "T1", 2)]).text),
        ("the slice is hit, single faults at 1 MDE and more", "0.85", lambda found: share([one.unit_right for one in found if one.size >= 1 and one.unit_right is not None]).text),
        ("severity, exact step, faults at 1 MDE and more", "0.85", lambda found: share([one.severity == one.true_severity for one in _severe(found)]).text),
        ("severity, within one step", "1.00", lambda found: share([abs(STEPS.index(one.severity) - STEPS.index(one.true_severity)) <= 1 for one in _severe(found)]).text),
    ]  # fmt: skip


def _top(tier: str, size: float, corner: str = "") -> Callable[[Sequence[Result]], str]:
    return lambda found: (
        share([is_right(one) for one in faults(found, tier, size) if not corner or BY_NAME[one.job.scenario].corners[0] == corner]).text
    )


def _alarms(*names: str) -> Callable[[Sequence[Result]], str]:
    return lambda found: share([one.kind == "fault" for one in nulls(found, *names)]).text


def _distance(tier: str) -> Callable[[Sequence[Result]], str]:
    def of(found: Sequence[Result]) -> str:
        known = [one.distance for one in found if one.job.tier == tier and one.size >= 1 and one.distance is not None and _is_fault(one)]
        return f"{np.median(known):.2f} ({len(known)} cases)" if known else "no case"

    return of


def _is_fault(one: Result) -> bool:
    return BY_NAME[one.job.scenario].kind == "fault"


def _coverage(found: Sequence[Result]) -> str:
    return share([hit for one in found for hit in one.covered.values()]).text


def _worst(found: Sequence[Result]) -> str:
    by_scenario = {name: [hit for one in found if one.job.scenario == name for hit in one.covered.values()] for name in BY_NAME}
    known = {name: hits for name, hits in by_scenario.items() if len(hits) >= 20}
    if not known:
        return "no case"
    name = min(known, key=lambda one: np.mean(known[one]))
    return f"{name}: {share(known[name]).text}"


def _severe(found: Sequence[Result]) -> list[Result]:
    return [one for one in found if one.size >= 1 and one.severity in STEPS and one.true_severity in STEPS]


def _error(found: Sequence[Result]) -> str:
    said = [one for one in found if one.corner and one.probability is not None]
    return f"{calibration_error([one.probability or 0.0 for one in said], [is_right(one) for one in said]):.3f} ({len(said)} answers)"


def _weekly(histories: Sequence[History]) -> list[list[str]]:
    sides = [[one for one in histories if (one.seed >= HELD) is wanted] for wanted in (True, False)]
    rows: list[tuple[str, str, Callable[[Sequence[History]], str]]] = [
        ("histories, healthy and with faults", "", lambda found: str(len(found))),
        ("false alarm per healthy week", "at most 0.02", lambda found: share([one.kind == "fault" for each in found for one in each.healthy]).text),
        ("healthy histories whose weekly looks together leave the level", "at most 0.05", _crossed),
        ("false alarm in calm weeks between faults", "", lambda found: share([one.kind == "fault" for one in _weeks(found) if not one.right]).text),
        ("the corner of a loss, in its first week", "", lambda found: share([one.corner in one.right for one in _firsts(found)]).text),
        ("the corner of a loss, in all its weeks", "", lambda found: share([one.corner in one.right for one in _weeks(found) if one.right]).text),
        ("wrong among the corners named in weeks of loss", "at most 0.03", _mistaken),
        ("start week within one run, where a start is told", "0.85", lambda found: share([abs(one.late) <= 1 for one in _weeks(found) if one.right and one.late is not None]).text),
    ]  # fmt: skip
    return [[name, goal, *(of(found) for found in sides)] for name, goal, of in rows]


def _crossed(found: Sequence[History]) -> str:
    return share([any(one.above for one in each.healthy) for each in found]).text


def _mistaken(found: Sequence[History]) -> str:
    return share([one.corner not in one.right for one in _weeks(found) if one.right and one.corner]).text


def _weeks(found: Sequence[History]) -> list[Told]:
    return [one for each in found for one in each.weeks if one.scored]


def _firsts(found: Sequence[History]) -> list[Told]:
    out = []
    for each in found:
        before: tuple[str, ...] = ()
        for one in each.weeks:
            if one.scored and one.right and one.right != before:
                out.append(one)
            before = one.right
    return out


def _rules(scored: Sequence[Result]) -> list[list[str]]:
    out = []
    for name, answer in ANSWERS.items():
        tops = [share([answer(one) in BY_NAME[one.job.scenario].corners for one in faults(scored, "T1", size)]).text for size in (1, 2)]
        alarms = share(
            [one.kind == "fault" if name == "verdict" else bool(one.naive[name]) for one in nulls(scored, "N0", "N2", "N3")]
        ).text
        out.append([name, *tops, f"{macro(faults(scored, 'T1', 2), answer):.2f}", alarms])
    return out


def _scenarios(results: Sequence[Result]) -> list[list[str]]:
    out = []
    for name, scenario in BY_NAME.items():
        for tier in ("T1", "T0"):
            found = [one for one in results if one.job.scenario == name and one.job.tier == tier]
            if found:
                held = [one for one in found if is_held_out(one.job)]
                out.append(
                    [
                        name,
                        scenario.text,
                        tier,
                        str(len(found)),
                        _good(found, 1),
                        _good(found, 2),
                        _good(held, 2),
                        *_bad(found),
                        _coverage(found),
                    ]
                )
    return out


def _good(found: Sequence[Result], at_least: float) -> str:
    """Nulls have no size: all of them count, at any."""
    kept = [one for one in found if BY_NAME[one.job.scenario].kind == "null" or one.size >= at_least]
    return share([is_good(one) for one in kept]).text if kept else ""


def _bad(found: Sequence[Result]) -> list[str]:
    unclear = sum(one.kind == "fault" and not one.corner for one in found)
    return [str(unclear), str(sum(bool(one.corner) and not is_right(one) for one in found))]


def _words(held: Sequence[Result]) -> list[list[str]]:
    return [
        [tier, word, share([is_right(one) for one in found]).text]
        for tier in ("T1", "T0")
        for word in WORDS
        if (found := [one for one in held if one.job.tier == tier and one.confidence == word and one.corner])
    ]


def _wrong(results: Sequence[Result]) -> list[list[str]]:
    """What was said instead, commonest first; only where at least two cases went the same way."""
    groups: dict[tuple[str, str, str, int], list[Result]] = {}
    for one in results:
        if one.size >= 1 or BY_NAME[one.job.scenario].kind == "null":
            groups.setdefault((one.job.world, one.job.scenario, one.job.tier, one.job.n), []).append(one)
    out = []
    for (world, scenario, tier, n), found in groups.items():
        said: dict[str, int] = {}
        for one in found:
            if not is_good(one):
                said[_said(one)] = said.get(_said(one), 0) + 1
        out += [
            (count / len(found), count, [world, scenario, tier, str(n), text, f"{count} of {len(found)}"])
            for text, count in said.items()
            if count > 1
        ]
    return [row for _, _, row in sorted(out, key=lambda item: (-item[1], item[2]))]


def _said(one: Result) -> str:
    if one.corner:
        return f"{one.corner} ({', '.join(one.confirmed)})"
    return f"cannot tell: {' or '.join(one.cannot_tell)}" if one.kind == "fault" else "no fault"

"""What a verdict rests on: tests k of m, thresholds and unit values with who set them, and what the method cannot see."""

from __future__ import annotations

from collections import Counter

from model_insights.config import Config, CostRule, TableSource
from model_insights.evidence.data import FALSE_DISCOVERY
from model_insights.judgement import Judgement
from model_insights.view import Fact
from model_insights.wording import Words, plural


def how_title(judged: Judgement, words: Words) -> str:
    """The sentence over the account of the method: how much was tested, on how many examples."""
    tested = sum(fact.state != "unknown" for fact in judged.evidence)
    n = float(judged.cost.cells.n.sum()) if judged.cost is not None else 0.0
    on = f" on {words.count(round(n))} evaluated examples" if n else ""
    return f"How we know: {plural(tested, 'assumption')} tested{on}"


def ground_facts(judged: Judgement, words: Words) -> tuple[Fact, ...]:
    """Facts of the last page; what does not apply is left out."""
    config = judged.case.config
    pairs = [
        ("Assumptions", _assumptions(judged)),
        ("Tests of features", _tests(judged, words)),
        ("Steps of severity", _steps(config, words)),
        ("Unit values", _unit_values(judged, words)),
        ("Prices come from", _sources(config, judged.case.rule)),
        ("Limits", _limits(judged)),
    ]
    return tuple(Fact(label=label, value=text) for label, text in pairs if text)


def _assumptions(judged: Judgement) -> str:
    states = Counter(fact.state for fact in judged.evidence)
    tested = sum(states.values()) - states["unknown"]
    if not tested:
        return ""
    said = [f"{states['held']} of {tested} tested hold"]
    said += [f"{states['watch']} to watch"] if states["watch"] else []
    said += [f"{states['violated']} violated"] if states["violated"] else []
    said += [f"{states['unknown']} could not be judged"] if states["unknown"] else []
    return ", ".join(said)


def _tests(judged: Judgement, words: Words) -> str:
    tested = [one for one in judged.features if one.change is not None and one.change.p is not None and not one.is_clock]
    if not tested:
        return ""
    found = [one for one in tested if one.discovered]
    text = f"{len(found)} of {len(tested)} changed; {words.percent(FALSE_DISCOVERY)} of the changes named may be false (Benjamini-Hochberg)"
    least = min(tested, key=lambda one: one.change.p if one.change and one.change.p is not None else 1.0)
    p = least.change.p if least.change is not None else None
    return f"{text}; smallest p-value {words.number(p)} ({'.'.join(least.path)})" if p is not None and p >= 1e-6 else text


def _steps(config: Config | None, words: Words) -> str:
    if config is None or config.severity is None:
        return ""
    steps = (("little", config.severity.little), ("big", config.severity.big), ("emergency", config.severity.emergency))
    said = ", ".join(f"{name} from {words.money(bound)}" for name, bound in steps)
    return f"{said} above the expected level in 30 days; set in insights.toml"


def _unit_values(judged: Judgement, words: Words) -> str:
    """Each unit value from its smallest to its largest in the period."""
    if judged.cost is None:
        return ""
    values, names = judged.cost.cells.values, tuple(judged.cost.rule.prices)
    said = []
    for i, name in enumerate(names[: values.shape[1]]):
        low, high = float(values[:, i].min()), float(values[:, i].max())
        amount = words.number if name == "units_per_event" else words.money
        if name != "right" and (low or high):
            said.append(f"{name.replace('_', ' ')} {amount(low)}{f' to {amount(high)}' if high > low else ''}")
    return "; ".join(said)


def _sources(config: Config | None, rule: CostRule | None) -> str:
    if config is None or rule is None:
        return ""
    if not rule.grain and not rule.keys:
        return "numbers in insights.toml"
    names = rule.tables or tuple(config.tables)
    named = [f"{name} ({_place(config.tables[name])})" for name in names if name in config.tables]
    return f"insights.toml, with the tables {', '.join(named)}" if named else "insights.toml"


def _place(source: TableSource) -> str:
    """The file's own name; of a database that it is one. No passwords, no folders."""
    return "a database" if source.is_database else source.path.rsplit("/", 1)[-1]


def _limits(judged: Judgement) -> str:
    said = ["Causes that leave the same traces cannot be told apart", "unit values are taken as exact"]
    if judged.expected is not None and not judged.expected.knows_season:
        said.append("a season cannot be excluded")
    if judged.ledger is not None and not judged.ledger.model_known:
        said.append("what the newer model would have done before is not stored")
    return "; ".join(said) if judged.cost is not None else ""

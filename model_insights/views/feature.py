"""A feature: distributions now, in the reference and in training; its history; what the schema asks of it."""

from __future__ import annotations

from collections.abc import Sequence

from model_insights.errors import UnknownId
from model_insights.evidence.bins import Bin, category_bins, numeric_bins
from model_insights.evidence.change import sized
from model_insights.evidence.data import FALSE_DISCOVERY, main_split, p_text, whole_of
from model_insights.evidence.fact import worst
from model_insights.ids import feature_id
from model_insights.judgement import Judgement
from model_insights.loaded import Loaded
from model_insights.metrics import Attributions
from model_insights.run import Run
from model_insights.stats import FeaturePath, FeatureStats, SchemaFeature
from model_insights.view import Block, Distribution, DistributionBin, Fact, Facts, Line, Mark, Paragraph, Point, Section, TimeSeries, Tone
from model_insights.views import usefulness
from model_insights.views.page import period_text, run_axis, value_axis
from model_insights.wording import STATES, Words, plural


def sections(
    judged: Judgement,
    path: FeaturePath,
    words: Words,
    attributions: Sequence[Attributions] = (),
    earlier: Sequence[Attributions] = (),
    reason: str = "",
) -> tuple[str, tuple[Section, ...]]:
    """(title, sections) of the feature page. Raises UnknownId for a feature that no run of the history has."""
    name = ".".join(path)
    current = _stats(judged.run, path)
    if current is None and not any(_stats(run, path) for run in judged.series.runs):
        raise UnknownId(f"Feature {name!r} is in no statistics of this pipeline. Choose one from the data corner.")
    facts = tuple(fact for fact in judged.corner("data") if fact.source.kind == "feature" and fact.source.id == feature_id(path))
    state = worst(facts)
    title = facts[0].sentence.rstrip(".") if facts else f"Nothing stands out in {name}"
    blocks: list[Block] = [Paragraph(text=fact.sentence, tone="bad" if fact.state == "violated" else "neutral") for fact in facts[1:]]
    blocks += [figure for figure in (_distribution(judged, path, words),) if figure is not None]
    if current is None:
        blocks.append(Paragraph(text=f"This run has no statistics of {name}.", tone="unknown"))
    first = Section(id="distribution", title=title, corner="data", state=state, state_text=STATES[state], blocks=tuple(blocks))
    return name, (
        first,
        Section(id="history", title=f"{name} over {plural(len(judged.series.runs), 'period')}", blocks=_history(judged, path, words)),
        usefulness.section(judged, path, attributions, earlier, reason, words),
        _facts(judged, path, current, words),
    )


def _stats(run: Run, path: FeaturePath, split: str = "") -> FeatureStats | None:
    whole = whole_of(run, split)
    return whole.feature(path) if whole else None


def _training(judged: Judgement) -> Run | None:
    """The run whose data trained the serving model last: the newest span of its window."""
    made = judged.run.baseline.run_id if judged.run.baseline else ""
    return next((run for run in judged.series.runs if run.id == made), None)


def _distribution(judged: Judgement, path: FeaturePath, words: Words) -> Distribution | None:
    statistics = main_split(judged.run)
    split = statistics.split if statistics else ""
    now = _stats(judged.run, path, split)
    named = [("now", "main", judged.run), ("reference", "reference", judged.reference), ("training", "training", _training(judged))]
    if judged.reference is not None and named[2][2] is not None and named[2][2].id == judged.reference.id:
        named[1:] = [("reference and training", "reference", judged.reference)]
    known = [(label, role, run, found) for label, role, run in named if run is not None and (found := _stats(run, path, split)) is not None]
    if now is None or len(known) < 1:
        return None
    edges_of = known[1][3] if len(known) > 1 and known[1][3].type == now.type else now
    columns = [_bins(edges_of, found) for *_, found in known if found.type == now.type]
    kept = [one for one in known if one[3].type == now.type]
    if not columns or not columns[0]:
        return None
    bins = _aligned(columns, words)
    series = tuple(f"{label}: {period_text(run, words)}" for label, _, run, _ in kept)
    roles = tuple(role for _, role, *_ in kept)
    largest = max(bins, key=lambda b: abs((b.shares[0] or 0.0) - (b.shares[-1] or 0.0)))
    alt = (
        f"Distribution of {'.'.join(path)}; the largest difference is at {largest.label}: "
        + ", ".join(f"{s} {t}" for s, t in zip(series, largest.texts, strict=False))
        + "."
    )
    note = f"Split {split}, {words.count(now.common.tot_num_values)} values now." + (
        " Bins are the reference's deciles." if now.numeric else ""
    )
    axis = value_axis("Share of examples", [s for b in bins for s in b.shares], words, kind="percent")
    return Distribution(title="Distribution", alt=alt, series=series, roles=roles, axis=axis, bins=bins, note=note)  # type: ignore[arg-type]


def _bins(edges_of: FeatureStats, found: FeatureStats) -> tuple[Bin, ...]:
    """`found`'s shares, binned by `edges_of` (Bin.current)."""
    return numeric_bins(edges_of, found) if found.numeric and edges_of.numeric else category_bins(edges_of, found) if found.string else ()


def _aligned(columns: list[tuple[Bin, ...]], words: Words) -> tuple[DistributionBin, ...]:
    labels = list(dict.fromkeys(one.label for bins in columns for one in bins))
    shares = [{one.label: one.current for one in bins} for bins in columns]
    bounds = {one.label: (one.low, one.high) for bins in columns for one in bins}
    out = []
    for label in labels:
        values = tuple(share.get(label, 0.0) for share in shares)
        low, high = bounds[label]
        tone: Tone = "bad" if len(values) > 1 and abs(values[0] - values[1]) > 0.05 else "neutral"
        out.append(
            DistributionBin(label=label, shares=values, texts=tuple(words.percent(v, 1) for v in values), low=low, high=high, tone=tone)
        )
    return tuple(out)


def _history(judged: Judgement, path: FeaturePath, words: Words) -> tuple[Block, ...]:
    """Missing share, and mean (numeric) or top value's share (string), per run."""
    runs = judged.series.runs
    found = [_stats(run, path) for run in runs]
    missing = [one.common.missing if one else None for one in found]
    figures: list[Block] = [_series("Missing values", "Share of examples without a value", runs, missing, judged, words, kind="percent")]
    if any(one and one.numeric for one in found):
        means = [one.numeric.mean if one and one.numeric else None for one in found]
        figures.insert(0, _series("Mean", "Mean", runs, means, judged, words, kind="number"))
    tops = [one.string.ranks[0] if one and one.string and one.string.ranks else None for one in found]
    if any(tops):
        most = next(top.value for top in reversed(tops) if top)
        shares = [_share_of(one, most) for one in found]
        figures.insert(0, _series(f"Share of “{most}”", f"Share of “{most}”", runs, shares, judged, words, kind="percent"))
    return tuple(figures)


def _share_of(stats: FeatureStats | None, value: str) -> float | None:
    if stats is None or stats.string is None or not stats.common.tot_num_values:
        return None
    return sum(one.count for one in stats.string.ranks if one.value == value) / stats.common.tot_num_values


def _series(
    title: str, label: str, runs: tuple[Run, ...], values: list[float | None], judged: Judgement, words: Words, *, kind: str
) -> TimeSeries:
    def said(value: float | None) -> str:
        return "not known" if value is None else words.percent(value, 1) if kind == "percent" else words.number(value)

    points = tuple(
        Point(x=float(i), y=value, text=f"{period_text(run, words)}: {said(value)}", emphasis=run.id == judged.run.id)
        for i, (run, value) in enumerate(zip(runs, values, strict=False))
    )
    marks = tuple(
        Mark(at=float(i), text="reference", kind="data") for i, run in enumerate(runs) if judged.reference and run.id == judged.reference.id
    )
    alt = f"{title} per period: " + "; ".join(point.text for point in points) + "."
    return TimeSeries(
        title=title,
        alt=alt,
        x=run_axis(runs, words),
        y=value_axis(label, values, words, kind=kind),
        lines=(Line(name=title, points=points),),
        marks=marks,
    )


def _facts(judged: Judgement, path: FeaturePath, stats: FeatureStats | None, words: Words) -> Section:
    items: list[Fact] = []
    if stats is not None:
        items += [
            Fact(label="Type", value=stats.type.lower()),
            Fact(label="Examples with it", value=words.count(stats.common.num_non_missing)),
        ]
        if stats.numeric is not None:
            n = stats.numeric
            pairs = (("Minimum", n.min), ("Median", n.median), ("Mean", n.mean), ("Maximum", n.max), ("Standard deviation", n.std_dev))
            items += [Fact(label=label, value=words.number(value)) for label, value in pairs if value is not None]
            items.append(Fact(label="Zeros", value=words.count(n.num_zeros)))
        if stats.string is not None:
            items.append(Fact(label="Distinct values", value=words.count(stats.string.unique)))
        items += [
            Fact(label=one.name, value=words.number(one.number) if one.number is not None else one.text or "stored") for one in stats.custom
        ]
    items += _judged_facts(judged, path, words)
    wanted = _schema_feature(judged.run, path)
    if wanted is not None:
        items += _schema_facts(wanted, words)
    return Section(id="facts", title="What is known of it", blocks=(Facts(items=tuple(items)),))


def _judged_facts(judged: Judgement, path: FeaturePath, words: Words) -> list[Fact]:
    one = next((f for f in judged.features if f.path == path), None)
    change = sized(one.change) if one is not None and one.change is not None else None
    if one is None or change is None or change.w is None:
        return []
    is_chance = change.p is not None and change.p > FALSE_DISCOVERY
    usual = "no: chance alone explains it" if is_chance else "not known: it takes four other pairs of neighbouring runs"
    if one.usual is not None:
        usual = f"p {p_text(one.usual.p, words)}, from {plural(one.usual.pairs, 'pair')} of runs"
    return [
        Fact(label="Is the change real?", value=f"p {p_text(change.p, words)}" if change.p is not None else "not tested",
             hint="probability of as large a change by chance alone, at these sample sizes"),
        Fact(label="Is it unusual for this pipeline?", value=usual, hint="probability of as large a change from one run to the next; alarms go by this where it is known"),
        Fact(label="Effect size (Cohen's w)", value=f"{words.number(change.w or 0.0)} (95 %: {words.number(change.w_low or 0.0)} to {words.number(change.w_high or 0.0)})",
             hint="noise-corrected; below 0.1 is equivalent"),
        Fact(label="Answer", value=change.state),
        Fact(label="Sample", value=f"{words.count(change.n_reference)} values then, {words.count(change.n_current)} now"),
    ]  # fmt: skip


def _schema_feature(run: Run, path: FeaturePath) -> SchemaFeature | None:
    schema = run.schema.value if isinstance(run.schema, Loaded) else None
    return next((one for one in schema.features if one.path == path), None) if schema else None


def _schema_facts(wanted: SchemaFeature, words: Words) -> list[Fact]:
    items = [Fact(label="Schema: type", value=wanted.type.lower())]
    if wanted.min_fraction is not None:
        items.append(Fact(label="Schema: present in at least", value=words.percent(wanted.min_fraction)))
    if wanted.domain:
        items.append(Fact(label="Schema: allowed values", value=", ".join(wanted.domain[:20]) + (" …" if len(wanted.domain) > 20 else "")))
    if wanted.low is not None or wanted.high is not None:
        low, high = (words.number(v) if v is not None else "any" for v in (wanted.low, wanted.high))
        items.append(Fact(label="Schema: range", value=f"{low} to {high}"))
    return items

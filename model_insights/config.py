"""insights.toml: what the user tells us about money, periods and limits. Parsing only; `artifacts.configuration` finds and reads the file."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from typing import Literal, Union

import msgspec

from model_insights.errors import ConfigError
from model_insights.noun import Noun
from model_insights.sql_text import query_fault

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

Expression = Union[float, str]  # a number, or an expression over table columns in Polars' SQL expression language


class _Strict(Noun, forbid_unknown_fields=True):
    """A part of the file. A key that we do not know is a mistake, and said."""


class PeriodRule(_Strict):
    """Where the business time of a run is written: a JSON property of an execution, or a calendar table by span."""

    node: str = ""
    property: str = ""
    key: str = ""  # key inside the property's JSON, or the calendar's key column
    calendar: str = ""  # CSV, relative to insights.toml
    value: str = ""  # the calendar's column with the period's label
    start: str = "start"  # the calendar's column with the first day; the label where the column is missing
    end: str = "end"


class General(_Strict):
    currency: str
    locale: str = "en"
    name: str = ""  # shown in place of the pipeline's own name
    pipelines: tuple[str, ...] = ()  # pipelines the file speaks of, by recorded name; empty: all it is found for
    period: PeriodRule | None = None
    references: tuple[str, ...] = ("previous", "4 weeks", "season", "training", "last_blessed")
    season: str = "52 weeks"
    roots: tuple[str, ...] = ()
    rewrite: dict[str, str] = {}
    events: str = ""  # name of the table with the business events (columns date, text, kind)
    spend: str = ""  # name of the table with what marketing spent (column spend; span, period or date; any columns it is cut by)
    rates: dict[str, float] = {}  # one unit of a foreign currency in `currency`
    rates_table: str = ""  # name of a table with rates by day (columns currency, rate, and its `valid_from`); it goes before `rates`


class TableSource(_Strict):
    """A business table: a file (CSV or Parquet; here or behind a URL that fsspec knows), or a query to a database.

    Relative paths start at insights.toml, then at the pipeline's folders up to the log directory."""

    path: str = ""
    separator: str = ","  # of a CSV file
    decimal_comma: bool = False  # 1,5 for one and a half, in a CSV file
    text: tuple[str, ...] = ()  # columns that stay text although they look like numbers: postcodes, article numbers
    url: str = ""  # SQLAlchemy URL of a database, without a password
    url_env: str = ""  # name of the environment variable that holds the URL, with its password
    query: str = ""  # one SELECT
    timeout: float = 30.0  # seconds for connecting, and for the query
    valid_from: str = ""  # column with the first day (or the period's label) a row holds for; empty cell: always before
    valid_to: str = ""  # column with the last day; empty cell: until a later row
    currency: str = ""  # of the money columns; empty: insights.currency
    money: tuple[str, ...] = ()  # columns that are money, for conversion

    @property
    def is_database(self) -> bool:
        return bool(self.url or self.url_env)


class CostRule(_Strict):
    """How one kind of misprediction becomes money.

    inventory: order = volume x units_per_event x predicted rate, demand = demand x units_per_event; `over`, `under` per unit.
    classification: `tp`, `fp`, `tn`, `fn` per case at `threshold`.
    multiclass: `pairs` per (actual, predicted) class, `wrong` for the other mistakes, `none` where no class was predicted.
    regression: `over`, `under` per unit, from bias and spread of the errors.
    amounts: `cost` per row of `predictions`, or `tp`, `fp`, `tn`, `fn` per row by `decision` and `label`."""

    name: str
    kind: Literal["inventory", "classification", "multiclass", "regression", "amounts"]
    grain: tuple[str, ...] = ()  # columns on which the tables are joined one to one; empty: no table, constants only
    tables: tuple[str, ...] = ()  # empty: every table that has all columns of the grain
    unit: tuple[str, ...] = ()  # slice columns at which money is counted; () is Overall
    volume: Expression = 0.0  # cases of the period; 0: the evaluation's own example count
    demand: Expression | None = None  # realised events; None: the evaluation sample's mean label
    units_per_event: Expression = 1.0
    over: Expression | None = None
    under: Expression | None = None
    tp: Expression = 0.0
    fp: Expression = 0.0
    tn: Expression = 0.0
    fn: Expression = 0.0
    threshold: float | None = None
    capacity: float | None = None  # cases of a period that can be acted on; of more, those with the highest scores
    pairs: dict[str, Expression] = {}  # "0->1": actual class 0, predicted 1; -1: no prediction
    wrong: Expression = 0.0  # every other wrong pair
    none: Expression | None = None  # no prediction; empty: as `wrong`
    predictions: str = ""  # node that wrote the serving model's predictions: "BulkInferrer"
    candidate_predictions: str = ""  # node that wrote those of the newest model
    label: str = ""  # feature of the examples that holds the outcome
    decision: str = ""  # what is done with a prediction: "prediction >= 0.5"
    cost: Expression | None = None  # money of one row
    keys: tuple[str, ...] = ()  # columns on which rows and tables are joined; span and period choose the run's rows of the table
    loss: str = ""  # the loss it counts, where several rules could count the same one: they are not added
    currency: str = ""  # of its plain numbers; it must be that of [insights]
    period: str = ""  # what `volume` is per: "week"; the same for all rules

    @property
    def prices(self) -> dict[str, Expression]:
        """Unit values of the kind by name, in the order the cost formula takes them."""
        if self.kind == "multiclass":
            return {**self.pairs, "wrong": self.wrong, "none": self.wrong if self.none is None else self.none, "right": 0.0}
        if self.kind == "amounts":
            return {"cost": 1.0}
        names = ("tp", "fp", "tn", "fn") if self.kind == "classification" else ("units_per_event", "over", "under")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


class ResultRule(_Strict):
    """The second account: what the business earned, from its tables. It is shown beside the cost of mistakes and never added to it.

    result = revenue - costs; `sold` of `volume` cases were sold. Severity and verdict stay with the cost of mistakes."""

    grain: tuple[str, ...]  # columns on which the tables are joined one to one
    volume: Expression  # cases of the period
    revenue: Expression  # money that came in
    costs: Expression | None = None  # variable costs of what was sold; None: the result is the revenue
    sold: Expression | None = None  # units sold; None: every case counts as one
    tables: tuple[str, ...] = ()  # empty: every table that has all columns of the grain
    unit: tuple[str, ...] = ()  # columns by which the result is shown; () is the whole
    title: str = ""

    @property
    def name(self) -> str:
        """What the pages call it."""
        return self.title or ("revenue" if self.costs is None else "contribution margin")


class SeverityBudget(_Strict):
    """Money per 30 days above the expected level at which a step of the ladder starts."""

    little: float
    big: float
    emergency: float


class CoverageRule(_Strict):
    """Which combinations of feature values are counted, and from how many training examples on one counts as covered."""

    features: tuple[str, ...] = ()  # empty: those the trainer's settings list, else all but clocks, identifiers and the outcome
    leave_out: tuple[str, ...] = ()
    ways: Literal[2, 3] = 2
    support: int = 20  # training examples
    depth: Literal[1, 2, 3] = 2  # predicates of a slice that the search for costly slices may find


class ReportSettings(_Strict):
    """How the report looks, and for whom it is. Nothing here changes a number."""

    company: str = ""  # name on page 1
    logo: str = ""  # PNG, JPEG or SVG, relative to insights.toml
    accent: str = ""  # colour of rules and page names, "#1d4f7c"
    paper: Literal["A4", "Letter"] = "A4"
    recipients: tuple[str, ...] = ()  # named on page 1
    notes: str = ""  # a standing text on the last page: who may read it, whom to ask


class Config(_Strict):
    """The whole file."""

    insights: General
    tables: dict[str, TableSource] = {}
    cost: tuple[CostRule, ...] = ()
    result: ResultRule | None = None
    severity: SeverityBudget | None = None
    critical: tuple[dict[str, Union[str, int, float]], ...] = ()
    coverage: CoverageRule = CoverageRule()
    report: ReportSettings = ReportSettings()


_REQUIRED = {
    "inventory": ("over", "under"),
    "classification": ("threshold",),
    "multiclass": (),
    "regression": ("over", "under"),
    "amounts": ("predictions",),
}
_PAIR = re.compile(r"(\d+)->(-1|\d+)")


def parse(text: str, *, name: str = "insights.toml") -> Config:
    """The configuration in `text`. Raises ConfigError with file, line (or key) and what is allowed."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(
            f"{name}: {error}. The file must be TOML; quote texts and write numbers without separators other than _."
        ) from error
    try:
        config = msgspec.convert(raw, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}{_line(text, str(error))}: {error}. See docs/insights_toml.md for the keys.") from error
    _check(config, name)
    return config


def _check(config: Config, name: str) -> None:
    if not re.fullmatch(r"[A-Z]{3}", config.insights.currency):
        raise ConfigError(f'{name}: insights.currency is {config.insights.currency!r}; give an ISO 4217 code such as "EUR".')
    _check_rates(config, name)
    for table_name, source in config.tables.items():
        _check_table(table_name, source, config.insights, name)
    for rule in config.cost:
        for key in _REQUIRED[rule.kind]:
            if getattr(rule, key) in (None, ""):
                raise ConfigError(f"{name}: cost {rule.name!r} of kind {rule.kind} needs `{key}`.")
        if fault := _pairs_fault(rule) or _rows_fault(rule):
            raise ConfigError(f"{name}: cost {rule.name!r} {fault}")
        _check_named(f"cost {rule.name!r}", rule.tables, config, name)
    if fault := rules_fault(config.cost, config.insights.currency):
        raise ConfigError(f"{name}: {fault}")
    if config.result:
        _check_result(config.result, config, name)
    budget = config.severity
    if budget and not 0 < budget.little < budget.big < budget.emergency:
        raise ConfigError(
            f"{name}: severity must rise: 0 < little < big < emergency (now {budget.little}, {budget.big}, {budget.emergency})."
        )
    if config.coverage.support < 1:
        raise ConfigError(f"{name}: coverage.support is {config.coverage.support}; give training examples, 1 or more.")
    if fault := _report_fault(config.report):
        raise ConfigError(f"{name}: report.{fault}")
    for key in ("events", "spend"):
        table = getattr(config.insights, key)
        if table and table not in config.tables:
            raise ConfigError(f"{name}: insights.{key} names table {table!r}, which [tables] does not have.")


def rules_fault(rules: Sequence[CostRule], currency: str) -> str:
    """Why the costs of the rules must not be added, as a sentence that names them; "" where they may."""
    for i, rule in enumerate(rules):
        if rule.currency not in ("", currency):
            return (
                f"cost {rule.name!r} is in {rule.currency} and the other money in {currency}: two currencies are not added. Give its prices in "
                f"{currency}, or take them from a table with its own currency and a rate."
            )
        for other in rules[:i]:
            if other.name == rule.name:
                return f"two costs are named {rule.name!r}; give each its own name."
            if rule.loss and rule.loss == other.loss:
                return (
                    f"costs {other.name!r} and {rule.name!r} are marked as the same loss, {rule.loss!r}: added, it would be counted twice. "
                    "Keep one of them, or give them different `loss`."
                )
            if rule.period != other.period:
                return (
                    f"cost {other.name!r} is per {other.period or 'period of the run'} and cost {rule.name!r} per {rule.period or 'period of the run'}: "
                    "costs of different periods are not added. Bring `volume` to one period."
                )
    return ""


def _check_named(what: str, tables: tuple[str, ...], config: Config, name: str) -> None:
    for table in tables:
        if table not in config.tables:
            raise ConfigError(f"{name}: {what} names table {table!r}; known tables: {', '.join(config.tables) or 'none'}.")


def _check_result(rule: ResultRule, config: Config, name: str) -> None:
    _check_named("[result]", rule.tables, config, name)
    if not rule.grain:
        raise ConfigError(f"{name}: result.grain is empty; name the columns on which the business tables are joined.")
    if lost := [column for column in rule.unit if column not in rule.grain]:
        raise ConfigError(
            f"{name}: result.unit names {', '.join(lost)}, which result.grain does not have; the result is summed over the grain."
        )


def _report_fault(settings: ReportSettings) -> str:
    if settings.accent and not re.fullmatch(r"#[0-9a-fA-F]{6}", settings.accent):
        return f'accent is {settings.accent!r}; give a colour as six hexadecimal digits, such as "#1d4f7c".'
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:|[/\\]", settings.logo):
        return f"logo is {settings.logo!r}; give the path of a file relative to insights.toml: nothing is fetched."
    return ""


def _pairs_fault(rule: CostRule) -> str:
    wrong = next((pair for pair in rule.pairs if not _PAIR.fullmatch(pair)), None)
    if wrong is not None:
        return f'has the pair {wrong!r}; write "actual->predicted" with class numbers, such as "0->1", or "0->-1" for no prediction.'
    if rule.kind == "multiclass" and not any((rule.pairs, rule.wrong, rule.none)):
        return "of kind multiclass needs `pairs`, `wrong` or `none`: nothing has a price."
    return ""


def _rows_fault(rule: CostRule) -> str:
    if rule.capacity is not None and (rule.kind != "classification" or not 0 < rule.capacity < float("inf")):
        return (
            f"has capacity {rule.capacity:g}; give the cases that can be acted on in a period, above 0, in a rule of kind classification."
        )
    if rule.kind != "amounts" or rule.cost is not None:
        return ""
    return "" if rule.decision and rule.label else "of kind amounts needs `cost`, or `decision` and `label` with tp, fp, tn or fn."


def _check_rates(config: Config, name: str) -> None:
    table = config.insights.rates_table
    if table and (table not in config.tables or not config.tables[table].valid_from):
        what = (
            "which [tables] does not have" if table not in config.tables else "which has no `valid_from`: it says since when a rate holds"
        )
        raise ConfigError(f"{name}: insights.rates_table names table {table!r}, {what}.")
    for code, rate in config.insights.rates.items():
        if not re.fullmatch(r"[A-Z]{3}", code) or not 0 < rate < float("inf"):
            raise ConfigError(
                f"{name}: insights.rates.{code} is {rate:g}; give {config.insights.currency} for one unit of an ISO 4217 code."
            )


def _check_table(table: str, source: TableSource, general: General, name: str) -> None:
    fault = _place_fault(source) or _currency_fault(source, general)
    if not fault and source.valid_to and not source.valid_from:
        fault = "has `valid_to` without `valid_from`; name the column with the first day too."
    if not fault and not 0 < source.timeout < float("inf"):
        fault = f"has timeout {source.timeout:g}; give seconds above 0."
    if not fault and len(source.separator.encode()) != 1:
        fault = f"has separator {source.separator!r}; give one character."
    if fault:
        raise ConfigError(f"{name}: table {table!r} {fault}")


_PASSWORD = re.compile(r"^[^/]*//[^/@:]*:[^@]*@|[?&][^=&]*(?:passw|pwd|secret|token)[^=&]*=", re.IGNORECASE)


def _place_fault(source: TableSource) -> str:
    """Never repeats a URL: it may hold a password."""
    if len([one for one in (source.path, source.url, source.url_env) if one]) != 1:
        return "needs exactly one of `path`, `url` and `url_env`."
    if _PASSWORD.search(source.url) or re.match(r"[^/]*//[^/@]*:[^/@]*@", source.path):
        return "has a password in its address; put the URL into an environment variable and name that in `url_env`."
    if not source.is_database:
        return "has a `query` for a file; a query needs `url` or `url_env`." if source.query else ""
    if not source.query:
        return "names a database without a `query`; give one SELECT."
    fault = query_fault(source.query)
    return f"has a query that {fault}." if fault else ""


def _currency_fault(source: TableSource, general: General) -> str:
    if source.currency in ("", general.currency):
        return ""
    if not re.fullmatch(r"[A-Z]{3}", source.currency):
        return f'has currency {source.currency!r}; give an ISO 4217 code such as "EUR".'
    if source.currency not in general.rates and not general.rates_table:
        return (
            f"is in {source.currency} and insights.currency is {general.currency}: two currencies are not added. "
            f"Give the rate in [insights.rates], {source.currency} = (how many {general.currency} one {source.currency} is)."
        )
    return "" if source.money else f"is in {source.currency}; name its money columns in `money`, so that they are converted."


def _line(text: str, message: str) -> str:
    """` line N` of the key the message speaks of, where it can be found."""
    unknown = re.search(r"unknown field `([^`]+)`", message)
    path = re.search(r"at `\$\.?([^`]*)`", message)
    last = unknown[1] if unknown else re.split(r"[.\[]", path[1])[-1].rstrip("]") if path else ""
    for number, line in enumerate(text.splitlines(), start=1):
        if last and re.match(rf"\s*\[*\s*(?:[\w.]+\.)?\"?{re.escape(last)}\"?\s*[\]=]", line):
            return f" line {number}"
    return ""

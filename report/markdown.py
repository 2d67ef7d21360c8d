"""The summary of page 1 as Markdown, for tickets and chats. Names are escaped: they never become markup."""

from __future__ import annotations

import re
from collections.abc import Sequence

from model_insights.view import Headline, Table, View
from report.look import Look
from report.pages import Sheet, plan
from report.parts import sentence

_MARKUP = re.compile(r"([\\`*_{}\[\]<>#|~!&])")


def summary(views: Sequence[View], look: Look) -> str:
    """Headline, severity, money, corners, dearest slices, what to do, what to mind, and the mark of the result."""
    report = plan(views, look=look, only=("verdict",))
    sheet, view = report.sheets[0], report.view
    parts = [f"# {escape(sheet.title)}", f"{escape(report.title)} · {escape(report.subtitle)}" if report.subtitle else escape(report.title)]
    if view.headline is not None:
        parts.append(_headline(view.headline))
    parts += [_corners(sheet), _worst(sheet.worst), _action(sheet, view.headline), *(escape(text) for text in look.review.note)]
    notices = [f"- **{notice.level}** {escape(f'{notice.text} {notice.remedy}'.strip())}" for notice in report.notices]
    parts += ["\n".join(notices), f"{escape(report.running)}\n\nResult {report.mark}" if report.running else f"Result {report.mark}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """Words as words: no markup, no line of their own."""
    return _MARKUP.sub(r"\\\1", " ".join(text.split()))


def _headline(line: Headline) -> str:
    facts = (
        ("Severity", f"{line.severity.name}. {line.severity.sentence} {line.severity.could_be}"),
        ("Cost", f"{line.money.text} ({line.money.interval_text})" if line.money.interval_text else line.money.text),
        ("Change", f"{line.change.text} {line.since}"),
        ("How sure", f"{line.confidence}. {sentence(line.confidence_reason)}" if line.confidence_reason else line.confidence),
    )
    return "\n".join(f"- **{label}:** {escape(words)}" for label, words in facts)


def _corners(sheet: Sheet) -> str:
    if sheet.triangle is None:
        return ""
    rows = [(one.name, one.state_text, one.money.text, one.share.text, one.sentence) for one in sheet.triangle.corners]
    return _table(("Assumption", "State", "Money", "Share", ""), rows)


def _worst(table: Table | None) -> str:
    if table is None or not table.rows:
        return ""
    return _table([column.title for column in table.columns], [[cell.text for cell in row.cells] for row in table.rows])


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell if i == 1 else escape(cell) for cell in line) + " |" for i, line in enumerate(lines))


def _action(sheet: Sheet, line: Headline | None) -> str:
    words = sheet.review.action or (line.next_action if line else "")
    return f"**What to do:** {escape(words)}" if words else ""

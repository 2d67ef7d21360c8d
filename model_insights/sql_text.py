"""Reads SQL that a user wrote, as words only: is a query one that reads, is an expression no more than an expression. Runs nothing."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""(?P<comment>--[^\n]*|/\*.*?\*/)
      | (?P<quoted>'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`)
      | (?P<word>[^\W\d]\w*)
      | (?P<other>[\d.]+|\s+|.)""",
    re.VERBOSE | re.DOTALL,
)
# Inside a WITH or after a SELECT these write, lock or leave the database.
_WRITING = frozenset(
    [
        "INSERT",
        "UPDATE",
        "DELETE",
        "MERGE",
        "DROP",
        "CREATE",
        "ALTER",
        "TRUNCATE",
        "GRANT",
        "REVOKE",
        "INTO",
        "CALL",
        "EXEC",
        "EXECUTE",
        "COPY",
        "ATTACH",
        "DETACH",
        "PRAGMA",
        "VACUUM",
        "LOCK",
    ]
)


def query_fault(query: str) -> str:
    """Why `query` is not a single SELECT (or WITH ... SELECT), as the end of a sentence; "" when it is one.

    The first of two walls: `artifacts.tables_sql` asks the database for a read-only transaction too."""
    if ambiguous := _ambiguity(query):
        return f"holds {ambiguous}"
    tokens = _tokens(query)
    if any(kind == "other" and text in "'\"`" for kind, text in tokens):
        return "holds a quotation mark that is not closed"
    return _not_reading(_statements(tokens))


def _ambiguity(query: str) -> str:
    """What databases read differently, so that a statement could hide in it; "" for none."""
    comments = [match[0] for match in _TOKEN.finditer(query) if match.lastgroup == "comment"]
    code = "".join(text for kind, text in _tokens(query) if kind != "quoted")
    found = (
        (any(re.match(r"/\*M?!", one) for one in comments), "a comment that MySQL would run (/*! ... */)"),
        (any("/*" in one[2:] for one in comments if one.startswith("/*")), "a comment within a comment"),
        (any(re.match(r"--\S", one) for one in comments), "-- without a space after it"),
        ("#" in code, "#, which MySQL takes for a comment; write -- for one"),
        (re.search(r"\$\w*\$", code), "a text between dollar signs; write it between single quotation marks"),
        (re.search(r"\\['\"`]", query), "a backslash before a quotation mark; double the quotation mark instead"),
    )
    return next((name for present, name in found if present), "")


def _not_reading(statements: list[list[str]]) -> str:
    if len(statements) != 1:
        return f"holds {len(statements)} statements; one SELECT is read" if statements else "is empty"
    words = statements[0]
    if not words or words[0] not in ("SELECT", "WITH"):
        return f"begins with {words[0] if words else 'no word'}; only SELECT (or WITH ... SELECT) is read"
    writing = next((word for word in words if word in _WRITING), "")
    return f"holds {writing}, which does more than read; quote it if it is a name" if writing else ""


def expression_fault(text: str) -> str:
    """Why `text` is more than an expression over columns, as the end of a sentence; "" when it is not."""
    tokens = _tokens(text)
    if inner := sorted({word.upper() for kind, word in tokens if kind == "word"} & {"SELECT", "WITH"}):
        return f"holds a query of its own ({inner[0]})"
    return "holds a semicolon" if any(kind == "other" and one == ";" for kind, one in tokens) else ""


def _tokens(text: str) -> list[tuple[str, str]]:
    """(kind, text) of everything but comments and white space; kind is quoted, word or other."""
    return [(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(text) if match.lastgroup != "comment" and match[0].strip()]


def _statements(tokens: list[tuple[str, str]]) -> list[list[str]]:
    """The words (upper case) of each statement; statements end at a semicolon, and empty ones do not count."""
    statements: list[list[str]] = []
    fresh = True
    for kind, text in tokens:
        if text == ";":
            fresh = True
            continue
        if fresh:
            statements.append([])
            fresh = False
        if kind == "word":
            statements[-1].append(text.upper())
        elif kind == "quoted" and not statements[-1]:
            statements[-1].append("a quoted text")
    return statements

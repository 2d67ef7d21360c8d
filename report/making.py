"""Material into bytes: one report, or one over several pipelines, in any of the five forms."""

from __future__ import annotations

from report import as_html, as_json, as_markdown, as_pdf, drawing
from report.gather import Material
from report.sheet import as_csv

FORMS = {".html": "html", ".htm": "html", ".json": "json", ".md": "markdown", ".csv": "csv"}  # by the ending of a file's name; else pdf


def make(found: tuple[Material, ...], form: str, *, together: bool = False) -> bytes:
    """`form`: pdf, html, markdown, csv or json. `together`: a report that compares pipelines, worst first; else of the first material."""
    if form == "csv":
        return as_csv(tuple(view for one in found for view in (one.appendix[:2] or one.views)))
    if not together:
        return _one(found[0], form)
    with drawing():
        from report.compare import plan_all, whole_all, worst_first

        ranked = worst_first(found)
        if form == "json":
            return as_json(tuple(view for one in ranked for view in one.views))
        if form == "markdown":
            return b"\n".join(as_markdown(one.views, look=one.look) for one in ranked)
        if form == "html":
            from report.html import render

            return render(plan_all(ranked)).encode()
        from report.pdf import bytes_of, fit

        return bytes_of(*fit(whole_all(ranked)))


def _one(material: Material, form: str) -> bytes:
    views, look = material.views, material.look
    if form == "json":
        return as_json(views)
    if form == "markdown":
        return as_markdown(views, look=look)
    return (as_html if form == "html" else as_pdf)(views, look=look, appendix=material.appendix)

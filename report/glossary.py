"""The words of the report that need one, in at most twelve words each or so."""

from __future__ import annotations

from model_insights.view import Fact

_WORDS = (
    ("Mistake", "A prediction that turned out wrong, whatever the model's reason."),
    ("Cost of mistakes", "What perfect predictions would have saved in the period."),
    ("Slice", "A part of the cases: one product line, one region."),
    ("Reference", "The period this one is compared with."),
    ("Expected level", "What the period would have cost had nothing changed."),
    ("Interval", "Where the true number lies with the stated certainty."),
    ("Held, watch, violated", "What became of an assumption the model rests on."),
    ("Cannot tell", "The part of a change that the files give to no corner."),
    ("Serving model", "The model whose predictions were used in the period."),
)
GLOSSARY = tuple(Fact(label=word, value=meaning) for word, meaning in _WORDS)

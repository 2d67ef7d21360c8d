"""Tells which assumption behind a production model broke, and what it costs."""

__version__ = "0.1.0"

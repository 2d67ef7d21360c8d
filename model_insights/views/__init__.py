"""Composes the pages: history, evidence, ledger and verdict in, view models out. Hop 4."""

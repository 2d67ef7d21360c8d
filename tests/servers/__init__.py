"""Tests against real database servers that they start themselves."""

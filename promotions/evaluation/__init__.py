"""Offline evaluation: what lists by popularity would have hit in a log of what people did (docs/evaluation.md)."""

"""Writes: `planning` (what is offered), `claims` (who gets it), `lifecycle` (what the clock does)."""

"""Hostile requests against every route, as everybody, and what must hold whatever is sent (docs/security.md)."""

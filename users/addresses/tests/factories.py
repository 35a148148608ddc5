"""Addresses for tests, here and in other contexts."""

from typing import Any

LEAST: dict[str, Any] = {"recipient": "Ana", "line1": "Tacuba 15", "city": "México", "country": "MX"}
"""The least that a courier needs."""

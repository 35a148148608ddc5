"""From validated input to columns."""

from typing import Any

from django.db.models import Model

RELATIONS = ("brand", "category", "department", "parent", "store")


def column_values(values: dict[str, Any]) -> dict[str, Any]:
    """The same values, with `category` and the like as `category_id`: what services set and audit."""
    columns: dict[str, Any] = {}
    for name, value in values.items():
        if name in RELATIONS:
            columns[f"{name}_id"] = value.pk if isinstance(value, Model) else None
        else:
            columns[name] = value
    return columns

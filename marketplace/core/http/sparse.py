"""`?fields=a,b` on lists and details: the answer holds only these members."""

from typing import Any

from rest_framework.request import Request


def wanted_fields(request: Request) -> frozenset[str] | None:
    """The members asked for; None for all."""
    text = request.query_params.get("fields", "")
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    return names or None


def sparse(request: Request, data: Any) -> Any:
    """Cut members that were not asked for (of each row of a list or page)."""
    wanted = wanted_fields(request)
    if wanted is None:
        return data
    if isinstance(data, list):
        return [{name: value for name, value in row.items() if name in wanted} for row in data]
    if isinstance(data, dict) and "results" in data:
        return {**data, "results": sparse(request, data["results"])}
    return {name: value for name, value in data.items() if name in wanted}

"""`?fields=a,b` on lists and details: the answer holds only these members."""

from typing import Any

from rest_framework.request import Request


def wanted_fields(request: Request) -> frozenset[str] | None:
    """The members asked for; None for all."""
    text = request.query_params.get("fields", "")
    names = frozenset(name.strip() for name in text.split(",") if name.strip())
    return names or None


def sparse(request: Request, data: Any) -> Any:
    """Cut members that were not asked for, of an object or of each object of a list. Unknown names ask for nothing."""
    wanted = wanted_fields(request)
    return data if wanted is None else _cut(data, wanted)


def _cut(data: Any, wanted: frozenset[str]) -> Any:
    if isinstance(data, list):
        return [_cut(item, wanted) for item in data]
    if isinstance(data, dict):
        return {name: value for name, value in data.items() if name in wanted}
    return data

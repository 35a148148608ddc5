"""Every route and method of the product, read from the URL resolver."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from marketplace.core.http.viewsets import UUID_PATTERN

METHODS = ("get", "post", "put", "patch", "delete")
_GROUP = re.compile(r"\(\?P<(\w+)>(?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)")
_CONVERTER = re.compile(r"<(?:\w+:)?(\w+)>")


def template_of(pattern: str) -> str:
    """`^users/(?P<pk>…)/$` and `users/<uuid:pk>/` as `users/{pk}/`."""
    plain = _CONVERTER.sub(r"{\1}", _GROUP.sub(r"{\1}", pattern.replace(UUID_PATTERN, "x")))
    return plain.replace("^", "").replace("$", "").replace("\\", "")


def routes() -> Iterator[tuple[str, str]]:
    """Pairs such as ("GET", "api/v1/users/{pk}/"). The admin, its door and the storefront have tests of their own."""
    for pattern, view in _walk(get_resolver().url_patterns, ""):
        for method in _methods_of(view):
            yield method.upper(), template_of(pattern)


def _walk(patterns: list[URLPattern | URLResolver], prefix: str) -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        path = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path, pattern.callback
        elif pattern.app_name not in {"admin", "backoffice", "storefront"}:
            yield from _walk(pattern.url_patterns, path)


def _methods_of(view: Any) -> list[str]:
    actions = getattr(view, "actions", None)
    if actions is not None:
        return [method for method in METHODS if method in actions]  # DRF adds `head` once a view was called
    kind = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return ["get"] if kind is None else [method for method in METHODS if hasattr(kind, method)]

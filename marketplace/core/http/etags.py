"""ETag / If-Match on what several people edit: the tag is the row's version, the write compares and sets."""

from typing import Any

from rest_framework.request import Request

from marketplace.core.base import VersionedModel
from marketplace.core.clock import db_now
from marketplace.core.errors import StaleError


def etag(resource: VersionedModel) -> str:
    """The quoted version."""
    return f'"{resource.version}"'


def expected_version(request: Request) -> int | None:
    """The version of `If-Match`; None when absent or `*`. A weak tag counts (nginx weakens under gzip).

    Raises `StaleError` for a tag that cannot be a version.
    """
    if request.headers.get("If-Match", "").strip() in {"", "*"}:
        return None
    version = stated_version(request)
    if version is None:
        raise StaleError
    return version


def stated_version(request: Request) -> int | None:
    """The version that `If-Match` says; None when it says none."""
    text = request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def compare_and_set(resource: VersionedModel, expected: int | None, **values: Any) -> None:
    """Write `values` and count the version up, if it still is `expected` (or whatever it is now).

    Raises `StaleError` when somebody else was faster; the row is then untouched.
    """
    version = resource.version if expected is None else expected
    rows = type(resource)._default_manager.filter(pk=resource.pk, version=version)
    changed = rows.update(version=version + 1, updated_at=db_now(), **values)
    if not changed:
        raise StaleError
    resource.refresh_from_db()

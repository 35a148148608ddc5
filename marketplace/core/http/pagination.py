"""Lists: cursors over immutable (field, id) pairs; bounded page numbers for price, rank and distance."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import Model, Q
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from .sparse import sparse

if TYPE_CHECKING:
    from rest_framework.views import APIView

DEFAULT_SIZE = 24
MAX_SIZE = 100
MAX_PAGE = 100
MAX_CURSOR_VALUE = 300


class InvalidCursorError(exceptions.ValidationError):
    """A cursor this list did not hand out."""

    def __init__(self) -> None:
        super().__init__({"cursor": [_("Invalid cursor.")]}, code="invalid_cursor")


def page_size(request: Request) -> int:
    """`page_size` from the query, 1 to 100; raises 400 for anything else."""
    return _number(request, "page_size", DEFAULT_SIZE, MAX_SIZE)


def _number(request: Request, name: str, default: int, most: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= most):
        raise exceptions.ValidationError({name: [_("Give a number from 1 to %(most)s.") % {"most": most}]})
    return int(text)


class Walk(NamedTuple):
    """One page to read: so many rows in this direction, after that (field, id) pair if there is one."""

    descending: bool
    position: list[Any] | None
    limit: int


class CursorPagination(BasePagination):
    """`?cursor=` from the last answer. The view may say `cursor_field` (default: newest id first)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any]:
        walk = self.read(request, queryset.model, getattr(view, "cursor_field", "-pk"))
        prefix = "-" if walk.descending else ""
        ordered = queryset.order_by(*dict.fromkeys([f"{prefix}{self._field}", f"{prefix}pk"]))
        if walk.position is not None:
            ordered = ordered.filter(self._after(walk.position, walk.descending))
        return self.finish(list(ordered[: walk.limit]))

    def read(self, request: Request, model: type[Model], field: str = "-pk") -> "Walk":
        """What the request asks for. Raises `InvalidCursorError`, or 400 for a size."""
        self.request = request
        self._field = field.removeprefix("-")
        self._backwards, self._position = self._read(request, model)
        self._size = page_size(request)
        return Walk(field.startswith("-") != self._backwards, self._position, self._size + 1)

    def finish(self, rows: list[Any]) -> list[Any]:
        """The page out of the rows that were asked for (one more than it has); notes where its neighbours begin."""
        backwards, has_more = self._backwards, len(rows) > self._size
        rows = rows[: self._size]
        if backwards:
            rows.reverse()
        has_next = backwards or has_more
        has_previous = has_more if backwards else self._position is not None
        self._next = self._link(rows[-1], backwards=False) if has_next and rows else None
        self._previous = self._link(rows[0], backwards=True) if has_previous and rows else None
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next, "previous": self._previous, "results": sparse(self.request, data)})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri", "example": None}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        return [_parameter("cursor", {"type": "string", "maxLength": 500}), SIZE_PARAMETER]

    def _after(self, position: Sequence[Any], descending: bool) -> Q:
        op = "lt" if descending else "gt"
        value, pk = position
        if self._field in {"pk", "id"}:
            return Q(**{f"pk__{op}": pk})
        return Q(**{f"{self._field}__{op}": value}) | Q(**{self._field: value, f"pk__{op}": pk})

    def _link(self, row: Any, *, backwards: bool) -> str:
        value = row.pk if self._field in {"pk", "id"} else getattr(row, self._field)
        raw = json.dumps([int(backwards), str(value), str(row.pk)]).encode()
        cursor = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return replace_query_param(self.request.build_absolute_uri(), "cursor", cursor)

    def _read(self, request: Request, model: type[Model]) -> tuple[bool, list[Any] | None]:
        text = request.query_params.get("cursor")
        if text is None:
            return False, None
        try:
            padded = text.encode("ascii") + b"=" * (-len(text) % 4)
            backwards, value, pk = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
            if not (isinstance(value, str) and isinstance(pk, str)):
                raise InvalidCursorError
            field = model._meta.pk if self._field in {"pk", "id"} else model._meta.get_field(self._field)
            return bool(backwards), [_clean(field, value), _clean(model._meta.pk, pk)]
        except (ValueError, TypeError, ArithmeticError, ValidationError, RecursionError) as error:
            raise InvalidCursorError from error


def _clean(field: Any, text: str) -> Any:
    """The value as the field has it; raises `ValueError` and its like for what no row of this list can hold."""
    if "\x00" in text or len(text.encode()) > MAX_CURSOR_VALUE:
        raise ValueError(text)
    value = field.to_python(text)
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError(text)
        return value.astimezone(UTC)
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(text)
    return value


class BoundedPagePagination(BasePagination):
    """`?page=` up to 100, for orders that have no stable cursor (price, rank, distance)."""

    def paginate_queryset(self, queryset: Any, request: Request, view: "APIView | None" = None) -> list[Any]:
        start, limit = self.read(request)
        return self.finish(list(queryset[start : start + limit]))

    def read(self, request: Request) -> tuple[int, int]:
        """From which row on, and how many: one more than the page has. Raises 400."""
        self.request = request
        self._page = _number(request, "page", 1, MAX_PAGE)
        self._size = page_size(request)
        return (self._page - 1) * self._size, self._size + 1

    def finish(self, rows: list[Any]) -> list[Any]:
        """The page out of those rows."""
        self._has_next = len(rows) > self._size and self._page < MAX_PAGE
        return rows[: self._size]

    def get_paginated_response(self, data: Any) -> Response:
        url = self.request.build_absolute_uri()
        following = replace_query_param(url, "page", str(self._page + 1)) if self._has_next else None
        previous = None
        if self._page == 2:
            previous = remove_query_param(url, "page")
        elif self._page > 2:
            previous = replace_query_param(url, "page", str(self._page - 1))
        return Response({"next": following, "previous": previous, "results": sparse(self.request, data)})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return CursorPagination().get_paginated_response_schema(schema)

    def get_schema_operation_parameters(self, view: "APIView") -> list[dict[str, Any]]:
        return [_parameter("page", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE}), SIZE_PARAMETER]


def _parameter(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "schema": schema}


SIZE_PARAMETER = _parameter("page_size", {"type": "integer", "minimum": 1, "maximum": MAX_SIZE})

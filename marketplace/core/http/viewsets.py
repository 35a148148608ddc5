"""Bases of the ViewSets: sparse answers and one place for defaults."""

from typing import Any

from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from .etags import etag
from .sparse import sparse


class ViewSet(viewsets.GenericViewSet):  # type: ignore[type-arg]
    """A generic ViewSet whose `present` cuts to `?fields=` and adds the ETag."""

    uses_etags = False

    def present(
        self, instance: Any, *, status: int = 200, serializer: type[BaseSerializer[Any]] | None = None
    ) -> Response:
        """Answer with one object."""
        kind = serializer or self.get_serializer_class()
        data = kind(instance, context=self.get_serializer_context()).data
        headers = {"ETag": etag(instance)} if self.uses_etags else {}
        return Response(sparse(self.request, data), status=status, headers=headers)

    def present_page(self, rows: Any, *, serializer: type[BaseSerializer[Any]] | None = None) -> Response:
        """Answer with one page of a list."""
        kind = serializer or self.get_serializer_class()
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(kind(page, many=True, context=self.get_serializer_context()).data)

    def read(self, request: Request, *, partial: bool = False, instance: Any = None) -> dict[str, Any]:
        """The validated input; raises 400 with every field that is wrong."""
        serializer = self.get_serializer(instance=instance, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values

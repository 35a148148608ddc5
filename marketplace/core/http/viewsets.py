"""Bases of the ViewSets: sparse answers and one place for defaults."""

from typing import Any

from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from marketplace.core.errors import StaleError

from .etags import etag, stated_version
from .sparse import sparse

UUID_PATTERN = "[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
"""For `lookup_value_regex`: anything else in the path is 404 before a view sees it."""


class ViewSet(viewsets.GenericViewSet):  # type: ignore[type-arg]
    """A generic ViewSet whose `present` cuts to `?fields=` and adds the ETag."""

    uses_etags = False
    is_private = False
    """Whether what it answers, refusals included, is for the caller's eyes alone: no cache keeps it."""

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """Every answer comes through here: stored ones of a repeated key, and those that never reached the action."""
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        if self.is_private:
            answer["Cache-Control"] = "no-store"
        return answer

    def handle_exception(self, exc: Exception) -> Response:
        """Of a stale write the answer also says the versions and the object as it is now: nobody has to ask again."""
        if isinstance(exc, StaleError) and self.uses_etags:
            current = self.stale_resource()
            if current is not None:
                # `get_serializer_class` may say what this action reads; what it shows is the view's own.
                kind: Any = self.serializer_class
                exc.params["expected_version"] = stated_version(self.request)
                exc.params["current_version"] = current.version
                exc.params["current"] = kind(current, context=self.get_serializer_context()).data
        return super().handle_exception(exc)

    def stale_resource(self) -> Any:
        """What a stale write was about, as the caller may see it now; None where that is not to be said."""
        return self.get_queryset().filter(pk=self.kwargs["pk"]).first()

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

    def read(
        self,
        request: Request,
        *,
        partial: bool = False,
        instance: Any = None,
        serializer: type[BaseSerializer[Any]] | None = None,
    ) -> dict[str, Any]:
        """The validated input; raises 400 with every field that is wrong."""
        kind = serializer or self.get_serializer_class()
        reader = kind(instance=instance, data=request.data, partial=partial, context=self.get_serializer_context())
        reader.is_valid(raise_exception=True)
        values: dict[str, Any] = reader.validated_data
        return values

"""`users/me/export/`: a copy of what the shop keeps about oneself."""

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from marketplace.core.http import fields
from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from users.accounts.api.caller import caller

from . import selectors, services
from .models import PersonalExport

TAGS = ["users"]
EXAMPLE = OpenApiExample(
    "A copy that is ready",
    value={
        "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d5e",
        "state": "ready",
        "requested_at": "2026-01-31T10:00:00Z",
        "ready_at": "2026-01-31T10:00:04Z",
        "expires_at": "2026-02-03T10:00:04Z",
        "size_bytes": 48213,
    },
    response_only=True,
)


class PersonalExportRateLimit(RateLimit):
    """Having copies of one's data made: each reads everything there is."""

    scope = "personal_exports"


class PersonalExportSerializer(serializers.Serializer[PersonalExport]):
    """A copy of one's data."""

    id = fields.UUIDField()
    state = fields.ChoiceField(choices=PersonalExport.State.choices)
    requested_at = fields.DateTimeField(source="created_at")
    ready_at = fields.DateTimeField(allow_null=True)
    expires_at = fields.DateTimeField(allow_null=True, help_text=_("The file is gone afterwards."))
    size_bytes = fields.IntegerField(help_text=_("Of the ZIP; 0 while it is being made."))


class PersonalExportViewSet(ViewSet):
    """Asking for the copy, and how far it is."""

    is_private = True
    queryset = PersonalExport.objects.none()
    serializer_class = PersonalExportSerializer
    permission_classes = [SignedIn]
    pagination_class = None
    filter_backends: list[Any] = []

    def get_throttles(self) -> list[BaseThrottle]:
        return [PersonalExportRateLimit()] if self.action == "ask" else super().get_throttles()

    @extend_schema(
        summary="The copy of my data",
        description="The newest one. 404 `no_personal_export` before the first.",
        tags=TAGS,
        responses=PersonalExportSerializer,
        examples=[EXAMPLE],
    )
    def current(self, request: Request) -> Response:
        """GET users/me/export/"""
        return self.present(selectors.newest_export(caller(request).pk))

    @extend_schema(
        summary="Ask for a copy of my data",
        description="Everything the shop keeps about oneself, made in the background; a mail says when it is ready. "
        "While one is being made, the answer is that one.",
        tags=TAGS,
        request=None,
        responses={202: PersonalExportSerializer},
        examples=[EXAMPLE],
    )
    def ask(self, request: Request) -> Response:
        """POST users/me/export/"""
        me = caller(request)
        return self.present(services.request_export(actor=me, user_id=me.pk), status=202)


class PersonalExportFileViewSet(PersonalExportViewSet):
    """The file itself."""

    content_negotiation_class = FileNamedInTheAddress

    @extend_schema(
        summary="Download the copy of my data",
        description="A ZIP of JSON files, one per table, for its owner alone and only for some days. 404 "
        "`no_personal_export` when there is none (any more); 409 `personal_export_not_ready` while it is being made, "
        "`personal_export_too_large` where it has to be sent in another way.",
        tags=TAGS,
        responses={(200, "application/zip"): OpenApiTypes.BINARY},
    )
    def file(self, request: Request) -> HttpResponse:
        """GET users/me/export/file/"""
        export, content = services.take_export(owner=caller(request))
        name = f"marketplace-{export.created_at:%Y-%m-%d}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return HttpResponse(content, content_type="application/zip", headers=headers)

"""HTTP of the inbox: one's own notifications; staff may write one."""

from http import HTTPStatus
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.errors import NotFoundError
from marketplace.core.http import fields
from marketplace.core.http.languages import asked_language
from marketplace.core.http.permissions import IsStaff, SignedIn
from marketplace.core.http.sparse import sparse
from marketplace.core.http.viewsets import ViewSet
from users import facade as users

from . import services
from .cursors import MAX_LENGTH, OVERLAP, UnreadableCursorError, read_cursor
from .groups import tell_read
from .models import InboxItem
from .presenting import notification_json
from .rendering import render
from .selectors import UNREAD_CAP, inbox_behind, inbox_of, unread_count

TAGS = ["notifications"]
MAX_RECIPIENTS = 1000


class NotificationSerializer(serializers.Serializer[InboxItem]):
    """A message in one's inbox, in the reader's language."""

    id = fields.CharField(read_only=True)
    kind = fields.CharField(read_only=True, help_text="What it is about; new kinds may appear.")
    title = fields.CharField(read_only=True)
    body = fields.CharField(read_only=True)
    params = serializers.DictField(read_only=True, help_text="Ids and values behind the text, by kind.")
    is_read = fields.BooleanField(read_only=True)
    read_at = fields.DateTimeField(read_only=True, allow_null=True)
    created_at = fields.DateTimeField(read_only=True)
    cursor = fields.CharField(
        read_only=True, help_text="Hand it to `after`, here or at the socket, to go on from here."
    )

    def to_representation(self, instance: InboxItem) -> dict[str, Any]:
        return notification_json(instance, render(instance.message, self.context["language"]))


class ReadStateSerializer(serializers.Serializer[Any]):
    """Whether it has been read."""

    is_read = fields.BooleanField()


class AnnouncementSerializer(serializers.Serializer[Any]):
    """What staff tell people in their own words."""

    customer = fields.UUIDField(required=False, help_text="One account.")
    customers = serializers.ListField(
        child=fields.UUIDField(), required=False, max_length=MAX_RECIPIENTS, help_text="Or several."
    )
    title = fields.CharField(max_length=120)
    body = fields.CharField(max_length=2000)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        recipients = [*attrs.get("customers", []), *([attrs["customer"]] if "customer" in attrs else [])]
        if not recipients:
            required = self.fields["title"].error_messages["required"]
            raise serializers.ValidationError({"customers": required}, "required")
        return {"title": attrs["title"], "body": attrs["body"], "customer_ids": recipients}


class SentAnnouncementSerializer(serializers.Serializer[Any]):
    """What was sent, and to how many."""

    id = fields.CharField(read_only=True)
    kind = fields.CharField(read_only=True)
    title = fields.CharField(read_only=True)
    body = fields.CharField(read_only=True)
    recipients_count = fields.IntegerField(read_only=True)
    created_at = fields.DateTimeField(read_only=True)


class MarkedSerializer(serializers.Serializer[Any]):
    """How many became read."""

    marked_count = fields.IntegerField(read_only=True)


class UnreadCountSerializer(serializers.Serializer[Any]):
    """How many wait to be read."""

    unread_count = fields.IntegerField(read_only=True, max_value=UNREAD_CAP)
    is_capped = fields.BooleanField(read_only=True, help_text=f"True: {UNREAD_CAP} or more; nobody counted on.")


class NotificationFilter(filters.FilterSet):
    """`is_read=false` for what is still unread."""

    is_read = filters.ChoiceFilter(choices=[("true", "true"), ("false", "false")], method="by_read_state")

    def by_read_state(self, rows: "QuerySet[InboxItem]", name: str, value: str) -> "QuerySet[InboxItem]":
        """`value` is one of the two choices."""
        return rows.filter(read_at__isnull=value == "false")


EXAMPLE = OpenApiExample(
    "paid order",
    {
        "id": "5120",
        "kind": "order_paid",
        "title": "Order K7P2-9QXA is paid",
        "body": "We received 499.00 MXN for your order K7P2-9QXA. Thank you!",
        "params": {"order": "01923f4e-7c1b-7d7e-9f53-0d6a1b2c3d4e", "total": {"amount": "499.00", "currency": "MXN"}},
        "is_read": False,
        "read_at": None,
        "created_at": "2026-03-01T18:00:00.412000Z",
        "cursor": "WzUxMjAsMTc3MjM4ODAwMDQxMjAwMF0",
    },
    response_only=True,
)
AFTER = OpenApiParameter(
    "after",
    {"type": "string", "maxLength": MAX_LENGTH},
    description="A notification's `cursor`: what came after it.",
)
ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="Id of the notification.")


@extend_schema(tags=TAGS)
@extend_schema_view(
    list=extend_schema(
        summary="My notifications",
        description="Newest first. The texts come in the language of `Accept-Language`; without that header in the "
        "language of one's profile.\n\nWith `after` it is catching up instead: what was written after that cursor, in "
        "the order of writing, page by page until `next` is null; then keep the last notification's `cursor`. What was "
        f"written in the {OVERLAP.seconds} seconds before the cursor comes again, because rows do not appear in the "
        "order of their ids: drop what you have by `id`.",
        parameters=[AFTER],
        examples=[EXAMPLE],
    ),
    retrieve=extend_schema(summary="One notification", parameters=[ID], examples=[EXAMPLE]),
)
class NotificationViewSet(ViewSet):
    """One's own inbox."""

    is_private = True
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    http_method_names = ["get", "post", "patch", "head", "options"]

    def get_permissions(self) -> list[Any]:
        return [IsStaff() if self.action == "create" else SignedIn()]

    def get_queryset(self) -> "QuerySet[InboxItem]":
        return inbox_of(self._me)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "language": self._language}

    def get_object(self) -> InboxItem:
        text = self.kwargs["pk"]
        if not (text.isascii() and text.isdigit() and len(text) <= 18):
            raise NotFoundError
        item = self.get_queryset().filter(pk=int(text)).first()
        if item is None:
            raise NotFoundError
        return item

    @property
    def _me(self) -> UUID:
        return cast(UUID, self.request.user.pk)  # permissions let nobody anonymous come here

    @cached_property
    def _language(self) -> str:
        asked = asked_language(self.request)
        if asked is not None:
            return asked
        return users.customer_languages([self._me]).get(self._me, translation.get_language())

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().finalize_response(request, response, *args, **kwargs)
        # Texts in the profile's language, whatever the request's: only where there are texts.
        if "_language" in self.__dict__ and answer.status_code < HTTPStatus.BAD_REQUEST:
            answer["Content-Language"] = self._language
        return answer

    @property
    def cursor_field(self) -> str:
        """Newest message first; catching up, in the order of writing."""
        return "pk" if "after" in self.request.query_params else "-message_id"

    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self._rows(request.query_params.get("after"))))

    def _rows(self, after: str | None) -> "QuerySet[InboxItem]":
        if after is None:
            return self.get_queryset()
        try:
            return inbox_behind(self._me, read_cursor(after))
        except UnreadableCursorError as error:
            raise serializers.ValidationError({"after": [_("Invalid cursor.")]}, "invalid_cursor") from error

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.present(self.get_object())

    @extend_schema(
        summary="Mark as read or unread",
        parameters=[ID],
        request=ReadStateSerializer,
        responses=NotificationSerializer,
        examples=[OpenApiExample("read", {"is_read": True}, request_only=True), EXAMPLE],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        item = self.get_object()
        values = ReadStateSerializer(data=request.data)
        values.is_valid(raise_exception=True)
        marked = services.mark_item(item=item, is_read=values.validated_data["is_read"], at=timezone.now())
        tell_read(self._me)
        return self.present(marked)

    @extend_schema(
        summary="Tell people something (staff)",
        description=f"Puts the text into the inbox of one account or of up to {MAX_RECIPIENTS}. "
        "If one of them does not exist nobody is told.",
        request=AnnouncementSerializer,
        responses={201: SentAnnouncementSerializer},
        examples=[
            OpenApiExample(
                "closing early",
                {
                    "customer": "01923f4e-7c1b-7d7e-9f53-0d6a1b2c3d4e",
                    "title": "We close early today",
                    "body": "Orders placed after 15:00 leave tomorrow.",
                },
                request_only=True,
            ),
            OpenApiExample(
                "sent",
                {
                    "id": "733",
                    "kind": "announcement",
                    "title": "We close early today",
                    "body": "Orders placed after 15:00 leave tomorrow.",
                    "recipients_count": 1,
                    "created_at": "2026-03-01T18:00:00.412000Z",
                },
                response_only=True,
            ),
        ],
    )
    def create(self, request: Request) -> Response:
        values = AnnouncementSerializer(data=request.data)
        values.is_valid(raise_exception=True)
        message, told = services.send_announcement(**values.validated_data, actor_id=self._me, at=timezone.now())
        sent = {
            "id": str(message.pk),
            "kind": message.kind,
            **message.params,
            "recipients_count": told,
            "created_at": message.created_at,
        }
        return Response(SentAnnouncementSerializer(sent).data, status=201)

    @extend_schema(
        summary="Mark all as read",
        request=None,
        responses=MarkedSerializer,
        filters=False,
        examples=[OpenApiExample("marked", {"marked_count": 3}, response_only=True)],
    )
    @action(detail=False, methods=["post"], url_path="read-all", pagination_class=None)
    def read_all(self, request: Request) -> Response:
        marked = services.mark_all(customer_id=self._me, at=timezone.now())
        tell_read(self._me)
        return Response({"marked_count": marked})

    @extend_schema(
        summary="How many are unread",
        description=f"Counts no further than {UNREAD_CAP}.",
        responses=UnreadCountSerializer,
        filters=False,
        examples=[OpenApiExample("three", {"unread_count": 3, "is_capped": False}, response_only=True)],
    )
    @action(detail=False, url_path="unread-count", pagination_class=None)
    def unread_count(self, request: Request) -> Response:
        count = unread_count(self._me)
        return Response(sparse(request, {"unread_count": count, "is_capped": count == UNREAD_CAP}))

"""HTTP of the slice: where browsers and applications say what people do with products."""

import time
from datetime import timedelta
from typing import Any, NoReturn
from uuid import UUID

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, UnreadablePostError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ParseError, Throttled, UnsupportedMediaType
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.parsing import TooLargeError
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.throttling import client_address, network_of, parse_rate, within_rate
from marketplace.core.http.viewsets import ViewSet

from . import wire
from .actors import SESSION_HEADER, actor_of_request
from .bots import is_bot
from .services.collecting import EVENTS, Collected, collect_events

TAGS = ["events"]
_ID, _PRODUCT = "01935f7a-6d1c-7c3e-9a51-2f0d6a1b7c11", "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"
_EVENT: dict[str, Any] = {
    "event_id": _ID,
    "type": "click",
    "product_id": _PRODUCT,
    "occurred_at": "2026-01-31T18:00:20.125Z",
    "session_id": "b1946ac92492d234",
    "exposure_id": "0190b2f0-bbbb-7c1c-9a51-2f0d6a1b7c11",
    "position": 3,
    "metadata": {"page": "home"},
}
_ANSWER = {"accepted": 1, "duplicates_in_batch": 0, "rejected": []}
_REJECTED = {
    "accepted": 48,
    "duplicates_in_batch": 1,
    "rejected": [{"index": 7, "event_id": _ID, "code": "unknown_product"}],
}
_SESSION = OpenApiParameter(
    SESSION_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Of whoever is not signed in: the session of events that name none.",
)
_RULES = (
    "What happened is told by the client's clock; with `sent_at`, by the same clock, it is corrected to "
    "received + (occurred − sent). An event is counted once however often it is sent: its `event_id` (UUIDv7) is the "
    "key. "
    "Codes of events that are not taken: "
    + "; ".join(f"`{code}`: {means}" for code, means in wire.CODES.items())
    + ". "
    "A body has at most 256 KB (413) and may also come as `text/plain`, as beacons do. 429 per address and per "
    "person or session. Crawlers get the same answer with `accepted` 0, and nothing is stored."
)


class EventSerializer(serializers.Serializer[Any]):
    """What a person did with a product."""

    event_id = fields.UUIDField(help_text=gettext_lazy("A UUIDv7 that the client makes; the same event keeps it."))
    type = fields.ChoiceField(choices=list(wire.KINDS))
    product_id = fields.UUIDField()
    occurred_at = fields.DateTimeField(help_text=gettext_lazy("By the client's clock, with its offset."))
    session_id = fields.CharField(required=False, allow_null=True, allow_blank=True, max_length=64)
    exposure_id = fields.UUIDField(
        required=False, allow_null=True, help_text=gettext_lazy("The item of an exposure it was done with.")
    )
    position = fields.IntegerField(required=False, allow_null=True, min_value=0, max_value=32_767)
    metadata = serializers.DictField(
        required=False, allow_null=True, help_text=gettext_lazy("At most 2,048 bytes and 4 levels.")
    )


class SingleEventSerializer(EventSerializer):
    """One event, and when it was sent."""

    sent_at = fields.DateTimeField(required=False, allow_null=True)


class EventBatchSerializer(serializers.Serializer[Any]):
    """Events, and when they were sent."""

    events = EventSerializer(many=True, min_length=1, max_length=wire.MOST_EVENTS)  # type: ignore[call-arg]
    sent_at = fields.DateTimeField(required=False, allow_null=True)


class RejectedEventSerializer(serializers.Serializer[wire.Rejected]):
    """An event that is not taken."""

    index = fields.IntegerField(min_value=0)
    event_id = fields.CharField(allow_null=True)
    code = fields.ChoiceField(choices=list(wire.CODES))


class CollectedSerializer(serializers.Serializer[Collected]):
    """What became of them. The accepted ones are stored; they are counted within seconds."""

    accepted = fields.IntegerField(min_value=0)
    duplicates_in_batch = fields.IntegerField(min_value=0)
    rejected = RejectedEventSerializer(many=True)


@extend_schema(tags=TAGS, parameters=[_SESSION])
class EventViewSet(ViewSet):
    """Events come in. The body is read by `wire`, not by serializers: those describe it in the schema."""

    permission_classes = [Anyone]
    serializer_class = CollectedSerializer
    filter_backends = []
    # A token that was revoked a few seconds ago harms nobody here: no query for the account.
    rereads_account = True

    @extend_schema(
        summary="Say what a person did",
        description=f"One event: seen for a second (`impression`), looked at, clicked, put in a cart. {_RULES}",
        request=SingleEventSerializer,
        responses={202: CollectedSerializer},
        examples=[
            OpenApiExample("A click", _EVENT, request_only=True),
            OpenApiExample("Taken", _ANSWER, response_only=True, status_codes=["202"]),
        ],
    )
    def create(self, request: Request) -> Response:
        """POST events/"""
        return self._collect(request, wire.read_event)

    @extend_schema(
        summary="Say what a person did, several things at once",
        description=f"1 to 100 events; those that are not taken keep no other from being. {_RULES}",
        request=EventBatchSerializer,
        responses={202: CollectedSerializer},
        examples=[
            OpenApiExample("A batch", {"sent_at": "2026-01-31T18:00:21Z", "events": [_EVENT]}, request_only=True),
            OpenApiExample("Some taken", _REJECTED, response_only=True, status_codes=["202"]),
        ],
    )
    def batch(self, request: Request) -> Response:
        """POST events/batch/"""
        return self._collect(request, wire.read_batch)

    def _collect(self, request: Request, read: Any) -> Response:
        plain: HttpRequest = request._request
        customer_id: UUID | None = request.user.pk if request.user.is_authenticated else None
        actor = customer_id or actor_of_request(plain)
        if not within_rate("events_address", network_of(client_address(plain))):
            _refuse("events_address")
        if not within_rate("events", str(actor)):
            _refuse("events")
        at = timezone.now()
        said = read(_body(plain))
        if is_bot(plain.headers.get("User-Agent", "")):
            EVENTS.add("dropped", amount=len(said.events))
            return _answer(Collected(0, 0, said.rejected))
        return _answer(collect_events(read=said, customer_id=customer_id, actor=actor, at=at))


def _body(request: HttpRequest) -> bytes:
    """The bytes; 415 for another type than JSON or text in UTF-8, 413 past the limit."""
    charset = (request.content_params or {}).get("charset", "utf-8").strip('"').lower()
    if request.content_type not in {"application/json", "text/plain"} or charset not in {"utf-8", "utf8"}:
        raise UnsupportedMediaType(request.content_type or "")
    try:
        raw = request.read(wire.MOST_BYTES + 1)
    except RequestDataTooBig as error:
        raise TooLargeError from error
    except UnreadablePostError as error:
        raise ParseError(_("The body ends too early.")) from error
    if len(raw) > wire.MOST_BYTES:
        raise TooLargeError
    return raw


def _refuse(scope: str) -> NoReturn:
    EVENTS.add("dropped")
    _limit, seconds = parse_rate(settings.THROTTLE_RATES[scope])
    raise Throttled(wait=int(timedelta(seconds=seconds - time.time() % seconds).total_seconds()) + 1)


def _answer(collected: Collected) -> Response:
    body = {
        "accepted": collected.accepted,
        "duplicates_in_batch": collected.duplicates_in_batch,
        "rejected": [each._asdict() for each in collected.rejected],
    }
    return Response(body, status=202)

"""A small API of the tests' own: each route shows one habit of `core.http` and nothing else.

Effects are audit entries: a table of the core that only grows.
"""

import time
from typing import Any, ClassVar

from django.db import connection, transaction
from django.http import Http404
from django.urls import path
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.core import audit
from marketplace.core.errors import DomainError, InvalidInputError, gettext_noop
from marketplace.core.http import fields, permissions
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.pagination import BoundedPagePagination, CursorPagination
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.locking import LockRank, lock
from marketplace.core.models import JobLease, OutboxEvent
from marketplace.core.money import Money
from marketplace.core.outbox.publishing import publish
from marketplace.core.tests.events import Probed


class RefusedError(DomainError):
    """What a service raises."""

    code = "probe_refused"
    message = gettext_noop("Amounts in %(left)s and %(right)s cannot be mixed.")


class LineSerializer(serializers.Serializer[Any]):
    """A nested object with awkward names."""

    code = fields.CharField()
    message = fields.IntegerField()


class ProbeSerializer(serializers.Serializer[Any]):
    """One field of each strict kind, all optional."""

    text = fields.CharField(required=False, max_length=50)
    number = fields.IntegerField(required=False)
    ratio = fields.FloatField(required=False)
    flag = fields.BooleanField(required=False)
    moment = fields.DateTimeField(required=False)
    day = fields.DateField(required=False)
    key = fields.UUIDField(required=False)
    email = fields.EmailField(required=False)
    url = fields.URLField(required=False)
    price = fields.MoneyField(required=False)
    numbers = serializers.ListField(child=fields.IntegerField(), required=False)
    lines = LineSerializer(many=True, required=False)


class EchoView(APIView):
    """Answers with what it understood."""

    permission_classes = [permissions.Anyone]

    def get(self, request: Request) -> Response:
        return Response({"ok": True})

    def post(self, request: Request) -> Response:
        serializer = ProbeSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return Response(serializer.data)


class EffectView(APIView):
    """Writes one audit entry and publishes one event per effect, as the body asks."""

    permission_classes = [permissions.SignedIn]

    @idempotent
    def post(self, request: Request, number: int = 0) -> Response:
        body: Any = request.data
        subject: Any = request.user
        entry = audit.record(actor_id=subject.pk, action="core.probe", subject=subject)
        publish(Probed(number=entry.pk))
        match body.get("then"):
            case "refuse":
                raise InvalidInputError.of("then", "refused", "No.")
            case "answer 409":
                return Response({"late": True}, status=409)
            case "crash":
                raise RuntimeError
            case "sleep":
                time.sleep(body["seconds"])
        return Response({"entry": entry.pk, "b": 1, "a": 2}, status=201, headers={"ETag": '"1"', "X-Other": "1"})


class LockView(APIView):
    """Locks the lease named in the path."""

    permission_classes = [permissions.Anyone]

    def post(self, request: Request, job: str) -> Response:
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SET lock_timeout = 200")
            else:
                cursor.execute("PRAGMA busy_timeout = 200")
        lock_one(job)
        return Response({"locked": job})


def lock_one(job: str) -> None:
    """What a service does."""
    with transaction.atomic():
        lock(LockRank.CART, JobLease.objects.filter(job=job))


class FailView(APIView):
    """Raises what its name says."""

    permission_classes = [permissions.Anyone]
    failures: ClassVar[dict[str, Exception]] = {
        "domain": RefusedError(left=Money(1250, "MXN"), right="USD", distance_km=1.5, rules=frozenset({"radius"})),
        "http404": Http404("No Secret matches the given query."),
        "defect": RuntimeError("secret detail"),
    }

    def get(self, request: Request, name: str) -> Response:
        raise self.failures[name]


class FivePerMinute(RateLimit):
    """The limit of reliability.md no. 7."""

    scope = "probe"


class LimitedView(APIView):
    """Five a minute."""

    permission_classes = [permissions.Anyone]
    throttle_classes = [FivePerMinute]

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


class EventSerializer(serializers.ModelSerializer[OutboxEvent]):
    """A row with an id and a moment that may tie."""

    class Meta:
        model = OutboxEvent
        fields = ["id", "wire_name", "created_at"]


class EventViewSet(ViewSet):
    """Newest first, by a moment that ties."""

    permission_classes = [permissions.Anyone]
    serializer_class = EventSerializer
    pagination_class: type[BasePagination] = CursorPagination
    cursor_field = "-created_at"

    def list(self, request: Request) -> Response:
        return self.present_page(OutboxEvent.objects.all())

    def retrieve(self, request: Request, pk: int) -> Response:
        return self.present(OutboxEvent.objects.get(pk=pk))


class ByIdViewSet(EventViewSet):
    """Oldest first, by id."""

    cursor_field = "pk"


class ByNameViewSet(EventViewSet):
    """In pages, by name."""

    pagination_class: type[BasePagination] = BoundedPagePagination

    def list(self, request: Request) -> Response:
        return self.present_page(OutboxEvent.objects.order_by("wire_name", "pk"))


class ClosedView(APIView):
    """Forgot to say who may use it."""

    def get(self, request: Request) -> Response:
        return Response({"ok": True})


urlpatterns = [
    path("api/v1/echo/", EchoView.as_view()),
    path("api/v1/effects/", EffectView.as_view()),
    path("api/v1/effects/<int:number>/", EffectView.as_view()),
    path("api/v1/locks/<str:job>/", LockView.as_view()),
    path("api/v1/failures/<str:name>/", FailView.as_view()),
    path("api/v1/limited/", LimitedView.as_view()),
    path("api/v1/closed/", ClosedView.as_view()),
    path("api/v1/rows/", EventViewSet.as_view({"get": "list"})),
    path("api/v1/rows/<int:pk>/", EventViewSet.as_view({"get": "retrieve"})),
    path("api/v1/rows-by-id/", ByIdViewSet.as_view({"get": "list"})),
    path("api/v1/rows-by-name/", ByNameViewSet.as_view({"get": "list"})),
]

handler400 = "marketplace.core.http.problems.bad_request"
handler403 = "marketplace.core.http.problems.permission_denied"
handler404 = "marketplace.core.http.problems.not_found"
handler500 = "marketplace.core.http.problems.server_error"

"""`admin/returns/`: what customers want to give back, for the people of the house who decide."""

from typing import TYPE_CHECKING, Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import IsStaff
from marketplace.core.http.viewsets import ViewSet
from purchases.orders import services
from purchases.orders.models import OrderReturn, ReturnLine
from purchases.orders.selectors import all_returns, return_of

from .serializers import MOST_LINES, REASON_LENGTH, ReturnSerializer

if TYPE_CHECKING:
    from rest_framework.views import APIView

LINE = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2"


class HandlesReturns(IsStaff):
    """People of the house with Django's permission for returns."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        user: Any = request.user
        verb = "view" if request.method in SAFE_METHODS else "change"
        return super().has_permission(request, view) and bool(user.has_perm(f"purchases.{verb}_orderreturn"))


class ReturnFilters(filters.FilterSet):
    """Of returns."""

    state = filters.ChoiceFilter(choices=OrderReturn.State.choices)
    order = filters.UUIDFilter()

    class Meta:
        model = OrderReturn
        fields: tuple[str, ...] = ()


class DecisionInput(serializers.Serializer[Any]):
    """Words for the customer."""

    answer = fields.CharField(required=False, allow_blank=True, max_length=REASON_LENGTH)


class RefusalInput(serializers.Serializer[Any]):
    """Why not, for the customer."""

    answer = fields.CharField(max_length=REASON_LENGTH)


class FateInput(serializers.Serializer[Any]):
    """What becomes of a line."""

    line = fields.UUIDField()
    fate = fields.ChoiceField(choices=ReturnLine.Fate.choices)


class ReceiptInput(serializers.Serializer[Any]):
    """What becomes of each line that came back."""

    lines = serializers.ListField(child=FateInput(), min_length=1, max_length=MOST_LINES)


@extend_schema(tags=["returns"])
class ReturnsViewSet(ViewSet):
    """The queue, and its decisions."""

    permission_classes = [HandlesReturns]
    serializer_class = ReturnSerializer
    queryset = OrderReturn.objects.none()
    filterset_class = ReturnFilters
    lookup_value_converter = "uuid"

    @property
    def actor_id(self) -> UUID:
        """Who decides."""
        return cast(UUID, self.request.user.pk)

    def get_queryset(self) -> "QuerySet[OrderReturn]":
        return all_returns()

    @extend_schema(summary="Returns", description="Newest first; by `state` or `order`.")
    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    @extend_schema(summary="One return", description="With its lines.")
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(return_of(pk))

    @extend_schema(
        summary="Approve a return",
        description="The customer may send the goods. 409 `return_state` when it is decided already.",
        request=DecisionInput,
        responses={200: ReturnSerializer},
        examples=[OpenApiExample("Where to", value={"answer": "Bring it to any of our stores."}, request_only=True)],
    )
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: UUID) -> Response:
        answer = self.read(request, serializer=DecisionInput).get("answer", "")
        return self.present(services.approve_return(return_id=pk, actor_id=self.actor_id, answer=answer))

    @extend_schema(
        summary="Refuse a return",
        description="The customer is told why. 409 `return_state` when it is decided already.",
        request=RefusalInput,
        responses={200: ReturnSerializer},
        examples=[OpenApiExample("Why", value={"answer": "The seal is broken."}, request_only=True)],
    )
    @action(detail=True, methods=["post"])
    def refuse(self, request: Request, pk: UUID) -> Response:
        answer = self.read(request, serializer=RefusalInput)["answer"]
        return self.present(services.refuse_return(return_id=pk, actor_id=self.actor_id, answer=answer))

    @extend_schema(
        summary="Receive a return",
        description="The goods are here: the money goes back where it came from, good units go back on the shelf. 409 "
        "`return_state` when it is not approved.",
        request=ReceiptInput,
        responses={200: ReturnSerializer},
        examples=[
            OpenApiExample("As new", value={"lines": [{"line": LINE, "fate": "restock"}]}, request_only=True),
        ],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def receive(self, request: Request, pk: UUID) -> Response:
        values = self.read(request, serializer=ReceiptInput)["lines"]
        expected = {row.line_id for row in return_of(pk).lines.all()}
        fates = {each["line"]: each["fate"] for each in values}
        if set(fates) != expected or len(fates) != len(values):
            raise serializers.ValidationError({"lines": [_("Say of each line what becomes of it, once.")]})
        returned = services.receive_return(return_id=pk, fates=fates, actor_id=self.actor_id, at=timezone.now())
        return self.present(returned)

"""`purchases/`: what was bought by itself, questions that wait for an answer, and why something was not bought."""

from typing import Any
from uuid import UUID

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.idempotency import idempotent
from purchases.autobuy import selectors, services
from purchases.autobuy.models import AutoPurchase, Run
from purchases.autobuy.outcomes import SENTENCES, sentence

from .schedules import TAGS, OwnViewSet

GIFT = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b1"
CAUSES = [
    ("schedule", _("a schedule's moment")),
    ("funds", _("money came in")),
    ("price", _("a price or a stock changed")),
    ("approval", _("an answer")),
    ("hand", _("bought by hand")),
]
PURCHASE = {
    "id": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
    "gift": GIFT,
    "schedule": None,
    "title": "Bicicleta de montaña",
    "state": "queued",
    "reason": "",
    "price": {"amount": "4999.00", "currency": "MXN"},
    "held": {"amount": "5748.85", "currency": "MXN"},
    "cost": None,
    "from_pots": {"amount": "0.00", "currency": "MXN"},
    "order": None,
    "tracking": "",
    "answer": "",
    "answer_by": None,
    "created_at": "2026-11-29T21:00:00Z",
    "ended_at": None,
}
EXAMPLE = OpenApiExample("In another shop", value=PURCHASE, response_only=True)
RUN_EXAMPLE = OpenApiExample(
    "One was bought, one was too dear",
    value={
        "id": "184",
        "at": "2026-11-29T21:00:00Z",
        "cause": "funds",
        "bought": 1,
        "considered": [
            {
                "gift": GIFT,
                "title": "Bicicleta de montaña",
                "outcome": "above_target",
                "why": "It costs 4999.00 MXN; your target is 4500.00 MXN.",
                "params": {"price": {"amount": "4999.00", "currency": "MXN"}},
                "purchase": None,
            }
        ],
    },
    response_only=True,
)


class BuyInput(serializers.Serializer[Any]):
    """Which gift of an own list."""

    gift = fields.UUIDField()


class ApproveInput(serializers.Serializer[Any]):
    """The price that is agreed to, where it is more than was asked about."""

    price = fields.MoneyField(required=False)


class PurchaseSerializer(fields.ModelSerializer):
    """A try to buy a gift. `held`: what was set aside; `cost`: what it cost in the end.

    `answer`: why staff could not buy it; `tracking`: theirs, of another shop's parcel.
    """

    gift = fields.UUIDField(source="gift_id")
    schedule = fields.UUIDField(source="schedule_id", allow_null=True)
    order = fields.UUIDField(source="order_id", allow_null=True)
    price = fields.MoneyField()
    held = fields.MoneyField()
    cost = fields.MoneyField(allow_null=True)
    from_pots = fields.MoneyField(help_text=_("What of it came from the gift's and its list's pot."))
    tracking = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()

    class Meta:
        model = AutoPurchase
        fields = [
            *("id", "gift", "schedule", "title", "state", "reason", "price", "held", "cost", "from_pots", "order"),
            *("tracking", "answer", "answer_by", "created_at", "ended_at"),
        ]
        read_only_fields = fields

    def get_tracking(self, row: AutoPurchase) -> str:
        return row.ticket.tracking if hasattr(row, "ticket") else ""

    def get_answer(self, row: AutoPurchase) -> str:
        return row.ticket.reason if hasattr(row, "ticket") else ""


class ConsideredSerializer(serializers.Serializer[Any]):
    """A gift of a run, in the order in which the engine would buy."""

    gift = fields.UUIDField()
    title = fields.CharField()
    outcome = fields.ChoiceField(choices=[(code, code) for code in SENTENCES])
    why = serializers.SerializerMethodField(help_text=_("Why it was or was not bought, in your language."))
    params = serializers.DictField(help_text=_("What the sentence is made of."))
    purchase = fields.UUIDField(allow_null=True)

    def get_why(self, row: dict[str, Any]) -> str:
        return sentence(row["outcome"], row["params"])


class RunSerializer(serializers.Serializer[Run]):
    """One look of the engine."""

    id = serializers.SerializerMethodField()
    at = fields.DateTimeField()
    cause = fields.ChoiceField(choices=CAUSES)
    bought = fields.IntegerField()
    considered = ConsideredSerializer(many=True)

    def get_id(self, run: Run) -> str:
        return str(run.pk)


class PurchaseFilter(django_filters.FilterSet):
    """Of the history."""

    state = django_filters.ChoiceFilter(choices=AutoPurchase.State.choices)
    gift = django_filters.UUIDFilter("gift_id")

    class Meta:
        model = AutoPurchase
        fields: list[str] = []


@extend_schema(tags=TAGS)
class PurchaseViewSet(OwnViewSet):
    """The caller's automatic purchases, newest first."""

    serializer_class = PurchaseSerializer
    queryset = AutoPurchase.objects.none()
    filterset_class = PurchaseFilter
    cursor_field = "-created_at"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[AutoPurchase]:
        return selectors.purchases_of(self.customer_id)

    @extend_schema(summary="What was bought by itself", description="Newest first.", examples=[EXAMPLE])
    def list(self, request: Request) -> Response:
        return self.present_page(self.filter_queryset(self.get_queryset()))

    @extend_schema(summary="One automatic purchase", description="404 for another's.", examples=[EXAMPLE])
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(selectors.purchase_of(self.customer_id, pk))

    @extend_schema(
        summary="Buy something of my list now",
        description="As the engine does: a product of the catalogue becomes a paid order; for another shop's the "
        "price and a margin are set aside and staff buy it. Switches and the weekly limit do not bind it; prices and "
        "stock do.\n\n404 `gift_not_found`; 409 `purchase_under_way`, `gift_not_buyable` with its `reason`, "
        "`insufficient_funds`, `items_unavailable`, `insufficient_stock`, `price_changed`, `address_needed`, "
        "`delivery_address_needed`.",
        request=BuyInput,
        responses={201: PurchaseSerializer},
        examples=[OpenApiExample("A gift", value={"gift": GIFT}, request_only=True), EXAMPLE],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=BuyInput)
        made = services.buy_now(customer_id=self.customer_id, gift_id=values["gift"], at=timezone.now())
        return self.present(selectors.purchase_of(self.customer_id, made.pk), status=201)

    @extend_schema(
        summary="Say yes to a purchase that asks",
        description="It is bought now. Where it costs more by now, `price` says that you agree to that.\n\n404 "
        "`purchase_not_found`; 409 `purchase_not_waiting` when its time is over, `price_rose`, and whatever buying it "
        "now refuses; the question then stays.",
        request=ApproveInput,
        responses={200: PurchaseSerializer},
        examples=[OpenApiExample("Yes", value={}, request_only=True), EXAMPLE],
    )
    @action(detail=True, methods=["post"])
    @idempotent
    def approve(self, request: Request, pk: UUID) -> Response:
        price = self.read(request, serializer=ApproveInput).get("price")
        services.approve(purchase_id=pk, customer_id=self.customer_id, price=price, at=timezone.now())
        return self.present(selectors.purchase_of(self.customer_id, pk))

    @extend_schema(
        summary="Say no to a purchase that asks",
        description="It is left alone for a week, or until its price changes. 404 `purchase_not_found`; 409 "
        "`purchase_not_waiting`.",
        request=None,
        responses={200: PurchaseSerializer},
        examples=[EXAMPLE],
    )
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: UUID) -> Response:
        services.decline(purchase_id=pk, customer_id=self.customer_id, at=timezone.now())
        return self.present(selectors.purchase_of(self.customer_id, pk))


@extend_schema(tags=TAGS)
class RunViewSet(OwnViewSet):
    """What the engine considered for the caller."""

    serializer_class = RunSerializer
    queryset = Run.objects.none()
    cursor_field = "-id"

    @extend_schema(
        summary="Why was this not bought?",
        description="Each look of the engine, newest first: every gift it considered, in the order in which it would "
        "buy, with what came of it and why.",
        examples=[RUN_EXAMPLE],
    )
    def list(self, request: Request) -> Response:
        return self.present_page(selectors.runs_of(self.customer_id))

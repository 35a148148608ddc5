"""`scheduler/`: when what of my lists is bought; `scheduler/plan/`: the switch, the approval window, the address."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.fields import money_json
from marketplace.core.http.permissions import SignedIn, VerifiedCustomer
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import Money
from purchases.autobuy import selectors, services
from purchases.autobuy.models import Plan, Schedule
from purchases.autobuy.services.schedules import Trigger

TAGS = ["automatic purchases"]
MOST_DAYS = 366
MOST_HOURS = 720
LIST = "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b1"
SCHEDULE = {
    "id": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
    "gift_list": LIST,
    "gift": None,
    "rule": {"kind": "interval", "starts_on": "2026-12-01", "every_days": 30},
    "is_enabled": True,
    "next_at": "2026-12-01T06:00:00Z",
    "created_at": "2026-11-29T21:00:00Z",
}
EXAMPLES = [
    OpenApiExample(
        "On a day",
        value={"gift_list": LIST, "rule": {"kind": "on_date", "date": "2026-12-24"}},
        request_only=True,
    ),
    OpenApiExample("Each month", value={"gift_list": LIST, "rule": SCHEDULE["rule"]}, request_only=True),
    OpenApiExample(
        "At a target price",
        value={"gift": LIST, "rule": {"kind": "target_price", "target": {"amount": "4999.00", "currency": "MXN"}}},
        request_only=True,
    ),
    OpenApiExample(
        "Whenever the balance allows, keeping 500",
        value={"gift_list": LIST, "rule": {"kind": "balance", "keep": {"amount": "500.00", "currency": "MXN"}}},
        request_only=True,
    ),
    OpenApiExample("A schedule", value=SCHEDULE, response_only=True),
]
PLAN_EXAMPLES = [
    OpenApiExample("Ask me first, a day to answer", value={"ask_hours": 24}, request_only=True),
    OpenApiExample(
        "A plan",
        value={"is_enabled": True, "ask_hours": 24, "address": None, "due_at": None, "ran_at": "2026-11-29T21:00:00Z"},
        response_only=True,
    ),
]
_NEEDS = {
    "on_date": ({"date"}, set[str]()),
    "interval": ({"starts_on", "every_days"}, set[str]()),
    "target_price": ({"target"}, set[str]()),
    "balance": (set[str](), {"keep"}),
}


class ScheduleRuleSerializer(serializers.Serializer[Any]):
    """When: by `kind` with its own values, and no others.

    `on_date`: `date`. `interval`: `starts_on`, `every_days`. `target_price`: `target`. `balance`: `keep`, if something
    is to stay in the wallet. Days are the platform's.
    """

    kind = fields.ChoiceField(choices=Schedule.Kind.choices)
    date = fields.DateField(required=False)
    starts_on = fields.DateField(required=False)
    every_days = fields.IntegerField(required=False, min_value=1, max_value=MOST_DAYS)
    target = fields.MoneyField(required=False, help_text=_("It is bought at this price or under it."))
    keep = fields.MoneyField(required=False, allow_zero=True, help_text=_("What stays in the wallet."))

    def validate(self, attrs: dict[str, Any]) -> Any:
        needed, allowed = _NEEDS[attrs["kind"]]
        given = attrs.keys() - {"kind"}
        errors = {name: [_("This rule needs it.")] for name in needed - given}
        errors |= {name: [_("This rule has no such value.")] for name in given - needed - allowed}
        if errors:
            raise serializers.ValidationError(errors)
        return Trigger(
            kind=attrs["kind"],
            starts_on=attrs.get("date") or attrs.get("starts_on"),
            every_days=attrs.get("every_days"),
            target=attrs.get("target"),
            keep=attrs.get("keep"),
        )


class ScheduleInput(serializers.Serializer[Any]):
    """What is to be bought, and when. A list's schedule is about every gift of it."""

    gift_list = fields.UUIDField(required=False)
    gift = fields.UUIDField(required=False)
    rule = ScheduleRuleSerializer()
    is_enabled = fields.BooleanField(required=False, default=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("gift_list" in attrs) == ("gift" in attrs):
            raise serializers.ValidationError({"gift": [_("Name a list or a gift, one of the two.")]})
        return attrs


class ScheduleChange(serializers.Serializer[Any]):
    """Another rule, or the switch. A new rule begins anew."""

    rule = ScheduleRuleSerializer(required=False)
    is_enabled = fields.BooleanField(required=False)


class ScheduleSerializer(fields.ModelSerializer):
    """A schedule. `next_at`: of one with days, its next turn; null once its day has bought."""

    gift_list = fields.UUIDField(source="gift_list_id", allow_null=True)
    gift = fields.UUIDField(source="gift_id", allow_null=True)
    rule = serializers.SerializerMethodField()

    class Meta:
        model = Schedule
        fields = ["id", "gift_list", "gift", "rule", "is_enabled", "next_at", "created_at"]
        read_only_fields = fields

    @extend_schema_field(ScheduleRuleSerializer)
    def get_rule(self, row: Schedule) -> dict[str, Any]:
        rule: dict[str, Any] = {"kind": row.kind}
        day = None if row.starts_on is None else row.starts_on.isoformat()
        if row.kind == Schedule.Kind.ON_DATE:
            rule["date"] = day
        elif row.kind == Schedule.Kind.INTERVAL:
            rule |= {"starts_on": day, "every_days": row.every_days}
        for name, minor in (("target", row.target_minor), ("keep", row.keep_minor)):
            if minor is not None:
                rule[name] = money_json(Money(minor, row.currency))
        return rule


class PlanChange(serializers.Serializer[Any]):
    """The switch, how many hours to answer before each purchase (null: none asks), where goods go (null: default)."""

    is_enabled = fields.BooleanField(required=False)
    ask_hours = fields.IntegerField(required=False, allow_null=True, min_value=1, max_value=MOST_HOURS)
    address = fields.UUIDField(required=False, allow_null=True)


class PlanSerializer(fields.ModelSerializer):
    """A customer's automatic purchases as a whole. The weekly limit is the wallet's (`funds/settings/`)."""

    address = fields.UUIDField(source="address_id", allow_null=True)

    class Meta:
        model = Plan
        fields = ["is_enabled", "ask_hours", "address", "due_at", "ran_at"]
        read_only_fields = fields


class OwnViewSet(ViewSet):
    """For the signed-in customer; only verified ones change anything."""

    is_private = True

    def get_permissions(self) -> list[BasePermission]:
        return [SignedIn() if self.request.method in SAFE_METHODS else VerifiedCustomer()]

    @property
    def customer_id(self) -> UUID:
        """The caller."""
        return cast(UUID, self.request.user.pk)


@extend_schema(tags=TAGS)
class ScheduleViewSet(OwnViewSet):
    """The caller's schedules, newest first."""

    serializer_class = ScheduleSerializer
    queryset = Schedule.objects.none()
    cursor_field = "-created_at"
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[Schedule]:
        return selectors.schedules_of(self.customer_id)

    @extend_schema(summary="My schedules", description="Newest first.", examples=EXAMPLES)
    def list(self, request: Request) -> Response:
        return self.present_page(self.get_queryset())

    @extend_schema(
        summary="Have something bought by itself",
        description="Of a list: what has the highest priority and can be afforded, ties by age. `on_date` and "
        "`interval` buy one thing a turn, a turn that cannot be paid waits for the money. `target_price` and `balance` "
        "go on while the money lasts. Refusals: 404 `gift_not_found`, 400 for a day that is over, 409 "
        "`too_many_schedules`.",
        request=ScheduleInput,
        responses={201: ScheduleSerializer},
        examples=EXAMPLES,
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=ScheduleInput)
        schedule = services.add_schedule(
            customer_id=self.customer_id,
            trigger=values["rule"],
            gift_list_id=values.get("gift_list"),
            gift_id=values.get("gift"),
            is_enabled=values["is_enabled"],
            at=timezone.now(),
        )
        return self.present(schedule, status=201)

    @extend_schema(summary="One of my schedules", description="404 for another's.", examples=EXAMPLES)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(selectors.schedule_of(self.customer_id, pk))

    @extend_schema(
        summary="Change a schedule",
        description="Another rule begins anew; the switch leaves its turns as they are. 404 `schedule_not_found`, 400 "
        "for a day that is over.",
        request=ScheduleChange,
        examples=[OpenApiExample("Off", value={"is_enabled": False}, request_only=True), EXAMPLES[-1]],
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        values = self.read(request, serializer=ScheduleChange)
        schedule = services.change_schedule(
            customer_id=self.customer_id,
            schedule_id=pk,
            trigger=values.get("rule"),
            is_enabled=values.get("is_enabled"),
            at=timezone.now(),
        )
        return self.present(schedule)

    @extend_schema(summary="Remove a schedule", description="What it has bought stays in the history.")
    def destroy(self, request: Request, pk: UUID) -> Response:
        services.remove_schedule(customer_id=self.customer_id, schedule_id=pk, at=timezone.now())
        return Response(status=204)


@extend_schema(tags=TAGS)
class PlanViewSet(OwnViewSet):
    """The caller's plan. Everybody has one: until it is changed it is switched on and asks nothing."""

    serializer_class = PlanSerializer
    queryset = Plan.objects.none()

    @extend_schema(
        summary="My plan", description="The switch, the approval window, the address.", examples=PLAN_EXAMPLES
    )
    def show(self, request: Request) -> Response:
        return self.present(selectors.plan_of(self.customer_id))

    @extend_schema(
        summary="Change my plan",
        description="`ask_hours`: each purchase asks first, and is not made without an answer in so many hours. 404 "
        "`address_not_found`.",
        request=PlanChange,
        examples=PLAN_EXAMPLES,
    )
    def change(self, request: Request) -> Response:
        values = self.read(request, serializer=PlanChange)
        if "address" in values:
            values["address_id"] = values.pop("address")
        return self.present(services.change_plan(customer_id=self.customer_id, changes=values, at=timezone.now()))

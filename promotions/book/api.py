"""`promotions/active/` for anyone, `promotions/{id}/eligibility/` for the customer who asks."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.errors import DomainError, InvalidInputError
from marketplace.core.http import fields
from marketplace.core.http.fields import money_json
from marketplace.core.http.pagination import BoundedPagePagination
from marketplace.core.http.permissions import Anyone, SignedIn
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import CURRENCIES, Money
from promotions.contracts import Benefit, BenefitKind, Buyer, RefusedRule
from promotions.discounts.models import Discount
from promotions.rules.conditions import SENTENCES, rule_refusal_text
from users.facade import customer_card

from .showing import Shown, Verdict, described, rules_under_way, verdict

TAGS = ["promotions under way"]
ID = "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11"
ACTIVE = OpenApiExample(
    "A campaign",
    value={
        "id": ID,
        "kind": "campaign",
        "name": "Hot Sale",
        "description": "15 % off from 500 pesos on.",
        "is_about_orders": True,
        "categories": [],
        "products": [],
        "stores": [],
        "tiers": ["gold"],
        "segments": [],
        "min_ticket": {"amount": "500.00", "currency": "MXN"},
        "benefits": [
            {"kind": "percentage", "basis_points": 1500, "amount": None, "buy": None, "get": None},
        ],
        "is_exclusive": False,
        "is_limited": False,
        "starts_at": "2026-05-25T06:00:00Z",
        "ends_at": "2026-06-02T06:00:00Z",
        "weekdays": [],
        "month_days": [],
    },
    response_only=True,
)
ELIGIBILITY = OpenApiExample(
    "Not yet",
    value={
        "promotion": ID,
        "kind": "campaign",
        "name": "Hot Sale",
        "is_eligible": False,
        "failed_rules": [
            {
                "code": "min_ticket",
                "detail": "Buy for 120.00 MXN more to get this promotion.",
                "params": {"missing": "120.00 MXN"},
            }
        ],
    },
    response_only=True,
)


class GivenBenefitSerializer(serializers.Serializer[Benefit]):
    """What it gives; numbers that a kind does not have are null."""

    kind = fields.ChoiceField(choices=[(kind.value, kind.value) for kind in BenefitKind])
    basis_points = fields.IntegerField(allow_null=True, help_text=_("Hundredths of a percent."))
    amount = fields.MoneyField(allow_null=True)
    buy = fields.IntegerField(allow_null=True)
    get = fields.IntegerField(allow_null=True)


class ShownSerializer(serializers.Serializer[Shown]):
    """A promotion under way, as anybody sees it."""

    id = fields.UUIDField(source="rule.rule_id")
    kind = fields.ChoiceField(source="rule.kind", choices=["discount", "campaign"])
    name = fields.CharField(source="rule.name")
    description = fields.CharField()
    is_about_orders = fields.BooleanField(
        source="rule.is_about_orders", help_text=_("About the whole order, or about lines of it.")
    )
    categories = serializers.SerializerMethodField(help_text=_("With everything below them."))
    products = serializers.SerializerMethodField()
    stores = serializers.SerializerMethodField()
    tiers = serializers.SerializerMethodField(help_text=_("None is every level."))
    segments = serializers.SerializerMethodField(help_text=_("None is everyone."))
    min_ticket = serializers.SerializerMethodField()
    benefits = serializers.SerializerMethodField()
    is_exclusive = fields.BooleanField(source="rule.is_exclusive")
    is_limited = fields.BooleanField(source="rule.is_limited", help_text=_("Whether uses are counted."))
    starts_at = fields.DateTimeField(source="rule.starts_at", allow_null=True)
    ends_at = fields.DateTimeField(source="rule.ends_at", allow_null=True)
    weekdays = serializers.SerializerMethodField()
    month_days = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_categories(self, shown: Shown) -> list[str]:
        """Ids."""
        return sorted(map(str, shown.rule.category_ids))

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_products(self, shown: Shown) -> list[str]:
        """Ids."""
        return sorted(map(str, shown.rule.product_ids))

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_stores(self, shown: Shown) -> list[str]:
        """Ids."""
        return sorted(map(str, shown.rule.store_ids))

    @extend_schema_field(serializers.ListField(child=fields.CharField()))
    def get_tiers(self, shown: Shown) -> list[str]:
        """Words."""
        return sorted(shown.rule.tiers)

    @extend_schema_field(serializers.ListField(child=fields.UUIDField()))
    def get_segments(self, shown: Shown) -> list[str]:
        """Ids."""
        return sorted(map(str, shown.rule.segment_ids))

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_min_ticket(self, shown: Shown) -> dict[str, str] | None:
        """Money, or nothing."""
        rule = shown.rule
        return money_json(Money(rule.min_ticket_minor, rule.currency)) if rule.min_ticket_minor else None

    @extend_schema_field(GivenBenefitSerializer(many=True))
    def get_benefits(self, shown: Shown) -> list[dict[str, Any]]:
        """Each with its numbers."""
        return [
            {
                "kind": each.kind.value,
                "basis_points": each.basis_points or None,
                "amount": money_json(Money(each.minor, shown.rule.currency)) if each.minor else None,
                "buy": each.buy or None,
                "get": each.get or None,
            }
            for each in shown.rule.benefits
        ]

    @extend_schema_field(serializers.ListField(child=fields.IntegerField()))
    def get_weekdays(self, shown: Shown) -> list[int]:
        """ISO weekdays."""
        return sorted(shown.rule.weekdays)

    @extend_schema_field(serializers.ListField(child=fields.IntegerField()))
    def get_month_days(self, shown: Shown) -> list[int]:
        """Days of the month."""
        return sorted(shown.rule.month_days)


class QuestionSerializer(serializers.Serializer[dict[str, Any]]):
    """What the customer would buy for, and with which coupon."""

    ticket = fields.CharField(required=False, max_length=20, help_text=_("Sum of the goods, such as 499.00."))
    currency = fields.ChoiceField(
        choices=sorted(CURRENCIES), required=False, help_text=_("Of the ticket; the platform's own if not given.")
    )
    coupon = fields.CharField(required=False, max_length=40)


class FailedRuleSerializer(serializers.Serializer[RefusedRule]):
    """A condition that fails: `code` is stable, `detail` is for people."""

    code = fields.ChoiceField(choices=sorted(SENTENCES))
    detail = serializers.SerializerMethodField()
    params = serializers.DictField(child=fields.CharField())

    def get_detail(self, refused: RefusedRule) -> str:
        """In the reader's language."""
        return rule_refusal_text(refused.code, refused.params)


class EligibilitySerializer(serializers.Serializer[Verdict]):
    """Whether a promotion is the customer's to have."""

    promotion = fields.UUIDField(source="rule.rule_id")
    kind = fields.ChoiceField(source="rule.kind", choices=["discount", "campaign"])
    name = fields.CharField(source="rule.name")
    is_eligible = serializers.SerializerMethodField()
    failed_rules = FailedRuleSerializer(source="refused", many=True)

    def get_is_eligible(self, answer: Verdict) -> bool:
        """Nothing fails."""
        return not answer.refused


class PromotionViewSet(ViewSet):
    """Discounts and campaigns as customers see them."""

    serializer_class = ShownSerializer
    pagination_class = BoundedPagePagination
    queryset = Discount.objects.none()

    def get_permissions(self) -> list[BasePermission]:
        return [SignedIn()] if self.action == "eligibility" else [Anyone()]

    @extend_schema(
        tags=TAGS,
        summary="Discounts and campaigns under way",
        description="What has begun, is not over and is on today, in the order it is applied; nothing that needs a "
        "coupon. For anyone; whether it is for you says `eligibility`.",
        responses=ShownSerializer(many=True),
        examples=[ACTIVE],
    )
    def active(self, request: Request) -> Response:
        """From this process's rule book."""
        page: Any = self.paginate_queryset(rules_under_way(timezone.now()))
        rows: Any = described(page)
        return self.get_paginated_response(ShownSerializer(rows, many=True).data)

    @extend_schema(
        tags=TAGS,
        summary="Is this promotion for me?",
        description="Of a discount or a campaign that is switched on: every failing condition, with a stable code and "
        "a sentence. Without `ticket`, currency and minimum ticket are not asked.",
        parameters=[QuestionSerializer],
        responses=EligibilitySerializer,
        examples=[ELIGIBILITY],
    )
    def eligibility(self, request: Request, pk: UUID) -> Response:
        """For the caller."""
        asked = QuestionSerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        customer = customer_card(cast(UUID, request.user.pk))
        buyer = Buyer(customer_id=customer.customer_id, tier=customer.tier, segment_ids=customer.segment_ids)
        answer = verdict(
            pk,
            buyer=buyer,
            at=timezone.now(),
            ticket=_ticket(asked.validated_data),
            coupon=asked.validated_data.get("coupon", ""),
        )
        return self.present(answer, serializer=EligibilitySerializer)


def _ticket(asked: dict[str, Any]) -> Money | None:
    if "ticket" not in asked:
        return None
    try:
        return Money.parse(asked["ticket"], asked.get("currency", settings.DEFAULT_CURRENCY))
    except DomainError as error:
        raise InvalidInputError.of("ticket", error.code, error.message % error.params) from error

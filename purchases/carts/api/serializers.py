"""How carts go over the wire."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from marketplace.core.http import fields
from purchases.carts.models import CartLine
from purchases.carts.tokens import token_of
from purchases.carts.values import COUPON_LENGTH, Lack, MergeResult, Outcome, ShownCart, ShownLine
from purchases.pricing.presenting import refusal_text
from purchases.pricing.values import Applied, PricedShipping, Rejected

LACKS = {
    Lack.NOT_SELLABLE: _("This product is not for sale now."),
    Lack.INSUFFICIENT_STOCK: _("Fewer are available than you want."),
    Lack.CURRENCY_MISMATCH: _("This product is sold in another currency now."),
    Lack.RESERVATION_LAPSED: _("The time to buy this reserved unit has passed."),
    Lack.RESERVATION_CANCELLED: _("The reservation was cancelled."),
    Lack.RESERVATION_COMPLETED: _("The reserved unit is bought already."),
}
LACK_CHOICES = [(each.value, each.value) for each in Lack]


class AppliedPromotionSerializer(serializers.Serializer[Applied]):
    """A promotion that applies: which rule, which version of it, what it saves."""

    rule = fields.UUIDField(source="rule_id")
    kind = fields.CharField()
    version = fields.IntegerField()
    name = fields.CharField()
    amount = fields.MoneyField()


class RejectedPromotionSerializer(serializers.Serializer[Rejected]):
    """A promotion that does not apply, why, and to what."""

    rule = fields.UUIDField(source="refused.rule_id")
    kind = fields.CharField(source="refused.kind")
    version = fields.IntegerField(source="refused.version")
    name = fields.CharField(source="refused.name")
    code = fields.CharField(source="refused.code", help_text=_("Why; stable."))
    params: Any = serializers.DictField(
        source="refused.params", child=fields.CharField(), help_text=_("What the reason names.")
    )
    detail = serializers.SerializerMethodField(help_text=_("Why, for people."))
    lines: Any = serializers.ListField(
        source="places",
        child=fields.IntegerField(min_value=0),
        help_text=_("To which of `lines` it does not apply, counted from 0; empty: to none of them."),
    )

    def get_detail(self, rejected: Rejected) -> str:
        return refusal_text(rejected.refused.code, rejected.refused.params)


class CartLineSerializer(serializers.Serializer[ShownLine]):
    """A line as it stands now."""

    id = fields.UUIDField(source="line.pk")
    variant = fields.UUIDField(source="card.variant_id")
    product = fields.UUIDField(source="card.product_id")
    store = fields.UUIDField(source="card.store_id")
    store_name = fields.CharField(source="card.store_name")
    sku = fields.CharField(source="card.sku")
    name = fields.CharField(source="card.name")
    quantity = fields.IntegerField(source="line.quantity", min_value=1, max_value=CartLine.MOST)
    reservation = fields.UUIDField(source="line.reservation_id", allow_null=True)
    expires_at = fields.DateTimeField(allow_null=True, help_text=_("Of a reserved unit: until when it is held."))
    unit_price = fields.MoneyField(help_text=_("Of today, before promotions; of a reserved unit its own price."))
    price_was = fields.MoneyField(
        allow_null=True, help_text=_("What a unit cost when you chose it, if the price has moved since.")
    )
    available = fields.IntegerField(min_value=0, help_text=_("How many can be bought now, 999 at most."))
    is_available = serializers.SerializerMethodField(help_text=_("Whether the line can be bought as it is."))
    total = serializers.SerializerMethodField(help_text=_("With promotions; null while it cannot be bought."))
    applied_benefits = AppliedPromotionSerializer(many=True)

    def get_is_available(self, line: ShownLine) -> bool:
        return line.lack is None

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_total(self, line: ShownLine) -> Any:
        return None if line.priced is None else fields.money_json(line.priced.total)


class UnavailableLineSerializer(serializers.Serializer[ShownLine]):
    """A line that cannot be bought as it is, and why."""

    line = fields.UUIDField(source="line.pk")
    variant = fields.UUIDField(source="card.variant_id")
    code = fields.ChoiceField(choices=LACK_CHOICES, source="lack.value")
    detail = serializers.SerializerMethodField()
    requested = fields.IntegerField(source="line.quantity")
    available = fields.IntegerField(min_value=0)

    def get_detail(self, line: ShownLine) -> str:
        return "" if line.lack is None else str(LACKS[line.lack])


class CartShippingSerializer(serializers.Serializer[PricedShipping]):
    """What sending one store's part costs."""

    store = fields.UUIDField(source="store_id")
    list_price = fields.MoneyField(help_text=_("Without promotions."))
    price = fields.MoneyField()


class CartSerializer(serializers.Serializer[ShownCart]):
    """A cart as it stands now. Sums are about the lines that can be bought."""

    token = serializers.SerializerMethodField(help_text=_("Of a stranger's cart, for X-Cart-Token; else null."))
    currency = fields.CharField(source="quote.currency")
    lines = CartLineSerializer(many=True)
    coupons = serializers.SerializerMethodField()
    list_total = fields.MoneyField(source="quote.list_total", help_text=_("Goods without promotions."))
    discount = fields.MoneyField(source="quote.discount", help_text=_("What promotions take off the goods."))
    goods_total = fields.MoneyField(source="quote.goods_total", help_text=_("Goods with promotions."))
    shipping_total = fields.MoneyField(source="quote.shipping_total")
    shipping = CartShippingSerializer(source="quote.shipping", many=True, help_text=_("By store, the cheapest rate."))
    total = fields.MoneyField(source="quote.total", help_text=_("Goods with promotions, and shipping."))
    applied_benefits = AppliedPromotionSerializer(
        source="quote.applied", many=True, help_text=_("Of the whole cart; a line has its own.")
    )
    rejected_promotions = RejectedPromotionSerializer(
        many=True, help_text=_("Each promotion once with each of its reasons, and the lines that it is about.")
    )
    unavailable = UnavailableLineSerializer(many=True)

    @extend_schema_field(fields.CharField(allow_null=True))
    def get_token(self, shown: ShownCart) -> str | None:
        cart = shown.cart
        return None if cart is None or cart.customer_id is not None else token_of(cart.pk)

    @extend_schema_field(serializers.ListField(child=fields.CharField(max_length=COUPON_LENGTH)))
    def get_coupons(self, shown: ShownCart) -> list[str]:
        return [] if shown.cart is None else list(shown.cart.coupons)


class MergedLineSerializer(serializers.Serializer[Outcome]):
    """What became of a line of the stranger's cart."""

    variant = fields.UUIDField(source="variant_id")
    asked = fields.IntegerField(help_text=_("How many the stranger's cart had."))
    quantity = fields.IntegerField(help_text=_("How many the account's cart has now."))
    result = fields.ChoiceField(choices=[(each.value, each.value) for each in MergeResult], source="result.value")
    reason = fields.CharField(help_text=_("Why not all came over; stable. Empty when it did."))


class MergedCartSerializer(CartSerializer):
    """The account's cart, and what became of each line of the stranger's."""

    merge = serializers.SerializerMethodField()

    @extend_schema_field(MergedLineSerializer(many=True))
    def get_merge(self, shown: ShownCart) -> Any:
        return MergedLineSerializer(self.context["outcomes"], many=True).data


class CartItemInput(serializers.Serializer[None]):
    """So many of a variant, or a reserved unit."""

    variant = fields.UUIDField(required=False)
    quantity = fields.IntegerField(required=False, min_value=1, max_value=CartLine.MOST, help_text=_("1 unless said."))
    reservation = fields.UUIDField(required=False, help_text=_("A unit of a flash promotion that you hold."))

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Exactly one of the two is named; a reserved unit is one unit."""
        if ("variant" in attrs) == ("reservation" in attrs):
            raise serializers.ValidationError({"variant": [_("Name a variant or a reservation.")]}, code="required")
        if "reservation" in attrs and attrs.get("quantity", 1) != 1:
            raise serializers.ValidationError({"quantity": [_("A reservation is one unit.")]}, code="reserved_line")
        return attrs


class CartQuantityInput(serializers.Serializer[None]):
    """How many from now on; the same number accepts a price that moved."""

    quantity = fields.IntegerField(min_value=1, max_value=CartLine.MOST)


class CartCouponInput(serializers.Serializer[None]):
    """A code as it is printed."""

    code = fields.CharField(max_length=COUPON_LENGTH)


class CartMergeInput(serializers.Serializer[None]):
    """Which cart, where the header does not say it."""

    token = fields.CharField(required=False, max_length=200)

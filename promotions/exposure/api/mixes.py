"""`exposure/`: what to show in a place of the shop, for anyone."""

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.http import fields
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.throttling import RateLimit
from marketplace.core.http.viewsets import ViewSet
from promotions.contracts import ExposureMix, ShownProduct
from promotions.engagement.actors import SESSION_HEADER
from promotions.exposure.models import Context, Reason, Slate
from promotions.exposure.services.serving import serve_mix
from promotions.exposure.values import DEFAULT_PLACES, MOST_PLACES, Asked, Tier
from promotions.exposure.viewers import viewer_of

BADGES = ("new", "trending", "flash", "discount", "low_stock")
MIX = OpenApiExample(
    "The first of twelve",
    value={
        "context": "home",
        "category": None,
        "mix": [
            {
                "product": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
                "position": 1,
                "reason": "popular",
                "badges": ["trending", "flash"],
                "exposure_id": "0190b2f0-dddd-7c1c-9a51-2f0d6a1b7c11",
                "name": "Plato de talavera",
                "store": "Talavera de la Luz",
                "price_from": {"amount": "349.00", "currency": "MXN"},
            }
        ],
        "scores_version": 812,
        "variant": "less-popularity",
        "relaxed": [],
        "tier": "process",
        "expires_at": "2026-05-25T18:09:41Z",
    },
    response_only=True,
)


class PlacesField(fields.IntegerField):
    """A whole number as an address has it: a few ASCII digits."""

    def to_internal_value(self, data: Any) -> int:
        text = str(data)
        return super().to_internal_value(int(text) if text.isascii() and text.isdigit() and len(text) < 5 else data)


class AskedSerializer(serializers.Serializer[dict[str, Any]]):
    """Which place of the shop, and how many products it has room for."""

    context = fields.ChoiceField(choices=Context.choices, required=False, help_text=_("`home` if not given."))  # type: ignore[assignment]
    category_id = fields.UUIDField(required=False, help_text=_("For `category`, which needs it; with all below it."))
    size = PlacesField(
        required=False, min_value=1, max_value=MOST_PLACES, help_text=_("How many places; 24 if not given.")
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A category page is about a category; what others say of one is passed over."""
        if attrs.get("context") == Context.CATEGORY:
            if "category_id" not in attrs:
                raise InvalidInputError.of("category_id", "required", gettext_noop("Say which category."))
        else:
            attrs.pop("category_id", None)
        return attrs


class ShownProductSerializer(serializers.Serializer[ShownProduct]):
    """A product in its place."""

    product = fields.UUIDField(source="product_id")
    position = fields.IntegerField(
        help_text=_("From 1 on. Places whose product can no longer be bought are left out; the others keep theirs.")
    )
    reason = fields.ChoiceField(choices=Reason.choices, help_text=_("What placed it."))
    badges = serializers.ListField(
        child=fields.ChoiceField(choices=BADGES), help_text=_("Facts about it, for this viewer at this moment.")
    )
    exposure_id = fields.UUIDField(help_text=_("Send it with the events about this product in this place."))
    name = fields.CharField()
    store = fields.CharField(source="store_name")
    price_from = fields.MoneyField(help_text=_("Of its cheapest variant, before promotions."))


class MixSerializer(serializers.Serializer[ExposureMix]):
    """A selection."""

    context = fields.ChoiceField(choices=Context.choices)  # type: ignore[assignment]
    category = fields.UUIDField(source="category_id", allow_null=True)
    mix = ShownProductSerializer(source="products", many=True)
    scores_version = fields.IntegerField(
        allow_null=True, help_text=_("Of which it was made; null where it was made by popularity alone.")
    )
    variant = fields.CharField(allow_null=True, help_text=_("The ways of the running experiments that it was made in."))
    relaxed = serializers.ListField(
        child=fields.ChoiceField(choices=["store", "category", "repetition"]),
        help_text=_("Rules that gave way to fill it."),
    )
    tier = fields.ChoiceField(choices=[(tier.value, tier.value) for tier in Tier], help_text=_("Where it came from."))
    expires_at = fields.DateTimeField(help_text=_("Until then the same is answered; ask anew afterwards."))


class ExposureRateLimit(RateLimit):
    """Selections per person, or per address: a cold one costs a computation."""

    scope = "exposure"


class ExposureViewSet(ViewSet):
    """Selections for whoever asks."""

    throttle_classes = [ExposureRateLimit]
    serializer_class = MixSerializer
    permission_classes = [Anyone]
    is_private = True  # badges, and a personal selection, are the viewer's
    queryset = Slate.objects.none()

    @extend_schema(
        tags=["exposure"],
        summary="What to show here",
        description="A selection of products for a place of the shop: what people want, what is new and tried out, "
        "what staff pinned; never what cannot be bought this moment. For anyone; `personalized` is one's own when "
        "signed in and as `home` otherwise. The same place and period give the same selection (`expires_at`). Each "
        "product says the `reason` it stands there, and its `exposure_id`, to be sent with the events about it. `tier` "
        "says where it came from: this process, the shared cache, a stored selection, one computed now, or popularity "
        "where there are no scores.",
        parameters=[
            AskedSerializer,
            OpenApiParameter(
                SESSION_HEADER,
                str,
                OpenApiParameter.HEADER,
                description="Names a session that nobody signed in to, the same that its events have (or as a cookie).",
            ),
        ],
        responses=MixSerializer,
        examples=[MIX],
    )
    def show(self, request: Request) -> Response:
        """For the caller."""
        asked = AskedSerializer(data=request.query_params.dict())
        asked.is_valid(raise_exception=True)
        values = asked.validated_data
        wanted = Asked(
            context=values.get("context", Context.HOME.value),
            category_id=values.get("category_id"),
            size=values.get("size", DEFAULT_PLACES),
        )
        return self.present(serve_mix(asked=wanted, viewer=viewer_of(request), at=timezone.now()))

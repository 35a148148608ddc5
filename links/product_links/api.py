"""`product-links/`: links to other shops' pages that a customer pasted."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle

from links.api_fields import PriorityField
from marketplace.core.http import fields
from marketplace.core.http.fields import money_json
from marketplace.core.http.permissions import SignedIn, VerifiedCustomer
from marketplace.core.http.throttling import LinkRateLimit
from marketplace.core.http.viewsets import ViewSet
from marketplace.core.money import Money

from . import selectors, services
from .addresses import LONGEST
from .models import Page, PricePoint, ProductLink
from .reasons import label

LINK: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d5e",
    "url": "https://tienda.example/p/olla-express?utm_source=mail",
    "canonical_url": "https://tienda.example/p/olla-express",
    "host": "tienda.example",
    "state": "read",
    "reason": "",
    "reason_text": "",
    "title": "Olla exprés 6 l",
    "description": "Acero inoxidable, apta para inducción.",
    "brand": "Cocina Fina",
    "variant": "",
    "image": "https://cdn.tienda.example/olla.jpg",
    "images": ["https://cdn.tienda.example/olla.jpg"],
    "price": {"amount": "1299.00", "currency": "MXN"},
    "currency": "MXN",
    "availability": "in_stock",
    "method": "json_ld",
    "confidence": 95,
    "may_be_bought": True,
    "priority": "high",
    "is_enabled": True,
    "read_at": "2026-01-31T10:00:12Z",
    "created_at": "2026-01-31T10:00:00Z",
}
PASTED = {
    **LINK,
    **{"state": "waiting", "title": "", "description": "", "brand": "", "image": "", "images": [], "price": None},
    **{"currency": "", "availability": "unknown", "method": "none", "confidence": 0, "may_be_bought": False},
    "read_at": None,
}
POINT = {
    "at": "2026-01-31T10:00:12Z",
    "price": {"amount": "1299.00", "currency": "MXN"},
    "availability": "in_stock",
    "method": "json_ld",
    "confidence": 95,
    "reason": "",
    "reason_text": "",
}
EXAMPLE = OpenApiExample("A link whose page was read", value=LINK, response_only=True)
PASTED_EXAMPLE = OpenApiExample("Its page is read soon", value=PASTED, response_only=True)
POINT_EXAMPLE = OpenApiExample("A step of the price", value=POINT, response_only=True)


class ProductLinkSerializer(serializers.Serializer[ProductLink]):
    """A link, and what its page said last."""

    id = fields.UUIDField(read_only=True)
    url = fields.CharField(read_only=True, help_text=_("As it was pasted."))
    canonical_url = fields.CharField(source="page.canonical_url", read_only=True)
    host = fields.CharField(source="page.host", read_only=True)
    state = fields.ChoiceField(source="page.state", choices=Page.State.choices, read_only=True)
    reason = fields.CharField(
        source="page.reason",
        read_only=True,
        help_text=_("Why there is no price, or none that a purchase may rest on; empty where one may."),
    )
    reason_text = serializers.SerializerMethodField(help_text=_("The reason in words."))
    title = fields.CharField(source="page.title", read_only=True)
    description = fields.CharField(source="page.description", read_only=True)
    brand = fields.CharField(source="page.brand", read_only=True)
    variant = fields.CharField(source="page.variant", read_only=True)
    image = serializers.SerializerMethodField(help_text=_("The first of the images, or empty."))
    images = serializers.ListField(source="page.images", child=fields.CharField(), read_only=True)
    price = serializers.SerializerMethodField()
    currency = fields.CharField(source="page.currency", read_only=True)
    availability = fields.ChoiceField(source="page.availability", choices=Page.Availability.choices, read_only=True)
    method = fields.ChoiceField(source="page.method", choices=Page.Method.choices, read_only=True)
    confidence = fields.IntegerField(source="page.confidence", read_only=True, help_text=_("0 to 100."))
    may_be_bought = fields.BooleanField(source="page.may_be_bought", read_only=True)
    priority = PriorityField(required=False, help_text=_("What gifts that are made from it begin with."))
    is_enabled = fields.BooleanField(required=False, help_text=_("Whether the page is read again for you."))
    read_at = fields.DateTimeField(source="page.read_at", read_only=True, allow_null=True)
    created_at = fields.DateTimeField(read_only=True)

    def get_reason_text(self, link: ProductLink) -> str:
        return label(link.page.reason)

    def get_image(self, link: ProductLink) -> str:
        return str(link.page.images[0]) if link.page.images else ""

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_price(self, link: ProductLink) -> Any:
        return _money(link.page.price)


class NewLinkInput(serializers.Serializer[Any]):
    """An address to paste."""

    url = fields.CharField(max_length=LONGEST)
    priority = PriorityField(required=False)
    is_enabled = fields.BooleanField(required=False)


class PricePointSerializer(serializers.Serializer[PricePoint]):
    """What a page said from that moment on."""

    at = fields.DateTimeField()
    price = serializers.SerializerMethodField()
    availability = fields.ChoiceField(choices=Page.Availability.choices)
    method = fields.ChoiceField(choices=Page.Method.choices)
    confidence = fields.IntegerField()
    reason = fields.CharField()
    reason_text = serializers.SerializerMethodField()

    @extend_schema_field(fields.MoneyField(allow_null=True))
    def get_price(self, point: PricePoint) -> Any:
        return _money(selectors.price_of(point))

    def get_reason_text(self, point: PricePoint) -> str:
        return label(point.reason)


def _money(price: Money | None) -> dict[str, str] | None:
    return None if price is None else money_json(price)


@extend_schema(tags=["links"])
@extend_schema_view(
    list=extend_schema(summary="My links", description="Newest first, without archived ones.", examples=[EXAMPLE]),
    retrieve=extend_schema(summary="One of my links", examples=[EXAMPLE]),
)
class ProductLinkViewSet(ViewSet):
    """The caller's own links."""

    queryset = ProductLink.objects.none()
    serializer_class = ProductLinkSerializer
    permission_classes = [SignedIn]
    lookup_value_converter = "uuid"

    @property
    def _me(self) -> UUID:
        return cast(UUID, self.request.user.pk)  # permissions let nobody anonymous come here

    def get_permissions(self) -> list[BasePermission]:
        """Whoever makes us ask other people's shops has a verified address."""
        return [VerifiedCustomer()] if self.action in {"create", "refresh"} else [SignedIn()]

    def get_throttles(self) -> list[BaseThrottle]:
        return [LinkRateLimit()] if self.action in {"create", "refresh"} else []

    def get_queryset(self) -> QuerySet[ProductLink]:
        return selectors.links_of(self._me)

    def list(self, request: Request) -> Response:
        return self.present_page(self.get_queryset())

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(selectors.link_of(self._me, pk))

    @extend_schema(
        summary="Paste a link",
        description="Any product's page on the public internet. Its address is brought to one form (without tracking "
        "parameters), and the page is read in the background, once for everybody who pastes it: `state` goes from "
        "`waiting` to `read`, `unpriced` (with the `reason`), `failed` or `refused`. Pasting an address again answers "
        "with the same link; an archived one comes back with the new priority. Refusals: 400 with the code of what "
        "is wrong with `url` (`scheme_not_allowed`, `credentials_in_address`, `port_not_allowed`, `host_missing`, "
        "`host_malformed`, `host_is_number`, `host_not_public`, `address_malformed`, `address_too_long`); 409 "
        "`too_many_links`; 429.",
        request=NewLinkInput,
        responses={202: ProductLinkSerializer},
        examples=[
            OpenApiExample("A link", value={"url": LINK["url"], "priority": "high"}, request_only=True),
            PASTED_EXAMPLE,
        ],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=NewLinkInput)
        link = services.submit_link(customer_id=self._me, at=timezone.now(), **values)
        return self.present(link, status=202)

    @extend_schema(
        summary="Change a link",
        description="Its priority, or the switch: a page that nobody's link is on for is not read again.",
        examples=[OpenApiExample("Off", value={"is_enabled": False}, request_only=True), EXAMPLE],
    )
    def partial_update(self, request: Request, pk: UUID) -> Response:
        values = self.read(request, partial=True)
        link = services.change_link(customer_id=self._me, link_id=pk, at=timezone.now(), **values)
        return self.present(link)

    @extend_schema(
        summary="Archive a link",
        description="It leaves the list; gifts that were made from it keep it. Pasting the address brings it back.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        services.archive_link(customer_id=self._me, link_id=pk, at=timezone.now())
        return Response(status=204)

    @extend_schema(
        summary="Have a link's page read again",
        description="As soon as the shop's turn comes: at most one request a second to a host, whoever asks. 429 "
        "`just_read` with `Retry-After` within five minutes after the page was read.",
        request=None,
        responses={202: ProductLinkSerializer},
        examples=[EXAMPLE],
    )
    @action(detail=True, methods=["post"])
    def refresh(self, request: Request, pk: UUID) -> Response:
        link = services.refresh_link(customer_id=self._me, link_id=pk, at=timezone.now())
        return self.present(link, status=202)

    @extend_schema(
        summary="What a link's page said",
        description="A step each time its price or availability changed, newest first.",
        responses={200: PricePointSerializer(many=True)},
        examples=[POINT_EXAMPLE],
    )
    @action(detail=True, methods=["get"])
    def history(self, request: Request, pk: UUID) -> Response:
        self.cursor_field = "-at"
        link = selectors.link_of(self._me, pk)
        return self.present_page(selectors.prices_of(link.page_id), serializer=PricePointSerializer)

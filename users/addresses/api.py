"""`users/me/addresses/`: one's own address book."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import UUID_PATTERN, ViewSet
from users.accounts.api.caller import caller

from . import selectors, services
from .countries import COUNTRIES
from .models import Address

ADDRESS: dict[str, Any] = {
    "id": "0198c6a0-7a10-7c1e-9d5f-2b6f0a3c4d5e",
    "label": "Casa",
    "recipient": "Ana García",
    "phone": "+52 55 1234 5678",
    "line1": "Calle de Tacuba 15, int. 4",
    "line2": "Centro",
    "city": "Ciudad de México",
    "state": "CDMX",
    "postal_code": "06010",
    "country": "MX",
    "notes": "Tocar el timbre dos veces",
    "is_default": True,
    "created_at": "2026-01-31T10:00:00Z",
    "updated_at": "2026-01-31T10:00:00Z",
}
EXAMPLE = OpenApiExample("An address", value=ADDRESS, response_only=True)
REQUEST = OpenApiExample(
    "An address",
    value={name: value for name, value in ADDRESS.items() if name not in {"id", "created_at", "updated_at"}},
    request_only=True,
)


class AddressSerializer(fields.ModelSerializer):
    """An address of one's own."""

    country = fields.ChoiceField(choices=sorted(COUNTRIES), help_text=_("ISO 3166-1: two capital letters."))
    is_default = fields.BooleanField(
        required=False,
        help_text=_("Where things go unless you say otherwise. The first one is anyway."),
    )

    class Meta:
        model = Address
        fields = ["id", "label", *Address.COPIED, "is_default", "created_at", "updated_at"]
        read_only_fields = ["id", "created_at", "updated_at"]


@extend_schema(tags=["users"])
@extend_schema_view(
    list=extend_schema(summary="My addresses", description="Newest first.", examples=[EXAMPLE]),
    retrieve=extend_schema(summary="One of my addresses", examples=[EXAMPLE]),
)
class AddressViewSet(ViewSet):
    """The caller's own addresses."""

    is_private = True
    queryset = Address.objects.none()
    serializer_class = AddressSerializer
    permission_classes = [SignedIn]
    lookup_value_regex = UUID_PATTERN

    def get_queryset(self) -> QuerySet[Address]:
        return selectors.addresses_of(caller(self.request).pk)

    def list(self, request: Request) -> Response:
        return self.present_page(self.get_queryset())

    def retrieve(self, request: Request, pk: str) -> Response:
        return self.present(selectors.address_of(caller(request).pk, UUID(pk)))

    @extend_schema(
        summary="Add an address",
        description="At most 20: 409 `too_many_addresses`. Texts are on one line, without control characters.",
        responses={201: AddressSerializer},
        examples=[REQUEST, EXAMPLE],
    )
    def create(self, request: Request) -> Response:
        address = services.add_address(customer_id=caller(request).pk, **self.read(request))
        return self.present(address, status=201)

    @extend_schema(
        summary="Change an address",
        description="Orders keep the address they were placed with. `is_default: true` takes the default over; 409 "
        "`default_address_needed` for giving it up without a successor.",
        examples=[OpenApiExample("The default", value={"is_default": True}, request_only=True), EXAMPLE],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        values = self.read(request, partial=True)
        return self.present(services.change_address(customer_id=caller(request).pk, address_id=UUID(pk), **values))

    @extend_schema(
        summary="Delete an address",
        description="If it was the default, the newest of the others becomes that.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: str) -> Response:
        services.delete_address(customer_id=caller(request).pk, address_id=UUID(pk))
        return Response(status=204)

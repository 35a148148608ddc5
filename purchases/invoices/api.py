"""`orders/{order_id}/invoices/`: what was invoiced and credited for an order, and each as a PDF."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet

from .documents import CONTENT_TYPE, document_of
from .models import Invoice
from .selectors import readable_invoice, readable_invoices

EXAMPLE = OpenApiExample(
    "An invoice",
    value={
        "id": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b2",
        "kind": "invoice",
        "number": "la-esquina-000017",
        "store": "0198c0df-1b7e-7f00-9d3c-52f1c7a0e6b3",
        "total": {"amount": "838.00", "currency": "MXN"},
        "issued_at": "2026-03-02T18:20:00Z",
    },
    response_only=True,
)


class InvoiceSerializer(serializers.Serializer[Invoice]):
    """An invoice or a credit note."""

    id = fields.UUIDField()
    kind = fields.ChoiceField(choices=Invoice.Kind.choices)
    number = fields.CharField(source="title", help_text=_("The store's series and a number in it without gaps."))
    store = fields.UUIDField(source="part.store_id")
    total = fields.MoneyField(help_text=_("Of a credit note, what went back."))
    issued_at = fields.DateTimeField()


@extend_schema(tags=["orders"])
class InvoiceViewSet(ViewSet):
    """Of one order; the customer's own, or anybody's for the house."""

    permission_classes = [SignedIn]
    serializer_class = InvoiceSerializer
    queryset = Invoice.objects.none()

    def get_queryset(self) -> "QuerySet[Any]":
        return readable_invoices(self.request.user, self.kwargs["order_id"])  # type: ignore[arg-type]

    @extend_schema(
        summary="Invoices of an order",
        description="Each store invoices its part once the order is paid, and credits what goes back. Numbers are "
        "given a moment afterwards: an order that was just paid may have none yet. 404 for an order of somebody else.",
        responses={200: InvoiceSerializer(many=True)},
        examples=[EXAMPLE],
    )
    def list(self, request: Request, order_id: UUID) -> Response:
        shown: Any = InvoiceSerializer(self.get_queryset(), many=True)  # type: ignore[arg-type]
        return Response(shown.data)

    @extend_schema(
        summary="An invoice as a PDF",
        description="In the customer's language. 404 for an order of somebody else.",
        responses={(200, CONTENT_TYPE): OpenApiTypes.BINARY},
    )
    def file(self, request: Request, order_id: UUID, pk: UUID) -> HttpResponse:
        """200."""
        made = document_of(readable_invoice(request.user, order_id, pk))  # type: ignore[arg-type]
        headers = {
            "Content-Disposition": f'attachment; filename="{made.name}"',
            "Content-Language": made.language,
            "Cache-Control": "private, no-store",
        }
        return HttpResponse(made.content, content_type=CONTENT_TYPE, headers=headers)


invoice_list = InvoiceViewSet.as_view({"get": "list"}, pagination_class=None, filter_backends=[])
invoice_file = InvoiceViewSet.as_view(
    {"get": "file"}, pagination_class=None, filter_backends=[], content_negotiation_class=FileNamedInTheAddress
)

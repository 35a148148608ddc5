"""`admin/analytics/…/`: the reports, for people of the house who may see the rows behind them."""

from typing import Any, ClassVar

from django.http import HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field, extend_schema_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.clock import platform_day
from marketplace.core.http.fields import CharField, ChoiceField, DateField, FloatField
from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.permissions import IsStaff
from marketplace.core.http.sparse import sparse
from marketplace.core.http.viewsets import ViewSet

from .asking import ReportQuerySerializer
from .presenting import as_csv, as_json
from .reports import REPORTS
from .values import KINDS

TAGS = ["analytics"]
_MONEY = {
    "type": "object",
    "properties": {"amount": {"type": "string"}, "currency": {"type": "string"}},
    "required": ["amount", "currency"],
}
_VALUE = {"oneOf": [{"type": "number"}, {"type": "string"}, _MONEY, {"type": "null"}]}


@extend_schema_field(_VALUE)
class ValueField(serializers.ReadOnlyField):
    """A number, a text, money, or nothing."""


class DaysSerializer(serializers.Serializer[Any]):
    """Days, both ends included."""

    def get_fields(self) -> dict[str, Any]:
        return {"from": DateField(), "to": DateField()}


class FigureSerializer(serializers.Serializer[Any]):
    """One number. (`label` is an attribute of every serializer: such fields are added by hand.)"""

    kind = ChoiceField(choices=KINDS)
    value = ValueField()
    before = ValueField(help_text="Of the days compared with.")
    change = FloatField(allow_null=True, help_text="From before to now, as a fraction of before.")
    url = CharField(help_text="The rows behind it, in the back office; empty where there is no page.")

    def get_fields(self) -> dict[str, Any]:
        return {"label": CharField(), **super().get_fields()}


class SeriesSerializer(serializers.Serializer[Any]):
    """A number a day. `before` has the days compared with, the first beside the first."""

    kind = ChoiceField(choices=KINDS)
    days = serializers.ListField(child=DateField())
    values = serializers.ListField(child=ValueField())
    before = serializers.ListField(child=ValueField())

    def get_fields(self) -> dict[str, Any]:
        return {"label": CharField(), **super().get_fields()}


class ColumnSerializer(serializers.Serializer[Any]):
    """A column of a table."""

    key = CharField()
    kind = ChoiceField(choices=KINDS)

    def get_fields(self) -> dict[str, Any]:
        return {"label": CharField(), **super().get_fields()}


class RowSerializer(serializers.Serializer[Any]):
    """A row: its values by the columns' keys."""

    values = serializers.DictField(child=ValueField())
    url = CharField()


class TableSerializer(serializers.Serializer[Any]):
    """Rows under columns."""

    columns = ColumnSerializer(many=True)
    rows = RowSerializer(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {"label": CharField(), **super().get_fields()}


@extend_schema_serializer(many=False)  # one report, although the address has no id
class ReportSerializer(serializers.Serializer[Any]):
    """A report. Figures, series and tables are found by their names, which do not change."""

    report = ChoiceField(choices=list(REPORTS))
    compared_with = DaysSerializer(allow_null=True)
    currency = CharField()
    figures = serializers.DictField(child=FigureSerializer())
    series = serializers.DictField(child=SeriesSerializer())
    tables = serializers.DictField(child=TableSerializer())
    notes = serializers.ListField(child=CharField())

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "from": DateField(), "to": DateField()}


class SeesReport(IsStaff):
    """People of the house with Django's permission to see the rows that the report is about."""

    def has_permission(self, request: Request, view: Any) -> bool:
        user: Any = request.user
        return super().has_permission(request, view) and user.has_perm(REPORTS[view.report].needs)


COMMON = (
    "Days are the platform's, both included, at most 366. `compare=previous` sets the days before as many beside them, "
    "`year` the same weekdays 52 weeks ago. Figures, lines and tables whose rows you may not see are left out; `url` "
    "leads to the rows. Fractions are fractions: 0.25 is 25 %. `format=csv` is a file, UTF-8 with a byte order mark; "
    "cells that a spreadsheet would run begin with an apostrophe. `Accept` is not asked."
)
EXAMPLE = OpenApiExample(
    "A week",
    {
        "report": "overview",
        "from": "2026-03-01",
        "to": "2026-03-07",
        "compared_with": {"from": "2026-02-22", "to": "2026-02-28"},
        "currency": "MXN",
        "figures": {
            "revenue": {
                "label": "Revenue",
                "kind": "money",
                "value": {"amount": "12500.00", "currency": "MXN"},
                "before": {"amount": "10000.00", "currency": "MXN"},
                "change": 0.25,
                "url": "/admin/purchases/order/?placed_at__gte=2026-03-01T00%3A00%3A00-06%3A00",
            }
        },
        "series": {},
        "tables": {},
        "notes": [],
    },
    response_only=True,
)
_ANSWERS = {(200, "application/json"): ReportSerializer, (200, "text/csv"): OpenApiTypes.STR}


class ReportViewSet(ViewSet):
    """One of the reports; each has a class of its own for its words."""

    report: ClassVar[str]
    permission_classes = [SeesReport]
    serializer_class = ReportSerializer
    content_negotiation_class = FileNamedInTheAddress
    filter_backends: list[Any] = []
    pagination_class = None
    is_private = True

    def answer(self, request: Request) -> HttpResponseBase:
        """The report as it was asked for."""
        at = timezone.now()
        query = ReportQuerySerializer(data=request.query_params.dict(), context={"today": platform_day(at)})
        query.is_valid(raise_exception=True)
        values = query.validated_data
        report = REPORTS[self.report].build(values["period"], values["currency"], at).seen_by(request.user)
        if values["format"] == "csv":
            name = f"{report.key}-{report.period.first}-{report.period.last}.csv"
            headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
            return StreamingHttpResponse(as_csv(report), content_type="text/csv; charset=utf-8", headers=headers)
        return Response(sparse(request, as_json(report)))


class OverviewViewSet(ReportViewSet):
    """The house on one page."""

    report = "overview"

    @extend_schema(
        tags=TAGS,
        summary="The house on one page",
        description="Revenue, orders and average ticket, what was shown and why, clicks by place, the lift of flash "
        f"promotions with its interval, loyalty, the way from seen to bought, stock and money.\n\n{COMMON}",
        parameters=[ReportQuerySerializer],
        responses=_ANSWERS,
        examples=[EXAMPLE],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET admin/analytics/overview/"""
        return self.answer(request)


class PromotionsViewSet(ReportViewSet):
    """What promotions did."""

    report = "promotions"

    @extend_schema(
        tags=TAGS,
        summary="What promotions did",
        description="What each took off, and by how much it raised sales: units on its days against the same goods on "
        "the same weekdays in up to four windows before it, with a 95 % interval. Without a sale before there is no "
        f"baseline, and no lift.\n\n{COMMON}",
        parameters=[ReportQuerySerializer],
        responses=_ANSWERS,
        examples=[EXAMPLE],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET admin/analytics/promotions/"""
        return self.answer(request)


class LoyaltyViewSet(ReportViewSet):
    """Members and points."""

    report = "loyalty"

    @extend_schema(
        tags=TAGS,
        summary="Members, levels and points",
        description="Members by level, how many rose, what became of points, and what those outstanding are worth in "
        f"the books by the month in which they expire.\n\n{COMMON}",
        parameters=[ReportQuerySerializer],
        responses=_ANSWERS,
        examples=[EXAMPLE],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET admin/analytics/loyalty/"""
        return self.answer(request)


class InventoryViewSet(ReportViewSet):
    """How stock stands."""

    report = "inventory"

    @extend_schema(
        tags=TAGS,
        summary="How stock stands",
        description="Items sold out and to be reordered, what lies on the shelves and what it cost, and how many days "
        f"it lasts at the pace of the days asked for.\n\n{COMMON}",
        parameters=[ReportQuerySerializer],
        responses=_ANSWERS,
        examples=[EXAMPLE],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET admin/analytics/inventory/"""
        return self.answer(request)


class FundsViewSet(ReportViewSet):
    """How the books stand."""

    report = "funds"

    @extend_schema(
        tags=TAGS,
        summary="How the books stand",
        description="The trial balance by kind of account and currency, what waits for a person, and what customers "
        f"paid in the days asked for.\n\n{COMMON}",
        parameters=[ReportQuerySerializer],
        responses=_ANSWERS,
        examples=[EXAMPLE],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET admin/analytics/funds/"""
        return self.answer(request)

"""`market/products/export/`: the catalogue as a file."""

import io
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request

from marketplace.core import access
from marketplace.core.http.fields import ChoiceField
from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from stores.catalog.models import Variant
from stores.importing.exporting import catalogue_csv, write_workbook
from stores.importing.selectors import exported_variants

WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportQuerySerializer(serializers.Serializer[Any]):
    """How the file is wanted. (`as` is a word of Python.)"""

    def get_fields(self) -> dict[str, Any]:
        return {"as": ChoiceField(choices=["csv", "xlsx"], default="csv")}


class ExportViewSet(ViewSet):
    """The catalogue to take away, and to bring back by `market/imports/`."""

    queryset = Variant.objects.none()
    serializer_class = ExportQuerySerializer
    permission_classes = [HoldsKey]
    access_area = "catalog"
    content_negotiation_class = FileNamedInTheAddress
    filter_backends: list[Any] = []
    pagination_class = None

    @extend_schema(
        tags=["market: imports"],
        summary="The catalogue as a file",
        description="Every variant within your `catalog:read`, deleted ones left out, in the columns that an import "
        "takes; importing the file changes nothing. `as=csv` is streamed, UTF-8 with a byte order mark. Cells that a "
        "spreadsheet would run begin with an apostrophe, which an import takes off again. `Accept` is not asked.",
        parameters=[OpenApiParameter("as", {"type": "string", "enum": ["csv", "xlsx"], "default": "csv"})],
        responses={(200, "text/csv"): OpenApiTypes.STR, (200, WORKBOOK): OpenApiTypes.BINARY},
        examples=[
            OpenApiExample(
                "One variant",
                "store,product,name,description,category,brand,brand_name,published,sku,barcode,options,price,cost,"
                "currency,active,on_hand,reorder_point,reorder_qty\r\n"
                "centro,plato,Plato,,vajillas,,,true,TAL-27,,,349.00,180.00,MXN,true,20,5,40\r\n",
                media_type="text/csv",
                response_only=True,
            )
        ],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET market/products/export/"""
        query = ExportQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        variants = exported_variants(access.reach(request.user, "catalog:read"))
        name = f"catalogue-{timezone.now():%Y%m%d-%H%M}"
        if query.validated_data["as"] == "csv":
            headers = {"Content-Disposition": f'attachment; filename="{name}.csv"'}
            return StreamingHttpResponse(
                catalogue_csv(variants), content_type="text/csv; charset=utf-8", headers=headers
            )
        file = io.BytesIO()  # compressed: a catalogue of 200,000 rows is some twenty megabytes
        write_workbook(variants, file)
        file.seek(0)
        return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx", content_type=WORKBOOK)

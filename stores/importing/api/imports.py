"""`market/imports/`: a file in, its preview, yes or no."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.errors import NotFoundError
from marketplace.core.http.fields import CharField, ModelSerializer
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.parsing import StrictJSONParser
from marketplace.core.http.permissions import HoldsKey
from marketplace.core.http.viewsets import ViewSet
from stores.importing import services
from stores.importing.models import ImportRow, ImportRun
from stores.importing.progress import progress_of
from stores.importing.reasons import failure_text, reason
from stores.importing.selectors import rows_of, runs_of, store_of_reach

EXAMPLE = {
    "id": "0190b2f0-c3d5-7c1c-8a4e-0d2f1b3c4d5e",
    "state": "ready",
    "file_name": "catalogue.csv",
    "file_format": "csv",
    "rows_count": 120,
    "new_count": 20,
    "changed_count": 7,
    "same_count": 90,
    "error_count": 3,
    "applied_count": 0,
    "conflict_count": 0,
    "progress": None,
    "failure": "",
    "created_at": "2026-01-31T10:00:00Z",
    "finished_at": None,
}
RESPONSE = OpenApiExample("import", EXAMPLE, response_only=True)
REQUEST = OpenApiExample(
    "a catalogue file", {"file": "(the content of catalogue.csv)"}, request_only=True, media_type="multipart/form-data"
)
APPLYING = OpenApiExample(
    "confirmed", {**EXAMPLE, "state": "applying", "progress": 0}, response_only=True, status_codes=["202"]
)
ROW = OpenApiExample(
    "row",
    {
        "line": 14,
        "verdict": "error",
        "values": {"store": "centro", "product": "plato", "sku": "TAL-27", "price": "free"},
        "changes": {},
        "errors": [
            {
                "field": "price",
                "code": "amount",
                "detail": "Write the amount as plain digits with at most 2 decimals, such as 499.00.",
            }
        ],
    },
    response_only=True,
)
VERDICT = OpenApiParameter(
    "verdict", {"type": "string", "enum": list(ImportRow.Verdict.values)}, description="Only rows with this verdict."
)


class UploadSerializer(serializers.Serializer[Any]):
    """A catalogue file; with a store, a product feed for it."""

    file = serializers.FileField(help_text="`.csv` or `.xlsx`; for a feed `.csv` or `.xml`.")
    store = CharField(required=False, max_length=140, help_text="Slug: the file is a product feed for this store.")


class ImportRunSerializer(ModelSerializer):
    """A run and how far it is."""

    progress = serializers.SerializerMethodField(help_text="Per cent of the confirmed rows that are written.")
    failure = serializers.SerializerMethodField(help_text="Why it failed; empty for one that did not.")

    class Meta:
        model = ImportRun
        fields = [
            "id",
            "state",
            "file_name",
            "file_format",
            "rows_count",
            "new_count",
            "changed_count",
            "same_count",
            "error_count",
            "applied_count",
            "conflict_count",
            "progress",
            "failure",
            "created_at",
            "finished_at",
        ]
        read_only_fields = fields

    @extend_schema_field({"type": ["integer", "null"]})
    def get_progress(self, run: ImportRun) -> int | None:
        return progress_of(run)

    @extend_schema_field({"type": "string"})
    def get_failure(self, run: ImportRun) -> str:
        return failure_text(run.failure)


class RowErrorSerializer(serializers.Serializer[Any]):
    """What is wrong with a cell."""

    field = CharField()
    code = CharField()
    detail = CharField()


class ImportRowSerializer(ModelSerializer):
    """A line, what it would do, and what is wrong with it."""

    values = serializers.DictField(child=CharField(), read_only=True)
    changes = serializers.DictField(
        child=serializers.ListField(child=CharField()), read_only=True, help_text="By column: before and after."
    )
    errors = serializers.SerializerMethodField()  # type: ignore[assignment]

    class Meta:
        model = ImportRow
        fields = ["line", "verdict", "values", "changes", "errors"]
        read_only_fields = fields

    @extend_schema_field(RowErrorSerializer(many=True))
    def get_errors(self, row: ImportRow) -> list[dict[str, str]]:
        return [
            {"field": each["field"], "code": each["code"], "detail": reason(each["code"], each["params"])}
            for each in row.errors
        ]


FILE_REFUSALS = (
    "`import_format`, `import_file_too_large`, `import_unpacks_too_large`, `import_too_many_rows`, `import_not_text`, "
    "`import_malformed`, `import_unsafe_xml`, `import_cell_too_large`, `import_header` (400)"
)


@extend_schema(tags=["market: imports"])
@extend_schema_view(
    list=extend_schema(
        summary="List my imports", description="Your own, newest first; administrators see all.", examples=[RESPONSE]
    ),
    retrieve=extend_schema(
        summary="Read an import",
        description="With its counts and how far it is: ask again while it is `staging` or `applying`.",
        examples=[RESPONSE],
    ),
)
class ImportViewSet(ViewSet):
    """Runs of whoever may write somewhere in the catalogue."""

    queryset = ImportRun.objects.none()
    serializer_class = ImportRunSerializer
    permission_classes = [HoldsKey]
    access_area = "catalog"
    parser_classes = [MultiPartParser, StrictJSONParser]
    filter_backends: list[Any] = []
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[ImportRun]:
        return runs_of(self.request.user)

    @property
    def cursor_field(self) -> str:
        """Runs newest first, lines as in the file."""
        return "line" if self.action == "rows" else "-pk"

    def list(self, request: Request) -> Response:
        return self.present_page(self.get_queryset())

    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self.present(get_object_or_404(self.get_queryset(), pk=pk))

    @extend_schema(
        summary="Bring a file in",
        description="Nothing of the catalogue is written before you confirm. Up to 2,000 rows the answer is 201 with "
        "the counts of the preview; a longer file is read in the background (202). Rows outside your `catalog:write` "
        f"are errors of those rows. Refusals: {FILE_REFUSALS}; an unknown `store` is 404.",
        request={"multipart/form-data": UploadSerializer},
        responses={201: ImportRunSerializer, 202: ImportRunSerializer},
        examples=[REQUEST, RESPONSE],
    )
    def create(self, request: Request) -> Response:
        """POST market/imports/"""
        values = self.read(request, serializer=UploadSerializer)
        store = None
        if "store" in values:
            store = store_of_reach(request.user, values["store"])
            if store is None:
                raise NotFoundError
        upload = values["file"]
        run = services.open_run(file=upload.file, file_name=upload.name, store=store, actor_id=request.user.pk)
        return self.present(run, status=202 if run.state == ImportRun.State.STAGING else 201)

    @extend_schema(
        summary="Read an import's rows",
        description="In the file's order. `changes` is by column what the catalogue has and what it would have; "
        "`errors` says what is wrong with which column. Of an XML feed `line` counts items.",
        parameters=[VERDICT],
        responses=ImportRowSerializer(many=True),
        examples=[ROW],
    )
    @action(detail=True, serializer_class=ImportRowSerializer)
    def rows(self, request: Request, pk: UUID) -> Response:
        """GET market/imports/{id}/rows/"""
        verdict = request.query_params.get("verdict", "")
        if verdict and verdict not in ImportRow.Verdict.values:
            raise ValidationError(
                {
                    "verdict": [
                        serializers.ChoiceField.default_error_messages["invalid_choice"].format(input=verdict[:20])
                    ]
                }
            )
        return self.present_page(rows_of(get_object_or_404(self.get_queryset(), pk=pk), verdict))

    @extend_schema(
        summary="Confirm an import",
        description="The new and changed rows are written in the background. A row whose object was changed since "
        "the preview is a conflict: listed, and left alone. Refusals: `import_state`, `import_nothing_to_do` (409).",
        request=None,
        responses={202: ImportRunSerializer},
        examples=[APPLYING],
    )
    @action(detail=True, methods=["post"], parser_classes=[StrictJSONParser])
    @idempotent
    def confirm(self, request: Request, pk: UUID) -> Response:
        """POST market/imports/{id}/confirm/"""
        run = get_object_or_404(self.get_queryset(), pk=pk)
        return self.present(services.confirm_run(run_id=run.pk, actor_id=request.user.pk), status=202)

    @extend_schema(
        summary="Discard an import",
        description="Nothing of it will be written. Refusals: `import_state` (409) once it is confirmed.",
        request=None,
        responses={200: ImportRunSerializer},
        examples=[RESPONSE],
    )
    @action(detail=True, methods=["post"])
    def discard(self, request: Request, pk: UUID) -> Response:
        """POST market/imports/{id}/discard/"""
        run = get_object_or_404(self.get_queryset(), pk=pk)
        return self.present(services.discard_run(run_id=run.pk, actor_id=request.user.pk))

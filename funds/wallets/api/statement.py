"""`funds/transactions/export/`: the statement as a file."""

from typing import Any, cast

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone, translation
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request

from funds.wallets.serializers import StatementQuerySerializer
from funds.wallets.statement_files import csv_of, pdf_of
from funds.wallets.statements import Statement, statement_for
from marketplace.core.clock import platform_day
from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.languages import asked_language
from users import facade as users

from .base import TAGS, OwnFundsViewSet


class StatementFileViewSet(OwnFundsViewSet):
    """The statement to take away."""

    serializer_class = StatementQuerySerializer
    content_negotiation_class = FileNamedInTheAddress
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="My statement as a file",
        description="Every movement of one wallet, oldest first, with the balance after it, between an opening and a "
        "closing balance. Days are the platform's, both included: at most 366, the last thirty unless you say. "
        "`file=csv` is streamed, UTF-8 with a byte order mark; cells that a spreadsheet would run begin with an "
        "apostrophe. `file=pdf` holds 2,000 lines at most (400 `statement_too_long`). The words come in the language "
        "of `Accept-Language`; without that header in the language of one's profile. `Accept` is not asked.",
        tags=TAGS,
        parameters=[StatementQuerySerializer],
        responses={
            (200, "text/csv"): OpenApiTypes.STR,
            (200, "application/pdf"): OpenApiTypes.BINARY,
        },
        examples=[
            OpenApiExample(
                "A week",
                "Date,Number,What,Amount (MXN),Balance (MXN),Reference,Note\r\n"
                "2026-01-26,,Opening balance,,0.00,,\r\n"
                "2026-01-31T10:00:00-06:00,4710,deposit,500.00,500.00,deposit:0198c0de-7a10-7c3e-8f52-3b1d9e0c4a11,\r\n"
                "2026-02-01,,Closing balance,,500.00,,\r\n",
                media_type="text/csv",
                response_only=True,
            )
        ],
    )
    def list(self, request: Request) -> HttpResponseBase:
        """GET funds/transactions/export/"""
        today = platform_day(timezone.now())
        query = StatementQuerySerializer(data=request.query_params.dict(), context={"today": today})
        query.is_valid(raise_exception=True)
        values = query.validated_data
        kind = values.pop("file")
        statement = statement_for(
            customer_id=self.customer_id, holder=cast(Any, request.user).get_full_name(), **values
        )
        return _file(statement, kind, self._language(request))

    def _language(self, request: Request) -> str:
        asked = asked_language(request)
        if asked is not None:
            return asked
        return users.customer_languages([self.customer_id]).get(self.customer_id, translation.get_language())


def _file(statement: Statement, kind: str, language: str) -> HttpResponseBase:
    headers = {"Content-Disposition": f'attachment; filename="{statement.name}.{kind}"', "Content-Language": language}
    if kind == "pdf":
        return HttpResponse(pdf_of(statement, language), content_type="application/pdf", headers=headers)
    return StreamingHttpResponse(csv_of(statement, language), content_type="text/csv; charset=utf-8", headers=headers)

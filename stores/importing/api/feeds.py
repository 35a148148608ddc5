"""`market/feeds/products.csv` and `.xml`: what the shop offers, for search engines and price comparisons."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from marketplace.core.http.files import FileNamedInTheAddress
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.throttling import RateLimit
from stores.catalog.models import Variant
from stores.importing.feed_writing import feed_csv, feed_xml
from stores.importing.selectors import offered_variants

Write = Callable[["QuerySet[Variant]", datetime], Iterator[str]]
FRESH_SECONDS = 300
ABOUT = (
    "For anyone: active variants of published products of open stores, in the Google Merchant attribute names. "
    "`item_group_id` names the product; `category_slug`, `brand_slug` and `options` are our own attributes, for which "
    "the standard has no name. Streamed; may be kept for five minutes. `store` is a store's slug; an unknown one has "
    "an empty feed."
)
STORE = OpenApiParameter("store", str, description="Slug of one store.")


class FeedRateLimit(RateLimit):
    """A feed walks the whole catalogue."""

    scope = "feeds"


class FeedView(APIView, ABC):
    """A feed; `write` and `media_type` say which."""

    permission_classes = [Anyone]
    throttle_classes = [FeedRateLimit]
    content_negotiation_class = FileNamedInTheAddress
    media_type: ClassVar[str] = ""

    @abstractmethod
    def write(self, variants: "QuerySet[Variant]", at: datetime) -> Iterator[str]:
        """The feed's text in pieces."""

    def respond(self, request: Request) -> StreamingHttpResponse:
        """The feed as of now."""
        variants = offered_variants(request.query_params.get("store", "").replace("\x00", ""))
        headers = {"Cache-Control": f"public, max-age={FRESH_SECONDS}"}
        pieces = self.write(variants, timezone.now())
        return StreamingHttpResponse(pieces, content_type=f"{self.media_type}; charset=utf-8", headers=headers)


class CsvFeedView(FeedView):
    """The feed for spreadsheets."""

    media_type = "text/csv"

    def write(self, variants: "QuerySet[Variant]", at: datetime) -> Iterator[str]:
        return feed_csv(variants, at)

    @extend_schema(
        tags=["market: imports"],
        operation_id="market_feed_csv",
        summary="The product feed as CSV",
        description=ABOUT,
        parameters=[STORE],
        responses={(200, "text/csv"): OpenApiTypes.STR},
        examples=[
            OpenApiExample(
                "One item",
                "id,title,…\r\ncentro:TAL-27,Plato,…\r\n",
                media_type="text/csv",
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """GET market/feeds/products.csv"""
        return self.respond(request)


class XmlFeedView(FeedView):
    """The feed as Google reads it."""

    media_type = "application/rss+xml"

    def write(self, variants: "QuerySet[Variant]", at: datetime) -> Iterator[str]:
        return feed_xml(variants, at)

    @extend_schema(
        tags=["market: imports"],
        operation_id="market_feed_xml",
        summary="The product feed as XML",
        description=f"RSS 2.0 with the `g:` namespace. {ABOUT}",
        parameters=[STORE],
        responses={(200, "application/rss+xml"): OpenApiTypes.STR},
        examples=[
            OpenApiExample(
                "One item",
                '<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>centro:TAL-27</g:id>'
                "<g:price>349.00 MXN</g:price></item></channel></rss>",
                media_type="application/rss+xml",
                response_only=True,
            )
        ],
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """GET market/feeds/products.xml"""
        return self.respond(request)


feed_csv_view: Any = CsvFeedView.as_view()
feed_xml_view: Any = XmlFeedView.as_view()

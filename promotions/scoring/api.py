"""`internal/scoring/`: compute the scores now, and read them as rankings."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.pagination import BoundedPagePagination
from marketplace.core.http.signed import IsMachine, SignedCallAuthentication
from marketplace.core.http.viewsets import ViewSet

from . import selectors, services
from .models import ProductScore, ScoresVersion
from .permissions import RunsScores

TAGS = ["scores"]
VERSION = OpenApiExample(
    "A version",
    value={
        "version": 812,
        "products": 98214,
        "as_of": "2026-05-25T18:00:00Z",
        "completed_at": "2026-05-25T18:00:00Z",
        "policy": {"w_popularity": 0.7, "explore_share": 0.3, "half_life_hours": 168.0},
    },
    response_only=True,
)
RANKED = OpenApiExample(
    "The first of a ranking",
    value={
        "version": 812,
        "product": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "category": "0190b2f0-c3d5-7c1c-9a51-2f0d6a1b7c11",
        "store": "0190b2f0-bbbb-7c1c-9a51-2f0d6a1b7c11",
        "exposure": 0.8412,
        "popularity": 1.0,
        "cold": 0.31,
        "profit": 0.62,
        "freshness": 0.5,
        "log_key": 7.25,
        "is_cost_known": True,
        "impressions": 441.2,
        "clicks": 19.8,
        "available": 12,
        "fresh_since": "2026-05-11T15:00:00Z",
    },
    response_only=True,
)


class VersionSerializer(serializers.Serializer[ScoresVersion]):
    """One computation of all scores."""

    version = fields.IntegerField(source="pk")
    products = fields.IntegerField(source="products_count")
    as_of = fields.DateTimeField(source="started_at", help_text=_("The moment the scores are about."))
    completed_at = fields.DateTimeField()
    policy = serializers.DictField(help_text=_("The numbers it was computed with."))


class RankedSerializer(serializers.Serializer[ProductScore]):
    """A product's scores in one version; each between 0 and 1."""

    version = fields.IntegerField(source="version_id")
    product = fields.UUIDField(source="product_id")
    category = fields.UUIDField(source="category_id")
    store = fields.UUIDField(source="store_id")
    exposure = fields.FloatField()
    popularity = fields.FloatField()
    cold = fields.FloatField()
    profit = fields.FloatField()
    freshness = fields.FloatField()
    log_key = fields.FloatField(help_text=_("Leaderboard key: log2 of the decayed weight; -1000000 without events."))
    is_cost_known = fields.BooleanField()
    impressions = fields.FloatField(help_text=_("Viewable impressions, decayed."))
    clicks = fields.FloatField(help_text=_("Clicks on impressions, decayed."))
    available = fields.IntegerField()
    fresh_since = fields.DateTimeField()


@extend_schema_field(OpenApiTypes.INT)
class NumberField(serializers.RegexField):
    """The number of a version, as an address has it: text."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"\A[1-9][0-9]{0,17}\Z", **options)


class RankingQuerySerializer(serializers.Serializer[dict[str, Any]]):
    """What a ranking is of."""

    score = fields.ChoiceField(
        choices=[(name, name) for name in selectors.SCORES],
        default="exposure",
        help_text=_("What to order by, highest first; `log_key` is the leaderboard of decayed events."),
    )
    category = fields.UUIDField(required=False, help_text=_("With everything below it."))
    version = NumberField(required=False, help_text=_("A complete version; the newest one by default."))


@extend_schema(tags=TAGS)
class ScoringViewSet(ViewSet):
    """Scores, for the house."""

    serializer_class = RankedSerializer
    permission_classes = [RunsScores]
    pagination_class = BoundedPagePagination
    is_private = True
    queryset = ProductScore.objects.none()

    @extend_schema(
        summary="Products by a score",
        description="For whoever holds `promotions:read` everywhere: of one complete version, in all or in a "
        "category's tree, highest first. Equal scores go by the leaderboard's key, then by the id. 404 `no_scores` "
        "before the first version, and for one that was not completed or is gone.",
        parameters=[RankingQuerySerializer],
        responses=RankedSerializer(many=True),
        examples=[RANKED],
    )
    def rankings(self, request: Request) -> Response:
        """One page."""
        return self.present_page(self._ranking(request))

    def _ranking(self, request: Request) -> "QuerySet[ProductScore]":
        given = request.query_params.dict()
        known = {name: given[name] for name in ("score", "category", "version") if name in given}
        query = RankingQuerySerializer(data=known)
        query.is_valid(raise_exception=True)
        asked = query.validated_data
        version = selectors.complete_version(int(asked["version"]) if "version" in asked else None)
        return selectors.ranking(version.pk, asked["score"], category_id=asked.get("category"))


@extend_schema(tags=TAGS)
class ScoringRunViewSet(ViewSet):
    """The trigger of scoring: for a machine that signs, and for people of the house."""

    serializer_class = VersionSerializer
    authentication_classes = [SignedCallAuthentication, *ViewSet.authentication_classes]
    permission_classes = [IsMachine | RunsScores]
    is_private = True
    queryset = ScoresVersion.objects.none()

    @extend_schema(
        summary="Compute the scores now",
        description="For a machine whose call is signed (`X-Marketplace-Signature`), and for whoever holds "
        "`promotions:write` everywhere. Computes every score as of this moment, as the hourly job does, and publishes "
        "them as a complete version; its number is in the answer. Twice is two versions that say the same; one "
        "signature is one call (401 `signature_invalid` for a wrong, old or used one).",
        request=None,
        responses={200: VersionSerializer},
        examples=[VERSION],
    )
    def run(self, request: Request) -> Response:
        """200."""
        return self.present(services.compute_scores(at=timezone.now()))

"""`loyalty/…`: one's own points, statement, level, rewards and vouchers."""

from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.pagination import BoundedPagePagination
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet
from promotions.loyalty import selectors
from promotions.loyalty.models import LoyaltyLevel, LoyaltyMember, PointsEntry, Redemption, Reward
from promotions.loyalty.services.redeeming import redeem_reward

from . import examples
from .serializers import (
    EntrySerializer,
    LevelSerializer,
    ProfileSerializer,
    RedeemSerializer,
    RedemptionSerializer,
    RewardSerializer,
)

TAGS = ["loyalty"]


class LoyaltyViewSet(ViewSet):
    """What all of them share: it is the caller's own."""

    permission_classes = [SignedIn]
    is_private = True
    filter_backends = []

    @property
    def customer_id(self) -> UUID:
        """Permissions let nobody anonymous come here."""
        return cast(UUID, self.request.user.pk)


@extend_schema(tags=TAGS)
class ProfileViewSet(LoyaltyViewSet):
    """Where one stands."""

    serializer_class = ProfileSerializer
    queryset = LoyaltyMember.objects.none()
    pagination_class = None

    @extend_schema(
        summary="My points and my level",
        description="`points` can be spent now; `expiring` are the lots they are in, those that expire first at the "
        "top, twelve at most. The level is decided by the points that orders earned within `window_days`: it is "
        "reached at once, and looked at again each day. `missing` is what the next level still needs.",
        responses={200: ProfileSerializer},
        examples=[examples.A_PROFILE],
    )
    def retrieve(self, request: Request) -> Response:
        """GET loyalty/profile/"""
        return self.present(selectors.profile(self.customer_id, timezone.now()))


@extend_schema(tags=TAGS)
class StatementViewSet(LoyaltyViewSet):
    """Every movement of one's points."""

    serializer_class = EntrySerializer
    queryset = PointsEntry.objects.none()

    def get_queryset(self) -> "QuerySet[PointsEntry]":
        return selectors.statement_of(self.customer_id)

    @extend_schema(
        summary="My points, line by line",
        description="Newest first. `earned` by an order that has arrived, `reversed` after a return, `redeemed` for a "
        "reward, `returned` with a reward that was taken back, `expired`, `adjusted` by staff. The sum of all `points` "
        "is what can be spent less what is owed.",
        responses={200: EntrySerializer(many=True)},
        examples=[examples.A_LINE],
    )
    def list(self, request: Request) -> Response:
        """GET loyalty/statement/"""
        return self.present_page(self.get_queryset())


@extend_schema(tags=TAGS)
class LevelViewSet(LoyaltyViewSet):
    """The levels of the programme."""

    serializer_class = LevelSerializer
    queryset = LoyaltyLevel.objects.none()
    pagination_class = BoundedPagePagination

    @extend_schema(
        summary="Levels and their perks",
        description="Lowest first. Whoever earned `threshold` points by orders within the window is on it.",
        responses={200: LevelSerializer(many=True)},
        examples=[examples.A_LEVEL],
    )
    def list(self, request: Request) -> Response:
        """GET loyalty/levels/"""
        return self.present_page(LoyaltyLevel.objects.order_by("threshold"))


@extend_schema(tags=TAGS)
class RewardViewSet(LoyaltyViewSet):
    """What points can be exchanged for."""

    serializer_class = RewardSerializer
    queryset = Reward.objects.none()
    pagination_class = BoundedPagePagination

    def get_serializer_context(self) -> dict[str, Any]:
        context: dict[str, Any] = {**super().get_serializer_context()}
        if not getattr(self, "swagger_fake_view", False):
            context["points"] = selectors.points_of(self.customer_id, timezone.now())
        return context

    @extend_schema(
        summary="Rewards",
        description="Cheapest first. A `voucher` takes `amount` off an order of `min_ticket` or more, and "
        "`free_shipping` sends one for nothing: both wait `valid_days` and apply by themselves in the cart. "
        "`wallet_credit` is in the wallet at once. `missing` is 0 for what your points pay for; a `level` is asked "
        "besides.",
        responses={200: RewardSerializer(many=True)},
        examples=[examples.A_REWARD],
    )
    def list(self, request: Request) -> Response:
        """GET loyalty/rewards/"""
        return self.present_page(selectors.rewards_offered())


@extend_schema(tags=TAGS)
class RedemptionViewSet(LoyaltyViewSet):
    """Rewards that one took, and taking another one."""

    serializer_class = RedemptionSerializer
    queryset = Redemption.objects.none()

    def get_queryset(self) -> "QuerySet[Redemption]":
        return selectors.redemptions_of(self.customer_id)

    @extend_schema(
        summary="My vouchers and other rewards",
        description="Newest first. `issued` waits for an order; `used` by `order`, or money that went to the wallet; "
        "`expired`. When an order that used a voucher is called off or never paid, the voucher is `issued` again until "
        "its `expires_at`.",
        responses={200: RedemptionSerializer(many=True)},
        examples=[examples.A_REDEMPTION],
    )
    def list(self, request: Request) -> Response:
        """GET loyalty/redemptions/"""
        return self.present_page(self.get_queryset())

    @extend_schema(
        summary="Exchange points for a reward",
        description="The points that expire first are taken first. 409 `insufficient_points` with how many are "
        "`missing`, `level_too_low` with the `level` that is asked, `reward_used_up`, `reward_not_offered`; 404 for a "
        "reward that there is not. Nothing has then changed.",
        request=RedeemSerializer,
        responses={201: OpenApiResponse(RedemptionSerializer, "Taken")},
        examples=[examples.REDEEM, examples.A_REDEMPTION],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """POST loyalty/redeem/"""
        reward_id = self.read(request, serializer=RedeemSerializer)["reward"]
        redemption = redeem_reward(customer_id=self.customer_id, reward_id=reward_id, at=timezone.now())
        return self.present(redemption, status=201)

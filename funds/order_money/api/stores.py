"""`funds/stores/{store_id}/`: what a store has earned, for its owners; to everybody else it does not exist."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from funds.ledger.models import JournalKind, OwnerKind, Posting
from funds.order_money import examples
from funds.order_money.selectors import store_balances, store_statement
from funds.order_money.serializers import StoreBalancesSerializer, StoreEntrySerializer
from funds.payments.models import Payout
from funds.payments.selectors import payouts_of
from funds.payments.services import request_store_payout
from funds.wallets.serializers import PayoutRequestSerializer, PayoutSerializer
from marketplace.core import access
from marketplace.core.errors import NotFoundError
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import UUID_PATTERN, ViewSet
from marketplace.core.money import CURRENCIES

TAGS = ["store funds"]
STORE_ID = OpenApiParameter("store_id", UUID, OpenApiParameter.PATH, description="Id of the store.")


class StoreEntryFilters(filters.FilterSet):
    """Of a store's statement."""

    currency = filters.ChoiceFilter(choices=[(code, code) for code in sorted(CURRENCIES)])
    kind = filters.ChoiceFilter(field_name="journal__kind", choices=JournalKind.choices)

    class Meta:
        model = Posting
        fields: ClassVar[list[str]] = []


class StorePayoutFilters(filters.FilterSet):
    """Of a store's payouts."""

    state = filters.ChoiceFilter(choices=Payout.State.choices)

    class Meta:
        model = Payout
        fields: ClassVar[list[str]] = []


class StoreMoneyViewSet(ViewSet):
    """Base: somebody who may see, or move, the money of the store in the path."""

    is_private = True
    permission_classes = [SignedIn]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """After who it is: whether this store's money is theirs."""
        super().initial(request, *args, **kwargs)
        verb = "read" if request.method in SAFE_METHODS else "write"
        reach = access.reach(cast(access.Person, request.user), f"money:{verb}")
        if not reach.covers(store_id=UUID(kwargs["store_id"])):
            raise NotFoundError


class StoreFundsViewSet(StoreMoneyViewSet):
    """Balances."""

    queryset = Posting.objects.none()
    serializer_class = StoreBalancesSerializer
    filter_backends = []
    pagination_class = None
    lookup_field = "store_id"
    lookup_value_regex = UUID_PATTERN

    @extend_schema(
        summary="A store's money",
        description="`payable` is what delivered orders brought less refunds and what was set aside; negative when the "
        "store owes. `reserved` is on its way to the bank, `paid_out` has arrived there. For the store's owners.",
        tags=TAGS,
        parameters=[STORE_ID],
        responses=StoreBalancesSerializer,
        examples=[examples.STORE],
    )
    def retrieve(self, request: Request, store_id: str) -> Response:
        """GET funds/stores/{store_id}/"""
        store = UUID(store_id)
        return self.present({"store": store, "balances": store_balances(store)})


class StoreTransactionsViewSet(StoreMoneyViewSet):
    """The statement."""

    queryset = Posting.objects.none()
    serializer_class = StoreEntrySerializer
    filterset_class = StoreEntryFilters

    @extend_schema(
        summary="A store's statement",
        description="Every movement of what the store may be paid, newest first: settlements of delivered orders, "
        "refunds, what was set aside for a payout and what came back of a refused one. For the store's owners.",
        tags=TAGS,
        parameters=[STORE_ID],
        examples=[examples.STORE_ENTRY],
    )
    def list(self, request: Request, store_id: str) -> Response:
        """GET funds/stores/{store_id}/transactions/"""
        return self.present_page(self.filter_queryset(store_statement(UUID(store_id))))


class StorePayoutsViewSet(StoreMoneyViewSet):
    """Payouts."""

    queryset = Payout.objects.none()
    filterset_class = StorePayoutFilters

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return PayoutRequestSerializer if self.action == "create" else PayoutSerializer

    @extend_schema(
        summary="A store's payouts",
        description="Newest first, whatever became of them. For the store's owners.",
        tags=TAGS,
        parameters=[STORE_ID],
        examples=[examples.PAYOUT],
    )
    def list(self, request: Request, store_id: str) -> Response:
        """GET funds/stores/{store_id}/payouts/"""
        return self.present_page(self.filter_queryset(payouts_of(UUID(store_id), owner_kind=OwnerKind.STORE)))

    @extend_schema(
        summary="Pay a store out",
        description="Sets the amount aside and answers at once; the bank is asked from the queue. The same bank "
        "accounts as for `funds/withdrawals/`. 409 `insufficient_funds` says what is missing. For the store's owners.",
        tags=TAGS,
        parameters=[STORE_ID],
        request=PayoutRequestSerializer,
        responses={202: PayoutSerializer},
        examples=[examples.PAYOUT_REQUEST, examples.PAYOUT_ANSWER],
    )
    @idempotent
    def create(self, request: Request, store_id: str) -> Response:
        """POST funds/stores/{store_id}/payouts/"""
        values = self.read(request)
        payout = request_store_payout(store_id=UUID(store_id), requested_by=cast(UUID, request.user.pk), **values)
        return self.present(payout, status=202, serializer=PayoutSerializer)

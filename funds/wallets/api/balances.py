"""HTTP of the wallet: balances, deposits, statement, holds, sums. Everything is the caller's own."""

from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from funds.contracts import WalletBalance
from funds.ledger.models import Hold, JournalKind, Posting
from funds.payments.errors import DepositNotCancellableError
from funds.payments.models import Deposit
from funds.payments.selectors import deposit_of, deposits_of
from funds.payments.services import cancel_deposit, write_note
from funds.wallets import examples
from funds.wallets.selectors import Period, holds_of, spends_of, statement_of, sums_of, wallets_of
from funds.wallets.serializers import (
    POSTED,
    DepositRequestSerializer,
    HoldSerializer,
    SummaryQuerySerializer,
    SummarySerializer,
    TransactionChangeSerializer,
    TransactionSerializer,
    WalletsSerializer,
)
from funds.wallets.services import write_entry_note
from marketplace.core.errors import NotFoundError
from marketplace.core.http.idempotency import idempotent
from marketplace.core.money import CURRENCIES, Money

from .base import TAGS, OwnFundsViewSet


class EntryFilters(filters.FilterSet):
    """Of statement lines."""

    currency = filters.ChoiceFilter(choices=[(code, code) for code in sorted(CURRENCIES)])
    kind = filters.ChoiceFilter(field_name="journal__kind", choices=JournalKind.choices)

    class Meta:
        model = Posting
        fields: ClassVar[list[str]] = []


class HoldFilters(filters.FilterSet):
    """Of holds."""

    state = filters.ChoiceFilter(choices=Hold.State.choices, method="by_state")

    class Meta:
        model = Hold
        fields: ClassVar[list[str]] = []

    def by_state(self, rows: "QuerySet[Any]", name: str, value: str) -> "QuerySet[Any]":
        """As shown: a lapsed hold counts as expired."""
        if value == Hold.State.ACTIVE:
            return rows.filter(state=value, is_lapsed=False)
        if value == Hold.State.EXPIRED:
            return rows.filter(state=value) | rows.filter(is_lapsed=True)
        return rows.filter(state=value)


class DepositFilters(filters.FilterSet):
    """Of deposits."""

    state = filters.ChoiceFilter(choices=Deposit.State.choices)

    class Meta:
        model = Deposit
        fields: ClassVar[list[str]] = []


class FundsViewSet(OwnFundsViewSet):
    """Balances, and single transactions."""

    queryset = Deposit.objects.none()
    serializer_class = TransactionSerializer
    filter_backends = []
    pagination_class = None
    # Not a letter beyond f, so that the names of other routes below `funds/` never look like an id.
    lookup_value_regex = "[0-9a-fA-F-]{1,36}"

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return {"create": DepositRequestSerializer, "partial_update": TransactionChangeSerializer}.get(
            self.action, TransactionSerializer
        )

    @extend_schema(
        summary="My balances",
        description="One wallet per currency. What is held for a purchase is not available until it is freed.",
        tags=TAGS,
        responses=WalletsSerializer,
        examples=[examples.WALLETS],
    )
    def list(self, request: Request) -> Response:
        """GET funds/"""
        wallets = wallets_of(self.customer_id) or [_empty_wallet(self.customer_id)]
        return self.present({"wallets": wallets}, serializer=WalletsSerializer)

    @extend_schema(
        summary="Bring money in",
        description="Starts a deposit and answers at once; the provider is asked from the queue. Follow it at "
        "`funds/{id}/`. Sandbox deposits are credited within seconds.",
        tags=TAGS,
        request=DepositRequestSerializer,
        responses={202: TransactionSerializer},
        examples=[examples.DEPOSIT_REQUEST, examples.DEPOSIT_ANSWER],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """POST funds/"""
        return self.start_deposit(request)

    @extend_schema(
        summary="One transaction",
        description="A deposit by its id, or a line of the statement by its number.",
        tags=TAGS,
        parameters=[OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)],
        responses=TransactionSerializer,
        examples=[examples.DEPOSIT],
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """GET funds/{id}/"""
        deposit_id, posting_id = _read_id(pk)
        if deposit_id is not None:
            return self.present(deposit_of(self.customer_id, deposit_id))
        return self.present(_entry_of(self.customer_id, posting_id))

    @extend_schema(
        summary="Note on a transaction, or cancel a deposit",
        description="`note` is one's own words. `state: cancelled` calls a deposit off while nothing was sent to the "
        "provider; later it is 409 `deposit_not_cancellable`.",
        tags=TAGS,
        parameters=[OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH)],
        request=TransactionChangeSerializer,
        responses=TransactionSerializer,
        examples=[
            examples.CANCEL_REQUEST,
            examples.CANCEL_ANSWER,
        ],
    )
    @transaction.atomic
    def partial_update(self, request: Request, pk: str) -> Response:
        """PATCH funds/{id}/"""
        deposit_id, posting_id = _read_id(pk)
        if deposit_id is None:
            return self._change_entry(request, posting_id)
        deposit = deposit_of(self.customer_id, deposit_id)
        values = self.read(request, partial=True)
        if "state" in values:
            deposit = cancel_deposit(deposit_id=deposit_id, customer_id=self.customer_id)
        if "note" in values:
            deposit = write_note(deposit_id=deposit_id, customer_id=self.customer_id, note=values["note"])
        return self.present(deposit, serializer=TransactionSerializer)

    def _change_entry(self, request: Request, posting_id: int) -> Response:
        entry = _entry_of(self.customer_id, posting_id)
        values = self.read(request, partial=True)
        if "state" in values:
            raise DepositNotCancellableError(state=POSTED)
        if "note" in values:
            entry = write_entry_note(posting_id=posting_id, customer_id=self.customer_id, note=values["note"])
        return self.present(entry, serializer=TransactionSerializer)


class DepositsViewSet(OwnFundsViewSet):
    """Deposits, credited or not."""

    queryset = Deposit.objects.none()
    filterset_class = DepositFilters

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return DepositRequestSerializer if self.action == "create" else TransactionSerializer

    @extend_schema(
        summary="My deposits",
        description="Newest first, whatever became of them.",
        tags=TAGS,
        examples=[examples.DEPOSIT],
    )
    def list(self, request: Request) -> Response:
        """GET funds/deposits/"""
        return self.present_page(self.filter_queryset(deposits_of(self.customer_id)))

    @extend_schema(
        summary="Bring money in",
        description="The same as POST `funds/`.",
        tags=TAGS,
        request=DepositRequestSerializer,
        responses={202: TransactionSerializer},
        examples=[examples.DEPOSIT_REQUEST, examples.DEPOSIT_ANSWER],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """POST funds/deposits/"""
        return self.start_deposit(request)


class TransactionsViewSet(OwnFundsViewSet):
    """The statement."""

    queryset = Posting.objects.none()
    serializer_class = TransactionSerializer
    filterset_class = EntryFilters

    @extend_schema(
        summary="My statement",
        description="Every movement, newest first, with the balance after it.",
        tags=TAGS,
        examples=[examples.ENTRY],
    )
    def list(self, request: Request) -> Response:
        """GET funds/transactions/"""
        return self.present_page(self.filter_queryset(statement_of(self.customer_id)))


class SpendsViewSet(OwnFundsViewSet):
    """What was paid for."""

    queryset = Posting.objects.none()
    serializer_class = TransactionSerializer
    filterset_class = EntryFilters

    @extend_schema(
        summary="My spends",
        description="The lines of the statement that paid for something, newest first.",
        tags=TAGS,
        examples=[examples.ENTRY],
    )
    def list(self, request: Request) -> Response:
        """GET funds/spends/"""
        return self.present_page(self.filter_queryset(spends_of(self.customer_id)))


class HoldsViewSet(OwnFundsViewSet):
    """What is set aside."""

    queryset = Hold.objects.none()
    serializer_class = HoldSerializer
    filterset_class = HoldFilters

    @extend_schema(
        summary="My holds",
        description="Money set aside for purchases, newest first. A hold whose time has passed shows as expired.",
        tags=TAGS,
        examples=[examples.HOLD],
    )
    def list(self, request: Request) -> Response:
        """GET funds/holds/"""
        return self.present_page(self.filter_queryset(holds_of(self.customer_id)))


class SummaryViewSet(OwnFundsViewSet):
    """Sums for charts."""

    queryset = Posting.objects.none()
    serializer_class = SummarySerializer
    filter_backends = []
    pagination_class = None

    @extend_schema(
        summary="Sums by week or month",
        description="The last twelve periods in the platform's time zone, newest first, zeros included.",
        tags=TAGS,
        parameters=[SummaryQuerySerializer],
        responses=SummarySerializer,
        examples=[examples.SUMMARY],
    )
    def list(self, request: Request) -> Response:
        """GET funds/summary/"""
        query = SummaryQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        period = Period(query.validated_data["period"])
        sums = sums_of(self.customer_id, period=period, at=timezone.now())
        body = {"period": period.value, "time_zone": settings.PLATFORM_TIME_ZONE, "sums": sums}
        return self.present(body, serializer=SummarySerializer)


def _read_id(text: str) -> tuple[UUID | None, int]:
    """A deposit's id or a posting's number. Raises `NotFoundError` for what can be neither."""
    if text.isdigit() and len(text) <= 18:
        return None, int(text)
    try:
        return UUID(text), 0
    except ValueError as error:
        raise NotFoundError from error


def _entry_of(customer_id: UUID, posting_id: int) -> Posting:
    entry: Posting | None = statement_of(customer_id).filter(pk=posting_id).first()
    if entry is None:
        raise NotFoundError
    return entry


def _empty_wallet(customer_id: UUID) -> WalletBalance:
    nothing = Money.zero(settings.DEFAULT_CURRENCY)
    return WalletBalance(customer_id, nothing, nothing, nothing, nothing)

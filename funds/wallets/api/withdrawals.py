"""`funds/withdrawals/`: money from the wallet to one's bank account."""

from typing import Any, ClassVar
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from funds.payments.models import Payout
from funds.payments.selectors import payout_of, payouts_of
from funds.payments.services import cancel_payout, request_withdrawal
from funds.wallets import examples
from funds.wallets.serializers import PayoutSerializer, WithdrawalChangeSerializer, WithdrawalRequestSerializer
from marketplace.core.http.idempotency import idempotent
from marketplace.core.http.permissions import VerifiedCustomer
from marketplace.core.http.viewsets import UUID_PATTERN

from .base import TAGS, OwnFundsViewSet

ID = OpenApiParameter("id", UUID, OpenApiParameter.PATH, description="Id of the withdrawal.")


class PayoutFilters(filters.FilterSet):
    """Of payouts."""

    state = filters.ChoiceFilter(choices=Payout.State.choices)

    class Meta:
        model = Payout
        fields: ClassVar[list[str]] = []


class WithdrawalsViewSet(OwnFundsViewSet):
    """For people whose address is proven."""

    queryset = Payout.objects.none()
    permission_classes = [VerifiedCustomer]
    filterset_class = PayoutFilters
    lookup_value_regex = UUID_PATTERN

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return {"create": WithdrawalRequestSerializer, "partial_update": WithdrawalChangeSerializer}.get(
            self.action, PayoutSerializer
        )

    @extend_schema(
        summary="My withdrawals",
        description="Newest first, whatever became of them.",
        tags=TAGS,
        examples=[examples.WITHDRAWAL],
    )
    def list(self, request: Request) -> Response:
        """GET funds/withdrawals/"""
        return self.present_page(self.filter_queryset(payouts_of(self.customer_id)))

    @extend_schema(
        summary="Withdraw money",
        description="Holds the amount and answers at once; the bank is asked from the queue. The money leaves the "
        "wallet when the provider says that it has been sent, and is free again on a definite refusal. Pesos go to a "
        "CLABE (18 digits, the last one checked); other currencies to 4 to 34 of A-Z and 0-9. The account is shown by "
        "its last characters only. 409 `insufficient_funds` says what is missing.",
        tags=TAGS,
        request=WithdrawalRequestSerializer,
        responses={202: PayoutSerializer},
        examples=[examples.WITHDRAWAL_REQUEST, examples.WITHDRAWAL_ANSWER],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """POST funds/withdrawals/"""
        payout = request_withdrawal(customer_id=self.customer_id, **self.read(request))
        return self.present(payout, status=202, serializer=PayoutSerializer)

    @extend_schema(
        summary="One withdrawal",
        description="Where it stands.",
        tags=TAGS,
        parameters=[ID],
        examples=[examples.WITHDRAWAL],
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """GET funds/withdrawals/{id}/"""
        return self.present(payout_of(self.customer_id, UUID(pk)))

    @extend_schema(
        summary="Call a withdrawal off",
        description="While nothing was sent to the provider; later it is 409 `payout_not_cancellable`.",
        tags=TAGS,
        parameters=[ID],
        request=WithdrawalChangeSerializer,
        responses=PayoutSerializer,
        examples=[examples.CANCEL_REQUEST, examples.WITHDRAWAL_CANCELLED],
    )
    def partial_update(self, request: Request, pk: str) -> Response:
        """PATCH funds/withdrawals/{id}/"""
        payout = payout_of(self.customer_id, UUID(pk))
        self.read(request)
        payout = cancel_payout(payout_id=payout.pk, owner_id=self.customer_id)
        return self.present(payout, serializer=PayoutSerializer)

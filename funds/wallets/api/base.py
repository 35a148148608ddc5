"""What the wallet's routes have in common."""

from typing import cast
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from funds.payments.services import request_deposit
from funds.wallets.serializers import TransactionSerializer
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet

TAGS = ["funds"]


class OwnFundsViewSet(ViewSet):
    """Base: a signed-in person and their own money."""

    is_private = True
    permission_classes = [SignedIn]

    @property
    def customer_id(self) -> UUID:
        """The caller."""
        return cast(UUID, self.request.user.pk)

    def start_deposit(self, request: Request) -> Response:
        """Record the intent and answer 202; a worker asks the provider."""
        deposit = request_deposit(customer_id=self.customer_id, **self.read(request))
        return self.present(deposit, status=202, serializer=TransactionSerializer)

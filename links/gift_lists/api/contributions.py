"""`funds/contributions/`: money for somebody's list, gift, or wallet."""

import hashlib
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from links.gift_lists import selectors
from links.gift_lists.services.giving import give_to_person, give_towards_gift, give_towards_list
from links.pots.models import Contribution
from links.pots.selectors import contributions, given_by, received_by
from links.pots.services import Giving
from marketplace.core.errors import NotFoundError
from marketplace.core.http.idempotency import HEADER, idempotent
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet

from . import examples
from .serializers import (
    ContributionQuerySerializer,
    ContributionRequestSerializer,
    ContributionSerializer,
    MadeContributionSerializer,
)

TAGS = ["funds: contributions"]


class ContributionViewSet(ViewSet):
    """What I gave, and what was given for me."""

    queryset = Contribution.objects.none()
    serializer_class = ContributionSerializer
    permission_classes = [SignedIn]
    filter_backends = []
    is_private = True

    @extend_schema(
        summary="Contributions",
        description="Those I made, newest first; `received=true`: those towards my lists and gifts, and to me. Who "
        "gave anonymously is not named.",
        tags=TAGS,
        parameters=[ContributionQuerySerializer],
        examples=[examples.A_CONTRIBUTION],
    )
    def list(self, request: Request) -> Response:
        """GET funds/contributions/"""
        query = ContributionQuerySerializer(data=request.query_params.dict())
        query.is_valid(raise_exception=True)
        rows = received_by if query.validated_data["received"] == "true" else given_by
        return self.present_page(rows(selectors.id_of(request.user)))

    @extend_schema(
        summary="Contribute",
        description="From my wallet, at once: into the pot of a list or of a gift that I may see (mine, public, or "
        "shared: then with its link's `share_token`), or into the wallet of a person whom I know as the `owner` of "
        "such a list (else 404). What is left in a pot when the list is closed goes back or to its owner, as "
        "`on_close` of the list says. A gift takes its price and a margin: beyond it 409 `gift_funded` with `left`, "
        "or, if the list says so, the rest goes to the list (`rest`). Refusals: `insufficient_funds`, "
        "`currency_mismatch`, `gift_list_closed`, `gift_not_wanted` (409).",
        tags=TAGS,
        request=ContributionRequestSerializer,
        responses={201: MadeContributionSerializer},
        examples=[examples.NEW_CONTRIBUTION, examples.MADE_CONTRIBUTION],
    )
    @idempotent
    def create(self, request: Request) -> Response:
        """POST funds/contributions/"""
        values = self.read(request, serializer=ContributionRequestSerializer)
        made = _give(request, values)
        rows = {row.pk: row for row in contributions().filter(pk__in=[row.pk for row in made])}
        first: Any = rows[made[0].pk]
        first.rest = rows[made[1].pk] if len(made) > 1 else None
        return self.present(first, status=201, serializer=MadeContributionSerializer)


def _give(request: Request, values: dict[str, Any]) -> list[Contribution]:
    user, token, amount = request.user, values["share_token"], values["amount"]
    giving = Giving(
        contributor_id=selectors.id_of(user),
        # As long as a column takes, whatever the client's key is.
        key=hashlib.sha256(request.headers[HEADER].encode()).hexdigest(),
        message=values["message"],
        is_anonymous=values["is_anonymous"],
    )
    if "beneficiary" in values:
        known_by = selectors.list_of_person(user, values["beneficiary"], token)
        return give_to_person(giving=giving, gift_list_id=known_by.pk, amount=amount)
    if "gift" in values:
        gift = selectors.gifts().filter(pk=values["gift"]).first()
        if gift is None or not selectors.may_give_to(user, gift.gift_list, token):
            raise NotFoundError
        return give_towards_gift(giving=giving, gift_id=gift.pk, amount=amount)
    return give_towards_list(giving=giving, gift_list_id=_visible(user, values["gift_list"], token), amount=amount)


def _visible(user: Any, gift_list_id: UUID, token: str) -> UUID:
    gift_list = selectors.list_by_id(gift_list_id)
    if not selectors.may_give_to(user, gift_list, token):
        raise NotFoundError
    return gift_list.pk

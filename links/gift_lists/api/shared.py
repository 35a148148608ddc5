"""`gift-lists/shared/{token}/`: what guests see and do, with an account or without."""

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext_noop
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from links.gift_lists import selectors
from links.gift_lists.errors import OwnGiftListError
from links.gift_lists.models import Gift, GiftList
from links.gift_lists.services.claims import claim_gift, release_claim
from marketplace.core.errors import InvalidInputError, NotFoundError
from marketplace.core.http.permissions import Anyone
from marketplace.core.http.throttling import ClaimRateLimit, SharedListRateLimit
from marketplace.core.http.viewsets import ViewSet

from . import examples
from .lists import TAGS
from .serializers import ClaimRequestSerializer, ClaimSerializer, SharedListSerializer

TOKEN_HEADER = "X-Claim-Token"  # noqa: S105
NAME_NEEDED = gettext_noop("Say who you are, or sign in.")
TOKEN = OpenApiParameter("token", str, OpenApiParameter.PATH, description="Of the list's link.")


class SharedListViewSet(ViewSet):
    """A list by its link."""

    queryset = GiftList.objects.none()
    serializer_class = SharedListSerializer
    permission_classes = [Anyone]
    throttle_classes = [SharedListRateLimit]
    is_private = True

    @extend_schema(
        summary="A gift list by its link",
        description="For whoever has the link, with an account or without: the gifts in their order, what was put "
        "together, and whether somebody gives it, never who. Whoever keeps the list and is to be surprised reads null "
        "for that. A private list is 404.",
        tags=TAGS,
        parameters=[TOKEN],
        examples=[examples.A_SHARED_LIST],
    )
    def retrieve(self, request: Request, token: str) -> Response:
        """GET gift-lists/shared/{token}/"""
        gift_list = selectors.shared_list(token)
        rows = selectors.live_gifts(gift_list)
        (shown,) = selectors.dressed_lists([gift_list], request.user)
        shown.shown_gifts = selectors.dressed_gifts(rows, request.user)  # type: ignore[attr-defined]
        return self.present(shown)


class ClaimViewSet(ViewSet):
    """The promise to give one of its gifts."""

    queryset = Gift.objects.none()
    serializer_class = ClaimSerializer
    permission_classes = [Anyone]
    throttle_classes = [ClaimRateLimit]
    is_private = True

    @extend_schema(
        summary="Claim a gift",
        description="I give this. Signed in as oneself; a guest says a name and gets a token once, to take it back. "
        "Others see that it is claimed, not by whom; a claimed gift is not bought automatically. Refusals (409): "
        "`own_gift_list` for whoever keeps the list, `gift_claimed`, `gift_not_wanted`, `gift_list_closed`.",
        tags=TAGS,
        parameters=[TOKEN],
        request=ClaimRequestSerializer,
        responses={201: ClaimSerializer},
        examples=[examples.NEW_CLAIM, examples.A_CLAIM],
    )
    def create(self, request: Request, token: str, gift_id: UUID) -> Response:
        """POST gift-lists/shared/{token}/gifts/{id}/claim/"""
        gift = _gift(token, gift_id)
        if selectors.role_of(gift.gift_list, request.user) is not selectors.Role.GUEST:
            raise OwnGiftListError
        name = self.read(request, serializer=ClaimRequestSerializer).get("guest_name", "")
        claimer_id = selectors.id_of(request.user) if request.user.is_authenticated else None
        if claimer_id is None and not name:
            raise InvalidInputError.of("guest_name", "required", NAME_NEEDED)
        claim, claim_token = claim_gift(gift_id=gift_id, claimer_id=claimer_id, guest_name=name)
        answer = ClaimSerializer(claim, context={**self.get_serializer_context(), "token": claim_token})
        return Response(answer.data, status=201)

    @extend_schema(
        summary="Take a claim back",
        description="By the person, or with the guest's token in `X-Claim-Token`; else 404.",
        tags=TAGS,
        parameters=[TOKEN, OpenApiParameter(TOKEN_HEADER, str, OpenApiParameter.HEADER)],
        responses={204: None},
    )
    def destroy(self, request: Request, token: str, gift_id: UUID) -> Response:
        """DELETE gift-lists/shared/{token}/gifts/{id}/claim/"""
        gift = _gift(token, gift_id)
        claim = selectors.claim_to_release(gift, request.user, request.headers.get(TOKEN_HEADER, ""))
        release_claim(claim=claim, at=timezone.now())
        return Response(status=204)


def _gift(token: str, gift_id: UUID) -> Gift:
    gift = selectors.gifts().filter(gift_list=selectors.shared_list(token), pk=gift_id).first()
    if gift is None or gift.state == Gift.State.REMOVED:
        raise NotFoundError
    return gift

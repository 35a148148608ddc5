"""`gifts/`: of the lists that one owns or edits."""

from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from links.gift_lists import selectors
from links.gift_lists.models import Gift
from links.gift_lists.services.gifts import add_gift, edit_gift, receive_gift, remove_gift
from marketplace.core.http.etags import expected_version
from marketplace.core.http.pagination import BoundedPagePagination
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.viewsets import ViewSet

from . import examples
from .lists import TAGS
from .serializers import GiftChangeSerializer, GiftRequestSerializer, GiftSerializer


class GiftFilters(filters.FilterSet):
    """Of gifts."""

    gift_list = filters.UUIDFilter(field_name="gift_list_id")
    state = filters.ChoiceFilter(choices=Gift.State.choices)

    class Meta:
        model = Gift
        fields: ClassVar[list[str]] = []


@extend_schema(tags=TAGS)
class GiftViewSet(ViewSet):
    """Gifts of one's lists."""

    queryset = Gift.objects.none()
    serializer_class = GiftSerializer
    permission_classes = [SignedIn]
    pagination_class = BoundedPagePagination
    filterset_class = GiftFilters
    lookup_value_converter = "uuid"
    uses_etags = True
    is_private = True

    @extend_schema(
        summary="Gifts of my lists",
        description="List by list in its order, with what was put together for each. `state=received` is the archive. "
        "Of a list that keeps its surprise `is_claimed` is null until the gift is received.",
        examples=[examples.A_GIFT],
    )
    def list(self, request: Request) -> Response:
        rows = self.filter_queryset(selectors.gifts_within(request.user).order_by("gift_list_id", "position", "pk"))
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(GiftSerializer(selectors.dressed_gifts(page, request.user), many=True).data)

    @extend_schema(summary="One gift", description="Of a list of mine, or one I edit.", examples=[examples.A_GIFT])
    def retrieve(self, request: Request, pk: UUID) -> Response:
        return self._shown(pk)

    @extend_schema(
        summary="Wish for something",
        description="One of one's own product links, or a variant of the catalogue in the list's currency "
        "(else 409 `currency_mismatch`). Refusals: `too_many_gifts`, `gift_list_closed` (409).",
        request=GiftRequestSerializer,
        responses={201: GiftSerializer},
        examples=[examples.NEW_GIFT, examples.A_GIFT],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=GiftRequestSerializer)
        gift_list = selectors.list_to_edit(request.user, values.pop("gift_list"))
        gift = add_gift(
            gift_list_id=gift_list.pk,
            added_by_id=selectors.id_of(request.user),
            link_id=values.pop("product_link", None),
            variant_id=values.pop("variant", None),
            position=values.pop("position", None),
            values=values,
        )
        return self._shown(gift.pk, status=201)

    @extend_schema(
        summary="Change a gift",
        description="Priority, note, place, whether it may be bought automatically; when its owner changes it, the "
        "price it has now counts as seen. `state: received` puts it into the archive, by the list's owner (403 for "
        "editors): what is left in its pot goes where the list says for its end. Refusals: `gift_list_closed` (409).",
        request=GiftChangeSerializer,
        responses=GiftSerializer,
        examples=[examples.MOVED_GIFT, examples.RECEIVED_GIFT, examples.A_GIFT],
    )
    @transaction.atomic
    def partial_update(self, request: Request, pk: UUID) -> Response:
        gift = selectors.gift_to_edit(request.user, pk)
        changes = self.read(request, serializer=GiftChangeSerializer, partial=True)
        is_received, version = changes.pop("state", None) is not None, expected_version(request)
        if is_received:
            selectors.list_to_keep(request.user, gift.gift_list_id)
        if changes or not is_received:
            position = changes.pop("position", None)
            edit_gift(
                gift_id=pk,
                expected_version=version,
                position=position,
                changes=changes,
                is_owner=gift.gift_list.owner_id == request.user.pk,
            )
            version = None
        if is_received:
            receive_gift(gift_id=pk, expected_version=version, at=timezone.now())
        return self._shown(pk)

    @extend_schema(
        summary="Take a gift off its list",
        description="What is left in its pot goes where the list says for its end. Refusals: `gift_not_wanted` while "
        "it is ordered, `gift_list_closed` (409); 403 for an editor when there is money in its pot.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        gift = selectors.gift_to_edit(request.user, pk)
        is_owner = gift.gift_list.owner_id == request.user.pk
        remove_gift(gift_id=pk, expected_version=expected_version(request), is_owner=is_owner)
        return Response(status=204)

    def stale_resource(self) -> Gift:
        row = selectors.gift_to_edit(self.request.user, self.kwargs["pk"])
        return selectors.dressed_gifts([row], self.request.user)[0]

    def _shown(self, pk: UUID, status: int = 200) -> Response:
        row = selectors.gift_to_edit(self.request.user, pk)
        (shown,) = selectors.dressed_gifts([row], self.request.user)
        return self.present(shown, status=status, serializer=GiftSerializer)

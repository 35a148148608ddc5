"""`promotions/flash-promos/{id}/waitlist/`: my place in the queue for a unit."""

from typing import cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import VerifiedCustomer
from marketplace.core.http.viewsets import ViewSet
from promotions.flash import selectors
from promotions.flash.models import WaitlistPlace
from promotions.flash.services import waitlist

from .reservations import TAGS

_THIRD = OpenApiExample(
    "Third in line",
    value={
        "promo": "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11",
        "state": "waiting",
        "position": 3,
        "people_before": 2,
        "joined_at": "2026-01-31T18:00:20Z",
        "told_until": None,
        "seconds_left": 0,
    },
    response_only=True,
)


class PlaceSerializer(serializers.Serializer[selectors.PlaceCard]):
    """A place in the queue: it brings a notice, and no right to the unit."""

    promo = fields.UUIDField(source="promo_id")
    state = fields.ChoiceField(choices=WaitlistPlace.State.choices)
    position = fields.IntegerField(allow_null=True, help_text=_("1 is the next to be told; null once it is closed."))
    people_before = fields.IntegerField(allow_null=True, help_text=_("How many wait in front of you."))
    joined_at = fields.DateTimeField()
    told_until = fields.DateTimeField(
        allow_null=True, help_text=_("Until when nobody else in line is told of the unit that is free.")
    )
    seconds_left = fields.IntegerField(min_value=0, help_text=_("Until then."))


@extend_schema(tags=TAGS)
class WaitlistViewSet(ViewSet):
    """The caller's own place."""

    serializer_class = PlaceSerializer
    permission_classes = [VerifiedCustomer]
    queryset = WaitlistPlace.objects.none()

    @property
    def _customer_id(self) -> UUID:
        return cast(UUID, self.request.user.pk)  # permissions let nobody anonymous come here

    @extend_schema(
        summary="My place in the waiting list",
        description="`waiting`, `told` (a unit is free now: reserve it, whoever comes first has it) or `closed` (you "
        "took one, left, or the promotion is over). 404 `not_in_line` for who never joined.",
        responses={200: PlaceSerializer},
        examples=[_THIRD],
    )
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """200."""
        return self.present(selectors.place_card(promo_id=pk, customer_id=self._customer_id))

    @extend_schema(
        summary="Join the waiting list",
        description="At the end of the line. When a unit comes free, those next in line are told, one for each free "
        "unit, and the next one when it is still free 20 seconds later. Joining again answers 200 with the same place. "
        "Refusals: 403 `not_eligible` with `failed_rules`; 409 `promo_not_running`, `promo_sold_out`, "
        "`promo_limit_reached`, `unit_held_already`; 404 for an unknown promotion.",
        request=None,
        responses={201: PlaceSerializer, 200: OpenApiResponse(PlaceSerializer, "You are in it already")},
        examples=[_THIRD],
    )
    def create(self, request: Request, pk: UUID) -> Response:
        """201, or 200 for who is in it."""
        joined = waitlist.join_waitlist(promo_id=pk, customer_id=self._customer_id)
        return self.present(joined.card, status=201 if joined.is_new else 200)

    @extend_schema(
        summary="Leave the waiting list",
        description="The place is given up; joining again is at the end of the line. Leaving twice is as once.",
        responses={204: None},
    )
    def destroy(self, request: Request, pk: UUID) -> Response:
        """204."""
        waitlist.leave_waitlist(promo_id=pk, customer_id=self._customer_id)
        return Response(status=204)

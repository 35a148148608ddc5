"""HTTP of the preferences: what I want to be told, over which channel, and when not."""

import re
from datetime import time
from typing import Any, cast
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import SignedIn
from marketplace.core.http.sparse import sparse
from marketplace.core.http.viewsets import ViewSet
from marketplace.settings.i18n import LANGUAGES
from notifications.kinds.channels import Channel
from stores import facade as stores
from users import facade as users

from . import services
from .models import QuietHours
from .selectors import quiet_hours_of, table_of

MAX_WISHES = 200
_CLOCK = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]", re.ASCII)


@extend_schema_field({"type": "string", "pattern": r"^([01][0-9]|2[0-3]):[0-5][0-9]$", "example": "22:00"})
class ClockField(serializers.Field[time, Any, str, Any]):
    """A time of day on the customer's own clock, to the minute."""

    default_error_messages = {"invalid": _("Give a time of day such as 22:00.")}

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not _CLOCK.fullmatch(data):
            self.fail("invalid")
        return time.fromisoformat(data)

    def to_representation(self, value: time) -> str:
        return f"{value:%H:%M}"


# `from` is no name for a class attribute.
QuietHoursSerializer: Any = type(
    "QuietHoursSerializer",
    (serializers.Serializer,),
    {
        "__doc__": "When I am left alone; over midnight where it ends before it begins.",
        "from": ClockField(),
        "until": ClockField(),
    },
)


class ChannelChoiceSerializer(serializers.Serializer[Any]):
    """One kind over one channel."""

    channel = fields.ChoiceField(choices=Channel.choices)
    is_on = fields.BooleanField()
    is_default = fields.BooleanField(help_text="Whether that is what the shop does unless told otherwise.")
    is_required = fields.BooleanField(help_text="True: it cannot be switched off.")


class KindChoicesSerializer(serializers.Serializer[Any]):
    """One kind over every channel. Without the inbox nothing of the kind is sent over the other channels either."""

    kind = fields.CharField()
    name = fields.CharField()
    may_wait = fields.BooleanField(help_text="Whether its e-mails go into the digest.")
    channels = ChannelChoiceSerializer(many=True)


class PreferencesSerializer(serializers.Serializer[Any]):
    """Everything as it stands for me."""

    kinds = KindChoicesSerializer(many=True)
    quiet_hours = QuietHoursSerializer(allow_null=True)
    digest = fields.ChoiceField(choices=QuietHours.Digest.choices)
    language = fields.ChoiceField(choices=LANGUAGES, help_text="Changed in the profile.")
    time_zone = fields.CharField(help_text="Changed in the profile; quiet hours and digest go by it.")


class WishSerializer(serializers.Serializer[Any]):
    """What I want of one kind over one channel."""

    kind = fields.CharField(max_length=40)
    channel = fields.ChoiceField(choices=Channel.choices)
    is_on = fields.BooleanField(allow_null=True, help_text="null: what the shop does unless told otherwise.")


class ChangedPreferencesSerializer(serializers.Serializer[Any]):
    """What changes; what is not named stays."""

    kinds = serializers.ListField(child=WishSerializer(), required=False, max_length=MAX_WISHES)
    quiet_hours = QuietHoursSerializer(required=False, allow_null=True)
    digest = fields.ChoiceField(choices=QuietHours.Digest.choices, required=False)


SHOWN = {
    "kinds": [
        {
            "kind": "order_paid",
            "name": "Orders that are paid",
            "may_wait": False,
            "channels": [
                {"channel": "inbox", "is_on": True, "is_default": True, "is_required": True},
                {"channel": "email", "is_on": False, "is_default": False, "is_required": False},
                {"channel": "push", "is_on": True, "is_default": True, "is_required": False},
                {"channel": "sms", "is_on": False, "is_default": True, "is_required": False},
            ],
        }
    ],
    "quiet_hours": {"from": "22:00", "until": "08:00"},
    "digest": "daily",
    "language": "es",
    "time_zone": "America/Mexico_City",
}


@extend_schema(tags=["notifications"])
class PreferencesViewSet(ViewSet):
    """My own."""

    is_private = True
    permission_classes = [SignedIn]
    serializer_class = PreferencesSerializer
    pagination_class = None

    @property
    def _me(self) -> UUID:
        return cast(UUID, self.request.user.pk)  # permissions let nobody anonymous come here

    @property
    def _with_house(self) -> bool:
        """What the house is told is shown to its people, and to those of stores."""
        return bool(getattr(self.request.user, "is_staff", False)) or bool(stores.stores_run_by(self._me))

    @extend_schema(
        summary="What I am told, and how",
        description="Every kind of notification over every channel, as it stands for me.",
        responses=PreferencesSerializer,
        examples=[OpenApiExample("preferences", SHOWN, response_only=True)],
    )
    def show(self, request: Request) -> Response:
        return self._shown(request, self._person(), with_house=self._with_house)

    @extend_schema(
        summary="Change what I am told",
        description="All of it or nothing. Facts about money and orders stay in the inbox: `notification_required`.",
        request=ChangedPreferencesSerializer,
        responses=PreferencesSerializer,
        examples=[
            OpenApiExample(
                "no mail, quiet nights",
                {
                    "kinds": [{"kind": "order_paid", "channel": "email", "is_on": False}],
                    "quiet_hours": {"from": "22:00", "until": "08:00"},
                    "digest": "daily",
                },
                request_only=True,
            ),
            OpenApiExample("preferences", SHOWN, response_only=True),
        ],
    )
    def change(self, request: Request) -> Response:
        values = self.read(request, serializer=ChangedPreferencesSerializer)
        hours: dict[str, Any] = {"digest": values["digest"]} if "digest" in values else {}
        if "quiet_hours" in values:
            quiet = values["quiet_hours"] or {"from": None, "until": None}
            hours |= {"quiet_from": quiet["from"], "quiet_until": quiet["until"]}
        with_house, person = self._with_house, self._person()
        services.change_preferences(
            customer_id=self._me,
            wishes=[services.Wish(**wish) for wish in values.get("kinds", [])],
            hours=hours,
            with_house=with_house,
        )
        return self._shown(request, person, with_house=with_house)

    def _person(self) -> users.Contact:
        """Raises `AccessRevokedError`: tokens of an account that was disabled a moment ago still come this far."""
        person = users.contacts([self._me]).get(self._me)
        if person is None:
            raise users.AccessRevokedError
        return person

    def _shown(self, request: Request, person: users.Contact, *, with_house: bool) -> Response:
        hours = quiet_hours_of([self._me]).get(self._me, QuietHours(customer=self._me))
        is_quiet = hours.quiet_from is not None
        shown = {
            "kinds": [
                {
                    "kind": row.kind.code,
                    "name": str(row.kind.name),
                    "may_wait": row.kind.may_wait,
                    "channels": row.choices,
                }
                for row in table_of(self._me, with_house=with_house)
            ],
            "quiet_hours": {"from": hours.quiet_from, "until": hours.quiet_until} if is_quiet else None,
            "digest": hours.digest,
            "language": person.language,
            "time_zone": person.time_zone,
        }
        return Response(sparse(request, PreferencesSerializer(shown).data))

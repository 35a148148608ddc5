"""HTTP of the devices: where my push and text messages go."""

from typing import Any, cast
from uuid import UUID

from django.core.validators import RegexValidator
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.http import fields
from marketplace.core.http.permissions import EmailNotVerifiedError, SignedIn
from marketplace.core.http.throttling import RateLimit, client_address, hit, network_of, within_rate
from marketplace.core.http.viewsets import UUID_PATTERN, ViewSet

from . import services
from .errors import TooManyCodesError, TooManyNumbersError, TooManyTextsError
from .models import Device
from .selectors import devices_of
from .texts import DAY, count_text

CODES_PER_CUSTOMER = 3
CODES_PER_NUMBER = 12
HOUR = 3600
NUMBERS_SCOPE = "numbers"


class DeviceRateLimit(RateLimit):
    """Registering devices: a number is sent a text message each time."""

    scope = "devices"


class DeviceSerializer(fields.ModelSerializer):
    """A device. Its token is not shown again; of a number the end is."""

    ending = serializers.SerializerMethodField(help_text="The last four characters of token or number.")
    is_confirmed = serializers.SerializerMethodField(help_text="Of a number: whether its code came back.")

    class Meta:
        model = Device
        fields = [
            "id", "platform", "name", "ending", "is_confirmed", "disabled_at", "disabled_reason", "created_at",
        ]  # fmt: skip
        read_only_fields = fields

    def get_ending(self, device: Device) -> str:
        return device.token[-4:]

    def get_is_confirmed(self, device: Device) -> bool:
        return device.platform != Device.Platform.SMS or device.confirmed_at is not None


class NewDeviceSerializer(serializers.Serializer[Any]):
    """A token of the app's installation, or a number."""

    platform = fields.ChoiceField(choices=Device.Platform.choices)
    token = fields.CharField(max_length=4096, help_text="From the platform; of `sms` a number such as +525512345678.")
    name = fields.CharField(max_length=80, required=False, allow_blank=True)


class NumberCodeSerializer(serializers.Serializer[Any]):
    """The code from the text message."""

    code = fields.CharField(validators=[RegexValidator(r"^[0-9]{6}\Z")], help_text="Six digits.")


SHOWN = {
    "id": "01923f4e-7c1b-7d7e-9f53-0d6a1b2c3d4e",
    "platform": "sms",
    "name": "Ana's phone",
    "ending": "5678",
    "is_confirmed": False,
    "disabled_at": None,
    "disabled_reason": "",
    "created_at": "2026-03-01T18:00:00.412000Z",
}
ID = OpenApiParameter("id", {"type": "string", "format": "uuid"}, OpenApiParameter.PATH)


@extend_schema(tags=["notifications"])
class DeviceViewSet(ViewSet):
    """My own."""

    is_private = True
    permission_classes = [SignedIn]
    serializer_class = DeviceSerializer
    lookup_value_regex = UUID_PATTERN
    filter_backends = []
    queryset = Device.objects.none()

    @property
    def _me(self) -> UUID:
        return cast(UUID, self.request.user.pk)  # permissions let nobody anonymous come here

    def get_throttles(self) -> list[Any]:
        return [DeviceRateLimit()] if self.action == "create" else []

    @extend_schema(summary="My devices", examples=[OpenApiExample("a number", SHOWN, response_only=True)])
    def list(self, request: Request) -> Response:
        return self.present_page(devices_of(self._me))

    @extend_schema(
        summary="Register a device",
        description="Again: enables it, moves it to me. A number gets a text message with a code, for `confirm/`. "
        "Numbers are for people with a verified address (403 `email_not_verified`), and only begin as the shop says "
        "(400 `number_not_served`); 429: `too_many_codes`, `too_many_numbers`, `too_many_texts`.",
        request=NewDeviceSerializer,
        responses={201: DeviceSerializer},
        examples=[
            OpenApiExample(
                "a number",
                {"platform": "sms", "token": "+525512345678", "name": "Ana's phone"},
                request_only=True,
            ),
            OpenApiExample("registered", SHOWN, response_only=True),
        ],
    )
    def create(self, request: Request) -> Response:
        values = self.read(request, serializer=NewDeviceSerializer)
        if values["platform"] == Device.Platform.SMS:
            self._spare(request, values["token"])
        return self.present(services.register_device(customer_id=self._me, **values), status=201)

    @extend_schema(summary="Remove a device", parameters=[ID])
    def destroy(self, request: Request, pk: str) -> Response:
        services.remove_device(customer_id=self._me, device_id=UUID(pk))
        return Response(status=204)

    @extend_schema(
        summary="Confirm a number",
        description=f"With the code that was sent to it: valid for ten minutes, at most {services.MOST_TRIES} tries.",
        parameters=[ID],
        request=NumberCodeSerializer,
        responses=DeviceSerializer,
        examples=[
            OpenApiExample("the code", {"code": "042917"}, request_only=True),
            OpenApiExample("confirmed", SHOWN | {"is_confirmed": True}, response_only=True),
        ],
    )
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        values = self.read(request, serializer=NumberCodeSerializer)
        device = services.confirm_number(customer_id=self._me, device_id=UUID(pk), code=values["code"])
        return self.present(device)

    def _spare(self, request: Request, number: str) -> None:
        """Whoever types it: a number is not sent a code after another, nor closed to its owner by one other person."""
        if not getattr(request.user, "is_verified", False):
            raise EmailNotVerifiedError
        services.check_token(Device.Platform.SMS, number)
        # Accounts cost nothing; networks do.
        if not within_rate(NUMBERS_SCOPE, network_of(client_address(request))):
            raise TooManyNumbersError(retry_after=HOUR)
        name = f"number:{services.token_hash(number)}"
        if hit(f"{name}:{self._me}", HOUR) > CODES_PER_CUSTOMER or hit(name, HOUR) > CODES_PER_NUMBER:
            raise TooManyCodesError(retry_after=HOUR)
        if not count_text(self._me):
            raise TooManyTextsError(retry_after=DAY)

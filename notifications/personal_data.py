"""What the context keeps about a person, for `core.personal_data`."""

from typing import Final

from marketplace.core.personal_data import Table

from .models import Device, InboxItem, Preference, QuietHours

TABLES: Final = (
    Table("inbox", InboxItem, ("customer",), ("message__kind", "message__params", "created_at", "read_at")),
    # Tokens let their holder send to the device; a telephone number is one only for text messages.
    Table(
        "devices",
        Device,
        ("customer",),
        ("id", "platform", "name", "created_at", "confirmed_at", "disabled_at", "disabled_reason"),
    ),
    Table("telephone_numbers", Device, ("customer",), ("token", "confirmed_at"), {"platform": Device.Platform.SMS}),
    Table("preferences", Preference, ("customer",), ("kind", "channel", "is_on", "updated_at")),
    Table("quiet_hours", QuietHours, ("customer",), ("quiet_from", "quiet_until", "digest", "updated_at")),
)
UNTOLD: Final = {
    "notifications.Delivery": "machinery: ranges of people that are still to be told",
    "notifications.Message": "told as the inbox",
    "notifications.NumberCode": "secrets",
    "notifications.SocketTicket": "secrets, gone in seconds",
    "notifications.Straggler": "machinery: what is still to be sent",
}

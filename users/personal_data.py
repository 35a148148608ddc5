"""What the context keeps about a person, for `core.personal_data`."""

from typing import Final

from marketplace.core.personal_data import Table

from .models import Address, CustomerProfile, DepartmentMember, PersonalExport, SegmentMembership, Session, User

TABLES: Final = (
    Table(
        "account",
        User,
        ("id",),
        ("id", "email", "name", "created_at", "email_verified_at", "last_login", "is_staff", "is_superuser"),
    ),
    Table(
        "profile",
        CustomerProfile,
        ("user_id",),
        (
            *("latitude", "longitude", "language", "time_zone", "tier", "successful_orders_count", "last_order_at"),
            *("created_at", "updated_at"),
        ),
    ),
    Table("segments", SegmentMembership, ("profile__user_id",), ("segment__name", "created_at")),
    Table(
        "addresses",
        Address,
        ("customer_id",),
        (
            *("id", "label", "recipient", "phone", "line1", "line2", "city", "state", "postal_code", "country"),
            *("notes", "is_default", "created_at", "updated_at"),
        ),
    ),
    Table("sessions", Session, ("user_id",), ("created_at", "expires_at", "revoked_at", "revoked_because")),
    Table("departments", DepartmentMember, ("user_id",), ("department__name", "keys", "created_at")),
    Table("exports", PersonalExport, ("user_id",), ("created_at", "state", "ready_at", "expires_at")),
)
UNTOLD: Final = {
    "users.MailToken": "secrets",
    "users.SpentRefreshToken": "secrets",
    "users.DeniedAccount": "derived from sessions, forgotten within minutes",
    "users.CustomerPlace": "derived from the profile",
}

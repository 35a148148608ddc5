"""Refusals of the preferences."""

from typing import ClassVar

from marketplace.core.errors import DomainError, ErrorKind, gettext_noop


class UnknownKindError(DomainError):
    """There is no such kind of message, or none that is told to this person."""

    code: ClassVar[str] = "unknown_notification_kind"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop("There are no notifications of the kind “%(notification_kind)s”.")


class RequiredNotificationError(DomainError):
    """Facts about money and orders are always told."""

    code: ClassVar[str] = "notification_required"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop(
        "Notifications of the kind “%(notification_kind)s” cannot be switched off for “%(channel)s”."
    )


class QuietHoursError(DomainError):
    """They begin and end at the same minute: that would be all day, or never."""

    code: ClassVar[str] = "quiet_hours_empty"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID
    message: ClassVar[str] = gettext_noop("Quiet hours must end at another time than they begin.")

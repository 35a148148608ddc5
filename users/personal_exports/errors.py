"""Refusals of the slice."""

from marketplace.core.errors import DomainError, NotFoundError, gettext_noop


class NoPersonalExportError(NotFoundError):
    """None was asked for, or it is gone."""

    code = "no_personal_export"
    message = gettext_noop("There is no copy of your data. Ask for one.")


class PersonalExportNotReadyError(DomainError):
    """It is still being made."""

    code = "personal_export_not_ready"
    message = gettext_noop("The copy of your data is still being made. You get a mail when it is ready.")


class PersonalExportTooLargeError(DomainError):
    """More than a download carries; an operator makes it with `manage.py export_person`."""

    code = "personal_export_too_large"
    message = gettext_noop("The copy of your data is too large for a download. Write to us, and we send it.")

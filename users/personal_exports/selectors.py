"""Reads of the slice."""

from uuid import UUID

from .errors import NoPersonalExportError
from .models import PersonalExport


def newest_export(user_id: UUID) -> PersonalExport:
    """The person's newest copy, without its content. Raises `NoPersonalExportError`."""
    found = PersonalExport.objects.filter(user_id=user_id).defer("content").order_by("-pk").first()
    if found is None:
        raise NoPersonalExportError
    return found

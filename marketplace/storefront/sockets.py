"""The one place that knows how a page comes to a socket of its own."""

from typing import Any
from uuid import UUID

from notifications import facade as notifications


def socket_ticket(customer_id: UUID) -> dict[str, Any] | None:
    """`ticket`, `expires_at` and `path` of the customer's socket; none while notifications give none."""
    issue = getattr(notifications, "socket_ticket", None)
    if issue is None:
        return None
    given = issue(customer_id)
    return {"ticket": given.ticket, "expires_at": given.expires_at, "path": given.path}

"""What the inbox listens to: the causes in the table of kinds."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from marketplace.core.outbox.handlers import handles
from notifications.kinds.table import KINDS
from notifications.kinds.values import Cause

from .services import tell_customer, tell_people, tell_staff


def _teller(code: str, cause: Cause) -> Callable[[Any], None]:
    def tell(event: Any) -> None:
        """Write the message and the inbox rows of whom it is for."""
        words: dict[str, Any] = {
            "kind": code,
            "params": cause.params(event),
            "dedupe_key": f"{code}:{cause.subject(event)}",
            "at": timezone.now(),
        }
        customer_id = cause.customer(event)
        if customer_id is not None:
            tell_customer(customer_id=customer_id, **words)
        elif cause.staff_permission:
            tell_staff(permission=cause.staff_permission, **words)
        elif cause.people is not None and (people := cause.people(event)):
            tell_people(people=people, **words)

    tell.__name__ = f"tell_{code}"
    return tell


for _kind in KINDS.values():
    if _kind.cause is not None:
        handles(_kind.cause.event, queue="notify")(_teller(_kind.code, _kind.cause))

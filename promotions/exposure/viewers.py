"""Who looks, from a request: a customer, or a session that nobody signed in to."""

from uuid import UUID

from django.http import HttpRequest

from promotions.engagement.actors import actor_of_request
from users.contracts import CustomerCard
from users.facade import CustomerNotFoundError, customer_card

from .values import Viewer


def viewer_of(request: HttpRequest) -> Viewer:
    """The viewer; one query for whoever is signed in, none for others. Staff without a profile look like anybody."""
    account_id: UUID | None = request.user.pk if request.user.is_authenticated else None
    if account_id is None:
        return Viewer(unit=actor_of_request(request))
    try:
        return viewer_of_customer(customer_card(account_id))
    except CustomerNotFoundError:
        return Viewer(unit=account_id)


def viewer_of_customer(customer: CustomerCard) -> Viewer:
    """A customer as selections know them."""
    return Viewer(
        unit=customer.customer_id,
        customer_id=customer.customer_id,
        tier=customer.tier,
        segment_ids=customer.segment_ids,
        latitude=customer.latitude,
        longitude=customer.longitude,
    )

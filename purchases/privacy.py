"""Erasure of a person, as far as orders go.

Orders are books: they know a person by id alone, and that id stops leading to anybody. The cart goes; name and address
go from orders and invoices, amounts stay.
"""

from uuid import UUID

from .autobuy.services import forget_plan, refuse_while_purchases_are_under_way
from .carts.services import forget_cart
from .invoices.services import forget_buyers
from .orders.errors import OrderUnderWayError
from .orders.selectors import has_orders_under_way
from .orders.services import forget_addresses


def refuse_while_something_is_under_way(customer_id: UUID) -> None:
    """Raises `OrderUnderWayError` while goods or money of an order, or a return, are on their way.

    `PurchaseUnderWayErasureError` while staff buy something for the person.
    """
    if has_orders_under_way(customer_id):
        raise OrderUnderWayError
    refuse_while_purchases_are_under_way(customer_id)


def forget_person(customer_id: UUID) -> None:
    """In the caller's transaction, plans before carts before orders: as locks are taken."""
    forget_plan(customer_id)
    forget_cart(customer_id)
    forget_addresses(customer_id)
    forget_buyers(customer_id)

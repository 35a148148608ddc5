"""What follows for goods from units that were called off."""

from marketplace.core.outbox.handlers import handles
from purchases.events import OrderPartCalledOff

from . import services


@handles(OrderPartCalledOff, queue="holds")
def put_goods_away_on_order_part_called_off(event: OrderPartCalledOff) -> None:
    """What is here is for others again."""
    services.put_unsent_goods_away(call_off_id=event.call_off_id)

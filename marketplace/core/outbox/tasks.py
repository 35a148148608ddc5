"""Celery's doors to the outbox."""

from typing import Any

from celery import shared_task
from kombu.exceptions import ChannelError
from kombu.exceptions import OperationalError as BrokerError
from redis.exceptions import RedisError

from . import delivery
from .relay import relay_new_events, send_due


@shared_task(name="core.deliver", bind=True)
def deliver(self: Any, delivery_id: int) -> None:
    """Run one delivery. Redis and RabbitMQ both mark a message that was given to somebody before."""
    came_back = (self.request.delivery_info or {}).get("redelivered", False)
    (delivery.deliver_again if came_back else delivery.deliver)(delivery_id)


def send_to_celery(delivery_id: int, queue: str) -> None:
    """The relay's transport. A broker that is out raises; the lease brings the delivery back."""
    try:
        deliver.apply_async(args=(delivery_id,), queue=queue, retry=False)
    except (BrokerError, ChannelError, RedisError, OSError) as error:
        raise ConnectionError(f"broker is out: {type(error).__name__}") from error


@shared_task(name="core.sweep_outbox")
def sweep_outbox() -> None:
    """Safety net behind the relay (beat, every 2 s)."""
    relay_new_events()
    send_due(send_to_celery)

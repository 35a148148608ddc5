"""The event bus: where published events go for other systems. Off without an address (docs/event-bus.md)."""

from .env import env

# amqp(s)://user:password@host:port/vhost, kafka://host:9092, https://receiver/path. Empty: nothing leaves.
EVENT_BUS_URL = env.str("EVENT_BUS_URL", default="")
# The exchange of RabbitMQ, the topic of Kafka.
EVENT_BUS_TOPIC = env.str("EVENT_BUS_TOPIC", default="marketplace.events")
# Who speaks: the `source` of each CloudEvent. Together with the id it is unique.
EVENT_BUS_SOURCE = env.str("EVENT_BUS_SOURCE", default="/marketplace")
# Which events leave, by name: purchases.*,funds.order_refunded
EVENT_BUS_EVENTS = [each.strip() for each in env.list("EVENT_BUS_EVENTS", default=["*"]) if each.strip()]
# Signs webhooks.
EVENT_BUS_SECRET = env.str("EVENT_BUS_SECRET", default="")

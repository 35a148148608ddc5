"""The outbox's events for other systems: CloudEvents 1.0 to RabbitMQ, Kafka or a signed webhook (docs/event-bus.md).

`publish` writes one `BusMessage` beside each event, in the same transaction, while the bus is on (`EVENT_BUS_URL`); the
pump sends them in order per partition key and marks them. At least once: a message that comes again has the same id.
"""

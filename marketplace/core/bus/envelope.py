"""CloudEvents 1.0, JSON, structured mode: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md"""

import json
from dataclasses import dataclass
from datetime import UTC
from typing import Any, Final

from django.conf import settings

from marketplace.core.events import Event, event_class

from .models import BusMessage

CONTENT_TYPE: Final = "application/cloudevents+json"


@dataclass(frozen=True, slots=True)
class Envelope:
    """One message, the same to every kind of bus. `body` is the CloudEvent, UTF-8."""

    id: str
    type: str
    partition_key: str
    body: bytes


def envelope(message: BusMessage) -> Envelope:
    """What is sent for the message: the same bytes each time, so that a repeat is known by its id."""
    event = message.event
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(event.event_id),
        "source": settings.EVENT_BUS_SOURCE,
        "type": event.wire_name,
        "subject": message.partition_key,
        "partitionkey": message.partition_key,
        "time": event.created_at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
    }
    if event.request_id:
        attributes["requestid"] = event.request_id
    if (
        event.trace_parent
    ):  # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md
        attributes["traceparent"] = event.trace_parent
    body = json.dumps({**attributes, "data": event.payload}, ensure_ascii=False, separators=(",", ":"))
    return Envelope(str(event.event_id), event.wire_name, message.partition_key, body.encode())


def read_event(body: bytes) -> Event:
    """The event inside a CloudEvent of ours; raises `KeyError` for a type that nobody here publishes."""
    attributes = json.loads(body)
    return event_class(attributes["type"]).from_payload(attributes["data"])

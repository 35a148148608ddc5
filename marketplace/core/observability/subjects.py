"""What an event, a task's arguments or a route are about, for log lines: by the names that ids have everywhere."""

from collections.abc import Mapping
from typing import Any, Final

NAMES: Final = {
    "customer_id": "user",
    "user_id": "user",
    "product_id": "product",
    "promo_id": "promotion",
    "campaign_id": "campaign",
    "order_id": "order",
    "task_id": "payment_task",
}


def subjects_of(values: Mapping[str, Any]) -> dict[str, str]:
    """Of the ids among them; others, and what is none, are passed over."""
    return {NAMES[name]: str(value) for name, value in values.items() if name in NAMES and value}

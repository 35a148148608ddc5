"""What operators watch of sales."""

from datetime import timedelta

from marketplace.core.clock import platform_day, read_db_now
from marketplace.core.observability.metrics import Gauge, Values, register

from .sales_days.measuring import measure_flash_promos


def register_gauges() -> None:
    """Called in `ready()`."""
    lift = "units that flash promotions of the last whole day sold ÷ those expected without; absent without a baseline"
    register(Gauge("marketplace_promotion_lift_ratio", lift, promotion_lift, kept_seconds=300))


def promotion_lift() -> Values:
    """All promotions with a baseline together; four queries."""
    now = read_db_now()
    yesterday = platform_day(now) - timedelta(days=1)
    together = measure_flash_promos(yesterday, yesterday, at=now).together
    return {} if together is None else {(): together.ratio}

"""What operators watch of the shelves."""

from marketplace.core.observability.metrics import Gauge, Values, register

from .inventory.selectors import drift_found


def register_gauges() -> None:
    """Called in `ready()`."""
    register(
        Gauge(
            "marketplace_stock_drift",
            "stock items whose counters were not the sum of their movements in the latest reconciliation",
            drift,
        )
    )


def drift() -> Values:
    """Alarm on anything but zero."""
    return {(): drift_found()}

"""What operators watch of the money. Alarm on any imbalance that is not zero."""

from marketplace.core.observability.metrics import Gauge, Values, register

from .ledger.models import AccountDelta, Hold
from .ledger.selectors import trial_balance


def register_gauges() -> None:
    """Called in `ready()`. Payments add the depth of their queue and the age of its oldest due task here."""
    register(
        Gauge(
            "marketplace_ledger_imbalance",
            "sum of all balances of a currency in minor units; anything but zero means that the books are broken",
            imbalance,
            ("currency",),
        )
    )
    register(Gauge("marketplace_ledger_active_holds", "holds that are neither captured, released nor expired", holds))
    register(Gauge("marketplace_ledger_waiting_deltas", "changes of lazy accounts that wait for the roll-up", deltas))


def imbalance() -> Values:
    """Minor units by currency."""
    return {(currency,): money.minor for currency, money in trial_balance().imbalance.items()}


def holds() -> Values:
    """Active ones, lapsed and not yet tidied up included."""
    return {(): Hold.objects.filter(state=Hold.State.ACTIVE).count()}


def deltas() -> Values:
    """Rows; many mean that nobody rolls up."""
    return {(): AccountDelta.objects.count()}

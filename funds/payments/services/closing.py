"""The end of a deposit that never brought money in."""

from funds.events import DepositRejected
from funds.payments.models import Deposit
from marketplace.core.outbox.publishing import publish


def close_deposit(deposit: Deposit, *, state: Deposit.State) -> bool:
    """Give an open deposit up (rejected, expired); whether it was open. The caller holds its lock.

    Should the provider show an approved payment later, it is credited all the same.
    """
    if deposit.state not in Deposit.OPEN_STATES:
        return False
    deposit.state = state
    deposit.next_check_at = None
    deposit.save(update_fields=["state", "next_check_at", "updated_at"])
    publish(
        DepositRejected(
            deposit_id=deposit.pk,
            customer_id=deposit.customer_id,
            amount=deposit.amount,
            order_id=deposit.order_id,
        )
    )
    return True

"""What a reward is worth, in words."""

from django.utils.translation import gettext

from marketplace.core.formatting import shown_amount
from promotions.loyalty.models import Redemption, Reward


def shown_worth(row: Reward | Redemption) -> str:
    """With the smallest order it is for."""
    amount = "—" if row.amount is None else shown_amount(row.amount)
    return (
        amount
        if row.min_ticket is None
        else gettext("%(amount)s from %(ticket)s on")
        % {
            "amount": amount,
            "ticket": row.min_ticket,
        }
    )

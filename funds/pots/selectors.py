"""What pots hold."""

from collections.abc import Collection
from uuid import UUID

from funds.ledger.models import Account, AccountKind, OwnerKind
from marketplace.core.money import Money


def pot_balances(pot_ids: Collection[UUID] | None = None) -> dict[UUID, Money]:
    """What these pots hold (all of them, unless said), in one query; one that never opened is left out.

    A pot keeps one currency, its list's.
    """
    accounts = Account.objects.filter(owner_kind=OwnerKind.POT, kind=AccountKind.POT)
    if pot_ids is not None:
        accounts = accounts.filter(owner_id__in=set(pot_ids))
    rows = accounts.values_list("owner_id", "posted", "currency")
    return {owner: Money(posted, currency) for owner, posted, currency in rows}

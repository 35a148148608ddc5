"""Money of pots for a purchase, and back when it came to nothing or cost less."""

from uuid import UUID

from django.db import transaction

from links.contracts import PotShare
from links.pots.models import PotUse
from links.pots.services import give_back_use, lock_accounts_of_use, use_pots
from marketplace.core.money import Money

from .locking import ends_of, lock_gift


@transaction.atomic
def take_from_pots(*, gift_id: UUID, amount: Money, key: str) -> PotShare:
    """Move up to `amount` from the gift's pot, then its list's, into the owner's wallet, once per key; what was moved.

    In the list's currency. A closed list has nothing in its pots, a gift in the archive neither. Raises
    `CurrencyMismatchError`, `KeyReusedError`, `NotFoundError`.
    """
    gift = lock_gift(gift_id)
    _ = amount + Money.zero(gift.gift_list.currency)
    taken = use_pots(
        gift_id=gift_id, gift_list_id=gift.gift_list_id, owner_id=gift.gift_list.owner_id, amount=amount, key=key
    )
    return PotShare(key, taken)


@transaction.atomic
def return_to_pots(*, key: str, amount: Money | None = None) -> Money | None:
    """Move back from the owner's wallet what the purchase took: all of it, or until `amount` of it is back in all.

    Harmless twice. To the same contributions, the newest first; what was a closed list's goes to who gave, or stays,
    as the owner had chosen. How much came back by this call; None when nothing was taken under the key. Raises
    `InsufficientFundsError` when the owner has spent it.
    """
    use = _use(key)
    if use is None:
        return None
    gift = lock_gift(use.gift_id)
    use.refresh_from_db()
    return give_back_use(use=use, in_all=amount, ends=ends_of(gift))


@transaction.atomic
def lock_pots_of(*, key: str) -> None:
    """Lock all that `return_to_pots` will, for whoever touches the owner's wallet before it in one transaction."""
    use = _use(key)
    if use is not None:
        gift = lock_gift(use.gift_id)
        lock_accounts_of_use(use=use, owner_id=gift.gift_list.owner_id)


def _use(key: str) -> PotUse | None:
    return PotUse.objects.filter(key=key).first()

"""What the portable engine does to one account whose lock it holds."""

from django.db.models import F

from marketplace.core.clock import db_now

from .models import Account, Hold, Tally
from .ports import insufficient
from .terms import AccountRef


def account_id(ref: AccountRef) -> int:
    """The account's number; one named by key is opened if it is not there yet."""
    if isinstance(ref, int):
        return ref
    account, _is_new = Account.objects.get_or_create(
        owner_kind=ref.owner_kind,
        owner_id=ref.owner_id,
        kind=ref.kind,
        currency=ref.currency,
        defaults={"is_strict": ref.is_strict},
    )
    return account.pk


def free_lapsed(account: Account) -> int:
    """Expire the account's lapsed holds; the caller holds its lock. How much became free."""
    lapsed = Hold.objects.filter(payer=account, state=Hold.State.ACTIVE, expires_at__lte=db_now())
    # Chosen first, changed by key: the clock moves on between two statements.
    chosen = {hold.pk: hold.amount - hold.captured for hold in lapsed}
    freed = sum(chosen.values())
    if chosen:
        Hold.objects.filter(pk__in=list(chosen)).update(state=Hold.State.EXPIRED, updated_at=db_now())
        Account.objects.filter(pk=account.pk).update(held=F("held") - freed)
        account.held -= freed
    return freed


def require(account: Account, needed: int) -> None:
    """Raise `InsufficientFundsError` unless a strict account has so much free; lapsed holds are freed if that helps."""
    if not account.is_strict:
        return
    missing = needed - (account.posted - account.held)
    if missing > 0:
        missing -= free_lapsed(account)
    if missing > 0:
        raise insufficient(missing, account.currency)


def tally_changes(tally: str, change: int) -> tuple[int, int]:
    """What the change of a balance adds to `deposited` and to `spent`."""
    deposited = change if (tally, change > 0) in {(Tally.DEPOSITED, True), (Tally.DEPOSIT_BACK, False)} else 0
    spent = -change if (tally, change > 0) in {(Tally.SPENT, False), (Tally.SPENT_BACK, True)} else 0
    return deposited, spent

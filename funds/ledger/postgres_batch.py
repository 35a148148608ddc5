"""What `funds_post_batch` is given: columns of transfers, of accounts named by key, and of legs.

Arrays go as PostgreSQL's own array text. An `ARRAY[…]` of thousands of expressions would be parsed, typed and planned
element by element.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from .terms import AccountKey, AccountRef, Transfer

_TYPES: Final = (
    *("varchar", "varchar", "varchar", "varchar", "varchar", "varchar", "timestamptz", "bigint"),  # transfers
    *("varchar", "uuid", "varchar", "varchar", "boolean"),  # accounts
    *("int", "bigint", "bigint", "varchar", "bigint", "varchar"),  # legs
)
BATCH_STATEMENT: Final = (
    "SELECT journals, replays, outcome, missing, short_currency FROM funds_post_batch("  # noqa: S608 - no values
    f"{', '.join(f'%s::{name}[]' for name in _TYPES)})"
)


def batch_values(transfers: Sequence[Transfer]) -> list[str]:
    """The statement's parameters."""
    accounts: dict[AccountKey, int] = {}

    def number_of(ref: AccountRef) -> int:
        # Accounts named by key are places in the list of keys, written as negative numbers.
        return ref if isinstance(ref, int) else accounts.setdefault(ref, -len(accounts) - 1)

    legs = [
        (
            place,
            number_of(leg.debit),
            number_of(leg.credit),
            leg.amount.currency,
            leg.amount.minor,
            transfer.tally.value,
        )
        for place, transfer in enumerate(transfers, start=1)
        for leg in transfer.legs
    ]
    of, debits, credits_, currencies, amounts, tallies = zip(*legs, strict=True)
    return [
        _texts(transfer.scope for transfer in transfers),
        _texts(transfer.key for transfer in transfers),
        _plain(transfer.fingerprint for transfer in transfers),
        _plain(transfer.kind.value for transfer in transfers),
        _plain(transfer.tally.value for transfer in transfers),
        _texts(transfer.source for transfer in transfers),
        _texts(None if transfer.at is None else transfer.at.isoformat() for transfer in transfers),
        _plain("NULL" if transfer.reverses is None else transfer.reverses for transfer in transfers),
        _plain(key.owner_kind.value for key in accounts),
        _plain(key.owner_id for key in accounts),
        _plain(key.kind.value for key in accounts),
        _texts(key.currency for key in accounts),
        _plain(key.is_strict for key in accounts),
        _plain(of),
        _plain(debits),
        _plain(credits_),
        _texts(currencies),
        _plain(amounts),
        _plain(tallies),
    ]


def _plain(values: Iterable[object]) -> str:
    """Numbers, ids, booleans and words of our own, which need no quotes."""
    return f"{{{','.join(map(str, values))}}}"


def _texts(values: Iterable[str | None]) -> str:
    return f"{{{','.join(map(_quoted, values))}}}"


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    if "\\" in value or '"' in value:
        value = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{value}"'

"""The one module that writes stock counters. Each write has its movement, in the same transaction.

Lock, then check, then write; the table's check constraint stands behind. All take a `key` of the caller's
(an order, a promotion, a receipt): the same key again has no second effect, with other content it is refused.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from marketplace.core import audit
from marketplace.core.errors import InvalidInputError
from marketplace.core.inserting import insert_many
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish_all
from stores.catalog.models import Variant
from stores.contracts import StockLine
from stores.events import StockLow

from .at_once import Moved, move_at_once
from .errors import InsufficientStockError, Shortage, StockKeyReusedError, StockLimitError, UnknownStockError
from .many_at_once import move_many_at_once
from .models import StockItem, StockMovement
from .movements import MAX_ON_HAND, Change, Kind
from .selectors import set_aside_by_staff

STAFF_CAUSE = "staff"
OPENING_CAUSE = "opening"

Place = tuple[UUID, UUID]
"""A variant and a store."""


@dataclass(frozen=True, slots=True)
class StockOpening:
    """What is on the shelf when a stock item is opened."""

    variant_id: UUID
    store_id: UUID
    quantity: int
    reorder_point: int = 0
    reorder_qty: int = 0


def receive_stock(
    *, lines: Sequence[StockLine], idem_key: str, cause: str = "", reason: str = "", actor_id: UUID | None = None
) -> list[StockMovement]:
    """Goods came in: `on_hand` grows. The first receipt of a variant in its store opens the stock item.

    Raises `UnknownStockError`, `StockLimitError`, `StockKeyReusedError`.
    """
    return _move(
        _each(Kind.RECEIVE, lines), idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id, opens=True
    )


def reserve_stock(
    *, lines: Sequence[StockLine], idem_key: str, cause: str = "", reason: str = "", actor_id: UUID | None = None
) -> list[StockMovement]:
    """Set aside: `allocated` grows. All lines or none.

    Raises `InsufficientStockError`, `UnknownStockError`, `StockKeyReusedError`.
    """
    return _move(_each(Kind.RESERVE, lines), idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id)


def release_stock(
    *, lines: Sequence[StockLine], idem_key: str, cause: str = "", reason: str = "", actor_id: UUID | None = None
) -> list[StockMovement]:
    """Give back what was set aside: `allocated` shrinks.

    Raises `InsufficientStockError` when less is set aside, `UnknownStockError`, `StockKeyReusedError`.
    """
    return _move(_each(Kind.RELEASE, lines), idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id)


def sell_stock(
    *,
    lines: Sequence[StockLine],
    idem_key: str,
    was_reserved: bool = False,
    cause: str = "",
    reason: str = "",
    actor_id: UUID | None = None,
) -> list[StockMovement]:
    """Goods leave: `on_hand` shrinks, and `allocated` too when they were set aside before.

    Raises `InsufficientStockError`, `UnknownStockError`, `StockKeyReusedError`.
    """
    changes = _each(Kind.SALE, lines, was_reserved=was_reserved)
    return _move(changes, idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id)


def adjust_stock(
    *, lines: Sequence[StockLine], idem_key: str, reason: str, cause: str = "", actor_id: UUID | None = None
) -> list[StockMovement]:
    """Correct `on_hand` by signed quantities, for a reason. What is set aside stays covered.

    Raises `InvalidInputError` without a reason, `InsufficientStockError`, `StockLimitError`, `UnknownStockError`,
    `StockKeyReusedError`.
    """
    return _move(
        _each(Kind.ADJUST, lines), idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id, opens=True
    )


@transaction.atomic
def record_staff_movement(
    *, kind: str, line: StockLine, idem_key: str, actor_id: UUID | None, reason: str = "", was_reserved: bool = False
) -> StockMovement:
    """A movement entered by hand. Staff release and sell only what staff set aside: promotions and orders keep theirs.

    Raises what the function of that kind raises, `InvalidInputError` for `was_reserved` with anything but a sale.
    """
    if was_reserved and kind != Kind.SALE:
        detail = gettext_noop("Only a sale takes what was reserved before.")
        raise InvalidInputError.of("was_reserved", "invalid", detail)
    [moved] = _move(
        _each(Kind(kind), [line], was_reserved=was_reserved),
        idem_key=idem_key,
        cause=STAFF_CAUSE,
        reason=reason,
        actor_id=actor_id,
        opens=kind in {Kind.RECEIVE, Kind.ADJUST},
        check=_only_what_staff_set_aside,
    )
    return moved


def lock_stock(lines: Iterable[StockLine]) -> None:
    """Lock the items of all these lines in house order, for a caller that moves them by several calls."""
    lock(LockRank.STOCK, _items({(line.variant_id, line.store_id) for line in lines}))


def sell_reserved_unit(
    *, variant_id: UUID, store_id: UUID, idem_key: str, cause: str = "", actor_id: UUID | None = None
) -> None:
    """Sell one unit that was set aside, at once, inside the caller's transaction (flash completion).

    The guarded update is lock and check in one. Raises `InsufficientStockError` when nothing is set aside,
    `StockKeyReusedError`; the same sale again has no second effect.
    """
    sale = Change(Kind.SALE, 1, 1)
    sold = move_at_once(
        sale, variant_id=variant_id, store_id=store_id, idem_key=idem_key, cause=cause, actor_id=actor_id
    )
    if sold is not None and sold.movement_id is not None:
        return
    then = StockMovement.objects.filter(idem_key=idem_key).select_related("stock_item").first()
    if then is None:
        raise InsufficientStockError([Shortage(variant_id, store_id, 1, 0)])
    same_place = (then.stock_item.variant_id, then.stock_item.store_id) == (variant_id, store_id)
    if not same_place or Change(Kind(then.kind), then.quantity, then.from_allocated) != sale:
        raise StockKeyReusedError


@transaction.atomic
def open_stock(openings: Sequence[StockOpening], *, actor_id: UUID | None = None) -> int:
    """Open the stock items of new variants with what is on the shelf, set-wise; how many were new.

    An item that is there already is left as it is.
    """
    known = set(
        StockItem.objects.filter(variant_id__in=[each.variant_id for each in openings]).values_list(
            "variant_id", "store_id"
        )
    )
    fresh = [each for each in openings if (each.variant_id, each.store_id) not in known]
    items = [
        StockItem(
            variant_id=each.variant_id,
            store_id=each.store_id,
            on_hand=each.quantity,
            reorder_point=each.reorder_point,
            reorder_qty=each.reorder_qty,
        )
        for each in fresh
    ]
    insert_many(items)
    insert_many(
        [
            movement_of(
                item,
                Change(Kind.RECEIVE, item.on_hand),
                idem_key=f"opening:{item.pk}",
                cause=OPENING_CAUSE,
                actor_id=actor_id,
            )
            for item in items
            if item.on_hand
        ]
    )
    return len(items)


@transaction.atomic
def set_reorder_rule(*, item: StockItem, changes: Mapping[str, int], actor_id: UUID | None) -> StockItem:
    """Set `reorder_point` and `reorder_qty`."""
    before = {name: getattr(item, name) for name in changes}
    for name, value in changes.items():
        setattr(item, name, value)
    item.save(update_fields=[*changes, "updated_at"])
    audit.record(actor_id=actor_id, action="stores.set_reorder_rule", subject=item, before=before, after=dict(changes))
    return item


Check = Callable[[StockItem, Change], None]


@transaction.atomic
def _move(
    changes: Mapping[Place, Change],
    *,
    idem_key: str,
    cause: str,
    reason: str,
    actor_id: UUID | None,
    opens: bool = False,
    check: Check | None = None,
) -> list[StockMovement]:
    _require_reason(changes, reason)
    if check is None:
        moved = _at_once(changes, idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id)
        if moved:
            return moved
    if opens:
        _open_missing(changes)
    items = lock(LockRank.STOCK, _items(changes))
    done = _moved_before(idem_key, len(changes))
    if done:
        _compare_with(done, changes, items)
        return done
    if len(items) != len(changes):
        raise UnknownStockError
    planned = [(item, changes[item.variant_id, item.store_id]) for item in items]
    _refuse_shortage(planned)
    if check is not None:
        for item, change in planned:
            check(item, change)
    return _write(planned, idem_key=idem_key, cause=cause, reason=reason, actor_id=actor_id)


def _at_once(changes: Mapping[Place, Change], *, idem_key: str, **notes: Any) -> list[StockMovement]:
    """The usual case in one statement; nothing where the long way has to say what is the matter."""
    done: Sequence[tuple[Place, Moved]] | None
    if len(changes) == 1:
        [((variant_id, store_id), change)] = changes.items()
        one = move_at_once(change, variant_id=variant_id, store_id=store_id, idem_key=idem_key, **notes)
        done = [((variant_id, store_id), one)] if one is not None and one.movement_id is not None else None
    else:
        done = move_many_at_once(changes, idem_key=idem_key, **notes)
    movements, lows = [], []
    for (place, moved), key in zip(done or (), _keys(idem_key, len(changes)), strict=False):
        change, item = changes[place], moved.as_item(*place)
        if item.available <= item.reorder_point < item.available - change.on_hand + change.allocated:
            lows.append(_stock_low(item, key))
        movement = movement_of(item, change, idem_key=key, **notes)
        movement.pk = moved.movement_id
        movements.append(movement)
    if lows:
        publish_all(lows)
    return movements


def _each(kind: Kind, lines: Iterable[StockLine], *, was_reserved: bool = False) -> dict[Place, Change]:
    """Demand summed per stock item. Raises `InvalidInputError`."""
    sums: dict[Place, int] = defaultdict(int)
    for line in lines:
        if line.quantity < 1 and kind != Kind.ADJUST:
            raise InvalidInputError.of("quantity", "min_value", gettext_noop("The quantity must be more than zero."))
        sums[line.variant_id, line.store_id] += line.quantity
    if not sums or 0 in sums.values():
        raise InvalidInputError.of("quantity", "zero", gettext_noop("The quantity must not be zero."))
    return {place: Change(kind, total, total if was_reserved else 0) for place, total in sums.items()}


def _require_reason(changes: Mapping[Place, Change], reason: str) -> None:
    if not reason.strip() and any(change.kind == Kind.ADJUST for change in changes.values()):
        raise InvalidInputError.of("reason", "required", gettext_noop("Say why the stock is adjusted."))


def _items(places: Iterable[Place]) -> QuerySet[StockItem]:
    """A variant belongs to one store, so its id leads to the item; the store is compared all the same."""
    variants, stores = zip(*places, strict=True)
    return StockItem.objects.filter(variant_id__in=variants, store_id__in=set(stores))


def _open_missing(places: Iterable[Place]) -> None:
    missing = set(places) - set(_items(places).values_list("variant_id", "store_id"))
    if not missing:
        return
    owners = dict(Variant.objects.filter(pk__in=[place[0] for place in missing]).values_list("pk", "store_id"))
    if any(owners.get(variant_id) != store_id for variant_id, store_id in missing):
        raise UnknownStockError
    StockItem.objects.bulk_create(
        [StockItem(variant_id=variant_id, store_id=store_id) for variant_id, store_id in missing],
        ignore_conflicts=True,
    )


def _keys(idem_key: str, count: int) -> list[str]:
    return [idem_key if position == 0 else f"{idem_key}#{position}" for position in range(count)]


def _moved_before(idem_key: str, count: int) -> list[StockMovement]:
    """Movements under the key; one more than asked for is enough to see that there were more."""
    keys = _keys(idem_key, count + 1)
    return list(StockMovement.objects.filter(idem_key__in=keys).order_by("pk"))


def _compare_with(done: list[StockMovement], changes: Mapping[Place, Change], items: list[StockItem]) -> None:
    places = {item.pk: (item.variant_id, item.store_id) for item in items}
    then = {
        places.get(moved.stock_item_id): Change(Kind(moved.kind), moved.quantity, moved.from_allocated)
        for moved in done
    }
    if then != dict(changes):
        raise StockKeyReusedError


def _refuse_shortage(planned: Sequence[tuple[StockItem, Change]]) -> None:
    shortages = [
        Shortage(item.variant_id, item.store_id, change.demand, change.limit(item))
        for item, change in planned
        if change.takes and change.demand > change.limit(item)
    ]
    if shortages:
        raise InsufficientStockError(shortages)
    if any(item.on_hand + change.on_hand > MAX_ON_HAND for item, change in planned):
        raise StockLimitError(limit=MAX_ON_HAND)


def _only_what_staff_set_aside(item: StockItem, change: Change) -> None:
    if change.allocated >= 0:
        return
    ours = set_aside_by_staff(item, cause=STAFF_CAUSE)
    if -change.allocated > ours:
        raise InsufficientStockError([Shortage(item.variant_id, item.store_id, -change.allocated, ours)])


def _write(planned: Sequence[tuple[StockItem, Change]], *, idem_key: str, **notes: Any) -> list[StockMovement]:
    movements, lows = [], []
    for (item, change), key in zip(planned, _keys(idem_key, len(planned)), strict=True):
        before = item.available
        item.on_hand += change.on_hand
        item.allocated += change.allocated
        movements.append(movement_of(item, change, idem_key=key, **notes))
        if item.available <= item.reorder_point < before:
            lows.append(_stock_low(item, key))
    StockItem.objects.bulk_update([item for item, _change in planned], ["on_hand", "allocated"])
    try:
        with transaction.atomic():
            StockMovement.objects.bulk_create(movements)
    except IntegrityError as error:
        # Another transaction used the key for other items: nothing they both lock made one wait.
        if not StockMovement.objects.filter(idem_key__in=[moved.idem_key for moved in movements]).exists():
            raise
        raise StockKeyReusedError from error
    if lows:
        publish_all(lows)
    return movements


def movement_of(
    item: StockItem, change: Change, *, idem_key: str, cause: str = "", reason: str = "", actor_id: UUID | None = None
) -> StockMovement:
    """The movement that explains the counters as `item` has them after the change."""
    return StockMovement(
        stock_item=item,
        kind=change.kind,
        quantity=change.quantity,
        from_allocated=change.from_allocated,
        on_hand_after=item.on_hand,
        allocated_after=item.allocated,
        idem_key=idem_key,
        cause=cause,
        reason=reason,
        actor_id=actor_id,
    )


def _stock_low(item: StockItem, key: str) -> StockLow:
    return StockLow(
        stock_item_id=item.pk,
        variant_id=item.variant_id,
        store_id=item.store_id,
        available=item.available,
        reorder_point=item.reorder_point,
        movement_key=key,
    )

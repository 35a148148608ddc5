"""What flash promotions do when something happened, here or in the stores."""

from django.utils import timezone

from marketplace.core.outbox.handlers import handles
from promotions.events import HoldReleased, UnitSold
from stores.events import StoreMoved, StoreStateChanged
from stores.facade import store_place

from .services import lifecycle, waitlist


@handles(UnitSold, queue="holds")
def end_promo_when_nothing_is_left(event: UnitSold) -> None:
    """Of two last buyers at once neither sees the other; afterwards this sees both, and the end is published once."""
    lifecycle.end_sold_out_promo(promo_id=event.promo_id, at=timezone.now())


@handles(HoldReleased, queue="holds")
def tell_waitlist_on_hold_released(event: HoldReleased) -> None:
    """A unit that is given back is told at once; that one has lapsed, the clock says within a second."""
    waitlist.tell_next(promo_id=event.promo_id)


@handles(StoreMoved, queue="holds")
def move_promos_when_store_moves(event: StoreMoved) -> None:
    """Promotions carry their store's coordinates."""
    lifecycle.move_promos_of_store(place=store_place(event.store_id))


@handles(StoreStateChanged, queue="holds")
def reread_running_when_store_state_changes(event: StoreStateChanged) -> None:
    """Only an open store sells: the list of what runs changes with it."""
    lifecycle.reread_promos_of_store(store_id=event.store_id)

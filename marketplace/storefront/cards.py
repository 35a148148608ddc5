"""A promotion as a card shows it to one person: what is sold, how many are left, and whose minute it is."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.core.files.storage import default_storage

from marketplace.core.geo import great_circle_km
from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.contracts import LiveState, PromoCard, ReservationCard, RunningPromo
from stores import facade as stores
from stores.contracts import ProductFace
from users import facade as users
from users.contracts import CustomerCard

MOST_CARDS = 24
RUNNING = "running"
HIDDEN_STATES = frozenset({"draft", "paused"})


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the template of a card says."""

    promo_id: UUID
    product_name: str
    store_name: str
    category_name: str
    price: Money
    list_price: Money
    percent_off: int
    picture: str
    alternative_text: str
    seconds_to_end: int
    distance_km: float | None
    latitude: float
    longitude: float
    units: int
    live: LiveState
    reservation: ReservationCard | None = None
    # What came of the last press of a button.
    refusal: str = ""
    order_number: str = ""

    @property
    def is_running(self) -> bool:
        """Whether a unit could still become somebody's."""
        return self.live.state == RUNNING

    @property
    def is_free(self) -> bool:
        """Whether a unit can be had at once."""
        return self.is_running and self.live.units_free > 0

    @property
    def seen(self) -> str:
        """Changes with what the card shows, countdowns aside: a browser that has it needs no new one."""
        mine = self.reservation.reservation_id.hex if self.reservation else "-"
        return f"{self.live.state}.{self.live.units_left}.{self.live.units_free}.{mine}"

    @property
    def tint(self) -> int:
        """One of eight colours, for products without a picture."""
        return self.promo_id.int % 8

    def after(self, *, refusal: str = "", order_number: str = "") -> "Card":
        """The card with what came of a button."""
        return replace(self, refusal=refusal, order_number=order_number)


def customer_of(account_id: UUID | None) -> CustomerCard | None:
    """The customer, if that account is one; nobody is signed in with None."""
    if account_id is None:
        return None
    try:
        return users.customer_card(account_id)
    except users.CustomerNotFoundError:
        return None


def cards_for(customer: CustomerCard | None, at: datetime) -> list[Card]:
    """What the customer may take, nearest first; everything that runs for whoever is none. Four queries at most."""
    if customer is None:
        near = [promotions.Nearby(promo, None) for promo in promotions.running_promos(at)[:MOST_CARDS]]
    else:
        near = list(promotions.eligible_promos(customer, at)[:MOST_CARDS])
    live = promotions.live_states(each.promo.promo_id for each in near)
    faces = stores.product_faces(each.promo.product_id for each in near)
    mine = _reservation_of(customer)
    found = [
        _card(each.promo, live[each.promo.promo_id], faces, distance_km=each.distance_km, mine=mine, at=at)
        for each in near
        if each.promo.promo_id in live
    ]
    return _with_own(found, mine, customer, at)


def card_for(customer: CustomerCard | None, promo_id: UUID, at: datetime) -> Card:
    """One promotion, whatever became of it. Raises `NotFoundError` for what was not announced."""
    return _single(customer, promo_id, _reservation_of(customer), at)


def _with_own(
    cards: Sequence[Card], mine: ReservationCard | None, customer: CustomerCard | None, at: datetime
) -> list[Card]:
    """What the customer holds comes first, also where it could not be taken any more."""
    if mine is None:
        return list(cards)
    own = [card for card in cards if card.reservation]
    return [*(own or [_single(customer, mine.promo_id, mine, at)]), *(card for card in cards if not card.reservation)]


def _single(customer: CustomerCard | None, promo_id: UUID, mine: ReservationCard | None, at: datetime) -> Card:
    promo = promotions.promo_card(promo_id)
    live = promotions.live_states([promo_id])[promo_id]
    if live.state in HIDDEN_STATES and (mine is None or mine.promo_id != promo_id):
        raise promotions.PromoNotFoundError
    distance = None
    if customer is not None and customer.latitude is not None and customer.longitude is not None:
        distance = great_circle_km(promo.latitude, promo.longitude, customer.latitude, customer.longitude)
    return _card(promo, live, stores.product_faces([promo.product_id]), distance_km=distance, mine=mine, at=at)


def _reservation_of(customer: CustomerCard | None) -> ReservationCard | None:
    return None if customer is None else promotions.active_reservation(customer.customer_id)


def _card(
    promo: RunningPromo | PromoCard,
    live: LiveState,
    faces: dict[UUID, ProductFace],
    *,
    distance_km: float | None,
    mine: ReservationCard | None,
    at: datetime,
) -> Card:
    face = faces.get(promo.product_id)
    return Card(
        promo_id=promo.promo_id,
        product_name=promo.product_name,
        store_name=promo.store_name,
        category_name=face.category_name if face else "",
        price=promo.price,
        list_price=promo.list_price,
        percent_off=percent_off(promo.price, promo.list_price),
        picture=default_storage.url(face.picture) if face and face.picture else "",
        alternative_text=face.alternative_text if face else "",
        seconds_to_end=max(0, int((promo.ends_at - at).total_seconds())),
        distance_km=distance_km,
        latitude=promo.latitude,
        longitude=promo.longitude,
        units=promo.units,
        live=live,
        reservation=mine if mine and mine.promo_id == promo.promo_id else None,
    )


def percent_off(price: Money, list_price: Money) -> int:
    """Whole percent, rounded down: never more than it is. Zero where it is not cheaper."""
    if price.currency != list_price.currency or list_price.minor <= price.minor:
        return 0
    return (list_price.minor - price.minor) * 100 // list_price.minor

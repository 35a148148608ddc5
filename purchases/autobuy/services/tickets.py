"""The staff queue: what is bought in other shops, and what becomes of the money that is on hold for it."""

from contextlib import suppress
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from funds import facade as funds
from links import facade as links
from marketplace.core import audit
from marketplace.core.clock import db_now
from marketplace.core.money import CurrencyMismatchError, Money
from marketplace.core.outbox.publishing import publish
from purchases.autobuy.errors import CostExceedsHeldError, NotYourTicketError, TicketNotFoundError, TicketStateError
from purchases.autobuy.models import AutoPurchase, Plan, PurchaseTicket
from purchases.events import AutoPurchaseEnded

from .answers import COSTS_MORE
from .buying import ASK_HOURS, new_purchase, put_question
from .ending import give_pots_back, lock_for, release
from .plans import touch

State = PurchaseTicket.State
GIVEN_UP: Final = "given_up"
HOLD_LAPSED: Final = "hold_lapsed"


@transaction.atomic
def claim(*, ticket_id: UUID, actor_id: UUID) -> PurchaseTicket:
    """Take an open one: nobody else buys it. Raises `TicketNotFoundError`, `TicketStateError` for the slower of two."""
    return _step(ticket_id, State.OPEN, actor_id=actor_id, state=State.CLAIMED, claimed_by_id=actor_id)


@transaction.atomic
def put_back(*, ticket_id: UUID, actor_id: UUID) -> PurchaseTicket:
    """Into the queue again, for a colleague. Raises `TicketNotFoundError`, `TicketStateError`."""
    return _step(ticket_id, State.CLAIMED, actor_id=actor_id, state=State.OPEN, claimed_by_id=None)


@transaction.atomic
def record_bought(
    *, ticket_id: UUID, actor_id: UUID, cost: Money, at: datetime, shop_reference: str = "", tracking: str = ""
) -> PurchaseTicket:
    """It is bought: the real cost is captured, the difference is free, first for the pots that gave to it.

    By whoever has claimed it. Raises `TicketNotFoundError`, `TicketStateError`, `NotYourTicketError`,
    `CurrencyMismatchError`, `CostExceedsHeldError`, `HoldNotActiveError` when the hold's time is over.
    """
    ticket, plan = _locked(ticket_id, actor_id)
    purchase = ticket.purchase
    if cost.currency != purchase.currency:
        raise CurrencyMismatchError(left=cost.currency, right=purchase.currency)
    if cost > purchase.held:
        raise CostExceedsHeldError(amount=f"{purchase.held.decimal:f}", currency=purchase.currency)
    rest = purchase.held - cost
    links.lock_pots_of(key=str(purchase.pk))
    assert purchase.hold_id is not None
    funds.capture_hold(hold_id=purchase.hold_id, key=f"ticket:{ticket.pk}", amount=cost, at=at)
    to_pots = min(rest, purchase.from_pots, key=lambda money: money.minor)
    if to_pots:
        links.return_to_pots(key=str(purchase.pk), amount=to_pots)
    purchase.state, purchase.cost_minor, purchase.ended_at = AutoPurchase.State.BOUGHT, cost.minor, at
    purchase.save(update_fields=["state", "cost_minor", "ended_at", "updated_at"])
    done = _end(
        ticket,
        State.BOUGHT,
        actor_id=actor_id,
        at=at,
        real_cost_minor=cost.minor,
        shop_reference=shop_reference,
        tracking=tracking,
    )
    plan.due_at, plan.cause = at, "funds"
    touch(plan, "due_at", "cause")
    _tell(purchase, cost=cost, returned=rest)
    return done


@transaction.atomic
def give_up(*, ticket_id: UUID, actor_id: UUID, reason: str, at: datetime) -> PurchaseTicket:
    """It will not be bought: all of the money is free, the gift is wanted again; the customer reads the reason.

    By whoever has claimed it. Raises `TicketNotFoundError`, `TicketStateError`, `NotYourTicketError`.
    """
    ticket, plan = _locked(ticket_id, actor_id)
    return _release(ticket, plan, code=GIVEN_UP, reason=reason, actor_id=actor_id, at=at)


@transaction.atomic
def ask_again(*, ticket_id: UUID, actor_id: UUID, price: Money, reason: str, at: datetime) -> AutoPurchase:
    """It costs more than is set aside: release everything, and ask the customer about the new price.

    By whoever has claimed it; the new question. Raises as `give_up`, and `CurrencyMismatchError`.
    """
    ticket, plan = _locked(ticket_id, actor_id)
    purchase = ticket.purchase
    if price.currency != purchase.currency:
        raise CurrencyMismatchError(left=price.currency, right=purchase.currency)
    gift = links.locked_gift(purchase.gift_id)
    _release(ticket, plan, code=COSTS_MORE, reason=reason, actor_id=actor_id, at=at)
    asked = new_purchase(customer_id=purchase.customer_id, gift=gift, price=price, schedule_id=purchase.schedule_id)
    put_question(asked, reason=COSTS_MORE, hours=plan.ask_hours or ASK_HOURS)
    return asked


def give_lapsed_up(*, at: datetime, limit: int = 100) -> int:
    """Give up what nobody bought while the money was on hold, a transaction each; how many. Harmless twice."""
    due = PurchaseTicket.objects.filter(state__in=[State.OPEN, State.CLAIMED], held_until__lte=db_now())
    return sum(_give_lapsed_up(pk, at) for pk in list(due.order_by("held_until").values_list("pk", flat=True)[:limit]))


@transaction.atomic
def _give_lapsed_up(ticket_id: UUID, at: datetime) -> bool:
    try:
        ticket, plan = _locked(ticket_id, None)
    except TicketStateError:
        return False  # somebody has bought it, or given it up, at the last moment
    _release(ticket, plan, code=HOLD_LAPSED, reason="", actor_id=None, at=at)
    return True


def _locked(ticket_id: UUID, actor_id: UUID | None) -> tuple[PurchaseTicket, Plan]:
    """A ticket that is not over, under its plan's and its gift's lock. With an actor: one that is theirs."""
    purchase = AutoPurchase.objects.filter(ticket=ticket_id).first()
    if purchase is None:
        raise TicketNotFoundError
    plan = lock_for(purchase)
    ticket = PurchaseTicket.objects.select_related("purchase").get(pk=ticket_id)
    if actor_id is not None and ticket.state == State.CLAIMED and ticket.claimed_by_id != actor_id:
        raise NotYourTicketError
    allowed = {State.CLAIMED} if actor_id is not None else {State.OPEN, State.CLAIMED}
    if ticket.state not in allowed:
        raise TicketStateError(state=ticket.get_state_display())
    return ticket, plan


def _release(
    ticket: PurchaseTicket, plan: Plan, *, code: str, reason: str, actor_id: UUID | None, at: datetime
) -> PurchaseTicket:
    purchase = ticket.purchase
    release(purchase, plan, reason=code, at=at, gives_turn_back=code != COSTS_MORE)
    links.lock_pots_of(key=str(purchase.pk))
    assert purchase.hold_id is not None
    with suppress(funds.HoldNotActiveError):  # its time is over: the money is free already
        funds.release_hold(hold_id=purchase.hold_id)
    give_pots_back(purchase)
    done = _end(ticket, State.GIVEN_UP, actor_id=actor_id, at=at, reason=reason[:280] or code)
    _tell(purchase, cost=None, returned=purchase.held)
    return done


def _end(ticket: PurchaseTicket, state: str, *, actor_id: UUID | None, at: datetime, **values: Any) -> PurchaseTicket:
    return _step(ticket.pk, ticket.state, actor_id=actor_id, state=state, ended_at=at, **values)


def _step(ticket_id: UUID, from_state: str, *, actor_id: UUID | None, state: str, **values: Any) -> PurchaseTicket:
    """One conditional update: of two at once one comes too late."""
    standing = PurchaseTicket.objects.filter(pk=ticket_id, state=from_state)
    won = standing.update(state=state, version=F("version") + 1, updated_at=db_now(), **values)
    ticket = PurchaseTicket.objects.select_related("purchase").filter(pk=ticket_id).first()
    if ticket is None:
        raise TicketNotFoundError
    if not won:
        raise TicketStateError(state=ticket.get_state_display())
    audit.record(
        actor_id=actor_id,
        action="purchases.move_ticket",
        subject=ticket,
        before={"state": from_state},
        after={"state": state, "real_cost_minor": ticket.real_cost_minor},
        reason=ticket.reason,
    )
    return ticket


def _tell(purchase: AutoPurchase, *, cost: Money | None, returned: Money) -> None:
    publish(
        AutoPurchaseEnded(
            purchase_id=purchase.pk,
            customer_id=purchase.customer_id,
            gift_id=purchase.gift_id,
            state=purchase.state,
            cost=cost,
            returned=returned,
            reason=purchase.reason if cost is None else "",
        )
    )

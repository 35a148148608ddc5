"""Everything that happened to an order as one list: its steps, money, goods, parcels, returns, and who did what."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from funds.contracts import OrderMoneyStep
from marketplace.core.admin_history import action_text, actor_name, people_of
from marketplace.core.audit import AuditEntry
from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money
from purchases.orders.models import CallOffLine, Order, OrderReturn
from purchases.shipments.models import Shipment, ShipmentEvent
from stores.contracts import StockStep

SYSTEM_WORDS: Final = {
    "late payment": gettext_lazy("the money came in late"),
    "cancelled": gettext_lazy("cancelled"),
    "paid when it was over": gettext_lazy("paid when it was over"),
}
"""Notes that services write by themselves."""

_ORDER_ICONS: Final = {
    "placed": "receipt_long",
    "paid": "paid",
    "packed": "inventory_2",
    "shipped": "local_shipping",
    "delivered": "home",
    "closed": "lock",
    "cancelled": "cancel",
    "expired": "timer_off",
    "partly_returned": "assignment_return",
    "returned": "assignment_return",
}
_MONEY: Final = {
    "asked": ("hourglass_top", gettext_lazy("Payment begun")),
    "paid": ("payments", gettext_lazy("Payment received")),
    "failed": ("money_off", gettext_lazy("Payment failed")),
    "expired": ("money_off", gettext_lazy("Payment ran out")),
    "cancelled": ("money_off", gettext_lazy("Payment called off")),
    "settled": ("account_balance", gettext_lazy("Shared out; to the store")),
    "refunded": ("undo", gettext_lazy("Money back")),
}
_STOCK: Final = {
    "receive": gettext_lazy("Goods back on the shelf"),
    "reserve": gettext_lazy("Goods set aside"),
    "release": gettext_lazy("Goods free again"),
    "sale": gettext_lazy("Goods sold"),
    "adjust": gettext_lazy("Stock corrected"),
}
WALLET: Final = gettext_lazy("from the wallet")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened. `group` says of what kind, for its colour; `actor` is empty where nobody is named."""

    at: datetime
    group: str
    icon: str
    title: str
    detail: str = ""
    actor: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Sources:
    """What the timeline is made of, read before."""

    order: Order
    parcels: Sequence[Shipment]
    returns: Sequence[OrderReturn]
    called_off: Sequence[CallOffLine]
    money: Sequence[OrderMoneyStep]
    goods: Sequence[StockStep]


def timeline(sources: Sources) -> list[Entry]:
    """Oldest first; of things that happened at once the order's own step comes first. Two queries: audit, names."""
    audit = _audit_of(sources.order, sources.returns)
    events = list(sources.order.history.all())
    acted = [
        *(event.actor_id for event in events),
        *(event.actor_id for parcel in sources.parcels for event in parcel.history.all()),
        *(step.actor_id for step in sources.goods),
        *(row.call_off.actor_id for row in sources.called_off),
        *(entry.actor_id for entry in audit),
    ]
    people = people_of(acted)
    customer_id = sources.order.customer_id

    def named(actor_id: UUID | None) -> str:
        return _("the customer") if actor_id == customer_id else actor_name(actor_id, people)

    found = [
        *_steps(events, named),
        *map(_money, sources.money),
        *_goods(sources.goods, named),
        *_parcels(sources.parcels, named),
        *_returns(sources.returns, _("the customer")),
        *_called_off(sources.called_off, sources.order, named),
        *_audits(audit, sources.returns, named),
    ]
    return sorted(found, key=lambda entry: entry.at)


Named = Callable[[UUID | None], str]


def note_text(note: str) -> str:
    """What somebody wrote as it is, what a service wrote in the reader's language."""
    return str(SYSTEM_WORDS.get(note, note))


def _audit_of(order: Order, returns: Iterable[OrderReturn]) -> list[AuditEntry]:
    own = Q(object_type=Order._meta.label_lower, object_id=str(order.pk))
    back = Q(object_type=OrderReturn._meta.label_lower, object_id__in=[str(each.pk) for each in returns])
    return list(AuditEntry.objects.filter(own | back).order_by("pk"))


def _steps(events: Iterable[Any], named: Named) -> Iterator[Entry]:
    labels = dict(Order.State.choices)
    for event in events:
        if event.from_state == event.to_state == Order.State.PAID:
            continue  # units were called off, which has an entry of its own
        title = _("Order %(state)s") % {"state": labels.get(event.to_state, event.to_state)}
        icon = _ORDER_ICONS.get(event.to_state, "history")
        yield Entry(event.at, "order", icon, title, note_text(event.note), named(event.actor_id))


def _money(step: OrderMoneyStep) -> Entry:
    icon, title = _MONEY[step.kind]
    detail = note_text(step.note)
    if step.kind in {"asked", "paid"}:
        detail = step.provider or str(WALLET)
    return Entry(step.at, "money", icon, f"{title}: {shown_amount(step.amount)}", detail)


def _goods(steps: Sequence[StockStep], named: Named) -> Iterator[Entry]:
    """Lines that moved together are one thing that happened."""
    for (kind, _cause, actor_id), moved in groupby(steps, key=lambda step: (step.kind, step.cause, step.actor_id)):
        lines = list(moved)
        detail = ", ".join(f"{line.quantity} × {line.sku}" for line in lines)
        yield Entry(lines[0].at, "goods", "shelves", str(_STOCK.get(kind, kind)), detail, named(actor_id))


def _parcels(parcels: Iterable[Shipment], named: Named) -> Iterator[Entry]:
    labels = dict(Shipment.State.choices)
    for parcel in parcels:
        carried = " ".join(filter(None, (parcel.carrier, parcel.tracking)))
        for event in parcel.history.all():
            title = _("Parcel %(state)s") % {"state": labels.get(event.to_state, event.to_state)}
            yield Entry(event.at, "parcel", "package_2", title, _joined(carried, event), named(event.actor_id))


def _joined(carried: str, event: ShipmentEvent) -> str:
    return " · ".join(filter(None, (carried, event.note)))


def _returns(returns: Iterable[OrderReturn], customer: str) -> Iterator[Entry]:
    for each in returns:
        url = reverse("admin:purchases_orderreturn_change", args=[each.pk])
        asked = _("Return requested")
        yield Entry(each.created_at, "return", "assignment_return", asked, each.reason, customer, url)
        if each.received_at is not None:
            back = shown_amount(Money(each.refund_minor, each.order.currency))
            received = _("Return received; goes back: %(amount)s") % {"amount": back}
            yield Entry(each.received_at, "return", "move_to_inbox", received, url=url)


def _called_off(rows: Iterable[CallOffLine], order: Order, named: Named) -> Iterator[Entry]:
    for each, lines in groupby(rows, key=attrgetter("call_off")):
        units = ", ".join(f"{row.quantity} × {row.line.sku}" for row in lines)
        back = shown_amount(Money(each.refund_minor, order.currency))
        title = _("Called off: %(units)s; goes back: %(amount)s") % {"units": units, "amount": back}
        yield Entry(each.called_off_at, "order", "remove_shopping_cart", title, each.reason, named(each.actor_id))


def _audits(entries: Iterable[AuditEntry], returns: Iterable[OrderReturn], named: Named) -> Iterator[Entry]:
    decided = {
        OrderReturn.State.APPROVED: ("thumb_up", _("Return approved")),
        OrderReturn.State.REFUSED: ("thumb_down", _("Return refused")),
    }
    for entry in entries:
        icon, title = decided.get(entry.after.get("state"), ("policy", ""))
        if not title or entry.action != "purchases.decide_return":
            icon, title = "policy", capfirst(action_text(entry.action))
        group = "return" if entry.object_type == OrderReturn._meta.label_lower else "audit"
        yield Entry(entry.at, group, icon, title, entry.reason, named(entry.actor_id))

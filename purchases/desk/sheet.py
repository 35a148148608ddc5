"""All that the page of an order shows, read in a constant number of queries."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Prefetch, QuerySet, Value, When
from django.utils import formats
from django.utils.translation import gettext as _

from funds import facade as funds
from funds.contracts import PartShares
from marketplace.core.clock import platform_day
from marketplace.core.formatting import shown_amount, shown_percent
from marketplace.core.money import Money
from purchases.invoices.models import Invoice
from purchases.invoices.selectors import invoices_of
from purchases.orders.models import CallOffLine, Order, OrderLine, OrderPart, OrderReturn, ReturnLine
from purchases.orders.selectors import returns_waiting
from purchases.shipments.models import Shipment, ShipmentEvent
from stores import facade as stores

from .labels import APPLIED, BENEFITS
from .timeline import Entry, Sources, timeline

OPEN_RETURNS = (OrderReturn.State.REQUESTED, OrderReturn.State.APPROVED)


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A line as it was sold; what promotions took off it and what came back of it, in words."""

    line: OrderLine
    list_total: Money
    total: Money
    saved: tuple[str, ...]
    returned: str


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One store's share: `terms` are the commission, or how its money was shared out.

    `shares` is None while the books have not been asked.
    """

    part: OrderPart
    lines: tuple[SheetLine, ...]
    shipping: Money
    total: Money
    terms: str
    shares: PartShares | None
    parcels: tuple[Shipment, ...]
    invoices: tuple[Invoice, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The page."""

    order: Order
    list_total: Money
    discount: Money
    shipping: Money
    total: Money
    refunded: Money
    saved: tuple[str, ...]
    address: tuple[str, ...]
    parts: tuple[SheetPart, ...]
    returns: tuple[OrderReturn, ...]
    timeline: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Queue:
    """So many orders wait for the same thing."""

    title: str
    query: str
    count: int
    is_of_returns: bool = False

    @property
    def colour(self) -> str:
        """Of its number."""
        return "warning" if self.count else "default"


def order_sheet(order: Order) -> Sheet:
    """Read it; how many queries does not depend on how much is in the order."""
    parts = list(
        OrderPart.objects.filter(order=order)
        .select_related("store")
        .prefetch_related(
            Prefetch("lines", OrderLine.objects.order_by("sku", "pk")),
            Prefetch("shipments", Shipment.objects.order_by("pk")),
            Prefetch("shipments__history", ShipmentEvent.objects.order_by("pk")),
        )
        .order_by("store__name", "pk")
    )
    returns = list(returns_with_lines().filter(order=order).order_by("pk"))
    log = funds.order_money_log(order.pk)
    parcels = [parcel for part in parts for parcel in part.shipments.all()]
    issued: dict[UUID, list[Invoice]] = defaultdict(list)
    for invoice in invoices_of(order.pk):
        issued[invoice.part_id].append(invoice)
    causes = [f"order:{order.pk}", *(f"return:{each.pk}" for each in returns)]
    shares = {each.store_id: each for each in log.parts}
    unsent = CallOffLine.objects.filter(line__order=order).select_related("call_off", "line")
    called_off = list(unsent.order_by("call_off", "line__sku", "pk"))
    happened = timeline(Sources(order, parcels, returns, called_off, log.steps, stores.stock_log(causes)))
    return Sheet(
        order=order,
        list_total=Money(order.list_total_minor, order.currency),
        discount=Money(order.discount_minor, order.currency),
        shipping=Money(order.shipping_minor, order.currency),
        total=order.total,
        refunded=sum((each.refunded for each in log.parts), start=Money.zero(order.currency)),
        saved=benefits_in_words(order.applied_benefits, order.currency),
        address=_address(order.shipping_address),
        parts=tuple(_part(part, order.currency, shares, issued[part.pk]) for part in parts),
        returns=tuple(returns),
        timeline=tuple(happened),
    )


def returns_with_lines() -> "QuerySet[OrderReturn]":
    """Returns with what a list of them shows; three queries."""
    lines = ReturnLine.objects.select_related("line").order_by("line__sku", "pk")
    return OrderReturn.objects.select_related("order__customer").prefetch_related(Prefetch("lines", lines))


def by_urgency() -> Case:
    """Returns to decide first, then those on their way, then the rest."""
    places = [When(state=state, then=Value(place)) for place, state in enumerate(OPEN_RETURNS)]
    return Case(*places, default=Value(len(OPEN_RETURNS)), output_field=IntegerField())


def queues() -> list[Queue]:
    """What waits at the desk. Two queries over indexed states."""
    waiting = (Order.State.PAID, Order.State.PACKED, Order.State.PLACED)
    titles = (_("To pack"), _("To send"), _("Waiting for money"))
    rows = Order.objects.filter(state__in=waiting).order_by().values_list("state").annotate(count=Count("pk"))
    counts: dict[Any, int] = dict(rows)
    found = [
        Queue(title, f"state__exact={state.value}", counts.get(state.value, 0))
        for title, state in zip(titles, waiting, strict=True)
    ]
    return [*found, Queue(_("Returns"), "state__exact=requested", returns_waiting(), is_of_returns=True)]


def benefits_in_words(benefits: Iterable[dict[str, Any]], currency: str) -> tuple[str, ...]:
    """Which promotion saved what, in the reader's language."""
    return tuple(
        # Some take nothing off: they send for free what was free already, or count points twice.
        (BENEFITS.get(each["kind"], BENEFITS["campaign"]) if each["amount_minor"] else APPLIED)
        % {"name": each.get("name") or "—", "amount": shown_amount(Money(each["amount_minor"], currency))}
        for each in benefits
    )


def _part(part: OrderPart, currency: str, shares: dict[UUID, PartShares], issued: list[Invoice]) -> SheetPart:
    mine = shares.get(part.store_id)
    return SheetPart(
        part=part,
        lines=tuple(_line(line, currency) for line in part.lines.all()),
        shipping=Money(part.shipping_minor, currency),
        total=Money(part.total_minor, currency),
        terms=_terms(part, mine),
        shares=mine,
        parcels=tuple(part.shipments.all()),
        invoices=tuple(issued),
    )


def _line(line: OrderLine, currency: str) -> SheetLine:
    return SheetLine(
        line=line,
        list_total=Money(line.list_price_minor * line.quantity, currency),
        total=Money(line.total_minor, currency),
        saved=benefits_in_words(line.applied_benefits, currency),
        returned=_returned(line, currency),
    )


def _returned(line: OrderLine, currency: str) -> str:
    """What came back of it or was never sent, in words."""
    unsent, back = line.called_off_quantity, line.returned_quantity - line.called_off_quantity
    amounts = {"units": back, "unsent": unsent, "amount": shown_amount(Money(line.refunded_minor, currency))}
    if back and unsent:
        return _("%(units)s came back, %(unsent)s will not be sent, %(amount)s paid back") % amounts
    if back:
        return _("%(units)s came back, %(amount)s paid back") % amounts
    return _("%(unsent)s will not be sent, %(amount)s paid back") % amounts if unsent else ""


def _terms(part: OrderPart, shares: PartShares | None) -> str:
    """What the store sold under, or what came of it."""
    if shares is None or shares.settled_at is None:
        return _("commission %(rate)s") % {"rate": shown_percent(part.commission_bp)}
    return _("Shared out on %(day)s: store %(payable)s, commission %(commission)s, tax %(tax)s.") % {
        "day": formats.date_format(platform_day(shares.settled_at)),
        "payable": shown_amount(shares.payable),
        "commission": shown_amount(shares.commission),
        "tax": shown_amount(shares.tax),
    }


def _address(address: dict[str, str]) -> tuple[str, ...]:
    """As on a parcel: town and postal code on one line."""
    town = " ".join(filter(None, (address.get("postal_code"), address.get("city"))))
    place = ", ".join(filter(None, (address.get("state"), address.get("country"))))
    street = [address.get(name, "") for name in ("recipient", "line1", "line2")]
    return tuple(filter(None, (*street, town, place, address.get("phone"), address.get("notes"))))

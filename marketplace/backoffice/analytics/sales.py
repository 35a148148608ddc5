"""What was sold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.core.money import Money
from purchases import facade as purchases
from purchases.contracts import SalesSums

from . import links
from .values import COUNT, MONEY, Column, Figure, Label, Period, Row, Series, Table, Value

NEEDS: Final = "purchases.view_dailysales"
BEST: Final = 10
_NOTHING: Final = SalesSums()
_DOORS: Final = {
    "checkout": _("checkout"),
    "flash": _("flash promotion"),
    "autobuy": _("automatic purchase"),
    "import": _("import"),
}


@dataclass(frozen=True, slots=True)
class Sales:
    """The days' sums of a period and of the one before it, read once."""

    period: Period
    currency: str
    now: Mapping[date, SalesSums]
    before: Mapping[date, SalesSums]

    @classmethod
    def read(cls, period: Period, currency: str) -> "Sales":
        """One query, two with a comparison."""
        earlier = period.before
        before = purchases.daily_sums(earlier.first, earlier.last, currency) if earlier else {}
        return cls(period, currency, purchases.daily_sums(period.first, period.last, currency), before)

    @property
    def units_a_day(self) -> float:
        """Over all days of the period."""
        return _total(self.now).units / len(self.period.days)

    def figures(self) -> tuple[Figure, ...]:
        """Each leads to its orders, or to the days' sums."""
        now, before = _total(self.now), _total(self.before)
        orders = links.orders(self.period, currency=self.currency)
        sums = links.days("purchases_dailysales", self.period, currency=self.currency)
        return (
            self._money("revenue", _("Revenue"), now.revenue, before.revenue, orders),
            self._count("orders", _("Orders"), now.orders, before.orders, orders),
            self._money("average_ticket", _("Average ticket"), now.average_ticket, before.average_ticket, orders),
            self._money("net_revenue", _("Revenue less what went back"), now.net_revenue, before.net_revenue, sums),
            self._money("refunds", _("Went back to customers"), now.refunds, before.refunds, sums),
            self._money("discount", _("Taken off by promotions"), now.discount, before.discount, sums),
            self._count("units", _("Units sold"), now.units, before.units, sums),
            self._count("new_customers", _("New customers"), now.new_customers, before.new_customers, sums),
        )

    def series(self) -> tuple[Series, Series]:
        """Revenue and orders by day."""
        earlier = self.period.before.days if self.period.before else []

        def revenue(days: Sequence[date], sums: Mapping[date, SalesSums]) -> list[Value]:
            return [Money(sums.get(day, _NOTHING).revenue, self.currency) for day in days]

        def orders(days: Sequence[date], sums: Mapping[date, SalesSums]) -> list[Value]:
            return [sums.get(day, _NOTHING).orders for day in days]

        days = self.period.days
        return (
            Series(
                key="revenue",
                label=_("Revenue by day"),
                kind=MONEY,
                days=days,
                values=revenue(days, self.now),
                before=revenue(earlier, self.before),
                needs=NEEDS,
            ),
            Series(
                key="orders",
                label=_("Orders by day"),
                kind=COUNT,
                days=days,
                values=orders(days, self.now),
                before=orders(earlier, self.before),
                needs=NEEDS,
            ),
        )

    def _money(self, key: str, label: Label, minor: int | None, before: int | None, url: str) -> Figure:
        return Figure(key, label, MONEY, self._amount(minor), self._prior(self._amount(before)), url, NEEDS)

    def _count(self, key: str, label: Label, number: int, before: int, url: str) -> Figure:
        return Figure(key, label, COUNT, number, self._prior(before), url, NEEDS)

    def _amount(self, minor: int | None) -> Money | None:
        return None if minor is None else Money(minor, self.currency)

    def _prior(self, value: Value) -> Value:
        return value if self.period.before else None


def by_door(period: Period, currency: str) -> Table:
    """Through which door orders came. One query."""
    sums = purchases.source_sums(period.first, period.last, currency)
    return Table(
        "sales_by_source",
        _("Sales by door"),
        (Column("source", _("door")), *_sale_columns()),
        tuple(
            Row(
                (str(_DOORS[source]), *_sale_values(each, currency)),
                links.orders(period, source__exact=source, currency=currency),
            )
            for source, each in sums.items()
        ),
        needs=NEEDS,
        chart="revenue",
    )


def by_store(period: Period, currency: str) -> Table:
    """The stores that sold most; an order of several stores counts with its first. One query."""
    return Table(
        "best_stores",
        _("Stores that sold most"),
        (Column("store", _("store")), *_sale_columns()),
        tuple(
            Row(
                (each.name, *_sale_values(each.sums, currency)),
                links.orders(period, parts__store__id__exact=each.store_id, currency=currency),
            )
            for each in purchases.best_stores(period.first, period.last, currency, limit=BEST)
        ),
        needs=NEEDS,
    )


def notes(period: Period, currency: str) -> tuple[Label, ...]:
    """What is not in the numbers. Two queries."""
    found: list[Label] = []
    others = purchases.sold_in_other_currencies(period.first, period.last, currency)
    if others:
        words = {"currency": currency, "others": ", ".join(others)}
        found.append(_("Amounts and orders are those in %(currency)s; there were sales in %(others)s, too.") % words)
    behind = purchases.days_behind()
    if behind:
        found.append(
            _("Days that are being added up anew: %(days)d. Their figures follow within minutes.") % {"days": behind}
        )
    return tuple(found)


def _total(days: Mapping[date, SalesSums]) -> SalesSums:
    names = SalesSums.__dataclass_fields__
    return SalesSums(**{name: sum(getattr(day, name) for day in days.values()) for name in names})


def _sale_columns() -> tuple[Column, ...]:
    return (
        Column("orders", _("orders"), COUNT),
        Column("revenue", _("revenue"), MONEY),
        Column("average_ticket", _("average ticket"), MONEY),
    )


def _sale_values(sums: SalesSums, currency: str) -> tuple[Value, ...]:
    ticket = sums.average_ticket
    return sums.orders, Money(sums.revenue, currency), None if ticket is None else Money(ticket, currency)

"""What stands: members and their points, stock, money."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from funds import facade as funds
from funds.contracts import FundsHealth
from marketplace.core.money import Money
from promotions import facade as promotions
from promotions.contracts import LoyaltyFigures
from purchases import facade as purchases
from stores import facade as stores

from . import links
from .values import COUNT, DAYS, MONEY, RATIO, TEXT, Column, Figure, Period, Row, Table, share

MEMBERS: Final = "promotions.view_loyaltymember"
STOCK: Final = "stores.view_stockitem"
BOOKS: Final = "funds.view_account"
BEST: Final = 20


# --- loyalty


def loyalty_figures(now: LoyaltyFigures, before: LoyaltyFigures | None) -> tuple[Figure, ...]:
    """Members, those who rose, what the points are worth."""
    url = links.page("promotions_loyaltymember_changelist")
    rate = share(now.upgrades, now.members)
    rate_before = share(before.upgrades, before.members) if before else None
    rose_before = before.upgrades if before else None
    return (
        Figure("loyalty_members", _("Loyalty members"), COUNT, now.members, url=url, needs=MEMBERS),
        Figure("loyalty_upgrades", _("Rises to a higher level"), COUNT, now.upgrades, rose_before, url, MEMBERS),
        Figure("upgrade_rate", _("Upgrade rate (rises per member)"), RATIO, rate, rate_before, url, MEMBERS),
        Figure("loyalty_liability", _("Points outstanding, in money"), MONEY, now.liability, url=url, needs=MEMBERS),
    )


def point_figures(now: LoyaltyFigures, before: LoyaltyFigures | None) -> tuple[Figure, ...]:
    """What became of points."""
    labels = {
        "earned": _("Points earned"),
        "redeemed": _("Points exchanged"),
        "expired": _("Points expired"),
        "reversed": _("Points taken back"),
    }
    entries = {name: links.page("promotions_pointsentry_changelist", kind__exact=name) for name in labels}
    return (
        *(
            Figure(
                f"points_{name}",
                label,
                COUNT,
                getattr(now, name),
                getattr(before, name) if before else None,
                entries[name],
                MEMBERS,
            )
            for name, label in labels.items()
        ),
        Figure(
            "points_outstanding",
            _("Points outstanding"),
            COUNT,
            now.outstanding,
            url=links.page("promotions_pointslot_changelist"),
            needs=MEMBERS,
        ),
    )


def levels_table(now: LoyaltyFigures) -> Table:
    """Members by level, lowest first. One query."""
    known = {"": _("no level yet"), **promotions.level_names()}
    return Table(
        "loyalty_levels",
        _("Members by level"),
        (Column("level", _("level")), Column("members", _("members"), COUNT), Column("share", _("share"), RATIO)),
        tuple(
            Row(
                (str(name), members, share(members, now.members)),
                links.page(
                    "promotions_loyaltymember_changelist",
                    **({"level__key": key} if key else {"level__isnull": "True"}),
                ),
            )
            for key, name in known.items()
            if (members := now.members_by_level.get(key, 0)) or key
        ),
        needs=MEMBERS,
        chart="members",
    )


def liability_table(now: LoyaltyFigures) -> Table:
    """Points outstanding by the month in which they expire."""
    return Table(
        "liability",
        _("Points that expire, by month"),
        (Column("month", _("month")), Column("points", _("points"), COUNT), Column("value", _("in money"), MONEY)),
        tuple(
            Row(
                (month.month.strftime("%Y-%m"), month.points, month.value),
                links.page("promotions_pointslot_changelist"),
            )
            for month in now.by_month
        ),
        needs=MEMBERS,
        chart="points",
    )


# --- stock


def stock_figures() -> tuple[Figure, ...]:
    """How the shelves stand now. Two queries."""
    found = stores.stock_health()
    url = links.page("stores_stockitem_changelist")
    healthy = share(found.items - found.low, found.items)
    return (
        Figure("stock_items", _("Stock items"), COUNT, found.items, url=url, needs=STOCK),
        Figure("stock_out", _("Items sold out"), COUNT, found.out, url=url, needs=STOCK),
        Figure("stock_low", _("To reorder"), COUNT, found.low, url=url, needs=STOCK),
        Figure("stock_health", _("Items above their reorder point"), RATIO, healthy, url=url, needs=STOCK),
    )


def shelf_figures(units_a_day: float) -> tuple[Figure, ...]:
    """What lies on the shelves, what it cost and how long it lasts. Three queries."""
    found = stores.stock_health()
    values, unknown = stores.stock_value()
    url = links.page("stores_stockitem_changelist")
    return (
        Figure("on_hand", _("Units on the shelves"), COUNT, found.on_hand, url=url, needs=STOCK),
        Figure("allocated", _("Units set aside"), COUNT, found.allocated, url=url, needs=STOCK),
        Figure("days_of_stock", _("Days it lasts"), DAYS, share(found.on_hand, units_a_day), url=url, needs=STOCK),
        Figure("unknown_cost", _("Units of unknown cost"), COUNT, unknown, url=url, needs=STOCK),
        Figure(
            "drifting",
            _("Counters adrift"),
            COUNT,
            found.drifting,
            url=links.page("stores_stockreconciliation_changelist"),
            needs=STOCK,
        ),
        *(
            Figure(f"stock_value_{code.lower()}", _("Stock at cost"), MONEY, value, url=url, needs=STOCK)
            for code, value in values.items()
        ),
    )


def stores_table() -> Table:
    """The stores with most to reorder. One query."""
    return Table(
        "stores",
        _("Stores with most to reorder"),
        (
            Column("store", _("store")),
            Column("items", _("items"), COUNT),
            Column("low", _("to reorder"), COUNT),
            Column("out", _("without stock"), COUNT),
            Column("on_hand", _("on hand"), COUNT),
        ),
        tuple(
            Row(
                (each.name, each.items, each.low, each.out, each.on_hand),
                links.page("stores_stockitem_changelist", store__id__exact=each.store_id),
            )
            for each in stores.stock_by_store(limit=BEST)
        ),
        needs=STOCK,
    )


def sellers_table(period: Period, currency: str) -> Table:
    """What sold most, and how many days what is left of it lasts at that pace. Two queries."""
    best = purchases.best_variants(period.first, period.last, currency, limit=BEST)
    left = stores.available_of([each.variant_id for each in best])
    days = len(period.days)
    return Table(
        "best_sellers",
        _("What sold most"),
        (
            Column("sku", _("SKU")),
            Column("product", _("product")),
            Column("units", _("units"), COUNT),
            Column("revenue", _("revenue"), MONEY),
            Column("available", _("available"), COUNT),
            Column("days_left", _("lasts days"), DAYS),
        ),
        tuple(
            Row(
                (
                    each.sku,
                    each.name,
                    each.units,
                    Money(each.revenue, currency),
                    left.get(each.variant_id, 0),
                    share(left.get(each.variant_id, 0) * days, each.units),
                ),
                links.days("purchases_dailyvariantsales", period, variant=each.variant_id),
            )
            for each in best
        ),
        needs=STOCK,
    )


# --- money


def funds_figures(found: FundsHealth, currency: str) -> tuple[Figure, ...]:
    """Whether the books balance, and what waits for a person."""
    broken = sum(1 for left in found.imbalance.values() if left)
    wallets = links.page("funds_account_changelist", currency=currency, kind__exact="wallet")
    review = links.page("funds_paymenttask_changelist", state__exact="needs_review")
    findings = links.page("funds_reconciliationfinding_changelist", is_repaired__exact=0)
    return (
        Figure("wallets", _("Money in wallets"), MONEY, found.balance("wallet", currency), url=wallets, needs=BOOKS),
        Figure(
            "funds_imbalance",
            _("Currencies that do not balance"),
            COUNT,
            broken,
            url=links.page("funds_account_changelist"),
            needs=BOOKS,
        ),
        Figure("payments_to_review", _("Payments to review"), COUNT, found.tasks_to_review, url=review, needs=BOOKS),
        Figure("open_findings", _("Differences with providers"), COUNT, found.open_findings, url=findings, needs=BOOKS),
    )


def waiting_figures(found: FundsHealth) -> tuple[Figure, ...]:
    """More of what waits."""
    return (
        Figure(
            "payments_set_aside",
            _("Payments set aside"),
            COUNT,
            found.set_aside,
            url=links.page("funds_providerpayment_changelist", state__exact="quarantined"),
            needs=BOOKS,
        ),
        Figure(
            "providers_out",
            _("Providers that do not answer"),
            COUNT,
            found.providers_out,
            url=links.page("funds_providercircuit_changelist"),
            needs=BOOKS,
        ),
    )


def balances_table(found: FundsHealth) -> Table:
    """The trial balance: the lines of a currency sum to zero."""
    return Table(
        "balances",
        _("Balances"),
        (
            Column("kind", _("accounts")),
            Column("currency", _("currency"), TEXT),
            Column("accounts", _("how many"), COUNT),
            Column("balance", _("balance"), MONEY),
        ),
        tuple(
            Row(
                (line.label, line.balance.currency, line.accounts, line.balance),
                links.page("funds_account_changelist", kind__exact=line.kind, currency=line.balance.currency),
            )
            for line in found.lines
        ),
        needs=BOOKS,
    )


def read_funds() -> FundsHealth:
    """Five queries."""
    return funds.funds_health()


def read_loyalty(period: Period) -> tuple[LoyaltyFigures, LoyaltyFigures | None]:
    """Of the period, and of the one before it."""
    earlier = period.before
    if earlier is None:
        return promotions.loyalty_figures(period.first, period.last), None
    return promotions.loyalty_figures_beside(
        period.first, period.last, first_before=earlier.first, last_before=earlier.last
    )

"""What promotions took off and by how much they raised sales."""

from datetime import date, datetime
from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.core.money import Money
from purchases import facade as purchases
from purchases.contracts import PromotionLift, PromotionLifts

from . import links
from .values import CHANGE, COUNT, DAYS, MONEY, Column, Figure, Label, Period, Row, Table, Value

NEEDS: Final = "promotions.view_flashpromo"
BENEFITS: Final = "purchases.view_dailybenefit"
BEST: Final = 20
SHOWN: Final = 50
_PAGES: Final = {
    "flash": ("promotions_flashpromo_change", _("flash promotion")),
    "campaign": ("promotions_campaign_change", _("campaign")),
    "discount": ("promotions_discount_change", _("discount")),
    "loyalty": ("promotions_redemption_change", _("loyalty reward")),
}
METHOD: Final = _(
    "Lift compares a promotion's whole days with up to four earlier windows of the same goods, the same length and the "
    "same weekdays, all over before it began. It is a comparison, not an experiment: the interval is of the counts."
)


def lift_figures(found: PromotionLifts, *, key: str = "promotion_lift", label: Label = None) -> tuple[Figure, ...]:
    """All promotions with a baseline together, and the interval."""
    lift = found.together
    url = links.page("promotions_flashpromo_changelist")

    changes = (None, None, None) if lift is None else (lift.ratio - 1, lift.low - 1, lift.high - 1)
    return (
        Figure(key, label or _("Lift of flash promotions"), CHANGE, changes[0], url=url, needs=NEEDS),
        Figure(f"{key}_low", _("… at least (95 %)"), CHANGE, changes[1], url=url, needs=NEEDS),
        Figure(f"{key}_high", _("… at most (95 %)"), CHANGE, changes[2], url=url, needs=NEEDS),
    )


def lift_table(key: str, label: Label, found: PromotionLifts) -> Table:
    """Each promotion beside its baseline, those that began last first."""
    return Table(
        key,
        label,
        (
            Column("promotion", _("promotion")),
            Column("first", _("from")),
            Column("last", _("until")),
            Column("units", _("units"), COUNT),
            Column("expected", _("units expected"), DAYS),
            Column("lift", _("lift"), CHANGE),
            Column("low", _("at least"), CHANGE),
            Column("high", _("at most"), CHANGE),
        ),
        tuple(
            Row(
                (each.name, _day(each.first), _day(each.last), each.units, *_lift(each.lift)),
                _page(each.kind, each.promotion_id),
            )
            for each in found.promotions[:SHOWN]
        ),
        needs=NEEDS,
    )


def benefits_table(period: Period, currency: str) -> Table:
    """The promotions that took off most. One query."""
    return Table(
        "benefits",
        _("What promotions took off"),
        (
            Column("promotion", _("promotion")),
            Column("kind", _("kind")),
            Column("orders", _("orders"), COUNT),
            Column("amount", _("took off"), MONEY),
            Column("revenue", _("revenue of what it touched"), MONEY),
        ),
        tuple(
            Row(
                (
                    each.name or str(_PAGES.get(each.kind, ("", each.kind))[1]),
                    str(_PAGES.get(each.kind, ("", each.kind))[1]),
                    each.orders,
                    Money(each.amount, currency),
                    Money(each.revenue, currency),
                ),
                _page(each.kind, each.rule_id),
            )
            for each in purchases.best_benefits(period.first, period.last, currency, limit=BEST)
        ),
        needs=BENEFITS,
    )


def kind_figures(period: Period, currency: str) -> tuple[Figure, ...]:
    """What each kind of promotion took off. One query, two with a comparison."""
    earlier = period.before
    now = purchases.benefits_by_kind(period.first, period.last, currency)
    before = purchases.benefits_by_kind(earlier.first, earlier.last, currency) if earlier else {}
    return tuple(
        Figure(
            f"discount_{kind}",
            _("Taken off: %(kind)s") % {"kind": name},
            MONEY,
            Money(now.get(kind, 0), currency),
            Money(before.get(kind, 0), currency) if earlier else None,
            links.days("purchases_dailybenefit", period, kind__exact=kind, currency=currency),
            BENEFITS,
        )
        for kind, (_route, name) in _PAGES.items()
    )


def flash_lifts(period: Period, at: datetime) -> PromotionLifts:
    """Flash promotions of the days. Five queries."""
    return purchases.measure_flash_promos(period.first, period.last, at=at)


def campaign_lifts(period: Period, at: datetime) -> PromotionLifts:
    """Campaigns of the days."""
    return purchases.measure_campaigns(period.first, period.last, at=at)


def _lift(lift: PromotionLift | None) -> tuple[Value, ...]:
    if lift is None:
        return None, None, None, None
    return round(lift.expected_units, 1), lift.ratio - 1, lift.low - 1, lift.high - 1


def _page(kind: str, promotion_id: object) -> str:
    route, _name = _PAGES.get(kind, ("", ""))
    return links.page(route, promotion_id) if route else ""


def _day(day: date) -> str:
    return day.isoformat()

"""A weekly summary as its mail shows it, in the language that is switched on."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from marketplace.core.formatting import shown_amount, shown_day
from marketplace.core.money import Money

from .pictures import bars


def shown_week(params: Mapping[str, Any]) -> dict[str, Any]:
    """What the templates need. Parameters of another version may lack something: it is left out."""
    weeks = list(params.get("weeks", ()))
    return {
        "bought": [{"title": row["title"], "cost": _text(row["cost"])} for row in params.get("bought", ())],
        "wishes": [_shown_wish(row) for row in params.get("wishes", ())],
        "more": max(0, int(params.get("wish_count", 0)) - len(params.get("wishes", ()))),
        "pots": [{"list": row["list"], "amount": _text(row["amount"])} for row in params.get("pots", ())],
        "weeks": [
            {"starts_on": _day(row), "incoming": _text(row["incoming"]), "outgoing": _text(row["outgoing"])}
            for row in weeks
        ],
        "alternative": _in_words(weeks),
    }


def picture_of(params: Mapping[str, Any]) -> bytes:
    """The PNG of its weeks."""
    return bars(list(params.get("weeks", ())))


def _shown_wish(row: Mapping[str, Any]) -> dict[str, str]:
    price, before = _money(row["price"]), _money(row["before"])
    change = ""
    if price is not None and before is not None and price.currency == before.currency and price != before:
        percent = round((price.minor - before.minor) * 100 / before.minor)
        change = _("%(before)s a week ago (%(percent)s %%)") % {
            "before": shown_amount(before),
            "percent": f"{percent:+d}",
        }
    return {"title": row["title"], "price": _("no price") if price is None else shown_amount(price), "change": change}


def _in_words(weeks: list[Mapping[str, Any]]) -> str:
    """The picture for whoever does not see it."""
    words = _("Week of %(day)s: %(incoming)s came in, %(outgoing)s went out.")
    return " ".join(
        words % {"day": _day(row), "incoming": _text(row["incoming"]), "outgoing": _text(row["outgoing"])}
        for row in weeks
    )


def _day(week: Mapping[str, Any]) -> str:
    return shown_day(date.fromisoformat(week["starts_on"]))


def _text(value: Any) -> str:
    money = _money(value)
    return "" if money is None else shown_amount(money)


def _money(value: Any) -> Money | None:
    return None if value is None else Money(value["minor"], value["currency"])

"""How the storefront writes money, distances and time."""

from datetime import datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from marketplace.core.formatting import shown_decimal
from marketplace.core.money import Money

register = template.Library()

# Currencies that people of their countries write with a dollar sign.
DOLLARS = frozenset({"ARS", "AUD", "CAD", "CLP", "COP", "DOP", "HKD", "MXN", "NZD", "SGD", "USD", "UYU"})
MINUTE, HOUR, DAY = 60, 3_600, 86_400


@register.filter
def amount(money: Money) -> str:
    """`$1,299.00`; the currency stands beside it."""
    sign = "$" if money.currency in DOLLARS else ""
    return f"{sign}{shown_decimal(money)}"


@register.filter
def countdown(seconds: int) -> str:
    """`0:59`, `1:04:09`, `2 d 3:04:09`; shop.js goes on in the same manner."""
    days, rest = divmod(max(0, seconds), DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, left = divmod(rest, MINUTE)
    if not days and not hours:
        return f"{minutes}:{left:02}"
    clock = f"{hours}:{minutes:02}:{left:02}"
    return f"{days} d {clock}" if days else clock


@register.filter
def distance(kilometres: float) -> str:
    """`850 m`, `1.2 km`, to what a walker cares about."""
    if kilometres < 0.995:
        return _("{metres} m").format(metres=max(10, round(kilometres * 100) * 10))
    return _("{kilometres} km").format(kilometres=number_format(round(kilometres, 1), 1))


@register.filter
def ago(moment: datetime) -> str:
    """`5 minutes ago`."""
    since = timesince(moment, depth=1)
    is_now = timezone.now() - moment < timedelta(minutes=1)
    return _("just now") if is_now else _("{time} ago").format(time=since)


@register.simple_tag
def fill(words: str, **values: Any) -> str:
    """Put values into the places of a translated text: `{left} of {units}`."""
    return words.format(**values)

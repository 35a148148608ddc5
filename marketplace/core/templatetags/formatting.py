"""How pages write amounts."""

from django import template

from marketplace.core.formatting import shown_amount
from marketplace.core.money import Money

register = template.Library()


@register.filter
def money(value: Money | None) -> str:
    """`2,504,480.45 MXN`; a dash where there is none."""
    return "–" if value is None else shown_amount(value)

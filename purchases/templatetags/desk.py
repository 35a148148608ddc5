"""What the templates of the order desk need."""

from collections.abc import Mapping
from typing import Any

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

register = template.Library()


@register.filter
def of(colours: Mapping[str, str], state: str) -> str:
    """The state's colour."""
    return colours.get(state, "default")


@register.filter
def named(parcel: Any) -> str:
    """A parcel as people call it."""
    return " ".join(filter(None, (parcel.carrier, parcel.tracking))) or _("Parcel")


@register.simple_tag
def parcel_url(parcel: Any) -> str:
    """The page of a parcel; nothing where there is none."""
    try:
        return reverse("admin:purchases_shipment_change", args=[parcel.pk])
    except NoReverseMatch:
        return ""


@register.inclusion_tag("admin/purchases/dialog_button.html")
def dialog_button(action: str, returned: Any, words: str, look: str) -> dict[str, str]:
    """Opens a dialog of a return's page from another page."""
    return {"url": reverse(f"admin:purchases_orderreturn_{action}", args=[returned.pk]), "words": words, "look": look}

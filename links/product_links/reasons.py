"""Why a page has no price, or none that a purchase may rest on, or was not read: codes that stay, with their words."""

from typing import Final

from django.utils.translation import gettext_lazy as _

REASONS: Final = {
    # --- read, and not to be bought
    "no_data": _("the page says nothing about a product in a form that can be read"),
    "broken_data": _("the page's structured data cannot be read"),
    "no_price": _("no price is stated"),
    "no_currency": _("the price is stated without its currency"),
    "unknown_currency": _("the currency is not one that is dealt in here"),
    "only_informative": _("the price stands outside of structured data, so it only informs"),
    "ambiguous_price": _("the price can be read in more than one way"),
    "text_in_price": _("there are words where the price should be"),
    "not_positive": _("the price is not more than zero"),
    "price_range": _("only a range of prices is stated"),
    "several_prices": _("several prices are stated"),
    "several_currencies": _("prices in several currencies are stated"),
    "several_products": _("several products are on the page"),
    "instalments": _("the price is an instalment or a subscription"),
    "not_for_sale": _("it is offered, but not for sale"),
    "sources_disagree": _("parts of the page contradict each other about the price"),
    "out_of_stock": _("the shop has none"),
    # --- not read
    "robots": _("the shop does not want the page to be read"),
    "robots_unavailable": _("whether the page may be read could not be found out"),
    "host_not_public": _("the host is not on the public internet"),
    "host_unknown": _("no such host"),
    "address_refused": _("the page leads to an address that is never read"),
    "unreachable": _("the shop did not answer"),
    "too_slow": _("the page took too long"),
    "too_large": _("the page is too large"),
    "too_many_redirects": _("the page leads from one address to the next"),
    "not_html": _("it is no web page"),
    "bad_encoding": _("the page cannot be unpacked"),
    "not_found": _("the shop has no such page"),
    "not_allowed": _("the shop refuses to show the page"),
    "shop_busy": _("the shop is busy"),
    "shop_error": _("the shop has a fault"),
    "unreadable": _("the page could not be understood"),
}


def label(code: str) -> str:
    """The reason in words; empty for none."""
    return str(REASONS[code]) if code else ""

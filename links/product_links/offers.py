"""From a product's offers to one price, or to the reason why there is none that a purchase may rest on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from marketplace.core.money import Money

from .models import Page
from .prices import Reading, read_currency, read_structured
from .structured import Node, resolve, types_of

MOST_OFFERS: Final = 500
Matches = Callable[[Any], bool]
"""Whether an address of the data is the page's own."""

_A = Page.Availability
_AVAILABLE: Final = {
    "instock": _A.IN_STOCK, "limitedavailability": _A.IN_STOCK, "onlineonly": _A.IN_STOCK, "available": _A.IN_STOCK,
    "outofstock": _A.OUT_OF_STOCK, "soldout": _A.OUT_OF_STOCK, "discontinued": _A.OUT_OF_STOCK, "oos": _A.OUT_OF_STOCK,
    "reserved": _A.OUT_OF_STOCK, "preorder": _A.PREORDER, "presale": _A.PREORDER, "backorder": _A.PREORDER,
    "madetoorder": _A.PREORDER, "availablefororder": _A.PREORDER,
}  # fmt: skip
# Prices beside the one that is asked: before a discount, recommended, of transport, of a kilogram.
_OTHER_PRICES: Final = (
    "listprice", "strikethroughprice", "msrp", "srp", "regularprice", "minimumadvertisedprice", "invoiceprice",
)  # fmt: skip
_CHARGES: Final = {"deliverychargespecification", "paymentchargespecification"}
_FOR_SOME: Final = ("validForMemberTier", "eligibleCustomerType")
_BY_AND_BY: Final = ("billingDuration", "billingIncrement", "billingStart", "billingPeriod")
_NO_SALE: Final = ("leaseout", "repair", "maintain", "dispose", "provideservice", "constructioninstallation")


@dataclass(frozen=True, slots=True)
class Finding:
    """What a product's offers come to."""

    money: Money | None = None
    is_sure: bool = False
    reason: str = "no_price"
    availability: str = Page.Availability.UNKNOWN
    offers: Sequence[Node] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Stated:
    """One offer with what its aggregate says for it."""

    offer: Node
    currency: Any = None
    is_range: bool = False
    is_part: bool = False


def read_offers(products: Sequence[Node], matches: Matches, by_id: Mapping[str, Node]) -> Finding:
    """The one price of these products (a product, or the variants of one), by the offers that are the page's own.

    Sure only where every offer that counts says the same amount in the same stated currency, and none is a range, an
    instalment or for some people only.
    """
    stated: list[_Stated] = []
    for product in products:
        _flatten(product.get("offers"), by_id, stated)
    own = [each for each in stated if matches(each.offer.get("url"))]
    chosen = own if own and len(own) < len(stated) else stated
    public = [each for each in chosen if not any(name in each.offer for name in _FOR_SOME)]
    if not public:
        return Finding()
    readings = [_read(each, by_id) for each in public]
    availability = _best([_availability(each.offer.get("availability")) for each in public])
    offers = [each.offer for each in public]
    money, is_sure, reason = _agree(readings)
    return Finding(money, is_sure, reason, availability, offers)


def read_availability(raw: Any) -> str:
    """One word of schema.org or OpenGraph, as text or as an address."""
    return _availability(raw)


def first_text(value: Any) -> str:
    """The text of a value that may be a list, or a node with a name."""
    if isinstance(value, list):
        return next((text for text in map(first_text, value[:20]) if text), "")
    if isinstance(value, dict):
        return first_text(value.get("name") or value.get("@value") or "")
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _flatten(value: Any, by_id: Mapping[str, Node], found: list[_Stated]) -> None:
    value = resolve(value, by_id)
    for each in value if isinstance(value, list) else [value]:
        offer = resolve(each, by_id)
        if not isinstance(offer, dict) or len(found) >= MOST_OFFERS:
            continue
        if "aggregateoffer" not in types_of(offer):
            found.append(_Stated(offer))
            continue
        inside = offer.get("offers")
        nested = [resolve(one, by_id) for one in (inside if isinstance(inside, list) else [inside])]
        nested = [one for one in nested if isinstance(one, dict)]
        count = _count(offer.get("offerCount"))
        if nested:
            # Some of very many: the others may cost something else.
            is_part = count is not None and count > len(nested)
            found += [_Stated(one, offer.get("priceCurrency"), is_part=is_part) for one in nested]
        else:
            found.append(_Stated(offer, is_range=count != 1))


def _read(stated: _Stated, by_id: Mapping[str, Node]) -> Reading:
    offer = stated.offer
    if any(word in first_text(offer.get("businessFunction")).lower() for word in _NO_SALE):
        return Reading(None, reason="not_for_sale")
    if any(name in offer for name in _BY_AND_BY):
        return Reading(None, reason="instalments")
    found, reason = _prices(offer, stated.currency, by_id)
    if reason:
        return Reading(None, reason=reason)
    money, is_sure, why = _agree(found) if found else (None, False, "no_price")
    if money and (stated.is_range or stated.is_part) and why in {"", "several_prices"}:
        return Reading(money, reason="price_range")
    return Reading(money, is_sure, why)


def _prices(offer: Node, inherited: Any, by_id: Mapping[str, Node]) -> tuple[list[Reading], str]:
    """Every price that the offer states for itself, and a reason to look no further."""
    pairs: list[tuple[Any, Any]] = []
    specifications, reason = _specifications(offer, by_id)
    currency = offer.get("priceCurrency", inherited)
    for name in ("price", "lowPrice", "highPrice"):
        pairs += [(each, currency) for each in _values(offer.get(name))]
    for specification in specifications:
        stated = specification.get("priceCurrency", currency)
        pairs += [(each, stated) for name in ("price", "minPrice") for each in _values(specification.get(name))]
        # An offer may leave the currency to its only specification.
        currency = currency or stated
    if reason and not pairs:
        return [], reason
    return [_pair(raw, named or currency) for raw, named in pairs], ""


def _pair(raw: Any, currencies: Any) -> Reading:
    codes = {read_currency(each) for each in (_values(currencies) or [None])}
    if len(codes) > 1:
        return Reading(None, reason="several_currencies")
    code, reason = codes.pop()
    return Reading(None, reason=reason) if reason else read_structured(raw, code)


def _specifications(offer: Node, by_id: Mapping[str, Node]) -> tuple[list[Node], str]:
    """Those of the price that is asked for the whole thing at once."""
    found, reason = [], ""
    for each in _values(offer.get("priceSpecification")):
        specification = resolve(each, by_id)
        if not isinstance(specification, dict) or types_of(specification) & _CHARGES:
            continue
        kind = first_text(specification.get("priceType") or specification.get("name")).rpartition("/")[2].lower()
        if any(name in kind for name in _OTHER_PRICES) or any(name in specification for name in _FOR_SOME):
            continue
        if any(name in specification for name in _BY_AND_BY):
            reason = "instalments"
        elif "referenceQuantity" not in specification:
            found.append(specification)
    return found, reason


def _agree(readings: Sequence[Reading]) -> tuple[Money | None, bool, str]:
    """One amount out of several statements: sure if all are and say the same, else the least of them informs."""
    moneys = [reading.money for reading in readings if reading.money is not None]
    reasons = [reading.reason for reading in readings if reading.reason]
    if not moneys:
        return None, False, reasons[0] if reasons else "no_price"
    if len({money.currency for money in moneys}) > 1:
        return None, False, "several_currencies"
    least = min(moneys, key=lambda money: money.minor)
    if any(money != least for money in moneys):
        return least, False, "price_range" if "price_range" in reasons else "several_prices"
    if reasons or not all(reading.is_sure for reading in readings):
        return least, False, reasons[0] if reasons else "ambiguous_price"
    return least, True, ""


def _values(value: Any) -> list[Any]:
    values = value[:MOST_OFFERS] if isinstance(value, list) else [value]
    unwrapped = [each.get("@value", each) if isinstance(each, dict) else each for each in values]
    return [each for each in unwrapped if each is not None and each != ""]


def _count(value: Any) -> int | None:
    text = first_text(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else None


def _availability(raw: Any) -> str:
    word = first_text(raw if not isinstance(raw, dict) else raw.get("@id", raw)).strip().rstrip("/")
    name = word.rpartition("/")[2].rpartition("#")[2].replace(" ", "").replace("_", "").replace("-", "").lower()
    return _AVAILABLE.get(name, _A.UNKNOWN)


def _best(found: Sequence[str]) -> str:
    order: list[str] = [_A.IN_STOCK, _A.PREORDER, _A.OUT_OF_STOCK, _A.UNKNOWN]
    return min(found, key=order.index) if found else _A.UNKNOWN

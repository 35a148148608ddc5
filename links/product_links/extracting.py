"""What a page says about a product: JSON-LD, microdata, OpenGraph, the page's words; in that order of trust.

Pure: a page's text and address in, values out. A purchase may rest on a price only if structured data states it with
its currency, in one way only, and nothing else on the page contradicts it.
"""

import html as html_module
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import nh3

from marketplace.core.money import Money

from .addresses import AddressRefusedError, is_same_site, read_address
from .models import Page
from .offers import Finding, first_text, read_availability, read_offers
from .prices import read_currency, read_structured, read_text
from .structured import Node, Structured, as_evidence, products, read_structured_data, types_of, walk

CONFIDENCE: Final = {"json_ld": 95, "microdata": 85, "opengraph": 60, "text": 25, "none": 0}
UNSURE: Final = 35
"""So much less where the price only informs."""
MOST_IMAGES: Final = 10
LONGEST_EVIDENCE: Final = 20_000
_NO_STATEMENT: Final = {"no_price", "no_currency", "no_data", "unknown_currency"}
_PRICE_ELEMENTS: Final = "//*[self::span or self::p or self::div or self::b or self::strong][@class]"
_PRICE_CLASS: Final = re.compile(r"(?:^|[\s_-])(?:price|precio|preco|prix)(?:$|[\s_-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Extracted:
    """A product as its page describes it. `reason` says why there is no price, or none to buy by."""

    title: str = ""
    description: str = ""
    brand: str = ""
    variant: str = ""
    images: list[str] = field(default_factory=list)
    price: Money | None = None
    availability: str = Page.Availability.UNKNOWN
    method: str = Page.Method.NONE
    confidence: int = 0
    may_be_bought: bool = False
    reason: str = ""
    canonical_url: str = ""
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class _Chosen:
    """The product of one notation, and what its offers come to."""

    node: Node
    finding: Finding
    variant: Node | None = None


def extract(text: str, url: str) -> Extracted:
    """Everything that is known of the product on the page. Never raises for what a page holds."""
    data = read_structured_data(text, url)
    by_method: dict[str, _Chosen | None] = {
        Page.Method.JSON_LD: _choose(data.json_ld, url, data),
        Page.Method.MICRODATA: _choose(data.microdata, url, data),
    }
    found = _priced(by_method, data)
    described = next((chosen for chosen in by_method.values() if chosen is not None), None)
    node = described.node if described else {}
    variant = described.variant if described else None
    return replace(
        found,
        title=_line(first_text((variant or node).get("name")) or _og(data, "og:title") or data.title, 300),
        description=_prose(first_text(node.get("description")) or _og(data, "og:description"), 2_000),
        brand=_line(first_text(node.get("brand")) or _og(data, "product:brand", "og:brand"), 120),
        variant=_variant(variant or node),
        images=_images([(variant or {}).get("image"), node.get("image"), data.opengraph.get("og:image")], url),
        canonical_url=_canonical(data.canonical, url),
    )


def _priced(by_method: Mapping[str, _Chosen | None], data: Structured) -> Extracted:
    """The price by the first notation that states one; availability by the first that knows it."""
    opengraph = _opengraph(data)
    statements = [(method, chosen.finding) for method, chosen in by_method.items() if chosen is not None]
    statements.append((Page.Method.OPENGRAPH, opengraph))
    spoken = [pair for pair in statements if pair[1].money or pair[1].reason not in _NO_STATEMENT]
    availability = next((each.availability for _m, each in statements if each.availability != "unknown"), "unknown")
    if not spoken:
        return _from_words(data, statements, availability)
    method, finding = spoken[0]
    is_sure, reason = finding.is_sure, finding.reason
    if is_sure and _contradicted(finding.money, by_method, opengraph, method):
        is_sure, reason = False, "sources_disagree"
    if is_sure and availability == Page.Availability.OUT_OF_STOCK:
        is_sure, reason = False, "out_of_stock"
    sure_price = finding.is_sure and reason in {"", "out_of_stock"}
    return Extracted(
        price=finding.money,
        availability=availability,
        method=method if finding.money else Page.Method.NONE,
        confidence=max(CONFIDENCE[method] - (0 if sure_price else UNSURE), 5) if finding.money else 0,
        may_be_bought=is_sure,
        reason=reason,
        evidence=as_evidence({"method": method, "offers": list(finding.offers)[:20]}, LONGEST_EVIDENCE),
    )


def _choose(nodes: list[Node], url: str, data: Structured) -> _Chosen | None:
    """The product that the page is about: by its address, else by the name that the page gives itself."""
    by_id = {node["@id"]: node for node in walk(nodes) if isinstance(node.get("@id"), str) and len(node) > 1}
    own = _canonical_of(url)

    def matches(named: Any) -> bool:
        return isinstance(named, str) and bool(named) and _canonical_of(urljoin(url, named)) == own

    found = products(nodes)
    if not found:
        return None
    groups = [node for node in found if "productgroup" in types_of(node) or node.get("hasVariant")]
    if len(groups) == 1:
        return _of_group(groups[0], [each for each in found if each is not groups[0]], matches, by_id)
    about = [node for node in found if _is_at(node, matches)]
    candidates = about if about and len(about) < len(found) else found
    headed = [node for node in candidates if _name(node) in {_fold(data.heading), _fold(_og(data, "og:title"))} - {""}]
    candidates = headed or candidates
    offered = [node for node in candidates if node.get("offers")] or candidates
    if len(offered) == 1 or _are_one(offered):
        return _Chosen(offered[0], read_offers(offered, matches, by_id))
    # Which of them it is nobody says: the page's own title is the better name.
    return _Chosen({}, Finding(reason="several_products"))


def _of_group(group: Node, others: Sequence[Node], matches: Any, by_id: Mapping[str, Node]) -> _Chosen:
    inside = group.get("hasVariant")
    variants = [by_id.get(each.get("@id", ""), each) for each in _nodes(inside)] + list(others)
    variants = [each for each in variants if each.get("offers")]
    own = [each for each in variants if _is_at(each, matches)]
    if len(own) == 1:
        return _Chosen(group, read_offers(own, matches, by_id), variant={**own[0]})
    return _Chosen(group, read_offers(variants or [group], matches, by_id))


def _is_at(node: Node, matches: Any) -> bool:
    """Whether the product, or one of its offers, names the page's own address."""
    named = [node.get("url"), node.get("@id")] + [offer.get("url") for offer in _nodes(node.get("offers"))]
    return any(matches(each) for each in named if isinstance(each, str) and each.startswith(("http", "/")))


def _are_one(nodes: Sequence[Node]) -> bool:
    """The same product stated twice, or variants of one."""
    names = {_name(node) for node in nodes}
    groups = {str(node.get("inProductGroupWithID") or _reference(node.get("isVariantOf"))) for node in nodes}
    return len(names) == 1 or (len(groups) == 1 and groups != {""})


def _name(node: Node) -> str:
    return _fold(first_text(node.get("name")))


def _fold(text: str) -> str:
    return _line(text, 300).casefold()


def _reference(value: Any) -> str:
    return str(value.get("@id") or value.get("productGroupID") or "") if isinstance(value, dict) else ""


def _contradicted(
    money: Money | None, by_method: Mapping[str, _Chosen | None], opengraph: Finding, method: str
) -> bool:
    """Whether another notation, about the same product, states another amount or currency."""
    mine = by_method.get(method)
    for other_method, other in by_method.items():
        if other is None or other_method == method or other.finding.money in {None, money}:
            continue
        names = {_name(each.node) for each in (mine, other) if each}
        if other.finding.is_sure and len(names - {""}) <= 1:
            return True
    stated = [offer["money"] for offer in opengraph.offers]
    return bool(stated) and money not in stated


def _opengraph(data: Structured) -> Finding:
    """OpenGraph states a price for whoever shows the page elsewhere: it informs, and can contradict."""
    stated: list[Node] = []
    reason = "no_price"
    for name in ("product:sale_price", "product:price", "og:price"):
        for amount in data.opengraph.get(f"{name}:amount", [])[:5]:
            code, why = read_currency(_og(data, f"{name}:currency", "product:price:currency", "og:price:currency"))
            reading = read_structured(amount, code) if code else None
            if reading is not None and reading.is_sure:
                stated.append({"money": reading.money, "text": amount})
            else:
                reason = why or (reading.reason if reading else reason)
    availability = read_availability(_og(data, "product:availability", "og:availability"))
    if not stated:
        return Finding(None, False, reason, availability)
    # A reduced price comes first; an amount that only one of two names has is no reason to doubt it.
    return Finding(stated[0]["money"], False, "only_informative", availability, stated)


def _from_words(data: Structured, statements: Sequence[tuple[str, Finding]], availability: str) -> Extracted:
    """No notation states a price: one in the page's own words informs, if it is the only one there."""
    reason = next((each.reason for _m, each in statements if each.reason not in {"no_price", "no_data"}), "")
    has_product = len(statements) > 1
    if not reason:
        reason = "no_price" if has_product else "broken_data" if data.broken else "no_data"
    readings = [] if data.tree is None else [read_text(text) for text in _price_texts(data.tree)]
    moneys = {reading.money for reading in readings if reading.money is not None}
    if len(moneys) != 1:
        return Extracted(availability=availability, reason=reason)
    return Extracted(
        price=moneys.pop(),
        availability=availability,
        method=Page.Method.TEXT,
        confidence=CONFIDENCE["text"],
        reason="only_informative",
    )


def _price_texts(tree: Any) -> list[str]:
    marked = [node for node in tree.xpath(_PRICE_ELEMENTS)[:5_000] if _PRICE_CLASS.search(node.get("class"))]
    texts = [" ".join(node.text_content().split()) for node in marked[:50]]
    return [text for text in texts if text]


def _nodes(value: Any) -> list[Node]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, dict)]


def _og(data: Structured, *names: str) -> str:
    return next((data.opengraph[name][0] for name in names if name in data.opengraph), "")


def _line(text: str, longest: int) -> str:
    return _prose(text, longest).replace("\n", " ")


def _prose(text: str, longest: int) -> str:
    """Plain words: no markup, no scripts, nothing that cannot be shown or kept."""
    whole = text[: longest * 20].encode("utf-8", "ignore").decode()  # half a pair of JSON's escapes is no letter
    words = html_module.unescape(nh3.clean(html_module.unescape(whole), tags=set()))
    words = re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]", "", words)
    words = " ".join(words.split())
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def _variant(node: Mapping[str, Any]) -> str:
    parts = [first_text(node.get(name)) for name in ("color", "size", "material", "pattern")]
    return _line(", ".join(dict.fromkeys(part for part in parts if part)), 120)


def _images(sources: Sequence[Any], url: str) -> list[str]:
    """Absolute https addresses, each once, in the page's order."""
    found: dict[str, None] = {}
    for value in sources:
        for each in value if isinstance(value, list) else [value]:
            address = each.get("url") or each.get("contentUrl") or each.get("@id") if isinstance(each, dict) else each
            address = address[0] if isinstance(address, list) and address else address
            if isinstance(address, str) and 0 < len(address.strip()) <= 1_000:
                found.update(dict.fromkeys(_https(url, address.strip())))
        if found:
            break
    return list(found)[:MOST_IMAGES]


def _https(url: str, address: str) -> list[str]:
    try:
        absolute = urljoin(url, address)
        parts = urlsplit(absolute)
    except ValueError:
        return []
    is_plain = parts.scheme == "https" and bool(parts.hostname) and "@" not in parts.netloc
    return [absolute] if is_plain and not re.search(r"[\x00-\x20\ud800-\udfff]", absolute) else []


def _canonical(named: str, url: str) -> str:
    """The page's own word for its address: within the same site, and not the shop's front door."""
    if not named:
        return ""
    try:
        own, other = read_address(url), read_address(named)
    except AddressRefusedError:
        return ""
    is_front = urlsplit(other.url).path == "/" and not urlsplit(other.url).query
    return other.url if is_same_site(own.host, other.host) and not is_front else ""


def _canonical_of(url: str) -> str:
    try:
        return read_address(url).url.partition("://")[2].removeprefix("www.")
    except (AddressRefusedError, ValueError):
        return ""

"""What a page says of itself in structured data, as plain nodes, whatever notation they were written in."""

import copy
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

from lxml import etree, html

from marketplace.core.loaded import OnDemand

# The package loads a reader for every notation there is, and only who reads strangers' pages needs one.
jsonld: Final = OnDemand("extruct.jsonld")
opengraph: Final = OnDemand("extruct.opengraph")
w3cmicrodata: Final = OnDemand("extruct.w3cmicrodata")

Node = dict[str, Any]

LONGEST_SCRIPT: Final = 500_000
DEEPEST: Final = 40
"""Brackets in brackets, and items in items."""
MOST_NODES: Final = 5_000
MOST_SCRIPTS: Final = 50
MOST_ITEMS: Final = 2_000
MOST_ATTRIBUTES: Final = 5_000
"""Of one tag. The parser compares each with all before it, and nothing interrupts it: 2 MB of them take minutes."""
PRODUCT_TYPES: Final = frozenset({
    "product", "productgroup", "individualproduct", "productmodel", "someproducts", "vehicle", "car", "book",
})  # fmt: skip
# What hangs below these is not what the page is about.
_ELSEWHERE: Final = frozenset({
    "isrelatedto", "issimilarto", "isaccessoryorsparepartfor", "isconsumablefor", "itemlistelement", "review",
    "reviews", "aggregaterating", "hasvariant", "isvariantof", "breadcrumb", "publisher", "seller", "offers", "brand",
})  # fmt: skip

# Attributes as HTML reads them. A tag is consumed as a whole, however many there are: one pass over the page.
_ATTRIBUTE: Final = (
    r"""(?:(?:[\s/]++|(?<=["']))[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>"'][^\s>]*+|))?+)"""
)
_TAG: Final = re.compile(rf"<[A-Za-z][^\s/>]*+(?:({_ATTRIBUTE}{{{MOST_ATTRIBUTES}}}+)|{_ATTRIBUTE}*+)")


@dataclass(slots=True)
class Structured:
    """Everything found, in the page's order. `broken`: notations in which something could not be read."""

    json_ld: list[Node] = field(default_factory=list)
    microdata: list[Node] = field(default_factory=list)
    opengraph: dict[str, list[str]] = field(default_factory=dict)
    title: str = ""
    # The only first-order heading, if there is one only.
    heading: str = ""
    canonical: str = ""
    broken: list[str] = field(default_factory=list)
    tree: Any = None


def read_structured_data(text: str, url: str) -> Structured:
    """Parse a page. Never raises for what a page holds."""
    found = Structured()
    tree = _tree(text)
    if tree is None:
        return found
    found.tree = tree
    found.title = " ".join("".join(tree.xpath("(//head/title|//title)[1]//text()")).split())
    headings = [" ".join(node.text_content().split()) for node in tree.xpath("//h1")[:2]]
    found.heading = headings[0] if len(headings) == 1 else ""
    found.canonical = _canonical(tree, url)
    _read_json_ld(tree, found)
    _read_microdata(tree, url, found)
    _read_opengraph(tree, found)
    return found


def types_of(node: Mapping[str, Any]) -> set[str]:
    """The node's types in lower case, without the vocabulary's address."""
    raw = node.get("@type", "")
    names = raw if isinstance(raw, list) else [raw]
    return {re.split(r"[/#:]", name)[-1].lower() for name in names if isinstance(name, str)}


def products(nodes: list[Node]) -> list[Node]:
    """Products that the page itself states, outermost first: in `@graph`, as `mainEntity`; not related ones."""
    by_id = {node["@id"]: node for node in walk(nodes) if isinstance(node.get("@id"), str) and len(node) > 1}
    found: list[Node] = []
    _collect(nodes, found, by_id, 0)
    return found


def resolve(value: Any, by_id: Mapping[str, Node]) -> Any:
    """What a bare `{"@id": …}` refers to."""
    if isinstance(value, dict) and set(value) == {"@id"} and isinstance(value["@id"], str):
        return by_id.get(value["@id"], value)
    return value


def walk(nodes: Any) -> Iterator[Node]:
    """Every node, outermost first; so many and no more."""
    waiting, seen = [nodes], 0
    while waiting and seen < MOST_NODES:
        value = waiting.pop()
        seen += 1
        if isinstance(value, list):
            waiting.extend(reversed(value))
        elif isinstance(value, dict):
            yield value
            waiting.extend(reversed(value.values()))


def _collect(value: Any, found: list[Node], by_id: Mapping[str, Node], depth: int) -> None:
    if depth > DEEPEST or len(found) >= 200:
        return
    value = resolve(value, by_id)
    if isinstance(value, list):
        for each in value:
            _collect(each, found, by_id, depth + 1)
    elif isinstance(value, dict):
        if types_of(value) & PRODUCT_TYPES:
            if not any(value is known for known in found):
                found.append(value)
            return
        for name, each in value.items():
            if name.lower() not in _ELSEWHERE and isinstance(each, dict | list):
                _collect(each, found, by_id, depth + 1)


def _tree(text: str) -> Any:
    # lxml refuses a text that names its own encoding, and characters that XML does not know.
    cleaned = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "", text)
    if not cleaned.strip() or any(tag[1] is not None for tag in _TAG.finditer(cleaned)):
        return None
    try:
        parser = html.HTMLParser(encoding="utf-8", remove_comments=False)
        tree = html.document_fromstring(cleaned.encode("utf-8"), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None
    return tree


def _canonical(tree: Any, url: str) -> str:
    found = tree.xpath(
        "//link[@href and contains(concat(' ', translate(@rel, 'CANOIL', 'canoil'), ' '), ' canonical ')]"
    )
    named = {link.get("href").strip() for link in found if link.get("href").strip()}
    # Pages that name several canonical addresses have none.
    if len(named) != 1:
        return ""
    try:
        return str(urljoin(url, named.pop()))
    except ValueError:
        return ""


def _read_json_ld(tree: Any, found: Structured) -> None:
    """Each script by itself: one that is broken must not hide the others."""
    extractor = jsonld.JsonLdExtractor()
    scripts = tree.xpath("//script[contains(translate(@type, 'LDJSONAPLICT', 'ldjsonaplict'), 'ld+json')]")
    for script in scripts[:MOST_SCRIPTS]:
        source = str(script.xpath("string()"))
        if len(source) > LONGEST_SCRIPT or _depth(source) > DEEPEST:
            found.broken.append("json_ld")
            continue
        alone = etree.Element("html")
        alone.append(copy.copy(script))
        alone[0].set("type", "application/ld+json")
        try:
            nodes = extractor.extract_items(alone)
        except (ValueError, RecursionError, TypeError, AttributeError):
            if source.strip():
                found.broken.append("json_ld")
            continue
        found.json_ld += [node for node in nodes if isinstance(node, dict)]


def _depth(source: str) -> int:
    """How deep brackets nest, whatever they mean: readers of JSON recurse."""
    deepest = depth = 0
    for letter in re.findall(r"[\[\]{}]", source):
        depth += 1 if letter in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _read_microdata(tree: Any, url: str, found: Structured) -> None:
    if int(tree.xpath("count(//*[@itemscope or @itemref])")) > MOST_ITEMS or _levels(tree) > DEEPEST:
        found.broken.append("microdata")
        return
    try:
        items = w3cmicrodata.MicrodataExtractor(nested=True, strict=False).extract_items(tree, base_url=url)
        found.microdata = [_as_node(item, 0) for item in items]
    except (ValueError, RecursionError, TypeError, AttributeError, etree.LxmlError):
        found.broken.append("microdata")


def _levels(tree: Any) -> int:
    """How deep items can lie in each other, where each reference leads as deep again.

    The extractor recurses, and a recursion that is broken off within one of its searches leaves that search locked:
    whoever reads the next page would wait for ever.
    """
    depths = (int(item.xpath("count(ancestor-or-self::*[@itemscope])")) for item in tree.xpath("//*[@itemscope]"))
    return max(depths, default=0) * (1 + int(tree.xpath("count(//*[@itemref])")))


def _as_node(item: Any, depth: int) -> Any:
    """Microdata in the shape of JSON-LD."""
    if depth > DEEPEST:
        return {}
    if isinstance(item, list):
        return [_as_node(each, depth + 1) for each in item]
    if not isinstance(item, dict):
        return item
    node = {name: _as_node(value, depth + 1) for name, value in item.get("properties", {}).items()}
    if "id" in item:
        node["@id"] = item["id"]
    return {**node, "@type": item.get("type", "")}


def _read_opengraph(tree: Any, found: Structured) -> None:
    for item in opengraph.OpenGraphExtractor().extract_items(tree):
        for name, value in item["properties"]:
            if value.strip():
                found.opengraph.setdefault(name.lower(), []).append(value.strip())


def as_evidence(node: Any, longest: int) -> str:
    """What was read, word for word, cut to a length."""
    text = json.dumps(node, ensure_ascii=False, default=str)[:longest].replace("\\u0000", "")
    return text.encode("utf-8", "ignore").decode()

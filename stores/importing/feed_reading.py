"""Reading product feeds, CSV or RSS, item by item; and the one door to the lines of any file."""

import json
from collections.abc import Iterator, Mapping
from typing import IO, Any, Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.text import slugify

from .columns import options_text
from .errors import CellTooLargeError, HeaderError, MalformedFileError, UnsafeXmlError
from .feed_columns import OPTION_ATTRIBUTES, REQUIRED_ATTRIBUTES, SEPARATOR
from .models import ImportRun
from .reading import MAX_CELL, Line, csv_rows, limited, lines_of, refuse_large

_ITEMS: Final = frozenset({"item", "entry"})
_Format = ImportRun.Format
MAX_DEPTH: Final = 32
MAX_ATTRIBUTES: Final = 500
"""Of an item. Both are bounds of what is held in memory at a time."""


def lines_in(file: IO[bytes], run: ImportRun) -> Iterator[Line]:
    """The run's file as lines of the catalogue's columns. Raises the `ImportFileError`s."""
    if run.store is None:
        return lines_of(file, run.file_format)
    refuse_large(file)
    items = _xml_items(file) if run.file_format == _Format.FEED_XML else _csv_items(file)
    slug = run.store.slug
    return limited((number, _row_of(item, slug)) for number, item in items)


def _csv_items(file: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    table = csv_rows(file)
    _line, header = next(table, (1, []))
    names = [cell.strip().lower().removeprefix("g:").replace(" ", "_") for cell in header]
    missing = [name for name in REQUIRED_ATTRIBUTES if name not in names]
    if missing or len(set(names)) != len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise HeaderError(missing=", ".join(missing) or "–", unknown=", ".join(twice) or "–")
    return ((line, dict(zip(names, cells, strict=False))) for line, cells in table if any(cells))


def _xml_items(file: IO[bytes]) -> Iterator[tuple[int, dict[str, str]]]:
    """Items with their number; what was read is let go of at once. No document type, no entities."""
    count = 0
    above: list[Element] = []
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if event == "start":
                if len(above) >= MAX_DEPTH or (above and len(above[-1]) > MAX_ATTRIBUTES):
                    raise MalformedFileError(line=count + 1)
                above.append(element)
                continue
            above.pop()
            if _local(element) in _ITEMS:
                count += 1
                yield count, _attributes(element, count)
                element.clear()
            if above and _local(above[-1]) not in _ITEMS:
                above[-1].remove(element)
    except DefusedXmlException as error:
        raise UnsafeXmlError from error
    except (ParseError, ValueError, LookupError) as error:
        raise MalformedFileError(line=count + 1) from error
    if not count:
        raise HeaderError(missing="item", unknown="–")


def _attributes(item: Element, number: int) -> dict[str, str]:
    found: dict[str, str] = {}
    for child in item:
        text = child.text or ""
        if len(text) > MAX_CELL:
            raise CellTooLargeError(line=number, most=MAX_CELL)
        found.setdefault(_local(child), text)
    return found


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2].lower()


def _row_of(item: Mapping[str, str], store: str) -> dict[str, str]:
    """An item as a line of the catalogue. What it does not say is not in the line."""
    sku = _own(item.get("id", ""), store)
    row = {
        "store": store,
        "product": _slug(_own(item.get("item_group_id", ""), store) or sku),
        "name": item.get("title", ""),
        # A feed must have a description; ours repeats the title where a product has none.
        "description": "" if item.get("description") == item.get("title") else item.get("description", ""),
        "category": item.get("category_slug", "") or slugify(item.get("product_type", "").rpartition(">")[2]),
        "brand": item.get("brand_slug", "") or slugify(item.get("brand", ""))[:140],
        "brand_name": item.get("brand", ""),
        "sku": sku,
        "barcode": item.get("gtin", "").strip(),
        "options": item.get("options", "") or _options(item),
    }
    amount, _blank, currency = item.get("price", "").strip().partition(" ")
    row |= {"price": amount, "currency": currency.strip()}
    return {name: text for name, text in row.items() if text or name in {"product", "sku"}}


def _own(text: str, store: str) -> str:
    return text.strip().removeprefix(f"{store}{SEPARATOR}")


def _slug(text: str) -> str:
    """As it is if it is one already; else what can be made of it."""
    plain = text.replace("-", "").replace("_", "")
    return text if plain.isascii() and plain.isalnum() else slugify(text)[:220]


def _options(item: Mapping[str, Any]) -> str:
    return options_text({name: item[name] for name in OPTION_ATTRIBUTES if item.get(name)})


def option(options: str, name: str) -> str:
    """One of a variant's options, for an attribute of that name."""
    value = json.loads(options).get(name, "") if options else ""
    return str(value)

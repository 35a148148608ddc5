"""How much of what pages say is read right, and whether anything would be bought that must not be.

python -m bench extraction [--pages DIR] [--verbose]

DIR holds pairs: NAME.html, the page as it came, and NAME.json, what a person reads in it: `url` (where it was found),
and any of `title`, `price` (text in major units, or null), `currency`, `availability`, `brand`, `variant`, `image`,
`description`, `method`, `reason`, `may_be_bought`. What the JSON does not name is not scored. A false trigger is a page
that we would buy by although `may_be_bought` is false, or at another price or in another currency than stated.
"""

import argparse
import json
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from links.product_links.extracting import Extracted, extract
from links.product_links.fetching import decode
from marketplace.core.money import Money

PAGES = Path(__file__).resolve().parent.parent / "links" / "product_links" / "tests" / "pages"
GOAL = 0.95


@dataclass
class Score:
    """What came of a directory."""

    pages: int = 0
    right: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    false_triggers: list[str] = field(default_factory=list)
    missed_triggers: list[str] = field(default_factory=list)

    @property
    def share(self) -> float:
        """Fields right, of those that were asked."""
        return self.right.total() / max(self.asked.total(), 1)


def score(folder: Path) -> Score:
    """Read every page and compare."""
    result = Score()
    for expected_file in sorted(folder.glob("*.json")):
        expected = json.loads(expected_file.read_text(encoding="utf-8"))
        body = expected_file.with_suffix(".html").read_bytes()
        found = extract(decode("text/html", body), expected["url"])
        compare(result, expected_file.stem, expected, found)
    return result


def compare(result: Score, name: str, expected: dict[str, Any], found: Extracted) -> None:
    """One page's fields."""
    result.pages += 1
    got = shown(found)
    for each in expected.keys() & got.keys():
        same = amount(expected, each) == got[each]
        result.asked[each] += 1
        result.right[each] += same
        if not same:
            result.wrong.append(f"{name}: {each} is {got[each]!r}, not {expected[each]!r}")
    is_right_price = amount(expected, "price") == got["price"] and expected.get("currency") in {None, got["currency"]}
    if found.may_be_bought and not (expected.get("may_be_bought", True) and is_right_price):
        result.false_triggers.append(name)
    if expected.get("may_be_bought") and not found.may_be_bought:
        result.missed_triggers.append(name)


def amount(expected: dict[str, Any], name: str) -> Any:
    """`1299`, `1299.0` and `1299.00` are one price."""
    value = expected.get(name)
    if name != "price" or value is None:
        return value
    whole, _point, decimals = str(value).partition(".")
    currency = expected.get("currency") or "MXN"
    scale = len(f"{Money(1, currency).decimal:f}".partition(".")[2])
    text = f"{whole}.{decimals.ljust(scale, '0')}" if scale else whole
    return text.rstrip(".")


def shown(found: Extracted) -> dict[str, Any]:
    """As the expectations name it."""
    return {
        "title": found.title,
        "price": f"{found.price.decimal:f}" if found.price else None,
        "currency": found.price.currency if found.price else "",
        "availability": str(found.availability),
        "brand": found.brand,
        "variant": found.variant,
        "image": found.images[0] if found.images else "",
        "description": found.description,
        "method": str(found.method),
        "reason": found.reason,
        "may_be_bought": found.may_be_bought,
    }


def main() -> None:
    """Print the score; exit 1 under the goal or with a false trigger."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, default=PAGES)
    parser.add_argument("--verbose", action="store_true", help="say every field that is wrong")
    options = parser.parse_args()
    started = time.perf_counter()
    result = score(options.pages)
    seconds = time.perf_counter() - started
    for name in sorted(result.asked):
        print(f"{name:15} {result.right[name]:5} of {result.asked[name]:5}")
    if options.verbose:
        print(*result.wrong, sep="\n")
    print(f"pages           {result.pages:5} in {seconds:.1f} s")
    print(f"fields right    {result.share:.1%} (goal {GOAL:.0%})")
    print(f"false triggers  {len(result.false_triggers)} {' '.join(result.false_triggers)}".rstrip())
    print(f"missed triggers {len(result.missed_triggers)} {' '.join(result.missed_triggers)}".rstrip())
    if result.share < GOAL or result.false_triggers:
        raise SystemExit(1)

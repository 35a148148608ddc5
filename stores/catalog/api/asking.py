"""The query of the public list read in one pass, without a form.

Only what is plainly right is read; for anything else there is no question, and `ProductFilter` answers instead: it
has the rules, the words of the refusals and the parameters of the schema. So a doubt costs time, never a difference.
"""

import re
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings

from marketplace.core.http.viewsets import UUID_PATTERN
from marketplace.core.money import CURRENCIES, MalformedAmountError, Money
from stores.catalog import searching
from stores.catalog.public_list import BEST_MATCH, NEWEST, Question

from .filters import AMOUNT, LONGEST_AMOUNT, MAX_SEARCH, NEWEST_FIRST, ORDERS

_UUID = re.compile(UUID_PATTERN)
_AMOUNT = re.compile(AMOUNT)
_FLAGS = {"true": True, "false": False}


def question_of(given: Mapping[str, str]) -> Question | None:
    """What the query asks of what everybody may see; None if it is not plainly that."""
    if given.get("published") not in {None, "", "true"}:
        return None
    try:
        words, ordering = _words(given), given.get("ordering") or ""
        if ordering not in {"", NEWEST_FIRST, *ORDERS}:
            return None
        currency = given.get("currency") or settings.DEFAULT_CURRENCY
        return Question(
            category_id=_uuid(given, "category"),
            brand_id=_uuid(given, "brand"),
            store_id=_uuid(given, "store"),
            least=_amount(given, "min_price", currency),
            most=_amount(given, "max_price", currency),
            in_stock=_flag(given, "in_stock"),
            on_promotion=_flag(given, "on_promotion"),
            words=words,
            order=ordering if ordering in ORDERS else BEST_MATCH if words and not ordering else NEWEST,
        )
    except (LookupError, ValueError, MalformedAmountError):
        return None


def _uuid(given: Mapping[str, str], name: str) -> UUID | None:
    text = given.get(name)
    if not text:
        return None
    if not _UUID.fullmatch(text):
        raise ValueError(text)
    return UUID(text)


def _amount(given: Mapping[str, str], name: str, currency: str) -> Money | None:
    if currency not in CURRENCIES:
        raise LookupError(currency)
    text = given.get(name)
    if not text:
        return None
    if len(text) > LONGEST_AMOUNT or not _AMOUNT.fullmatch(text):
        raise ValueError(text)
    return Money.parse(text, currency)


def _flag(given: Mapping[str, str], name: str) -> bool | None:
    text = given.get(name)
    return _FLAGS[text] if text else None


def _words(given: Mapping[str, str]) -> tuple[str, ...]:
    text = given.get("search")
    if not text:
        return ()
    words = searching.words_of(text)
    if not words or len(text) > MAX_SEARCH or text != text.strip() or "\x00" in text:
        raise ValueError(text)
    return tuple(words)

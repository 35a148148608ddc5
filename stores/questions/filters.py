"""Filters over what customers write: each finds something and says so by a code; a person decides.

A filter is a callable `(text, language) -> list of codes`; the setting TEXT_FILTERS names them by their dotted
paths. Findings are kept with the question and shown to whoever moderates: nothing is dropped by itself.
"""

import logging
import re
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from .words import PROFANITY

logger = logging.getLogger(__name__)

TextFilter = Callable[[str, str], list[str]]

FAILED = "filter_failed"
LABELS = {
    "link": _("link"),
    "email": _("e-mail address"),
    "phone": _("telephone number"),
    "profanity": _("profanity"),
    FAILED: _("a filter failed"),
}
"""What a moderator reads; a code that is not here (of somebody else's filter) shows as it is."""

_EMAIL = re.compile(r"[\w.+-]++@[\w-]++(?:\.[\w-]++)+")
_LINK = re.compile(
    r"\b(?:https?://|www\.)\S"
    r"|\b[a-z0-9-]++\.(?:com|net|org|info|biz|shop|store|online|site|app|io|ly|me|mx|es|ar|co|cl|pe)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w.,-])\+?(?:\d[\s().-]{0,2}){9,15}(?!\w)")
_TOKEN = re.compile(r"[\w@$!]+")
_LEET = str.maketrans("0134578@$!", "oieastbasi")


def find(text: str, language: str) -> list[str]:
    """What the configured filters find in the text, each code once. A filter that breaks is a finding itself."""
    found: list[str] = []
    for path in settings.TEXT_FILTERS:
        try:
            found += _loaded(path)(text, language)
        except Exception:
            logger.exception("text filter failed", extra={"filter": path})
            found.append(FAILED)
    return list(dict.fromkeys(found))


@lru_cache(maxsize=32)
def _loaded(path: str) -> TextFilter:
    loaded: TextFilter = import_string(path)
    return loaded


def contacts(text: str, language: str) -> list[str]:
    """Ways to a person or a place elsewhere: links, e-mail addresses, telephone numbers."""
    without_addresses = _EMAIL.sub(" ", text)
    found = {
        "link": _LINK.search(without_addresses),
        "email": _EMAIL.search(text),
        "phone": _PHONE.search(without_addresses),
    }
    return [code for code, match in found.items() if match]


def profanity(text: str, language: str) -> list[str]:
    """Words of our own short lists, as whole words; accents, capitals and digits for letters do not hide them.

    Both lists are always asked: people swear in either language wherever they shop.
    """
    for token in _TOKEN.findall(text):
        if {_folded(token), _folded(token.strip("@$!"))} & PROFANITY:
            return ["profanity"]
    return []


def _folded(token: str) -> str:
    """Lower case, without accents (ñ is a letter of its own), digits and signs as the letters they stand for."""
    spelled = unicodedata.normalize("NFC", token.lower()).translate(_LEET)
    return "".join(letter if letter == "ñ" else unicodedata.normalize("NFKD", letter)[:1] for letter in spelled)

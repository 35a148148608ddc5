"""Crawlers and monitors that say what they are: they are answered, and what they send is not stored.

Plain HTTP libraries are not among them: an application may well send its people's events with one.
"""

import re
from typing import Final

_NAMES: Final = (
    "bot",
    "crawl",
    "spider",
    "slurp",
    "scrap",
    "lighthouse",
    "pagespeed",
    "pingdom",
    "uptime",
    "monitoring",
    "preview",
    "facebookexternalhit",
    "embedly",
    "whatsapp/",
    "mediapartners",
    "adsbot",
)
_BOT: Final = re.compile("|".join(re.escape(name) for name in _NAMES), re.IGNORECASE)
# Devices whose name holds one of the words.
_PERSON: Final = re.compile(r"cubot", re.IGNORECASE)


def is_bot(user_agent: str) -> bool:
    """Whether that is no browser or application that a person uses. Who says nothing is taken for a person."""
    return bool(_BOT.search(user_agent)) and not _PERSON.search(user_agent)

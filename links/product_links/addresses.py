"""Addresses of pages: which may be read at all, and the one form in which each is known."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit, urlunsplit

import idna
from w3lib.url import canonicalize_url

from marketplace.core.errors import InvalidInputError, gettext_noop

LONGEST: Final = 2_000
PORTS: Final = {"http": 80, "https": 443}
# Who sent the visitor, not what is shown. Names are compared in lower case.
TRACKING_PREFIXES: Final = ("utm_", "pk_", "mtm_", "hsa_", "ga_", "_ga", "oly_", "vero_", "at_custom", "matt_")
TRACKING: Final = frozenset({
    "gclid", "gclsrc", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "yclid", "twclid", "ttclid", "igshid", "igsh",
    "li_fat_id", "mc_cid", "mc_eid", "mkt_tok", "_hsenc", "_hsmi", "epik", "s_kwcid", "srsltid", "ref", "ref_",
    "ref_src", "ref_url", "referrer", "referer", "campaignid", "adgroupid", "cmpid", "spm", "scm", "tracking_id",
    "trk", "cjevent", "irclickid", "irgwc", "affid", "aff_id", "wickedid", "sessionid", "phpsessid", "jsessionid",
    "_openstat", "rb_clickid",
})  # fmt: skip
# Names that lead nowhere on the public internet, or into the network the reader stands in.
LOCAL_NAMES: Final = frozenset({
    "localhost", "localdomain", "local", "internal", "intranet", "private", "corp", "home", "lan", "arpa", "onion",
    "invalid", "test", "alt",
})  # fmt: skip

_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)
_ODD = re.compile(r"[\x00-\x20\x7f\\<>\"`]")

_DETAILS: Final = {
    "address_too_long": gettext_noop("The address is too long."),
    "address_malformed": gettext_noop("This is no address of a page."),
    "scheme_not_allowed": gettext_noop("The address must begin with https:// or http://."),
    "credentials_in_address": gettext_noop("The address must not hold a name or a password."),
    "port_not_allowed": gettext_noop("The address must not name another port than the usual one."),
    "host_missing": gettext_noop("The address names no host."),
    "host_malformed": gettext_noop("The address names no valid host."),
    "host_is_number": gettext_noop("Give the shop's name, not the number of a computer."),
    "host_not_public": gettext_noop("This host is not on the public internet."),
}


@dataclass(frozen=True, slots=True)
class Address:
    """A page's address in its canonical form."""

    url: str
    host: str

    @property
    def hash(self) -> str:
        """By which a page is found: addresses are longer than an index takes."""
        return hashlib.sha256(self.url.encode()).hexdigest()


class AddressRefusedError(InvalidInputError):
    """An address that is never read; `reason` says why."""

    def __init__(self, reason: str, field: str = "url") -> None:
        super().__init__(InvalidInputError.of(field, reason, _DETAILS[reason]).field_errors)
        self.reason = reason


def read_address(text: str) -> Address:
    """The canonical form: lower-case ASCII host, no default port, fragment or tracking, sorted query.

    Raises `AddressRefusedError` for whatever is not the http(s) address of a host with a public name. What the name
    leads to is known only when it is resolved: the reader looks at that again, each time.
    """
    parts, host = _split(text)
    query = urlencode([(name, value) for name, value in _pairs(parts.query) if not is_tracking(name)])
    url = canonicalize_url(urlunsplit((parts.scheme, host, parts.path or "/", query, "")))
    if len(url) > LONGEST:
        raise AddressRefusedError("address_too_long")
    return Address(url, host)


def read_request_address(text: str) -> Address:
    """The same refusals for where a shop redirects to; path and query are asked for as they are.

    Raises `AddressRefusedError`.
    """
    parts, host = _split(text)
    return Address(urlunsplit((parts.scheme, host, parts.path or "/", parts.query, "")), host)


def is_tracking(name: str) -> bool:
    """Whether a parameter says who sent the visitor, and not which page it is."""
    lowered = name.lower()
    return lowered in TRACKING or lowered.startswith(TRACKING_PREFIXES)


def is_same_site(one: str, other: str) -> bool:
    """Whether two hosts are one site's: equal, or one below the other (`www.`, `m.`, `tienda.`)."""
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _split(text: str) -> tuple[SplitResult, str]:
    if len(text) > LONGEST * 2:
        raise AddressRefusedError("address_too_long")
    text = text.strip(" \t\r\n")
    if _ODD.search(text) or any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in text):
        raise AddressRefusedError("address_malformed")
    if len(text) > LONGEST:
        raise AddressRefusedError("address_too_long")
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise AddressRefusedError("address_malformed") from error
    if parts.scheme not in PORTS:
        raise AddressRefusedError("scheme_not_allowed")
    if "@" in parts.netloc:
        raise AddressRefusedError("credentials_in_address")
    named = parts.netloc.partition(":")[0]
    if parts.netloc.startswith("[") or parts.netloc.count(":") > 1:
        raise AddressRefusedError("host_is_number")
    if not named:
        raise AddressRefusedError("host_missing")
    try:
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError("port_not_allowed") from error
    if port not in {None, PORTS[parts.scheme]}:
        raise AddressRefusedError("port_not_allowed")
    return parts, _public_host(named)


def _public_host(named: str) -> str:
    host = _ascii(named)
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise AddressRefusedError("host_malformed")
    # A resolver reads `2130706433`, `0x7f.1`, `127.1` and `0177.0.0.1` as numbers: the last label decides.
    if _NUMBER.fullmatch(labels[-1]):
        raise AddressRefusedError("host_is_number")
    if len(labels) == 1 or labels[-1] in LOCAL_NAMES:
        raise AddressRefusedError("host_not_public")
    return host


def _ascii(named: str) -> str:
    """In lower case, names of other alphabets by IDNA 2008. Letters that only look like others are no name."""
    lowered = unicodedata.normalize("NFC", named).lower()
    if lowered.isascii():
        return lowered
    if unicodedata.normalize("NFKC", lowered) != lowered or "\u3002" in lowered:
        raise AddressRefusedError("host_malformed")
    try:
        return idna.encode(lowered).decode("ascii")
    except idna.IDNAError as error:
        raise AddressRefusedError("host_malformed") from error


def _pairs(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, keep_blank_values=True, max_num_fields=200)
    except ValueError as error:
        raise AddressRefusedError("address_malformed") from error

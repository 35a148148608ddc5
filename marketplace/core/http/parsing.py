"""Strict JSON: what is ambiguous, oversized or not text is refused before anything reads it."""

import json
import re
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser

MAX_DEPTH = 32
MAX_DIGITS = 18

# Strings (an unfinished one runs to the end) and everything else that is no bracket. Possessive: linear in time.
_NO_BRACKET = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[^"\[\]{}]++', re.DOTALL)
# NUL cannot be stored; a lone surrogate is half a character.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class TooLargeError(APIException):
    """413."""

    status_code = 413
    default_code = "too_large"

    def __init__(self) -> None:
        super().__init__(_("The request body is too large."))


class StrictJSONParser(BaseParser):
    """RFC 8259 without its liberties: UTF-8 only, no duplicate names, no NaN, bounded depth and digits."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises 400 with the reason, 413 past the limit, 415 for another character set."""
        charset = _charset(media_type or "")
        if charset not in {"", "utf-8", "utf8"}:
            raise UnsupportedMediaType(media_type or "")
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(limit + 1)
        if len(raw) > limit:
            raise TooLargeError
        return loads(raw)


def loads(raw: bytes) -> Any:
    """Decode one strict JSON document; raises DRF's `ParseError`."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ParseError(_("The body is not valid UTF-8.")) from error
    if text.count("[") + text.count("{") > MAX_DEPTH:
        _refuse_depth(text)
    try:
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_int=_integer, parse_float=_float
        )
    except (json.JSONDecodeError, RecursionError) as error:
        raise ParseError(_("The body is not valid JSON.")) from error
    if "\\u" in text:  # only an escape can smuggle them in
        _refuse_odd_text(value)
    return value


def _charset(media_type: str) -> str:
    for part in media_type.split(";")[1:]:
        name, _sep, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


def _refuse_depth(text: str) -> None:
    """Before the decoder recurses: its own limit may lie beyond the stack of a server's thread."""
    depth = 0
    for char in _NO_BRACKET.sub("", text):
        depth += 1 if char in "[{" else -1
        if depth > MAX_DEPTH:
            raise ParseError(_("The body is nested too deeply."))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ParseError(_("A name appears twice in one object."))
    return value


def _no_constant(name: str) -> Any:
    raise ParseError(_("NaN and Infinity are not JSON."))


def _integer(digits: str) -> int:
    if len(digits.lstrip("-")) > MAX_DIGITS:
        raise ParseError(_("A number has too many digits."))
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if value in {float("inf"), float("-inf")} or len(digits) > 2 * MAX_DIGITS:
        raise ParseError(_("A number has too many digits."))
    return value


def _refuse_odd_text(value: Any) -> None:
    match value:
        case str():
            if _UNSTORABLE.search(value):
                raise ParseError(_("A text holds characters that cannot be stored."))
        case dict():
            for name, item in value.items():
                _refuse_odd_text(name)
                _refuse_odd_text(item)
        case list():
            for item in value:
                _refuse_odd_text(item)

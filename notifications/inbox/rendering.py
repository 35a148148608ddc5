"""From kind and parameters to words, in the reader's language, when somebody reads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import translation
from django.utils.translation import gettext as _

from marketplace.core.formatting import shown_amount
from marketplace.core.http.fields import money_json
from marketplace.core.money import CURRENCIES, Money
from notifications.kinds.moments import shown_on_the_wall
from notifications.kinds.table import KINDS

from .models import Message

ORIGINAL = "_en"
DAYS = frozenset({"from", "to", "until"})
"""Parameters that are days, or moments by the customer's clock, as `kinds.moments` writes them."""


@dataclass(frozen=True, slots=True)
class Text:
    """A message in one language."""

    title: str
    body: str


class _Values(dict[str, Any]):
    """Parameters of an older message may lack what a newer template names."""

    def __missing__(self, name: str) -> str:
        return ""


def render(message: Message, language: str) -> Text:
    """The message's words. A kind this version does not know shows what its parameters say; nothing raises."""
    said = _spoken(_mapping(message.params), language)
    with translation.override(language):
        values = _Values({name: _readable(name, value) for name, value in said.items()})
        kind = KINDS.get(message.kind)
        if kind is None:
            return Text(str(values["title"]) or _("Notification"), str(values["body"]))
        return Text(str(kind.title) % values, str(kind.body) % values)


def _spoken(params: Mapping[str, Any], language: str) -> dict[str, Any]:
    """Parameters that were written in several languages (`title_en`, `title_es`) under their bare names too."""
    ending = f"_{language[:2]}"
    if not any(name.endswith(ending) for name in params):
        ending = ORIGINAL
    return {**params, **{name.removesuffix(ending): value for name, value in params.items() if name.endswith(ending)}}


def _mapping(params: Any) -> Mapping[str, Any]:
    return params if isinstance(params, dict) else {}


def params_of(message: Message) -> dict[str, Any]:
    """The message's parameters as the API writes them: money as an object of two texts."""
    return {name: _api_value(value) for name, value in _mapping(message.params).items()}


def _readable(name: str, value: Any) -> Any:
    money = _money(value)
    if money is not None:
        return shown_amount(money)
    return shown_on_the_wall(value) if name in DAYS and isinstance(value, str) else value


def _api_value(value: Any) -> Any:
    money = _money(value)
    if money is not None:
        return money_json(money)
    match value:
        case list():
            return [_api_value(each) for each in value]
        case dict():
            return {name: _api_value(each) for name, each in value.items()}
    return value


def _money(value: Any) -> Money | None:
    match value:
        case {"minor": int(minor), "currency": str(currency)} if currency in CURRENCIES:
            return Money(minor, currency)
    return None

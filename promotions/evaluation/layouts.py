"""Layouts of public logs, line by line: RetailRocket, Taobao UserBehavior, Open Bandit, and a plain one of our own.

retailrocket  events.csv of https://www.kaggle.com/datasets/retailrocket/ecommerce-dataset
              timestamp (ms), visitorid, event (view, addtocart, transaction), itemid, transactionid
taobao        UserBehavior.csv of https://tianchi.aliyun.com/dataset/649
              user, item, category, behaviour (pv, fav, cart, buy), timestamp (s); no header
openbandit    random/…/all.csv of https://research.zozo.com/data.html (Saito et al., 2020)
              by its header: timestamp, item_id, position, click, propensity_score
own           by its header: at (seconds, or ISO with offset), item, and where there is one user or session, kind
"""

import math
from collections.abc import Callable
from datetime import datetime
from typing import Final

from .reading import MalformedError

Parse = Callable[[int, str], tuple[float, list[str]] | None]
KINDS: Final = ("impression", "view", "click", "cart", "purchase")
EARLIEST, LATEST = 946_684_800.0, 4_102_444_800.0  # 2000 to 2100
LONGEST_NAME: Final = 200

_RETAILROCKET = {"view": "view", "addtocart": "cart", "transaction": "purchase"}
_TAOBAO = {"pv": "view", "fav": "click", "cart": "cart", "buy": "purchase"}
_BANDIT = ("timestamp", "item_id", "position", "click", "propensity_score")
MOST_POSITIONS: Final = 100


def retailrocket() -> Parse:
    """Texts: user, item, kind."""

    def parse(number: int, line: str) -> tuple[float, list[str]] | None:
        fields = line.split(",")
        if number == 1 and fields[0] == "timestamp":
            return None
        if len(fields) != 5:
            raise MalformedError("not five fields")
        moment, user, kind, item, _order = fields
        return _moment(moment, 1_000), [_name(user), _name(item), _kind(kind, _RETAILROCKET)]

    return parse


def taobao() -> Parse:
    """Texts: user, item, kind."""

    def parse(_number: int, line: str) -> tuple[float, list[str]] | None:
        fields = line.split(",")
        if len(fields) != 5:
            raise MalformedError("not five fields")
        user, item, _category, kind, moment = fields
        return _moment(moment, 1), [_name(user), _name(item), _kind(kind, _TAOBAO)]

    return parse


def own() -> Parse:
    """Texts: user, item, kind. Without a user each line is somebody of its own, without a kind it is a click."""
    known = {kind: kind for kind in KINDS}
    columns: dict[str, int] = {}

    def parse(number: int, line: str) -> tuple[float, list[str]] | None:
        fields = line.split(",")
        if not columns:
            columns.update(_columns(fields, ("at", "item")))
            return None
        if len(fields) != columns[""]:
            raise MalformedError("not as many fields as the header")
        who = columns.get("user", columns.get("session"))
        kind = fields[columns["kind"]] if "kind" in columns else "click"
        user = f"line {number}" if who is None else fields[who]
        return _moment(fields[columns["at"]], 1), [_name(user), _name(fields[columns["item"]]), _kind(kind, known)]

    return parse


def openbandit() -> Parse:
    """Texts: item, position, click, propensity."""
    columns: dict[str, int] = {}

    def parse(_number: int, line: str) -> tuple[float, list[str]] | None:
        fields = line.split(",")
        if not columns:
            columns.update(_columns(fields, _BANDIT))
            return None
        if len(fields) != columns[""]:
            raise MalformedError("not as many fields as the header")
        moment, item, position, click, propensity = (fields[columns[name]] for name in _BANDIT)
        if not (
            position.isascii() and position.isdigit() and len(position) <= 3 and 1 <= int(position) <= MOST_POSITIONS
        ):
            raise MalformedError("no such position")
        if click not in {"0", "1"}:
            raise MalformedError("neither clicked nor not")
        if not 0 < _number_in(propensity, "no such propensity") <= 1:
            raise MalformedError("no such propensity")
        return _moment(moment, 1), [_name(item), position, click, propensity]

    return parse


LAYOUTS: Final[dict[str, Callable[[], Parse]]] = {
    "retailrocket": retailrocket,
    "taobao": taobao,
    "openbandit": openbandit,
    "own": own,
}


class HeaderError(ValueError):
    """The first line does not name the columns that the layout needs: this is another file."""


def _columns(fields: list[str], needed: tuple[str, ...]) -> dict[str, int]:
    names = {name.strip(): place for place, name in enumerate(fields)}
    missing = [name for name in needed if name not in names]
    if missing:
        raise HeaderError(f"the header has no {', '.join(missing)}")
    return names | {"": len(fields)}


def _moment(text: str, unit: int) -> float:
    try:
        value = float(text) / unit
    except ValueError:
        value = _from_iso(text)
    if not (math.isfinite(value) and EARLIEST <= value < LATEST):
        raise MalformedError("no moment of this century")
    return value


def _from_iso(text: str) -> float:
    try:
        said = datetime.fromisoformat(text)
    except ValueError as error:
        raise MalformedError("no moment of this century") from error
    if said.tzinfo is None:
        raise MalformedError("a moment without its offset")
    return said.timestamp()


def _name(text: str) -> str:
    if not (0 < len(text) <= LONGEST_NAME and text.isprintable() and "\ufffd" not in text):
        raise MalformedError("no name of a user or an item")
    return text


def _kind(text: str, known: dict[str, str]) -> str:
    if text not in known:
        raise MalformedError("an unknown kind of event")
    return known[text]


def _number_in(text: str, reason: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise MalformedError(reason) from error

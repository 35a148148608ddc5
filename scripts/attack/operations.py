"""Every route with what the reference says of it: an example of its body, its parameters, and what it answers with."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any, Final

import yaml
from django.utils import timezone

from marketplace.core.ids import uuid7
from marketplace.settings.env import BASE_DIR
from marketplace.tests.access_table import TABLE
from marketplace.tests.routes import routes
from marketplace.tests.world import World, ids_for

from .values import leaves, replaced

JSON: Final = "application/json"
_UUID: Final = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_ID_WORDS: Final = {"token", "code", "key"}
# Names of an example's ids, and whose parameters of the world name one such.
_NAMED: Final = {
    "variant": "products/variants", "product": "products", "product_id": "products", "store": "stores",
    "category": "categories", "parent": "categories", "department": "departments", "gift": "gifts",
    "gift_list": "gift-lists", "promo": "flash-promos", "reservation": "promo-reservations", "order": "orders",
    "payment": "payments", "supplier": "suppliers", "segments": "user-segments", "stock_items": "stock",
    "product_link": "product-links", "user": "users", "customer": "users", "line": "cart/items",
}  # fmt: skip
_HOURS: Final = {
    "starts_at": 1, "ends_at": 48, "occurred_at": 0, "sent_at": 0, "send_at": 24, "date": 48, "starts_on": 48,
    "active_since": -48,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """A route and method. `example` is None where there is no body, `asked` the members a body may have."""

    method: str
    path: str
    who: str
    content_type: str = JSON
    example: Any = None
    asked: frozenset[str] = frozenset()
    answered: dict[str, Any] | None = None
    query: tuple[str, ...] = ()
    wants_key: bool = False

    @property
    def name(self) -> str:
        """As the table of who may has it."""
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        """Names in the path."""
        return re.findall(r"{(\w+)}", self.path)

    @property
    def is_write(self) -> bool:
        """Whether it may change something."""
        return self.method != "GET"

    def url(self, world: World) -> str:
        """About the owner's things."""
        return "/" + self.path.format(**ids_for(world, self.path))

    def body(self, world: World) -> Any:
        """The example, about things that are there and days to come."""
        body = self.example
        for path, value in leaves(body):
            names = [name for name in path if isinstance(name, str)]
            body = replaced(body, path, _timely(world, names[-1] if names else "", value))
        return body


def _timely(world: World, name: str, value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if name == "event_id":
        return str(uuid7())
    if _UUID.fullmatch(value):
        ids = world.ids.get(_NAMED.get(name, ""), {})
        return str(ids["pk"]) if "pk" in ids else value
    if name in _HOURS and re.match(r"\d{4}-\d\d-\d\d", value):
        moment = timezone.now() + timedelta(hours=_HOURS[name])
        return moment.isoformat() if "T" in value else moment.date().isoformat()
    return value


def operations(pattern: str = "") -> Iterator[Operation]:
    """Those whose name (`POST api/v1/cart/items/`) the pattern is found in."""
    described = _reference()
    for method, path in dict.fromkeys(routes()):
        name = f"{method} {path}"
        if name not in TABLE or not re.search(pattern, name):
            continue
        said = described.get(_key(method, path)) or described.get(_key(method, f"api/v1/{path}")) or {}
        yield _operation(method, path, TABLE[name], said)


def _operation(method: str, path: str, who: str, said: dict[str, Any]) -> Operation:
    parameters = said.get("parameters", [])
    content = said.get("requestBody", {}).get("content", {})
    kind = JSON if JSON in content or not content else next(iter(content))
    body = content.get(kind, {})
    return Operation(
        method=method,
        path=path,
        who=who,
        content_type=kind,
        example=_example(body),
        asked=frozenset(_properties(body.get("schema", {}))),
        answered=_answered(said),
        query=tuple(each["name"] for each in parameters if each["in"] == "query"),
        wants_key=any(each["name"] == "Idempotency-Key" for each in parameters),
    )


def _key(method: str, path: str) -> str:
    plain = re.sub(r"{\w+}", "{}", path.strip("/")).replace("clients-profiles", "client-profiles")
    return f"{method} {plain}"


@cache
def _document() -> dict[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document: dict[str, Any] = yaml.load((BASE_DIR / "docs" / "openapi.yaml").read_text(), Loader=loader)  # noqa: S506  # nosec B506 - one of the two safe loaders
    return document


def _reference() -> dict[str, dict[str, Any]]:
    return {
        _key(method.upper(), path): operation
        for path, item in _document()["paths"].items()
        for method, operation in item.items()
        if isinstance(operation, dict)
    }


def _example(content: dict[str, Any]) -> Any:
    if "example" in content:
        return content["example"]
    examples = list(content.get("examples", {}).values())
    return examples[0].get("value") if examples else None


def _properties(schema: dict[str, Any]) -> set[str]:
    if "$ref" in schema:
        return _properties(_document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    found = set(schema.get("properties", {}))
    for word in ("allOf", "oneOf", "anyOf"):
        for each in schema.get(word, []):
            found |= _properties(each)
    return found


def _answered(said: dict[str, Any]) -> dict[str, Any] | None:
    """The example of what success answers with: its members are what a caller may not write, those asked for aside."""
    for status, answer in sorted(said.get("responses", {}).items()):
        if status.startswith("2"):
            example = _example(answer.get("content", {}).get(JSON, {}))
            return example if isinstance(example, dict) else None
    return None

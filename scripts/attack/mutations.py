"""One request of an operation, bent in every way that is known to break something."""

import codecs
import json
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote, urlencode

from marketplace.core.ids import uuid7
from marketplace.tests.world import World, ids_for

from .judging import FORGED_HOST
from .operations import JSON, Operation
from .shots import Shot
from .values import HOSTILE, PATH_VALUES, QUERY_VALUES, brief, leaves, replaced, written

MULTIPART: Final = "multipart/form-data; boundary=attack"
BOMB: Final = 100_000
_TOO_LARGE: Final = 3 * 1024 * 1024
_EACH_LEAF: Final = 8
_EACH_PARAMETER: Final = 5
MARK: Final = "planted-7f3a51c2"
MARK_NUMBER: Final = 770_077_013
MARK_ID: Final = "7f3a51c2-7f3a-7c3a-8f3a-7f3a51c27f3a"
MARKS: Final = (MARK, str(MARK_NUMBER), MARK_ID, MARK_ID.replace("-", ""))
# Members that no body of ours asks for everywhere, and that somebody would like to set.
COVETED: Final = {
    "id": MARK_ID, "pk": MARK_ID, "user": MARK_ID, "user_id": MARK_ID, "customer": MARK_ID, "customer_id": MARK_ID,
    "owner": MARK_ID, "owner_id": MARK_ID, "asker": MARK_ID, "actor_id": MARK_ID, "account_id": MARK_ID,
    "is_staff": True,
    "is_superuser": True, "is_verified": True, "token_version": MARK_NUMBER, "password_hash": MARK, "groups": [1],
    "user_permissions": [1], "balance": MARK_NUMBER, "balance_minor": MARK_NUMBER, "amount_minor": MARK_NUMBER,
    "total_minor": MARK_NUMBER, "price_minor": MARK_NUMBER, "unit_price_minor": MARK_NUMBER, "on_hand": MARK_NUMBER,
    "reserved": MARK_NUMBER, "points": MARK_NUMBER, "version": MARK_NUMBER, "share_token": MARK, "token_hash": MARK,
    "failure": MARK, "reference": MARK, "provider_reference": MARK, "state": MARK, "status": MARK, "tier": MARK,
    "email_verified_at": "2031-07-13T07:07:13Z", "created_at": "2031-07-13T07:07:13Z",
}  # fmt: skip
_MARK_MOMENT: Final = "2031-07-13 07:07:13"


def key(operation: Operation) -> dict[str, str]:
    """A fresh idempotency key where one is asked for."""
    return {"Idempotency-Key": f"attack-{uuid7().hex}"} if operation.wants_key else {}


def plain(operation: Operation, world: World) -> Shot:
    """As the reference shows it, about the owner's things."""
    url, headers = operation.url(world), key(operation)
    if not operation.is_write:
        return Shot(operation.method, url, "as in the reference", headers=headers)
    body = operation.body(world)
    if operation.content_type == "multipart/form-data":
        return Shot(operation.method, url, "as in the reference", form(body, b"sku,name\n1,x\n"), MULTIPART, headers)
    if operation.content_type != JSON:
        text = urlencode(body or {}).encode()
        return Shot(operation.method, url, "as in the reference", text, operation.content_type, headers)
    raw = written({} if body is None else body)
    return Shot(operation.method, url, "as in the reference", raw, headers=headers)


def form(body: Any, content: bytes, name: str = "a.csv") -> bytes:
    """Members of a multipart form; the one called `file` or `image` is a file."""
    parts = []
    for member, value in (body or {"file": ""}).items():
        is_file = member in {"file", "image"}
        extra = f'; filename="{name}"' if is_file else ""
        head = f'--attack\r\nContent-Disposition: form-data; name="{member}"{extra}\r\n\r\n'
        parts.append(head.encode() + (content if is_file else str(value).encode()) + b"\r\n")
    return b"".join(parts) + b"--attack--\r\n"


def hostile(operation: Operation, world: World, rng: random.Random) -> Iterator[Shot]:
    """Every bent request of the operation; each carries a key of its own where one is asked for."""
    base = plain(operation, world)
    shots = [*_paths(operation, world, base), *_queries(operation, base, rng), *_headers(base)]
    if operation.is_write:
        shots += _documents(base)
        shots += _content_types(base)
    if operation.is_write and operation.content_type == JSON:
        body = operation.body(world)
        shots += _bent_members(base, {} if body is None else body, rng)
        shots += planted(operation, world)
    if operation.content_type == "multipart/form-data":
        shots += _uploads(operation, base)
    for shot in shots:
        yield replace(shot, headers={**key(operation), **shot.headers})


def _documents(base: Shot) -> Iterator[Shot]:
    """Bodies that are no document, or no document that should be read."""
    document = base.body or b"{}"
    whole = {
        "a bomb of brackets": b"[" * BOMB,
        "a bomb of braces": b'{"a":' * BOMB,
        "a closed bomb": b"[" * BOMB + b"]" * BOMB,
        "an unfinished text": b'{"a": "' + b"x" * 10_000,
        "a number of 5,000 digits": b'{"a": ' + b"9" * 5_000 + b"}",
        "a list": b"[]",
        "a text": b'"text"',
        "a number": b"1",
        "null": b"null",
        "nothing": b"",
        "white space": b" \n",
        "half a document": document[: len(document) // 2],
        "two documents": document + document,
        "a byte order mark": codecs.BOM_UTF8 + document,
        "no UTF-8": b'{"a": "\xff\xfe"}',
        "UTF-16": document.decode("utf-8", "replace").encode("utf-16"),
        "bytes of a surrogate": b'{"a": "\xed\xa0\x80"}',
        "NUL": b"\x00" * 10,
        "more than may be sent": b'{"a": "' + b"x" * _TOO_LARGE + b'"}',
        "an entity that grows": b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>',
        "a pickle": b"cos\nsystem\n(S'true'\ntR.",
    }
    for why, body in whole.items():
        yield replace(base, body=body, why=f"the body is {why}")


def _content_types(base: Shot) -> Iterator[Shot]:
    for kind in (
        "application/json; charset=utf-16", "application/json; charset=cp037", "application/json; charset=\xff",
        "application/json;" + "a=b;" * 2_000, "text/xml", "application/x-www-form-urlencoded", MULTIPART,
        "multipart/form-data", "multipart/form-data; boundary=" + "x" * 5_000, "application/x-python-serialize",
        "text/plain", "", "/", "application/json, text/html",
    ):  # fmt: skip
        yield replace(base, content_type=kind, why=f"Content-Type {kind[:40]!r}")


def _bent_members(base: Shot, body: Any, rng: random.Random) -> Iterator[Shot]:
    """Each value by something else, each member left out, some twice."""
    for path, value in leaves(body):
        where = ".".join(map(str, path))
        for new in rng.sample(HOSTILE, _EACH_LEAF):
            yield replace(base, body=written(replaced(body, path, new)), why=f"{where} is {brief(new)}")
        if isinstance(value, str):
            yield replace(base, body=written(replaced(body, path, value + "\x00")), why=f"{where} ends with NUL")
    if isinstance(body, dict):
        for name, value in body.items():
            less = {each: item for each, item in body.items() if each != name}
            yield replace(base, body=written(less), why=f"without {name}")
            for new in rng.sample(HOSTILE, 2):
                yield replace(base, body=written({**body, name: new}), why=f"{name} is {brief(new)}")
            raw = written(body)[:-1] + f", {json.dumps(name)}: ".encode() + written(value) + b"}"
            yield replace(base, body=raw, why=f"{name} stands twice")
    many = {f"unknown{number}": number for number in range(2_000)}
    yield replace(base, body=written({**(body if isinstance(body, dict) else {}), **many}), why="2,000 unknown members")


def planted(operation: Operation, world: World) -> Iterator[Shot]:
    """With every member of the answer, and what else one would like to set, that the reference does not ask for."""
    base, body = plain(operation, world), operation.body(world)
    if operation.content_type != JSON or not isinstance(body, dict | None):
        return
    answered = {name: _mark(value) for name, value in (operation.answered or {}).items()}
    extra = {name: value for name, value in {**COVETED, **answered}.items() if name not in operation.asked}
    marks = (*MARKS, _MARK_MOMENT)
    yield replace(base, body=written({**(body or {}), **extra}), why="members that are not asked for", planted=marks)


def _mark(value: Any) -> Any:
    match value:
        case bool():
            return not value
        case int() | float():
            return MARK_NUMBER
        case {"amount": _, "currency": currency}:
            return {"amount": f"{MARK_NUMBER}.00", "currency": currency}
        case str() if len(value) == len(MARK_ID) and value.count("-") == 4:
            return MARK_ID
        case str() if value[:2] == "20" and value.endswith("Z"):
            return "2031-07-13T07:07:13Z"
    return MARK


def _paths(operation: Operation, world: World, base: Shot) -> Iterator[Shot]:
    """Ids that are none, and ids of other kinds of things."""
    ids = ids_for(world, operation.path)
    others = {kind: str(each["pk"]) for kind, each in world.ids.items() if "pk" in each}
    for name in operation.parameters:
        for value in PATH_VALUES:
            url = "/" + operation.path.format(**{**ids, name: value})
            yield replace(base, url=url, why=f"{name} in the path is {brief(value)}")
        for kind in list(others)[::7]:
            url = "/" + operation.path.format(**{**ids, name: quote(others[kind])})
            yield replace(base, url=url, why=f"{name} in the path is the id of one of {kind}")


_INJECTED: Final = (
    "ordering=user__password", "ordering=-customer__user__password", "ordering=?", "ordering=id%3Bselect",
    "ordering=a,b,,-",
    "order_by=password", "o=-1.-1", "page_size=0", "page_size=-1", "page_size=999999999999", "page_size=1_0",
    "page_size=%EF%BC%91", "page=0", "page=-1", "page=999999999999999999999", "limit=-1&offset=-99999999999999999999",
    "cursor=", "cursor=%00", "cursor=AAAA", "cursor=WzAsICJ4IiwgIngiXQ", "cursor=W1tbW1tbW1tbW11dXV1dXV1dXV0",
    "cursor=bnVsbA", "cursor=WzAsIk5hTiIsIjAiXQ", "cursor=%F0%9F%92%A3", "fields=password,user.password,__class__",
    "fields=", "fields=" + "a," * 3_000, "user__password__startswith=a", "id__in=1,2",
    "customer__email__regex=(a%2B)%2B$",
    "pk__gt=0", "day__year=0", "created_at__year=0", "__proto__=1", "format=api", "format=../../etc/passwd",
    "_method=DELETE", "method=DELETE", "callback=alert", "a=" + "b" * 20_000, "=&=&", "%00=%00", "%ff=%fe",
    "search=%00", "search=" + "%25" * 2_000, "q=%ED%A0%80", "next=//evil.com",
)  # fmt: skip


def _queries(operation: Operation, base: Shot, rng: random.Random) -> Iterator[Shot]:
    """Parameters that the reference names with values that are none, and parameters of nobody's."""
    for name in operation.query:
        for value in rng.sample(QUERY_VALUES, _EACH_PARAMETER):
            text = quote(value.encode("utf-8", "surrogatepass"))
            yield replace(base, url=f"{base.url}?{quote(name)}={text}", why=f"?{name}= is {brief(value)}")
        yield replace(base, url=f"{base.url}?{name}=1&{name}=2&{name}[]=3", why=f"?{name}= stands several times")
    for injected in _INJECTED if not operation.is_write else rng.sample(_INJECTED, 4):
        yield replace(base, url=f"{base.url}?{injected}", why=f"?{injected[:50]}")


def _headers(base: Shot) -> Iterator[Shot]:
    odd: tuple[dict[str, str], ...] = (
        {"X-HTTP-Method-Override": "DELETE"}, {"X-Method-Override": "PATCH"}, {"X-HTTP-Method": "PUT"},
        {"X-Forwarded-For": "127.0.0.1"}, {"X-Forwarded-For": "1.2.3.4, \x00, ::1, " + "9" * 5_000},
        {"X-Forwarded-Host": FORGED_HOST}, {"Host": FORGED_HOST}, {"Host": "a b"},
        {"Host": f"testserver@{FORGED_HOST}"},
        {"X-Forwarded-Proto": "javascript"}, {"Forwarded": f"for=127.0.0.1;host={FORGED_HOST}"},
        {"X-Real-IP": "127.0.0.1"},
        {"X-Original-URL": "/admin/"}, {"X-Rewrite-URL": "/admin/"}, {"Accept": "text/html"}, {"Accept": "\x00/;q=x"},
        {"Accept": "a/b;" * 3_000}, {"Accept-Language": "\x00" + "x-" * 3_000}, {"Accept-Language": "es;q=NaN, *;q=-1"},
        {"Accept-Encoding": "gzip;q=\x00"}, {"If-Match": "9" * 5_000}, {"If-Match": '"\xb2"'}, {"If-Match": '"1", "2"'},
        {"If-Match": 'W/"-1"'}, {"If-None-Match": "*"}, {"If-Modified-Since": "x" * 3_000},
        {"Range": "bytes=9-1,-99999999999999"},
        {"Idempotency-Key": ""}, {"Idempotency-Key": "x" * 256}, {"Idempotency-Key": "\xe9\x00"},
        {"Idempotency-Key": "' OR 1"},
        {"X-Cart-Token": "\x00"}, {"X-Cart-Token": "x" * 20_000}, {"X-Claim-Token": "\xff"},
        {"X-Session-Id": "\xff" * 3_000},
        {"X-Request-ID": "\xe9" * 3_000}, {"X-Request-ID": "<script>"}, {"traceparent": "00-" + "z" * 3_000},
        {"Cookie": "sessionid=../../x; csrftoken=\xff; =; ;;"},
        {"Cookie": "django_language=../../etc; a=" + "b" * 20_000},
        {"Authorization": "Bearer"}, {"Authorization": "Bearer a b"}, {"Authorization": "Bearer \xe9"},
        {"Authorization": "Bearer " + "x." * 10_000}, {"Authorization": "Basic YTpi"}, {"Authorization": "Bearer null"},
        {"Origin": "https://evil.example.org"}, {"Referer": "\xff" * 3_000}, {"User-Agent": "\xff\x00" * 2_000},
        {"X-Long": "x" * 100_000}, {"Content-Encoding": "gzip"}, {"Transfer-Encoding": "chunked"}, {"Content-MD5": "x"},
    )  # fmt: skip
    for headers in odd:
        name, value = next(iter(headers.items()))
        yield replace(base, headers={**base.headers, **headers}, why=f"{name}: {brief(value)}")


def _uploads(operation: Operation, base: Shot) -> Iterator[Shot]:
    """Files that are not what their names say."""
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    huge = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x01\x86\xa0\x00\x01\x86\xa0\x08\x02\x00\x00\x00"
    files = {
        "a.svg": svg, "a.png": svg, "b.png": huge, "c.png": b"\x89PNG\r\n\x1a\n", "a.gif": b"GIF89a<script>",
        "a.xlsx": b"PK\x03\x04",
        "a.csv": b"\x00" * 100, "b.csv": b"\xff\xfe\x00", "c.csv": b"sku,sku\n" * 3, "d.csv": b'"' + b"x" * 200_000,
        "../../../../tmp/x.csv": b"sku\n=1+1\n", "\x00.csv": b"sku\n", "a.csv.exe": b"MZ", "e.csv": b"",
        "f.json": b"[" * BOMB,
    }  # fmt: skip
    for name, content in files.items():
        for member in ("file", "image"):
            body = form({**(operation.example or {}), member: ""}, content, name)
            yield replace(base, body=body, content_type=MULTIPART, why=f"the file is {name!r}, {len(content)} bytes")


def foreign(operation: Operation, world: World, rng: random.Random) -> Iterator[Shot]:
    """Each id of the body by ids of the owner's things."""
    base, body = plain(operation, world), operation.body(world)
    own = [str(each["pk"]) for each in world.ids.values() if "pk" in each] + [str(world.owner.pk)]
    for path, value in leaves(body):
        if isinstance(value, str) and len(value) == len(MARK_ID) and value.count("-") == 4:
            for other in rng.sample(own, 3):
                new = written(replaced(body, path, other))
                yield replace(base, body=new, headers=key(operation), why=f"{'.'.join(map(str, path))} is another's id")
    for name in ("customer", "user", "owner", "account", "wallet", "address"):
        if isinstance(body, dict) and name not in body:
            new = written({**body, name: str(world.owner.pk)})
            yield replace(base, body=new, headers=key(operation), why=f"with {name}, another's")

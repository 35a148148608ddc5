"""The back office's lists and pages, and customers' pages, asked for with addresses that nobody's link has."""

import random
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from django.contrib import admin
from django.db import models
from django.test import Client
from django.urls import URLResolver, get_resolver, reverse

from marketplace.tests.routes import template_of

from .running import Attack
from .shots import Shot
from .values import PATH_VALUES, QUERY_VALUES, brief

_DATES: Final = (
    "year=0", "year=-1", "year=99999", "year=" + "9" * 5_000, "year=x", "month=13", "day=0", "gte=0000-00-00",
    "gte=9999-12-31", "lt=0001-01-01", "gte=0001-01-01T00:00:00%2B23:59", "date=x", "isnull=x", "year__in=0",
    "year__gte=0",
    "iso_year=0", "week=0",
)  # fmt: skip
_LISTS: Final = (
    "o=-1.-1", "o=x.y", "o=" + "9" * 5_000, "p=-1", "p=" + "9" * 5_000, "p=x", "q=%00", "q=" + "%25" * 3_000,
    "q=%ED%A0%80",
    "all=x", "_to_field=password", "_popup=x", "e=x", "_changelist_filters=%00", "pk__in=" + "," * 3_000, "pk__regex=(",
    "pk=%00", "id__exact=" + "9" * 5_000, "a__b__c=1", "__=1", "pk__isnull=x", "id__range=1", "_facets=x",
)  # fmt: skip
_ASKED_FOR: Final = ("q", "page", "category", "cursor", "next", "min", "max", "sort", "token", "size", "code")
_EACH: Final = 3


def attack_pages(attack: Attack) -> None:
    """Every page of the back office as the administrator, every address of customers' pages as anybody."""
    people = {name: _signed_in(attack, name) for name in ("anonymous", "owner", "administrator")}
    with attack.listening():
        for label, shot in _shots(attack):
            who = "administrator" if shot.url.startswith("/admin/") else "owner"
            for each in {who, "anonymous"} if who == "owner" else {who}:
                attack.visit(label, each, people[each], shot)


def _signed_in(attack: Attack, name: str) -> Client:
    client = Client(raise_request_exception=False)
    if attack.world.people[name] is not None:
        client.force_login(attack.world.person(name))
    return client


def _shots(attack: Attack) -> Iterator[tuple[str, Shot]]:
    for model, page in admin.site._registry.items():
        rng = random.Random(f"{attack.seed} {model._meta.label_lower}")
        yield from ((f"admin {model._meta.label_lower}", shot) for shot in _of_the_office(model, page, rng))
    for route in sorted(set(_customers_routes())):
        rng = random.Random(f"{attack.seed} {route}")
        yield from ((f"GET {route}", shot) for shot in _of_customers(route, rng))


def _of_the_office(model: type[models.Model], page: Any, rng: random.Random) -> Iterator[Shot]:
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    listed = reverse(f"{name}_changelist")
    queries = []
    for dated in (each for each in model._meta.concrete_fields if isinstance(each, models.DateField)):
        queries += [f"{dated.name}__{lookup}" for lookup in rng.sample(_DATES, 2)]
    if page.date_hierarchy:
        queries += [f"{page.date_hierarchy}__{lookup}" for lookup in _DATES]
        queries += [
            f"{page.date_hierarchy}__year=2026&{page.date_hierarchy}__{rest}" for rest in ("month=0", "month=2&x=31")
        ]
    fields = [field.name for field in model._meta.concrete_fields]
    for field in rng.sample(fields, min(3, len(fields))):
        value = quote(rng.choice(QUERY_VALUES).encode("utf-8", "surrogatepass"))
        queries += [f"{field}={value}", f"{field}__in={value}", f"{field}__gte={value}"]
    queries += [f"{field.name}__password__startswith=a" for field in model._meta.concrete_fields if field.is_relation][
        :1
    ]
    queries += rng.sample(_LISTS, _EACH)
    for query in queries:
        yield Shot("GET", f"{listed}?{query}", f"the list with ?{query[:50]}")
    for value in rng.sample(PATH_VALUES, 3):
        for suffix in ("change/", "history/", "delete/"):
            yield Shot("GET", f"{listed}{value}/{suffix}", f"the object is {brief(value)}")
    yield Shot("GET", f"{listed}add/?" + "&".join(f"{field}=%00" for field in fields), "a form filled from the address")


def _customers_routes() -> Iterator[str]:
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and pattern.app_name == "storefront":
            for each in pattern.url_patterns:
                yield "/" + template_of(f"{pattern.pattern}{each.pattern}")


def _of_customers(route: str, rng: random.Random) -> Iterator[Shot]:
    names = [part.split("}")[0] for part in route.split("{")[1:]]
    good = dict.fromkeys(names, "0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11")
    queries = rng.sample(_LISTS, 4)
    for name in _ASKED_FOR:
        queries.append(f"{name}={quote(rng.choice(QUERY_VALUES).encode('utf-8', 'surrogatepass'))}")
    for query in queries:
        yield Shot("GET", f"{route.format(**good)}?{query}", f"?{query[:50]}")
    for name in names:
        for value in rng.sample(PATH_VALUES, 6):
            yield Shot("GET", route.format(**{**good, name: value}), f"{name} in the path is {brief(value)}")

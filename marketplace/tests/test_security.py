"""What docs/security.md promises and no other test holds: keys, serialisers, brokers, request data in queries."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from django.core.checks import run_checks

from links.gift_lists.tests.factories import make_list
from links.product_links.extracting import extract
from marketplace.celery import PACKAGES, app
from marketplace.settings import caches
from marketplace.settings.env import BASE_DIR
from purchases.autobuy.tests.factories import buyer, make_page, outside_gift, run, schedule
from purchases.models import AutoPurchase

pytestmark = pytest.mark.once
PAGE = BASE_DIR / "docs" / "security.md"
QUERIES = {"filter", "exclude", "order_by", "get", "annotate", "update", "create", "get_or_create", "values", "only"}
FROM_OUTSIDE = re.compile(r"\brequest\b.*\b(GET|POST|data|query_params|headers|META|COOKIES)\b|\binitial_data\b")


def test_every_test_that_the_page_names_is_there():
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", PAGE.read_text())

    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in (BASE_DIR / path).read_text()]

    assert missing == []
    assert len(named) > 60


def test_the_page_has_a_line_for_each_promise():
    numbers = re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)

    assert numbers == [str(number) for number in range(1, 18)]


def test_one_key_for_sessions_and_tokens_is_an_error(settings):
    assert "core.E006" not in {found.id for found in run_checks()}

    settings.SIMPLE_JWT = {**settings.SIMPLE_JWT, "SIGNING_KEY": settings.SECRET_KEY}

    assert "core.E006" in {found.id for found in run_checks()}


def test_celery_takes_json_and_nothing_else():
    assert list(app.conf.accept_content) == ["json"]
    assert (app.conf.task_serializer, app.conf.result_serializer) == ("json", "json")
    assert app.conf.result_accept_content in (None, ["json"])


def test_the_shared_cache_is_written_as_json():
    assert caches._BY_REDIS["OPTIONS"]["SERIALIZER"] == "django_redis.serializers.json.JSONSerializer"


def test_sessions_are_written_as_json(settings):
    assert settings.SESSION_SERIALIZER.endswith("JSONSerializer")


def test_nothing_of_ours_reads_pickles_or_runs_text():
    found = []
    texts = {path: path.read_text() for path in our_files()}
    suspects = {path: text for path, text in texts.items() if re.search(r"pickle|marshal|shelve|\b(eval|exec)\(", text)}
    for path, text in suspects.items():
        for node in ast.walk(ast.parse(text)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found += [
                f"{path}: {name}" for name in names if name.split(".")[0] in {"pickle", "marshal", "shelve", "dill"}
            ]
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in {"eval", "exec"}:
                found.append(f"{path}:{node.lineno}")

    assert found == []


def test_the_broker_has_a_server_of_its_own_that_drops_nothing():
    file = yaml.safe_load((BASE_DIR / "docker-compose.yaml").read_text())
    services, variables = file["services"], str(file)

    assert re.search(r"REDIS_URL': 'redis://redis:", variables)
    assert re.search(r"CELERY_BROKER_URL': 'redis://broker:", variables)
    assert services["broker"]["command"][-2:] == ["--maxmemory-policy", "noeviction"]


def our_files() -> Iterator[Path]:
    for package in PACKAGES:
        for path in (BASE_DIR / package).rglob("*.py"):
            if not {"tests", "migrations"} & set(path.parts):
                yield path


def expanded(call: ast.Call) -> Iterator[str]:
    """What a call of a query is given with `*` or `**`."""
    for argument in call.args:
        if isinstance(argument, ast.Starred):
            yield ast.unparse(argument.value)
    for keyword in call.keywords:
        if keyword.arg is None:
            yield ast.unparse(keyword.value)


def queries_from_outside(source: str) -> list[int]:
    """Lines where a request's data is expanded into a query."""
    if not re.search(r"\*.*(request|initial_data)", source):
        return []
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr in QUERIES]
    return [call.lineno for call in named if any(FROM_OUTSIDE.search(text) for text in expanded(call))]


def test_no_request_is_expanded_into_a_query():
    assert {str(path): lines for path in our_files() if (lines := queries_from_outside(path.read_text()))} == {}


@pytest.mark.parametrize(
    "source",
    [
        "rows.filter(**request.GET.dict())",
        "rows.order_by(*self.request.query_params.getlist('ordering'))",
        "Model.objects.create(**request.data)",
        "rows.values(*request.query_params['fields'].split(','))",
    ],
)
def test_such_an_expansion_would_be_seen(source):
    assert queries_from_outside(source) == [1]


def test_production_does_not_begin_without_its_keys():
    missing = "JWT_SIGNING_KEY"
    keys = {
        "SECRET_KEY": "abcdefgh" * 8,
        "JWT_SIGNING_KEY": "ijklmnop" * 8,
        "LOG_HASH_KEY": "qrstuvwx" * 8,
        "ALLOWED_HOSTS": "shop.example",
    }
    environment = {name: value for name, value in (os.environ | keys).items() if name != missing}
    environment |= {"DJANGO_SETTINGS_MODULE": "marketplace.settings.production", "DATABASE_URL": "sqlite://:memory:"}

    answer = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.SECRET_KEY"],
        cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert answer.returncode != 0
    assert missing in answer.stderr


PRICES_IN_WORDS = [
    '<span class="price">12 cuotas de $ 10.833</span>',
    '<p class="precio">MXN 1,299.00</p>',
    '<meta property="og:price:amount" content="100.00"><meta property="og:price:currency" content="MXN">',
    '<script type="application/ld+json">{"@type": "Product", "name": "x", "offers": {"price": "100.00"}}</script>',
    '<script type="application/ld+json">{"@type": "Product", "name": "x", "offers": {"price": "12 x 10.833", '
    '"priceCurrency": "MXN"}}</script>',
]


@pytest.mark.django_db
@pytest.mark.parametrize("words", [*PRICES_IN_WORDS, None])
def test_a_price_in_words_buys_nothing_however_it_is_written(words):
    """From the page to the purchase. The last is the control: structured, with its currency, it is bought."""
    words = words or (
        '<script type="application/ld+json">{"@type": "Product", "name": "x", "offers": {"price": "100.00", '
        '"priceCurrency": "MXN", "availability": "https://schema.org/InStock"}}</script>'
    )
    read = extract(f"<html><head><title>x</title></head><body>{words}</body></html>", "https://tienda.example/x")
    page = make_page(read.price.minor if read.price else None, method=read.method, may_be_bought=read.may_be_bought)
    gift = outside_gift(make_list(buyer(10_000_000)), page=page)
    schedule(gift)

    run()

    assert AutoPurchase.objects.exists() == ("InStock" in words)

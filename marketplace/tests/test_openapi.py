"""The schema is the reference: it generates without a warning, is valid, and explains every operation."""

import io

import pytest
import yaml
from django.core.management import call_command
from drf_spectacular.drainage import GENERATOR_STATS
from openapi_spec_validator import validate

from marketplace.settings.env import BASE_DIR

from .routes import routes

pytestmark = pytest.mark.once

COMMITTED = BASE_DIR / "docs" / "openapi.yaml"
METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(scope="module")
def schema():
    text = io.StringIO()
    GENERATOR_STATS.reset()
    call_command("spectacular", stdout=text)
    assert not GENERATOR_STATS, "the generator warns; run manage.py spectacular"
    return yaml.safe_load(text.getvalue())


def operations(schema):
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield f"{method.upper()} {path}", operation


def test_it_is_valid(schema):
    validate(schema)


def test_the_committed_reference_is_what_the_code_says(schema):
    assert yaml.safe_load(COMMITTED.read_text()) == schema, "make schema"


def test_every_versioned_route_is_in_it(schema):
    described = {name.split("{")[0] for name, _ in operations(schema)}

    assert {f"{method} /{path}".split("{")[0] for method, path in routes() if path.startswith("api/v1/")} == described


def test_every_operation_is_explained(schema):
    for name, operation in operations(schema):
        assert operation.get("summary"), name
        assert operation.get("description"), name
        assert operation["summary"] != operation["description"], name
        assert operation.get("tags"), name


def test_every_request_body_has_an_example(schema):
    for name, operation in operations(schema):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            assert content.get("example") or content.get("examples"), name


def test_every_operation_says_what_success_is_and_how_it_refuses(schema):
    for name, operation in operations(schema):
        successes = [status for status in operation["responses"] if status.startswith("2")]
        assert successes, name
        for status, answer in operation["responses"].items():
            if not status.startswith("2"):
                shared = (
                    schema["components"]["responses"][answer["$ref"].rsplit("/", 1)[1]] if "$ref" in answer else answer
                )
                # A page that says what is wrong stands beside the problem, never instead of it.
                assert set(shared["content"]) - {"text/html"} == {"application/problem+json"}, name
        if not name.startswith("GET"):
            assert {"400", "409", "413", "415", "422"} <= set(operation["responses"]), name


def test_whatever_asks_for_a_key_says_so(schema):
    asks = {
        name
        for name, operation in operations(schema)
        for parameter in operation.get("parameters", [])
        if parameter["name"] == "Idempotency-Key" and parameter.get("required")
    }

    assert {
        "POST /api/v1/funds/",
        "POST /api/v1/inventory/movements/",
        "POST /api/v1/promotions/promo-reservations/{reservation_id}/complete/",
    } <= asks


def test_answers_that_can_be_cut_require_no_member_but_pages_do(schema):
    components = schema["components"]["schemas"]
    answer = schema["paths"]["/api/v1/orders/"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    page = components[answer["$ref"].rsplit("/", 1)[1]]
    row = components[page["properties"]["results"]["items"]["$ref"].rsplit("/", 1)[1]]

    assert page["required"] == ["next", "previous", "results"]
    assert "required" not in row
    assert row["properties"]


def test_names_of_enumerations_say_what_they_are(schema):
    components = schema["components"]["schemas"]

    assert {"OrderStateEnum", "MovementKindEnum", "LanguageEnum"} <= set(components)


@pytest.mark.parametrize("page", ["/docs/", "/redoc/"])
@pytest.mark.parametrize("token", ["rubbish", "eyJhbGciOiJub25lIn0.e30."])
def test_its_pages_ask_nobody_for_a_token(client, page, token):
    """A wrong one was a 500 where the format was none either: the page that says so wanted to know who reads it."""
    headers = {"Authorization": f"Bearer {token}"}

    assert client.get(page, headers=headers).status_code == 200
    assert client.get(page, {"format": "../x"}, headers=headers).status_code == 404

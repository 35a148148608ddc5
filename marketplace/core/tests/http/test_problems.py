"""One shape for every refusal, in the reader's language, with the request's id."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError as DjangoValidationError
from django.utils import translation
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ValidationError
from rest_framework.test import APIClient

from marketplace.core.errors import (
    DomainError,
    ErrorKind,
    FieldError,
    InvalidInputError,
    StaleError,
    UnavailableError,
)
from marketplace.core.http.problems import exception_handler
from marketplace.core.ids import NIL
from marketplace.core.observability.logs import ContextFilter, JsonFormatter

pytestmark = pytest.mark.usefixtures("probe_api")
MOMENT = datetime(2026, 1, 31, tzinfo=UTC)
MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id"}


def answer_to(error):
    response = exception_handler(error, {})
    assert response is not None
    # What cannot be written as JSON would be a 500 in place of the refusal.
    json.dumps(response.data)
    return response


@pytest.mark.parametrize(
    ("method", "url", "headers", "status", "code"),
    [
        ("get", "/api/v1/nowhere/", {}, 404, "not_found"),
        ("get", "/nowhere-at-all", {}, 404, "not_found"),
        ("get", "/api/v1/failures/http404/", {}, 404, "not_found"),
        ("delete", "/api/v1/echo/", {}, 405, "method_not_allowed"),
        ("get", "/api/v1/echo/", {"Accept": "text/html"}, 406, "not_acceptable"),
        ("get", "/api/v1/closed/", {}, 401, "not_authenticated"),
        ("post", "/api/v1/effects/", {}, 401, "not_authenticated"),
        ("get", "/api/v1/failures/domain/", {}, 409, "probe_refused"),
    ],
)
def test_every_refusal_is_a_problem(api, method, url, headers, status, code):
    response = getattr(api, method)(url, headers=headers)

    problem = response.json()
    assert response.status_code == problem["status"] == status
    assert response["Content-Type"] == "application/problem+json"
    assert set(problem) >= MEMBERS
    assert problem["code"] == code
    assert problem["type"] == f"urn:marketplace:problem:{code}"
    assert problem["request_id"] == response["X-Request-ID"]


def test_a_route_that_forgot_to_say_who_may_use_it_is_closed_to_everybody(api, person):
    person.is_superuser = person.is_staff = True
    api.force_authenticate(person)

    assert api.get("/api/v1/closed/").status_code == 403


def test_what_was_not_found_is_not_named(api):
    assert "Secret" not in api.get("/api/v1/failures/http404/").content.decode()


def test_a_refusals_parameters_are_members_of_the_problem(api):
    problem = api.get("/api/v1/failures/domain/").json()

    assert problem["left"] == {"amount": "12.50", "currency": "MXN"}
    assert problem["right"] == "USD"
    assert problem["distance_km"] == 1.5
    assert problem["rules"] == ["radius"]
    assert problem["detail"] == "Amounts in 12.50 MXN and USD cannot be mixed."


def test_parameters_never_hide_the_fixed_members():
    response = answer_to(DomainError(status="odd", code_="x", type="t", request_id="r", errors="e"))

    assert response.data["status"] == 409
    assert response.data["errors"] == []


@pytest.mark.parametrize(
    "value",
    [
        gettext_lazy("Not found."),
        object(),
        b"x",
        {1: {2}},
        float("nan"),
        [(1,)],
        10**30,
        MOMENT.replace(tzinfo=None),
        MOMENT,
        NIL,
    ],
)
def test_no_parameter_makes_a_refusal_fail(value):
    assert answer_to(DomainError(odd=value)).status_code == 409


def test_a_defect_is_500_without_its_text_and_with_the_requests_id(caplog):
    caplog.set_level(logging.CRITICAL)

    response = APIClient(raise_request_exception=False).get("/api/v1/failures/defect/")

    assert response.status_code == 500
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["request_id"] == response["X-Request-ID"]
    assert "secret" not in response.content.decode()


def test_nested_errors_are_named_by_their_path(api):
    body = {
        "number": "x",
        "numbers": [1, "x", 2, None],
        "lines": [{"code": "ok", "message": 1}, {"code": 5}, {"message": "x"}],
        "price": {"amount": "1.234", "currency": "MXN"},
    }

    problem = api.post("/api/v1/echo/", body, format="json").json()

    assert problem["code"] == "invalid"
    assert [(error["field"], error["code"]) for error in problem["errors"]] == [
        ("number", "invalid"),
        ("price", "invalid_amount"),
        ("numbers[1]", "invalid"),
        ("numbers[3]", "null"),
        ("lines[1].code", "invalid"),
        ("lines[1].message", "required"),
        ("lines[2].code", "required"),
        ("lines[2].message", "invalid"),
    ]


def fields_of(error):
    return [(e["field"], e["code"], e["detail"]) for e in answer_to(error).data["errors"]]


def test_other_ways_to_say_what_is_wrong():
    assert fields_of(ValidationError("No.")) == [("non_field_errors", "invalid", "No.")]
    assert fields_of(ValidationError({"a": {"b": ["No."]}}, code="odd")) == [("a.b", "odd", "No.")]
    assert fields_of(DjangoValidationError("No.", code="odd")) == [("non_field_errors", "odd", "No.")]
    assert fields_of(DjangoValidationError({"name": ["No.", "Never."]})) == [
        ("name", "invalid", "No."),
        ("name", "invalid", "Never."),
    ]
    assert fields_of(InvalidInputError.of("a", "odd", "No.")) == [("a", "odd", "No.")]
    assert fields_of(InvalidInputError([FieldError("a", "odd", "")])) == [("a", "odd", "")]


def test_statuses_say_when_to_come_back():
    class BusyError(DomainError):
        kind = ErrorKind.TOO_MANY

    assert answer_to(UnavailableError())["Retry-After"] == "1"
    assert answer_to(UnavailableError(retry_after=7))["Retry-After"] == "7"
    assert answer_to(BusyError())["Retry-After"] == "1"
    assert answer_to(StaleError()).status_code == 412
    assert not answer_to(StaleError()).has_header("Retry-After")


def test_a_missing_log_in_names_the_scheme():
    class UnknownError(DomainError):
        kind = ErrorKind.UNAUTHENTICATED

    assert answer_to(UnknownError())["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("language", ["es", "es-MX,es;q=0.9,en;q=0.1"])
def test_details_speak_the_readers_language_and_codes_do_not(api, language):
    headers = {"Accept-Language": language}

    refused = api.get("/api/v1/failures/domain/", headers=headers).json()
    unknown = api.get("/api/v1/nowhere/", headers=headers).json()
    invalid = api.post("/api/v1/echo/", {"number": "x"}, format="json", headers=headers).json()
    malformed = api.generic("POST", "/api/v1/echo/", b"{", content_type="application/json", headers=headers).json()

    assert refused["code"] == "probe_refused"
    assert refused["detail"] == "No se pueden mezclar importes en 12.50 MXN y USD."
    assert unknown["detail"] == "No encontrado."
    assert invalid["detail"] == "La petición tiene valores no válidos."
    assert malformed["detail"] == "El cuerpo no es JSON válido."


def test_money_errors_inside_fields_are_translated_too(api):
    body = {"price": {"amount": "x", "currency": "MXN"}}

    problem = api.post("/api/v1/echo/", body, format="json", headers={"Accept-Language": "es"}).json()

    assert problem["errors"][0]["detail"].startswith("Escribe el importe")


def test_a_request_keeps_its_id_and_a_bad_one_is_replaced(api):
    kept = api.get("/api/v1/nowhere/", headers={"X-Request-ID": "abc-123.DEF_456"})
    assert kept["X-Request-ID"] == kept.json()["request_id"] == "abc-123.DEF_456"

    for bad in ("short", "x" * 65, "has space in it", "new\nline-12345", "ñandú-12345", '"quoted"-123'):
        replaced = api.get("/api/v1/nowhere/", headers={"X-Request-ID": bad})
        assert replaced["X-Request-ID"] != bad
        assert replaced["X-Request-ID"] == replaced.json()["request_id"]
        assert len(replaced["X-Request-ID"]) == 32


@pytest.mark.django_db
def test_the_log_line_has_the_requests_id_and_nobodys_address(api, person, caplog, monkeypatch):
    caplog.set_level(logging.INFO, logger="marketplace.request")
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(ContextFilter())
    monkeypatch.setattr(logging.getLogger("marketplace.request"), "handlers", [handler])
    api.force_authenticate(person)

    response = api.get("/api/v1/echo/?email=ana@example.com")
    api.get("/api/v1/nowhere/ana@example.com")

    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert lines[0]["request_id"] == response["X-Request-ID"]
    assert (lines[0]["route"], lines[0]["status"], lines[0]["method"]) == ("api/v1/echo/", 200, "GET")
    assert lines[0]["at"].endswith("+00:00")
    assert len(lines[0]["user"]) == 16
    text = json.dumps(lines)
    assert "ana@example.com" not in text
    assert str(person.pk) not in text


def test_the_log_line_asks_the_database_nothing(api, caplog):
    caplog.set_level(logging.INFO, logger="marketplace.request")

    api.get("/api/v1/nowhere/")  # would fail: this test has no database

    assert any(record.name == "marketplace.request" for record in caplog.records)


def test_a_language_nobody_speaks_here_falls_back_to_english(api):
    with translation.override("en"):
        assert api.get("/api/v1/nowhere/", headers={"Accept-Language": "tlh"}).json()["detail"] == "Not found."

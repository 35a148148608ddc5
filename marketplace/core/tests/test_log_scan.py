"""The scanner of log records sees what it is for, and lets pass what is harmless."""

import logging
import secrets

import pytest
from django.core import signing
from django.test import RequestFactory

from marketplace.core.tests import log_scan
from marketplace.core.tests.log_scan import Scanner

logger = logging.getLogger("probe.of.the.scanner")
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMTkwYjJmMCJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"


def found_in(write):
    """What the session's own scanner finds in the records that `write` makes; taken out, so that this test passes."""
    assert log_scan.scanner.take() == []
    write()
    return [finding.what for finding in log_scan.scanner.take()]


def failing(error):
    outer = LookupError()
    outer.__cause__ = error
    logger.error("it failed", exc_info=outer)


@pytest.mark.parametrize(
    ("write", "what"),
    [
        (lambda: logger.info("to ana@example.com"), "an e-mail address"),
        (lambda: logger.info("to %s", "ana@example.com"), "an e-mail address"),
        (lambda: logger.info("to", extra={"rows": {"to": ["ana@example.com"]}}), "an e-mail address"),
        (lambda: failing(ValueError("Key (email)=(ana@example.com) already exists")), "an e-mail address"),
        (lambda: logger.info("Authorization: Bearer abcdefghijklmnopqrst"), "a bearer token"),
        (lambda: logger.info("token %s", JWT), "a JSON web token"),
        (lambda: logger.info("call +52 55 1234 5678"), "a telephone number"),
        (lambda: logger.info("call", extra={"to": "+525512345678"}), "a telephone number"),
        (lambda: logger.info("ticket=%s", secrets.token_urlsafe(32)), "a token"),
        (lambda: logger.info("/unsubscribe/%s/", signing.dumps(["a", "b"])), "a signed value"),
        (
            lambda: logger.info("x", extra={"user": "0190b2f0-aaaa-7c1c"}),
            "a person who is not hashed",
        ),
    ],
)
def test_a_record_with_what_must_not_be_there_is_found(write, what):
    assert found_in(write) == [what]


def test_the_settings_own_secrets_are_known_whatever_they_are_now(settings):
    settings.MERCADOPAGO_ACCESS_TOKEN = "APP_USR-of-this-test"
    written = [settings.SECRET_KEY, settings.SIMPLE_JWT["SIGNING_KEY"], "APP_USR-of-this-test"]

    found = [found_in(lambda: logger.warning("key %s", text)) for text in written]  # noqa: B023

    assert found == [
        ["the setting SECRET_KEY"],
        ["the setting SIMPLE_JWT.SIGNING_KEY"],
        ["the setting MERCADOPAGO_ACCESS_TOKEN"],
    ]


@pytest.mark.parametrize(
    "text",
    [
        "GET /api/v1/market/products/<uuid:pk>/ 200 in 3.1 ms",
        "2026-11-30T12:00:00.123456+00:00",
        "order 0190b2f0-aaaa-7c1c-9a51-2f0d6a1b7c11 of 1234567890123",
        "bearer token refused, user@host, a+b=12345678",
        "trace 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ],
)
def test_what_is_harmless_passes(text):
    assert found_in(lambda: logger.warning(text, extra={"user": "0123456789abcdef", "rows": 3})) == []


def test_a_test_with_a_finding_fails_and_the_words_are_not_repeated():
    logger.warning("to ana@example.com")

    with pytest.raises(AssertionError, match=r"an e-mail address in a record of probe\.of\.the\.scanner") as failed:
        log_scan.complain(log_scan.scanner.take())

    assert "ana@" not in str(failed.value)


def test_djangos_lines_about_requests_have_the_route_for_the_path():
    token = secrets.token_urlsafe(32)
    request = RequestFactory().get(f"/api/v1/gift-lists/shared/{token}/")
    record = logging.makeLogRecord({"msg": "%s: %s", "args": ("Forbidden", request.path), "request": request})

    assert Scanner().whats(record) == set()  # another scanner: it does not know the token
    assert "a token" in log_scan.scanner.whats(record)
    log_scan.scanner.look(record)

    assert record.getMessage() == "Forbidden: a path without a route"
    assert log_scan.scanner.take() == []

"""Signatures between machines: what opens, and everything that does not."""

from datetime import UTC, datetime, timedelta

import pytest

from marketplace.core.checks import internal_calls_are_signed_with_long_secrets
from marketplace.core.signatures import SignatureError, check, sign

pytestmark = pytest.mark.once
SECRET, OLD_SECRET = "s" * 40, "o" * 40
AT = datetime(2026, 5, 25, 18, 0, tzinfo=UTC)
NOW = int(AT.timestamp())
BODY = b"POST /api/v1/internal/scoring/run/\n"
RIGHT = sign(SECRET, NOW, BODY)


def refused(header: str, body: bytes = BODY, *, secrets: tuple[str, ...] = (SECRET,), at: datetime = AT) -> str:
    with pytest.raises(SignatureError) as error:
        check(header, body, secrets=secrets, at=at)
    return str(error.value)


@pytest.mark.parametrize("seconds", [-300, 0, 300])
def test_ours_opens_within_the_window(seconds):
    found = check(RIGHT, BODY, secrets=(SECRET,), at=AT + timedelta(seconds=seconds))

    assert (found.timestamp, f"t={NOW},v1={found.digest}") == (NOW, RIGHT)


def test_either_secret_opens_while_one_replaces_the_other():
    assert check(sign(OLD_SECRET, NOW, BODY), BODY, secrets=(SECRET, OLD_SECRET), at=AT).timestamp == NOW
    assert refused(sign(OLD_SECRET, NOW, BODY)) == "not ours"


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_an_old_or_an_early_one_is_refused(seconds):
    assert "too old" in refused(RIGHT, at=AT + timedelta(seconds=seconds))


@pytest.mark.parametrize(
    "body", [b"", BODY + b" ", BODY.replace(b"scoring", b"payments"), BODY.replace(b"POST", b"PUT")]
)
def test_it_is_for_what_was_signed_alone(body):
    assert refused(RIGHT, body) == "not ours"


def test_without_a_secret_nothing_opens():
    assert refused(sign("", NOW, BODY), secrets=()) == "not ours"
    assert refused(sign("", NOW, BODY), secrets=("",)) == "not ours"


@pytest.mark.parametrize(
    "header",
    [
        "",
        "x",
        RIGHT.upper(),
        f"{RIGHT} ",
        f"{RIGHT},v1={'0' * 64}",
        RIGHT.replace("t=", "t=0"),
        RIGHT.replace(f"t={NOW}", f"t={NOW}.0"),
        RIGHT.replace(f"t={NOW}", "t=" + "9" * 400),
        RIGHT[:-1],
        RIGHT.replace(f"t={NOW}", "t=١٧٧٩٧٣٢٠٠٠"),
        "t=\x00,v1=" + "0" * 64,
    ],
)
def test_anything_else_is_malformed_and_never_an_error_of_ours(header):
    assert refused(header) == "malformed"


def test_a_later_moment_cannot_be_put_before_an_old_signature():
    assert refused(RIGHT.replace(str(NOW), str(NOW + 1))) == "not ours"


def test_short_secrets_stop_the_start(settings):
    settings.INTERNAL_CALL_SECRETS = [SECRET, "short"]
    assert [each.id for each in internal_calls_are_signed_with_long_secrets()] == ["core.E007"]

    settings.INTERNAL_CALL_SECRETS = [SECRET]
    assert internal_calls_are_signed_with_long_secrets() == []

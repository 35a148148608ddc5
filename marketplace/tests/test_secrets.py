"""Secrets come from the environment: none lies in a tracked file, and production does not start without its own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from marketplace.settings.env import BASE_DIR, own_key
from scripts.check import PRODUCTION

pytestmark = pytest.mark.once

# What real keys look like, by those who give them out; and private keys.
KEYS = re.compile(
    r"AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{40,}"
    r"|xox[abprs]-[A-Za-z0-9-]{20,}|sk_live_[A-Za-z0-9]{16,}|AIza[0-9A-Za-z_-]{35}|glpat-[A-Za-z0-9_-]{20}"
    r"|(?:APP_USR|TEST)-\d{10,}-\d{6}-[0-9a-f]{32}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"
    r"|-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----"
)
# Variables that hold secrets, given a value in a file that is no test's.
GIVEN = re.compile(
    r"^\s*(?:export\s+)?(SECRET_KEY|JWT_SIGNING_KEY|LOG_HASH_KEY|EVENT_BUS_SECRET|INTERNAL_CALL_SECRETS"
    r"|MERCADOPAGO_ACCESS_TOKEN|MERCADOPAGO_WEBHOOK_SECRETS|AWS_SECRET_ACCESS_KEY|METRICS_TOKEN)\s*[=:]\s*"
    r"[\"']?([A-Za-z0-9+/_.-]{16,})",
    re.MULTILINE,
)
# Values that say of themselves that they open nothing.
FOR_TESTS = re.compile(r"test-secret-key|test-jwt-signing-key|local-only|change-me|env\.(?:str|list)|secrets\.|random_")
# Where a key-like text is meant, with the reason.
ALLOWED: dict[str, str] = {"bench/rival_shop/settings.py": "a baseline that serves nobody; the value says so"}
GOOD = "".join(chr(33 + (i * 47) % 90) for i in range(64))


def tracked_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=BASE_DIR, capture_output=True, check=True).stdout
    files = (BASE_DIR / name for name in listed.decode().split("\0") if name)
    return [file for file in files if file.is_file() and file.name != Path(__file__).name]


def found_in(text: str) -> list[str]:
    """Key-like texts, by their beginning: a failing test must not print a secret either."""
    values = [match[0] for match in KEYS.finditer(text)]
    values += [match[0] for match in GIVEN.finditer(text) if not FOR_TESTS.search(match[0])]
    return [value.strip()[:24] for value in values]


def test_no_tracked_file_holds_a_key():
    if not (BASE_DIR / ".git").exists():
        pytest.skip("no checkout")
    found = {
        file.relative_to(BASE_DIR).as_posix(): keys
        for file in tracked_files()
        if (keys := found_in(file.read_text(encoding="utf-8", errors="ignore")))
    }

    assert {name: keys for name, keys in found.items() if name not in ALLOWED} == {}
    assert set(ALLOWED) <= set(found), "an exemption that nothing needs any more"


@pytest.mark.parametrize(
    "text",
    [
        "AKIA" + "Q" * 16,
        "token = 'ghp_" + "a1" * 18 + "'",
        "-----BEGIN RSA " + "PRIVATE KEY-----",
        "APP_USR-" + "1" * 16 + "-010203-" + "ab" * 16,
        "SECRET_KEY=" + "x9Kd" * 8,
        '  JWT_SIGNING_KEY: "' + "x9Kd" * 8 + '"',
    ],
)
def test_the_search_sees_keys(text):
    assert found_in(f"first line\n{text}\n")


def test_the_search_passes_over_names_and_empty_values():
    text = 'SECRET_KEY=\nSECRET_KEY = env.str("SECRET_KEY")\nSECRET_KEY = "local-only-secret-key-never-used"\n'

    assert found_in(text) == []


@pytest.mark.parametrize("value", ["", "short", "a" * 64, "local-only-" + "0123456789" * 5, "test-" + "abcdefgh" * 8])
def test_a_key_is_long_and_varied_or_refused_without_being_printed(monkeypatch, value):
    monkeypatch.setenv("SOME_KEY", value)

    with pytest.raises(ImproperlyConfigured) as refused:
        own_key("SOME_KEY")

    assert "SOME_KEY" in str(refused.value)
    assert not value or value not in str(refused.value)


def test_a_key_must_be_there_and_another_than_the_others(monkeypatch):
    monkeypatch.delenv("SOME_KEY", raising=False)
    with pytest.raises(ImproperlyConfigured, match="SOME_KEY"):
        own_key("SOME_KEY")

    monkeypatch.setenv("SOME_KEY", GOOD)
    assert own_key("SOME_KEY", unlike=("other",)) == GOOD
    with pytest.raises(ImproperlyConfigured, match="same as another"):
        own_key("SOME_KEY", unlike=(GOOD,))


def started(**changed: str) -> subprocess.CompletedProcess[str]:
    """Production's settings read by a process of its own."""
    said = "from django.conf import settings as s; print(s.SECURE_HSTS_SECONDS, s.SECURE_SSL_REDIRECT, s.DEBUG)"
    environment = {**os.environ, **PRODUCTION, **changed}
    command = [sys.executable, "-c", said]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", ["SECRET_KEY", "JWT_SIGNING_KEY", "LOG_HASH_KEY"])
def test_production_does_not_start_with_a_weak_key(name):
    refused = started(**{name: "weak"})

    assert refused.returncode != 0
    assert f"{name} needs at least" in refused.stderr


def test_production_starts_with_its_own_keys_and_tells_browsers_to_come_by_https():
    process = started()

    assert (process.returncode, process.stdout.split()) == (0, ["31536000", "True", "False"])


def test_production_does_not_sign_tokens_with_the_key_of_its_sessions():
    refused = started(JWT_SIGNING_KEY=PRODUCTION["SECRET_KEY"])

    assert refused.returncode != 0
    assert "JWT_SIGNING_KEY is the same" in refused.stderr

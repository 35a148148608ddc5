"""What the audit of requirements makes of an answer, and of none."""

import json
from collections.abc import Mapping

import pytest

from scripts.audits import REQUIREMENTS, Report, closure, read_report, required, verdict

pytestmark = pytest.mark.once


def report(*packages: Mapping[str, object]) -> str:
    return json.dumps({"dependencies": list(packages), "fixes": []})


CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1)"}
WRONG = {"name": "jinja2", "version": "2.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2.1"], "aliases": []}]}


def test_a_vulnerable_package_fails_and_is_named():
    passed, words = verdict(read_report(report(CLEAN, UNKNOWN, WRONG)))

    assert not passed
    assert "jinja2 2.0: PYSEC-1, mended in 2.1" in words


def test_what_nobody_knows_passes_and_is_said():
    assert verdict(read_report(report(UNKNOWN))) == (True, "NOT AUDITED: nobody answered about any of the 1 packages")
    assert verdict(Report(1, ("ours",), ())) == (True, "1 packages, nothing known against them; NOT AUDITED: ours")


def test_clean_is_clean():
    assert verdict(read_report(report(CLEAN))) == (True, "1 packages, nothing known against them")


@pytest.mark.parametrize("text", ["", "ERROR: no network", "[]", "{}", '{"dependencies": [1]}'])
def test_anything_else_is_no_report(text):
    with pytest.raises(ValueError, match=r"report|Expecting"):
        read_report(text)


def test_what_the_requirements_bring_along_is_audited_too():
    pins = closure(required(REQUIREMENTS.read_text().splitlines()))

    assert pins["django"] == "5.2.19"
    assert {"sqlparse", "kombu", "urllib3", "botocore"} <= set(pins)
    # What only tests and checks need is not shipped.
    assert not {"pytest", "mypy", "selenium"} & set(pins)

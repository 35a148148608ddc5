"""`python -m scripts.attack`, a little of it on every route; and that it sees what it is there to see."""

import json
import random
import shlex
import subprocess
import sys

import pytest
from rest_framework.views import APIView

from scripts.attack.judging import MEMBERS, troubles
from scripts.attack.mutations import hostile, plain, planted
from scripts.attack.operations import operations
from scripts.attack.people import expected, passes
from scripts.attack.running import Attack
from scripts.attack.shots import Answer, Finding, Shot, curl
from scripts.attack.values import Raw, written
from users.models import User

from .access_table import TABLE
from .world import build_world

pytestmark = [pytest.mark.once, pytest.mark.django_db]
SEED = 20260131
STRONGEST = ("owner", "administrator", "keeper")
PROBLEM = "application/problem+json"


@pytest.fixture(scope="module")
def attack(module_rows: None) -> Attack:
    """Once: what a request changes is undone."""
    random.seed(SEED)
    return Attack(build_world(), seed=SEED, at_most=1)


def test_nothing_gets_through(attack):
    """A part of the operations, each by some; the whole is `python -m scripts.attack`."""
    attack.tally.findings.clear()

    tally = attack.run("api/", share=0.1)

    assert [each.report("http://x") for each in tally.kinds()] == []
    assert len(tally.tried) > 20
    assert tally.requests > 100


def test_every_route_of_the_table_is_an_operation():
    assert {each.name for each in operations()} == set(TABLE)


def test_members_that_nobody_asked_for_are_stored_nowhere(attack):
    """Every member of the answer, and what else one would like to set, to every route that takes a body."""
    writes = [each for each in operations("^(POST|PATCH) api/") if each.is_write]
    attack.tally.findings.clear()
    successes = attack.tally.statuses.copy()

    with attack.listening():
        for operation in writes:
            who = next(each for each in (*STRONGEST, "anonymous") if passes(operation.who, each))
            for shot in planted(operation, attack.world):
                attack.send(operation, who, shot)

    assert [each.report("http://x") for each in attack.tally.kinds()] == []
    successes.subtract(attack.tally.statuses)
    assert -sum(successes[status] for status in (200, 201, 202)) > 40, "hardly anything was let through"


def seen(attack, name: str, who: str) -> list[str]:
    """What is found of one plain request."""
    attack.tally.findings.clear()
    operation = next(operations(name))
    with attack.listening():
        attack.send(operation, who, plain(operation, attack.world))
    return [each.what for each in attack.tally.findings]


def test_it_sees_a_door_that_stands_open(attack, monkeypatch):
    assert seen(attack, "GET api/v1/admin/broadcasts/$", "anonymous") == []

    monkeypatch.setattr(APIView, "check_permissions", lambda *_: None)

    assert seen(attack, "GET api/v1/admin/broadcasts/$", "anonymous") == ["gets in with 200 where 401 is due"]
    assert seen(attack, "GET api/v1/admin/broadcasts/$", "stranger") == ["gets in with 200 where 403 is due"]


def test_it_sees_a_defect_and_says_where(attack, monkeypatch):
    def broken(*_args):
        raise RuntimeError("a planted defect")

    monkeypatch.setattr(APIView, "check_permissions", broken)

    (what,) = seen(attack, "GET api/v1/admin/broadcasts/$", "owner")

    assert what.startswith("500 RuntimeError: a planted defect marketplace/tests/test_attack.py:")


ORDER = next(operations("GET api/v1/orders/{pk}/$"))
SHOT = Shot("GET", "/api/v1/orders/1/", "as in the reference")


@pytest.mark.parametrize(
    ("who", "answer", "trouble"),
    [
        ("owner", Answer(500, PROBLEM, "{}", trace="KeyError: 'x' orders.py:7"), "500 KeyError: 'x' orders.py:7"),
        ("owner", Answer(503, PROBLEM, "{}"), "503"),
        ("owner", Answer(404, "text/html", ""), "404 is no problem document but text/html"),
        ("owner", Answer(404, PROBLEM, "<p>"), "404 is no JSON"),
        ("owner", Answer(404, PROBLEM, '{"status": 404}'), "404 lacks members of a problem"),
        ("stranger", Answer(200, "application/json", "{}"), "gets in with 200 where 404 is due"),
        ("expired", Answer(200, "application/json", "{}"), "gets in with 200 where 401 is due"),
        ("owner", Answer(200, "application/json", "http://evil.example/next"), "believes a forged host"),
        ("owner", Answer(200, "text/html", "Traceback (most recent call last):"), "shows a traceback"),
    ],
)
def test_what_is_wrong_with_an_answer_is_said(who, answer, trouble):
    assert list(troubles(ORDER, who, SHOT, answer, ())) == [trouble]


def test_what_is_the_owners_is_not_for_others_unless_they_said_it_themselves():
    members = dict.fromkeys(MEMBERS, "") | {"status": 404, "detail": "Calle 7"}
    answer = Answer(404, PROBLEM, json.dumps(members))

    said = [list(troubles(ORDER, who, shot, answer, ("Calle 7",))) for who, shot in (
        ("owner", SHOT), ("stranger", SHOT), ("stranger", Shot("POST", "/", "", b'"Calle 7"')),
    )]  # fmt: skip

    assert said == [[], ["reads what is the owner's: Calle 7"], []]


def test_rows_that_a_refused_request_changed_are_named(attack):
    with attack._undone(), attack.rows.watched():
        User.objects.filter(pk=attack.world.owner.pk).update(name="x")

        assert attack.rows.changed() == ["users_user"]
        assert attack.rows.missing(attack.world.owner.pk.hex) == ["users_user"]
        assert attack.rows.raised() == []
    assert attack.rows.changed() == []


def test_whoever_becomes_staff_and_whatever_was_planted_is_seen(attack):
    stranger = attack.world.person("stranger")
    with attack._undone(), attack.rows.watched():
        User.objects.filter(pk=stranger.pk).update(is_staff=True, name="planted-7f3a51c2")

        assert attack.rows.raised() == [stranger.pk.hex]
        assert attack.rows.holding(("planted-7f3a51c2", "other")) == ["planted-7f3a51c2 in users_user"]


def test_tokens_that_must_open_nothing_open_nothing(attack):
    operation = next(operations("GET api/v1/users/me/$"))
    shot = plain(operation, attack.world)

    statuses = {who: attack._ask(who, shot).status for who in attack.cast.callers}

    refused = {"anonymous", "disabled", "expired", "foreign", "unsigned", "refresh", "garbage"}
    assert {who for who, status in statuses.items() if status == 401} == refused
    assert {status for who, status in statuses.items() if who not in refused} == {200}


def test_a_finding_is_a_line_that_can_be_run():
    shot = Shot("POST", "/api/v1/cart/items/?a=1", "a bomb", b"[" * 100_000 + b"\"\xff'", headers={"X-Odd": "\xff"})

    line = curl(shot, "owner", "http://127.0.0.1:8000")

    assert len(line) < 500
    assert '-H "Authorization: Bearer $TOKEN_OWNER"' in line
    writer = shlex.split(line.split(" | ")[0])
    sent = subprocess.run([sys.executable, *writer[1:]], capture_output=True, check=True).stdout
    assert sent == shot.body


def test_one_seed_is_one_attack_and_each_kind_of_request_is_made(attack):
    operation = next(operations("POST api/v1/funds/withdrawals/$"))

    first, again, other = (
        [(shot.url, shot.why) for shot in hostile(operation, attack.world, random.Random(seed))] for seed in (1, 1, 2)
    )

    assert first == again != other
    whys = " ".join(why for _url, why in first)
    for kind in ("bomb", "5,000 digits", "stands twice", "utf-16", "X-Forwarded-Host", "not asked for", "page_size"):
        assert kind in whys, kind


def test_pieces_that_no_writer_would_write_are_written():
    assert written({"a": [Raw("NaN"), "\ud800", 1]}) == b'{"a": [NaN, "\\ud800", 1]}'


def test_the_table_says_who_is_refused():
    assert [expected("its owner", who) for who in ("owner", "stranger", "expired", "staff")] == [0, 404, 401, 404]
    assert expected("anyone", "expired") is None


def test_findings_of_one_kind_on_one_route_are_one(attack):
    attack.tally.findings[:] = [Finding("GET x", who, "500", SHOT) for who in ("owner", "stranger")]

    assert len(attack.tally.kinds()) == 1
    attack.tally.findings.clear()

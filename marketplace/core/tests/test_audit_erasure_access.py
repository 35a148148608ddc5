"""Who did what, who is forgotten, who reaches where."""

from decimal import Decimal
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from marketplace.core import access, audit, erasure
from marketplace.core.access import NOWHERE, Reach
from marketplace.core.audit import AuditEntry
from marketplace.core.context import request_id
from marketplace.core.errors import DomainError
from marketplace.core.ids import uuid7
from marketplace.core.models import JobSlot


def test_an_audit_entry_says_who_did_what_to_which_and_in_which_request(person):
    actor = uuid7()

    with request_id("req-12345678"):
        audit.record(
            actor_id=actor,
            action="core.probe",
            subject=person,
            before={"limit": Decimal("1.5")},
            after={"limit": Decimal(2), "key": actor},
            reason="asked for",
        )

    entry = AuditEntry.objects.get()
    assert (entry.actor_id, entry.action, entry.object_type) == (actor, "core.probe", "users.user")
    assert (entry.object_id, entry.request_id, entry.reason) == (str(person.pk), "req-12345678", "asked for")
    assert entry.before == {"limit": "1.5"}
    assert entry.after == {"limit": "2", "key": str(actor)}


@pytest.mark.django_db(transaction=True)
def test_an_entry_falls_with_the_change_it_describes(person):
    def change_and_fail():
        with transaction.atomic():
            audit.record(actor_id=None, action="core.probe", subject=person)
            raise LookupError

    with pytest.raises(LookupError):
        change_and_fail()

    assert not AuditEntry.objects.exists()


@pytest.fixture
def erasers(monkeypatch):
    monkeypatch.setattr(erasure, "_ERASERS", {})
    return erasure.register


@pytest.mark.django_db
def test_everybody_is_asked_before_anybody_forgets_the_highest_first(erasers):
    said = []
    for name in ("a", "b"):
        erasers(
            name, guard=lambda _, n=name: said.append(f"guard {n}"), erase=lambda _, n=name: said.append(f"erase {n}")
        )

    erasure.erase_person(uuid4())

    assert said == ["guard b", "guard a", "erase b", "erase a"]
    assert erasure.registered_contexts() == {"a", "b"}


@pytest.mark.django_db(transaction=True)
def test_one_refusal_and_nothing_is_forgotten(erasers):
    def refuse(_user):
        raise DomainError

    def note(_user):
        JobSlot.objects.create(job="probe", slot="erased", taken_at="2026-01-01T00:00:00Z")

    erasers("a", guard=lambda _: None, erase=note)
    erasers("b", guard=refuse, erase=note)
    with pytest.raises(DomainError):
        erasure.erase_person(uuid4())
    assert not JobSlot.objects.exists()

    erasers("b", guard=lambda _: None, erase=refuse)
    with pytest.raises(DomainError):
        erasure.erase_person(uuid4())
    assert not JobSlot.objects.exists()


def someone(**values):
    return SimpleNamespace(**({"is_authenticated": True, "is_active": True, "is_superuser": False} | values))


@pytest.fixture
def authorities(monkeypatch):
    monkeypatch.setattr(access, "_authorities", [])
    return access.add_authority


def test_nobody_reaches_anything_unless_an_authority_says_so(authorities):
    assert access.reach(someone(is_staff=True), "catalog:write") == NOWHERE
    assert NOWHERE.is_empty


def test_reaches_of_all_authorities_add_up(authorities):
    department, store = uuid4(), uuid4()
    authorities(lambda user, key: Reach(departments=frozenset({department})))
    authorities(lambda user, key: Reach(stores=frozenset({store})) if key == "catalog:read" else NOWHERE)

    reading = access.reach(someone(), "catalog:read")

    assert reading == Reach(departments=frozenset({department}), stores=frozenset({store}))
    assert reading.covers(department_id=department)
    assert reading.covers(store_id=store)
    assert not reading.covers(department_id=store, store_id=department)
    assert not reading.covers()
    assert not access.reach(someone(), "catalog:write").covers(store_id=store)


def test_superusers_reach_everything_but_not_when_inactive(authorities):
    authorities(lambda user, key: Reach(everywhere=True))

    assert access.reach(someone(is_superuser=True), "inventory:write").everywhere
    assert access.reach(someone(is_superuser=True, is_active=False), "inventory:write") == NOWHERE
    assert access.reach(AnonymousUser(), "inventory:read") == NOWHERE


def test_a_key_nobody_knows_is_a_mistake(authorities):
    with pytest.raises(ValueError, match="catalogue:read"):
        access.reach(someone(is_superuser=True), "catalogue:read")


@pytest.mark.django_db
def test_within_keeps_rows_of_reach_and_without_reach_none(django_assert_num_queries):
    for number in range(3):
        JobSlot.objects.create(job="probe", slot=str(number), taken_at="2026-01-01T00:00:00Z")
    rows = JobSlot.objects.all()

    assert access.within(rows, Reach(everywhere=True), department_path="slot").count() == 3
    in_one = Reach(departments=frozenset({"1"}), stores=frozenset({"2"}))  # type: ignore[arg-type]
    assert [row.slot for row in access.within(rows, in_one, department_path="slot")] == ["1"]
    assert {row.slot for row in access.within(rows, in_one, department_path="slot", store_path="slot")} == {"1", "2"}
    with django_assert_num_queries(0):
        assert list(access.within(rows, NOWHERE, department_path="slot", store_path="slot")) == []
        assert list(access.within(rows, in_one)) == []

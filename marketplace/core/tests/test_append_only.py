"""Tables that are written once: no change by any statement, on both engines; a missing trigger is found."""

import pytest
from django.apps.registry import Apps
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import DatabaseError, connection, models, transaction

from marketplace.core import append_only
from marketplace.core.checks import append_only_triggers_are_in_place
from marketplace.core.models import AuditEntry


@pytest.fixture
def entry(db):
    return AuditEntry.objects.create(action="core.probe", object_type="probe", object_id="1")


def refused(statement):
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        statement()


def test_rows_are_written_but_never_changed(entry):
    refused(lambda: AuditEntry.objects.update(reason="nicer"))
    refused(lambda: AuditEntry.objects.filter(pk=entry.pk).delete())
    refused(entry.delete)
    entry.reason = "nicer"
    refused(entry.save)
    refused(lambda: AuditEntry.objects.bulk_update([entry], ["reason"]))

    entry.refresh_from_db()
    assert entry.reason == ""
    assert AuditEntry.objects.count() == 1


def test_an_upsert_cannot_change_a_row_either(entry):
    twin = AuditEntry(pk=entry.pk, action="core.other", object_type="x", object_id="2")

    refused(
        lambda: AuditEntry.objects.bulk_create(
            [twin], update_conflicts=True, unique_fields=["id"], update_fields=["action"]
        )
    )

    entry.refresh_from_db()
    assert entry.action == "core.probe"


@pytest.mark.postgres
def test_not_even_truncate_empties_it(entry):
    def truncate():
        with connection.cursor() as cursor:
            cursor.execute("TRUNCATE core_auditentry")

    refused(truncate)
    assert AuditEntry.objects.count() == 1


def drop_one():
    with connection.cursor() as cursor:
        name = append_only._names(connection, "core_auditentry")[0]
        cursor.execute(f"DROP TRIGGER {name}" + (" ON core_auditentry" * (connection.vendor == "postgresql")))


@pytest.mark.django_db
def test_the_check_finds_a_dropped_trigger():
    assert append_only_triggers_are_in_place(databases=["default"]) == []

    drop_one()

    assert [message.id for message in append_only_triggers_are_in_place(databases=["default"])] == ["core.E001"]
    with pytest.raises(SystemCheckError, match=r"core\.E001"):
        call_command("check", deploy=True, databases=["default"])


@pytest.mark.postgres
@pytest.mark.django_db
def test_the_check_finds_a_disabled_trigger():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_auditentry DISABLE TRIGGER core_auditentry_append_only")

    assert append_only.missing_triggers() == ["core_auditentry"]


@pytest.mark.django_db(transaction=True)
def test_migrate_puts_a_lost_trigger_back_and_is_not_refused_by_the_check():
    drop_one()

    call_command("migrate", verbosity=0)

    assert append_only.missing_triggers() == []


@pytest.mark.django_db
def test_every_protected_table_has_its_triggers():
    assert "core_auditentry" in append_only.protected_tables()
    assert append_only.missing_triggers() == []


@pytest.mark.django_db
def test_only_the_flush_lifts_them_and_puts_them_back(entry):
    def fail_inside():
        with append_only.lifted():
            AuditEntry.objects.update(reason="lifted")
            raise LookupError

    with pytest.raises(LookupError):
        fail_inside()

    assert append_only.missing_triggers() == []
    refused(lambda: AuditEntry.objects.update(reason="again"))


def test_a_name_too_long_for_its_trigger_is_refused():
    meta = type("Meta", (), {"app_label": "probe", "db_table": "x" * 60, "apps": Apps()})
    model = type("Long", (models.Model,), {"__module__": __name__, "Meta": meta})

    with pytest.raises(ValueError, match="too long"):
        append_only.protect(model)

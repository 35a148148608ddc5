"""A copy of one's data: asked for, made once, fetched by its owner alone, gone in time."""

import io
import json
import zipfile
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from marketplace.core.erasure import erase_person
from marketplace.core.models import AuditEntry
from marketplace.core.outbox.relay import drain
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UserFactory
from users.models import PersonalExport, User
from users.personal_exports.errors import NoPersonalExportError
from users.personal_exports.services import forget_old_exports, make_export, request_export, take_export
from users.personal_exports.tasks import forget_old_exports as forget_task

pytestmark = pytest.mark.django_db
EXPORT, FILE = "/api/v1/users/me/export/", "/api/v1/users/me/export/file/"


@pytest.fixture
def ana(api) -> User:
    """A customer, signed in."""
    account: User = UserFactory.create(email="ana@example.com", name="Ana")
    api.force_authenticate(account)
    return account


def acts() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def test_a_customer_asks_is_told_and_downloads(api, ana):
    asked = api.post(EXPORT)
    early = api.get(FILE)
    drain()
    now = api.get(EXPORT).json()
    answer = api.get(FILE)

    assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
    assert (early.status_code, early.json()["code"]) == (409, "personal_export_not_ready")
    assert (now["state"], now["size_bytes"]) == ("ready", len(answer.content))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/zip")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="marketplace-')
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert json.loads(archive.read("users/account.json"))[0]["email"] == "ana@example.com"
    assert acts() == ["users.request_personal_export", "users.take_personal_export"]
    (letter,) = mail.outbox
    assert (letter.to, "72" in letter.body) == (["ana@example.com"], True)
    assert "token" not in letter.body


def test_nobody_but_its_owner_downloads_it(api, ana):
    request_export(actor=ana, user_id=ana.pk)
    drain()

    for other in (UserFactory.create(), StaffFactory.create(), AdministratorFactory.create()):
        api.force_authenticate(other)
        assert (api.get(FILE).status_code, api.get(EXPORT).status_code) == (404, 404)
    api.force_authenticate(None)
    assert (api.get(FILE).status_code, api.get(EXPORT).status_code, api.post(EXPORT).status_code) == (401, 401, 401)
    assert "users.take_personal_export" not in acts()


def test_asking_twice_is_one_copy_and_a_third_time_too_much_is_429(api, ana, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "personal_exports": "2/day"}

    first, second, third = (api.post(EXPORT) for _time in range(3))

    assert first.json()["id"] == second.json()["id"]
    assert third.status_code == 429
    assert PersonalExport.objects.count() == 1
    assert acts() == ["users.request_personal_export"]


def test_making_it_twice_makes_one_and_tells_once(ana):
    export = request_export(actor=ana, user_id=ana.pk)

    drain()
    before = PersonalExport.objects.get().ready_at
    make_export(export.pk)
    drain()

    assert PersonalExport.objects.get().ready_at == before
    assert len(mail.outbox) == 1


def test_its_time_is_over_also_before_it_is_tidied(api, ana):
    request_export(actor=ana, user_id=ana.pk)
    drain()
    PersonalExport.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert api.get(FILE).json()["code"] == "no_personal_export"
    with pytest.raises(NoPersonalExportError):
        take_export(owner=ana)
    assert PersonalExport.objects.get().content is not None
    forget_task()
    assert forget_old_exports() == 0
    gone = PersonalExport.objects.get()
    assert (gone.state, gone.content) == ("expired", None)
    assert api.get(EXPORT).json()["state"] == "expired"


def test_what_is_too_large_is_said_and_not_kept(api, ana, settings):
    settings.PERSONAL_EXPORT_MAX_BYTES = 100

    api.post(EXPORT)
    drain()

    answer = api.get(FILE)
    assert (answer.status_code, answer.json()["code"]) == (409, "personal_export_too_large")
    assert PersonalExport.objects.get().content is None
    assert mail.outbox == []


def test_erasure_takes_the_copies_along_and_a_late_worker_makes_none(ana):
    export = request_export(actor=ana, user_id=ana.pk)

    erase_person(ana.pk)
    make_export(export.pk)
    drain()

    assert not PersonalExport.objects.exists()
    assert mail.outbox == []


def test_an_administrator_has_one_made_for_a_letter(client, ana):
    administrator = AdministratorFactory.create()
    client.force_login(administrator)
    add = reverse("admin:users_personalexport_add")

    wordless = client.post(add, {"user": str(ana.pk), "reason": ""})
    saved = client.post(add, {"user": str(ana.pk), "reason": "Letter of 12 May 2026"})
    drain()

    export = PersonalExport.objects.get()
    page = client.get(reverse("admin:users_personalexport_change", args=[export.pk]))
    assert (wordless.status_code, saved.status_code, page.status_code) == (200, 302, 200)
    assert (export.user, export.requested_by, export.state) == (ana, administrator.pk, "ready")
    entry = AuditEntry.objects.get(action="users.request_personal_export")
    assert (entry.actor_id, entry.object_id, entry.reason) == (administrator.pk, str(ana.pk), "Letter of 12 May 2026")
    assert [letter.to for letter in mail.outbox] == [["ana@example.com"]]


def test_the_command_writes_a_file_for_its_operator_alone(ana, tmp_path: Path):
    target, said = tmp_path / "ana.zip", StringIO()

    call_command("export_person", "Ana@example.com", to=target, reason="Letter 7/26", stdout=said)

    with zipfile.ZipFile(target) as archive:
        assert json.loads(archive.read("manifest.json"))["person"] == str(ana.pk)
    assert target.stat().st_mode & 0o077 == 0
    assert "users/account.json" in said.getvalue()
    assert [(entry.action, entry.reason) for entry in AuditEntry.objects.all()] == [
        ("users.write_personal_export", "Letter 7/26")
    ]


def test_the_command_refuses_strangers_and_files_that_are_there(ana, tmp_path: Path):
    target = tmp_path / "kept.zip"
    target.write_text("mine")

    with pytest.raises(CommandError, match="exists"):
        call_command("export_person", "ana@example.com", to=target, reason="x")
    with pytest.raises(CommandError, match="no account"):
        call_command("export_person", "nobody@example.com", to=tmp_path / "new.zip", reason="x")

    assert target.read_text() == "mine"
    assert not (tmp_path / "new.zip").exists()
    assert not AuditEntry.objects.exists()

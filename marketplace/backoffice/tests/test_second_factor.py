"""The back office's door: second factor, recovery codes, lock-out, and asking again before sensitive pages."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from marketplace.core.admin_recent import SESSION_KEY
from marketplace.core.audit import AuditEntry
from users.accounts.tests.factories import PASSWORD, AdministratorFactory
from users.facade import begin_second_factor, confirm_second_factor
from users.models import User
from users.staff.tests.factories import DepartmentFactory

pytestmark = pytest.mark.django_db

INDEX, LOGIN, SET_UP = "/admin/", "/admin/login/", "/admin/second-factor/set-up/"


def code_of(account: User, *, confirmed: bool = True) -> str:
    """What the authenticator application shows now."""
    return f"{totp(TOTPDevice.objects.get(user=account, confirmed=confirmed).bin_key):06d}"


def with_factor() -> tuple[User, list[str]]:
    account = AdministratorFactory.create()
    begin_second_factor(account_id=account.pk)
    _device, recovery = confirm_second_factor(account_id=account.pk, code=code_of(account, confirmed=False))
    # The code was used; the next window has another.
    TOTPDevice.objects.filter(user=account).update(last_t=-1)
    return account, recovery


def code_of_new(account: User) -> str:
    """The same of a secret that waits to be confirmed."""
    begin_second_factor(account_id=account.pk)
    return code_of(account, confirmed=False)


def log_in(client, account: User, password: str = PASSWORD):
    return client.post(LOGIN, {"username": account.email, "password": password})


def test_without_a_second_factor_the_password_opens_where_it_is_optional(client):
    log_in(client, AdministratorFactory.create())

    assert client.get(INDEX).status_code == 200


def test_where_it_is_required_nothing_is_seen_before_it_is_set_up(client, settings):
    settings.ADMIN_SECOND_FACTOR = "required"
    account = AdministratorFactory.create()
    log_in(client, account)

    answer = client.get("/admin/stores/product/?q=plate")
    page = client.get(answer["Location"])
    wrong = client.post(answer["Location"], {"code": "000000"})
    TOTPDevice.objects.update(throttling_failure_timestamp=None, throttling_failure_count=0)
    done = client.post(answer["Location"], {"code": code_of(account, confirmed=False)})

    assert answer["Location"] == "/admin/second-factor/set-up/?next=%2Fadmin%2Fstores%2Fproduct%2F%3Fq%3Dplate"
    assert b"<svg" in page.content
    assert (b"The code is wrong" in wrong.content, done.status_code) == (True, 200)
    assert StaticToken.objects.count() == 10
    assert all(token.encode() in done.content for token in StaticToken.objects.values_list("token", flat=True))
    assert client.get(INDEX).status_code == 200
    assert AuditEntry.objects.filter(action="users.confirm_second_factor", actor_id=account.pk).count() == 1


def test_a_second_factor_is_set_up_by_whoever_proved_lately_who_they_are(client, settings):
    settings.ADMIN_SECOND_FACTOR = "required"
    account = AdministratorFactory.create()
    log_in(client, account)
    session = client.session
    session[SESSION_KEY] = (timezone.now() - timedelta(hours=2)).isoformat()
    session.save()

    shown, posted = client.get(SET_UP), client.post(SET_UP, {"code": code_of_new(account)})

    assert (shown.status_code, posted.status_code) == (302, 302)
    assert not TOTPDevice.objects.filter(confirmed=True).exists()
    confirmed = client.post(shown["Location"], {"password": PASSWORD})
    assert confirmed["Location"] == SET_UP
    assert b"<svg" in client.get(SET_UP).content


def test_setting_up_a_second_factor_is_no_proof_of_the_password(client):
    account = AdministratorFactory.create()
    log_in(client, account)
    session = client.session
    session[SESSION_KEY] = noted = (timezone.now() - timedelta(minutes=30)).isoformat()
    session.save()

    done = client.post(SET_UP, {"code": code_of_new(account)})

    assert (done.status_code, client.session[SESSION_KEY]) == (200, noted)
    assert client.get("/admin/users/user/add/").status_code == 302


def test_a_password_alone_does_not_open_an_account_with_a_second_factor(client):
    account, _recovery = with_factor()
    log_in(client, account)

    answers = [client.get(path) for path in (INDEX, "/admin/users/user/", "/admin/confirm/", "/admin/autocomplete/")]
    posted = client.post("/admin/users/department/add/", {"name": "Mine", "slug": "mine"})

    assert [answer.status_code for answer in [*answers, posted]] == [302] * 5
    assert all(answer["Location"].startswith("/admin/second-factor/?next=") for answer in [*answers, posted])


def test_the_code_opens_and_leads_back(client):
    account, _recovery = with_factor()
    log_in(client, account)

    answer = client.post("/admin/second-factor/?next=/admin/users/user/", {"code": code_of(account)})

    assert answer["Location"] == "/admin/users/user/"
    assert client.get("/admin/users/user/").status_code == 200


def test_a_code_opens_once_and_wrong_ones_slow_the_next_down(client):
    account, _recovery = with_factor()
    log_in(client, account)
    good = code_of(account)
    client.post("/admin/second-factor/", {"code": good})
    client.logout()
    log_in(client, account)

    replayed = client.post("/admin/second-factor/", {"code": good})
    right_too_soon = client.post("/admin/second-factor/", {"code": code_of(account)})

    assert [answer.status_code for answer in (replayed, right_too_soon)] == [200, 200]
    assert client.get(INDEX).status_code == 302


def test_a_recovery_code_opens_once(client):
    account, recovery = with_factor()
    log_in(client, account)
    first = client.post("/admin/second-factor/", {"code": recovery[0].upper()})
    client.logout()
    log_in(client, account)

    again = client.post("/admin/second-factor/", {"code": recovery[0]})

    assert (first.status_code, again.status_code) == (302, 200)
    assert StaticToken.objects.count() == 9


def test_nobody_is_led_to_another_host(client):
    account, _recovery = with_factor()
    log_in(client, account)

    answer = client.post("/admin/second-factor/?next=https://elsewhere.example/", {"code": code_of(account)})

    assert answer["Location"] == INDEX


def test_one_who_has_a_second_factor_cannot_set_up_another_without_it(client):
    account, _recovery = with_factor()
    log_in(client, account)

    answer = client.get("/admin/second-factor/set-up/")

    assert answer["Location"].startswith("/admin/second-factor/")
    assert TOTPDevice.objects.filter(user=account).count() == 1


def test_somebody_elses_device_proves_nothing(client):
    account, _recovery = with_factor()
    other, _others = with_factor()
    log_in(client, account)
    session = client.session
    session["otp_device_id"] = TOTPDevice.objects.get(user=other).persistent_id
    session.save()

    assert client.get(INDEX).status_code == 302


def test_an_administrator_resets_a_lost_device(client):
    account, _recovery = with_factor()
    log_in(client, AdministratorFactory.create())

    client.post("/admin/users/user/", {"action": "reset_second_factor", "_selected_action": [str(account.pk)]})

    assert not TOTPDevice.objects.filter(user=account).exists()
    assert AuditEntry.objects.filter(action="users.reset_second_factor", object_id=str(account.pk)).exists()


def test_wrong_passwords_close_the_page_for_a_while_and_only_from_there(client, settings):
    settings.AXES_FAILURE_LIMIT = 3
    account = AdministratorFactory.create()
    for _try in range(3):
        last = log_in(client, account, "wrong")

    locked = log_in(client, account)
    elsewhere = client.post(LOGIN, {"username": account.email, "password": PASSWORD}, REMOTE_ADDR="203.0.113.9")

    assert (last.status_code, locked.status_code, elsewhere.status_code) == (429, 429, 302)
    client.logout()
    with time_machine.travel(timezone.now() + settings.AXES_COOLOFF_TIME + timedelta(seconds=5)):
        assert log_in(client, account).status_code == 302


def test_other_spellings_of_an_address_are_the_same_account(client, settings):
    settings.AXES_FAILURE_LIMIT = 2
    account = AdministratorFactory.create()
    for spelling in (account.email.upper(), f" {account.email}"):
        client.post(LOGIN, {"username": spelling, "password": "wrong"})

    assert log_in(client, account).status_code == 429


def test_sensitive_pages_ask_again_after_a_while(client, settings):
    account = AdministratorFactory.create()
    log_in(client, account)
    page = reverse("admin:users_department_add")
    fresh = client.get(page)
    _forget_proof(client, timedelta(minutes=settings.ADMIN_RECENT_LOGIN_MINUTES, seconds=1))

    asked = client.get(page)
    wrong = client.post(asked["Location"], {"password": "wrong"})
    right = client.post(asked["Location"], {"password": PASSWORD})

    assert (fresh.status_code, wrong.status_code) == (200, 200)
    assert asked["Location"] == "/admin/confirm/?next=%2Fadmin%2Fusers%2Fdepartment%2Fadd%2F"
    assert right["Location"] == page
    assert client.get(page).status_code == 200


def test_a_form_opened_in_time_may_be_sent_a_little_later_but_not_much(client, settings):
    log_in(client, AdministratorFactory.create())
    page, filled = reverse("admin:users_department_add"), {"name": "Toys", "slug": "toys", **_no_members()}
    _forget_proof(client, timedelta(hours=1, seconds=1))
    late = client.post(page, filled)
    _forget_proof(client, timedelta(minutes=settings.ADMIN_RECENT_LOGIN_MINUTES + 5))

    answer = client.post(page, filled)

    assert (late["Location"].startswith("/admin/confirm/"), answer["Location"]) == (True, "/admin/users/department/")


def test_a_sensitive_action_is_not_carried_out_before(client):
    log_in(client, AdministratorFactory.create())
    victim = AdministratorFactory.create()
    _forget_proof(client, timedelta(hours=2))

    answer = client.post("/admin/users/user/", {"action": "disable", "_selected_action": [str(victim.pk)]})

    assert answer["Location"].startswith("/admin/confirm/")
    assert User.objects.get(pk=victim.pk).is_active


def test_confirming_takes_the_code_too(client):
    account, _recovery = with_factor()
    log_in(client, account)
    client.post("/admin/second-factor/", {"code": code_of(account)})
    TOTPDevice.objects.update(last_t=-1)

    without = client.post("/admin/confirm/", {"password": PASSWORD})
    with_code = client.post("/admin/confirm/", {"password": PASSWORD, "code": code_of(account)})

    assert (without.status_code, with_code.status_code) == (200, 302)


def test_a_department_cannot_be_deleted_without_asking_again(client):
    department = DepartmentFactory.create()
    log_in(client, AdministratorFactory.create())
    _forget_proof(client, timedelta(hours=2))

    answer = client.post(reverse("admin:users_department_delete", args=[department.pk]), {"post": "yes"})

    assert answer["Location"].startswith("/admin/confirm/")
    department.refresh_from_db()


def test_erasing_a_person_forgets_the_device(client):
    account, _recovery = with_factor()
    log_in(client, AdministratorFactory.create())

    client.post("/admin/users/user/", {"action": "archive", "_selected_action": [str(account.pk)]})

    assert not TOTPDevice.objects.filter(user=account).exists()


def _forget_proof(client, ago: timedelta) -> None:
    session = client.session
    session[SESSION_KEY] = (timezone.now() - ago).isoformat()
    session.save()


def _no_members() -> dict[str, int]:
    return {"members-TOTAL_FORMS": 0, "members-INITIAL_FORMS": 0}

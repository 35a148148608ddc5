"""JWT: rotation, families, log-out, and how fast a disabled account is shut out."""

import time
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session as BrowserSession
from django.db.models import F
from django.utils import timezone

from users.accounts.deny_list import deny_list
from users.accounts.models import DeniedAccount, Session, SpentRefreshToken
from users.accounts.services.administration import change_account
from users.accounts.services.sessions import rotate_refresh_token
from users.accounts.services.tidying import forget_expired
from users.accounts.tests.factories import AdministratorFactory, StaffFactory, UnverifiedUserFactory, UserFactory
from users.accounts.tokens import AccessToken

pytestmark = pytest.mark.django_db

REFRESH = "/api/v1/auth/token/refresh/"
ME = "/api/v1/users/me/"


def refresh(api, token):
    return api.post(REFRESH, {"refresh": token}, format="json")


def test_access_token_opens_and_refresh_rotates(api, log_in, bearer):
    user = UserFactory.create()
    pair = log_in(user)

    assert bearer(pair["access"]).get(ME).json()["email"] == user.email
    following = refresh(api, pair["refresh"]).json()

    assert following["refresh"] != pair["refresh"]
    assert bearer(following["access"]).get(ME).status_code == 200


def test_unverified_account_may_log_in_and_is_verified_with_the_same_token(log_in, bearer):
    user = UnverifiedUserFactory.create()
    client = bearer(log_in(user)["access"])

    assert client.get(ME).json()["is_verified"] is False
    user.email_verified_at = timezone.now()
    user.save()

    assert client.get(ME).json()["is_verified"] is True


def test_losing_race_within_ten_seconds_keeps_the_session(api, log_in):
    pair = log_in(UserFactory.create())
    following = refresh(api, pair["refresh"]).json()

    again = refresh(api, pair["refresh"])

    assert (again.status_code, again.json()["code"]) == (401, "token_reused")
    assert refresh(api, following["refresh"]).status_code == 200


def test_reuse_after_ten_seconds_ends_the_session(api, log_in):
    pair = log_in(UserFactory.create())
    following = refresh(api, pair["refresh"]).json()
    SpentRefreshToken.objects.update(spent_at=F("spent_at") - timedelta(seconds=11))

    again = refresh(api, pair["refresh"])

    assert again.status_code == 401
    assert Session.objects.get().revoked_because == "token_reused"
    assert refresh(api, following["refresh"]).json()["code"] == "token_invalid"


def test_log_out_ends_one_session_and_is_harmless_twice(api, log_in):
    user = UserFactory.create()
    here, there = log_in(user), log_in(user)

    for _ in range(2):
        assert api.post("/api/v1/auth/logout/", {"refresh": here["refresh"]}, format="json").status_code == 204

    assert refresh(api, here["refresh"]).status_code == 401
    assert refresh(api, there["refresh"]).status_code == 200


def test_log_out_everywhere_ends_all_sessions_and_access_tokens(
    api, log_in, bearer, django_capture_on_commit_callbacks
):
    user = UserFactory.create()
    here, there = log_in(user), log_in(user)

    with django_capture_on_commit_callbacks(execute=True):
        assert bearer(here["access"]).post("/api/v1/auth/logout-all/").status_code == 204

    for pair in (here, there):
        assert refresh(api, pair["refresh"]).status_code == 401
        assert bearer(pair["access"]).get(ME).status_code == 401
        assert bearer(pair["access"]).patch(ME, {"name": "x"}, format="json").status_code == 401
    assert bearer(log_in(user)["access"]).get(ME).status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer a b", "Bearer x.y.z", "Bearer \xff", "bearer "])
def test_unreadable_tokens_are_refused(api, header):
    answer = api.get(ME, HTTP_AUTHORIZATION=header)

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_refresh_token_is_no_access_token_and_the_other_way_round(api, log_in, bearer):
    pair = log_in(UserFactory.create())

    assert bearer(pair["refresh"]).get(ME).status_code == 401
    assert refresh(api, pair["access"]).status_code == 401


def test_access_token_runs_out(log_in, bearer, monkeypatch):
    user = UserFactory.create()
    monkeypatch.setattr(AccessToken, "lifetime", timedelta(seconds=-1))

    assert bearer(log_in(user)["access"]).get(ME).status_code == 401


def test_reading_costs_no_query_for_the_account(log_in, bearer, django_assert_num_queries):
    user = UserFactory.create()
    client = bearer(log_in(user)["access"])
    client.get(ME)

    with django_assert_num_queries(1):  # the account that is shown
        client.get(ME)


def test_deny_list_is_read_once_in_its_seconds(log_in, bearer, django_assert_num_queries):
    client = bearer(log_in(UserFactory.create())["access"])

    with django_assert_num_queries(3):
        client.get(ME)
        client.get(ME)


def test_disabled_account_cannot_write_at_once_nor_read_after_the_deny_list_ages(log_in, bearer):
    admin, user = AdministratorFactory.create(), UserFactory.create()
    client = bearer(log_in(user)["access"])
    client.get("/api/v1/users/me/profile/")

    # The on-commit callback is not run here: this process is one that did not make the change.
    change_account(actor=admin, account_id=user.pk, is_active=False)

    assert client.patch(ME, {"name": "Changed"}, format="json").status_code == 401
    assert client.get("/api/v1/users/me/profile/").status_code == 200
    deny_list._read_at = time.monotonic() - 5
    assert client.get("/api/v1/users/me/profile/").status_code == 401
    user.refresh_from_db()
    assert user.name != "Changed"


def test_new_role_needs_a_new_access_token_and_the_refresh_brings_it(api, log_in, bearer):
    admin, user = AdministratorFactory.create(), UserFactory.create()
    pair = log_in(user)

    change_account(actor=admin, account_id=user.pk, is_staff=True)
    deny_list.forget()

    assert bearer(pair["access"]).get(ME).status_code == 401
    assert bearer(refresh(api, pair["refresh"]).json()["access"]).get("/api/v1/users/").status_code == 200


def test_staff_who_lost_the_role_lose_it_at_once_on_reads_too(log_in, bearer):
    admin, staff = AdministratorFactory.create(), StaffFactory.create()
    client = bearer(log_in(staff)["access"])
    assert client.get("/api/v1/users/").status_code == 200

    change_account(actor=admin, account_id=staff.pk, is_staff=False)

    assert client.get("/api/v1/users/").status_code == 401


def test_expired_rows_are_forgotten(log_in):
    user = UserFactory.create()
    token = log_in(user)["refresh"]
    rotate_refresh_token(token=token)
    DeniedAccount.objects.create(user_id=user.pk, below_version=1, until=timezone.now() - timedelta(seconds=1))
    Session.objects.update(expires_at=timezone.now() - timedelta(days=31))

    forget_expired()

    assert not DeniedAccount.objects.exists()
    assert not Session.objects.exists()
    assert not SpentRefreshToken.objects.exists()


@pytest.mark.parametrize("path", ["/api/v1/auth/logout-all/", "/api/v1/users/", "/api/v1/users/verify-email/"])
def test_options_is_a_refusal_like_any_other(api, path):
    answer = api.options(path)

    assert answer.status_code in {401, 405}
    assert answer["Content-Type"] == "application/problem+json"


def test_browsers_sessions_that_are_over_are_forgotten():
    for key, days in (("over", -1), ("open", 1)):
        BrowserSession.objects.create(
            session_key=key, session_data="", expire_date=timezone.now() + timedelta(days=days)
        )

    forget_expired()

    assert list(BrowserSession.objects.values_list("session_key", flat=True)) == ["open"]

"""Changing and archiving accounts, by their owners and by staff."""

from typing import Any, TypedDict, Unpack
from uuid import UUID

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q

from marketplace.core import audit, erasure
from marketplace.core.clock import db_now
from marketplace.core.errors import InvalidInputError, gettext_noop
from marketplace.core.locking import LockRank, lock
from marketplace.core.outbox.publishing import publish
from users.accounts.companions import activity_changed
from users.accounts.errors import (
    AccountNotFoundError,
    ActivityChangeForbiddenError,
    LastAdministratorError,
    PasswordChangeForbiddenError,
    RoleChangeForbiddenError,
    StaffAccountProtectedError,
)
from users.accounts.models import MailToken, User
from users.events import AccountDisabled

from .passwords import require_good_password
from .second_factor import forget_second_factor
from .validity import log_out_all, outdate_access_tokens

ROLES = ("is_staff", "is_superuser")


class AccountChange(TypedDict, total=False):
    """What may be changed; what is absent stays."""

    name: str
    is_active: bool
    is_staff: bool
    is_superuser: bool


@transaction.atomic
def add_account(*, actor: User | None, email: str, password: str | None, **values: Unpack[AccountChange]) -> User:
    """Make an account whose address counts as verified (staff vouch for it); None as actor is the system.

    Raises `RoleChangeForbiddenError` when somebody who is no administrator gives a role.
    """
    if any(values.get(role) for role in ROLES) and not (actor is None or actor.is_superuser):
        raise RoleChangeForbiddenError
    user = User.objects.create_user(email, password, **values)
    User.objects.filter(pk=user.pk).update(email_verified_at=db_now())
    user.refresh_from_db()
    roles = {role: bool(values.get(role)) for role in ROLES}
    audit.record(actor_id=actor.pk if actor else None, action="users.add_account", subject=user, after=roles)
    return user


@transaction.atomic
def change_account(
    *,
    actor: User,
    account_id: UUID,
    password: str | None = None,
    current_password: str = "",
    **values: Unpack[AccountChange],
) -> User:
    """Change the name and, knowing the current one, one's password; as staff also `is_active` (not one's own); as
    administrator also the roles.

    Disabling and a new password end every session and put the access tokens out of force; a new role outdates them,
    so that the next refresh carries it. Raises `AccountNotFoundError`, `ActivityChangeForbiddenError`,
    `RoleChangeForbiddenError`, `PasswordChangeForbiddenError`, `StaffAccountProtectedError`,
    `LastAdministratorError`, and `InvalidInputError` for a wrong current or a weak new password.
    """
    account = _locked(account_id)
    _require_within_power(actor, account)
    _require_may_change(actor, account, values)
    if password is not None:
        _require_owner_knows(actor, account, current_password)
        require_good_password(password, account)
        _write_password(account, password, actor_id=actor.pk)
    changed = {name: value for name, value in values.items() if getattr(account, name) != value}
    if changed:
        _write_change(actor, account, changed)
    return account


def _write_change(actor: User, account: User, changed: dict[str, Any]) -> None:
    if account.is_superuser and not (changed.get("is_active", True) and changed.get("is_superuser", True)):
        require_other_administrator(account.pk)
    before = {name: getattr(account, name) for name in changed if name != "name"}
    for name, value in changed.items():
        setattr(account, name, value)
    account.save(update_fields=[*changed, "updated_at"])
    if "is_active" in changed:
        _activity_changed(account)
    elif changed.keys() & set(ROLES):
        outdate_access_tokens(account.pk)
    if before:
        after = {name: changed[name] for name in before}
        audit.record(actor_id=actor.pk, action="users.change_account", subject=account, before=before, after=after)


def _locked(account_id: UUID) -> User:
    """The account, locked; an administrator's together with all the others', see `require_other_administrator`."""
    wanted = Q(pk=account_id)
    if User.objects.filter(wanted, is_superuser=True).exists():
        wanted |= Q(is_superuser=True)
    for account in lock(LockRank.PERSON, User.objects.filter(wanted, archived_at__isnull=True)):
        if account.pk == account_id:
            return account
    raise AccountNotFoundError


def _require_may_change(actor: User, account: User, values: AccountChange) -> None:
    if values.keys() & set(ROLES) and not actor.is_superuser:
        raise RoleChangeForbiddenError
    if "is_active" in values and (actor.pk == account.pk or not actor.is_staff):
        raise ActivityChangeForbiddenError


def _require_owner_knows(actor: User, account: User, current_password: str) -> None:
    if actor.pk != account.pk:
        raise PasswordChangeForbiddenError
    if not account.check_password(current_password):
        raise InvalidInputError.of("current_password", "wrong_password", gettext_noop("The password is wrong."))


def _require_within_power(actor: User, account: User) -> None:
    if actor.pk == account.pk or actor.is_superuser:
        return
    if not actor.is_staff:
        raise AccountNotFoundError
    if account.is_staff or account.is_superuser:
        raise StaffAccountProtectedError


def _activity_changed(account: User) -> None:
    if account.is_active:
        outdate_access_tokens(account.pk)
    else:
        log_out_all(account.pk, because="disabled")
        publish(AccountDisabled(user_id=account.pk))
    activity_changed(account.pk)


def require_other_administrator(account_id: UUID) -> None:
    """Raises `LastAdministratorError` when the account is the only active administrator.

    All of them are locked, in key order, so that two cannot leave at once, each counting on the other.
    """
    administrators = lock(LockRank.PERSON, User.objects.filter(is_superuser=True, is_active=True))
    if [administrator.pk for administrator in administrators] == [account_id]:
        raise LastAdministratorError


@transaction.atomic
def set_password(*, actor: User, account_id: UUID, password: str | None) -> User:
    """Set somebody's password as staff (the back office); None leaves none to log in with. Every session ends.

    Raises `AccountNotFoundError`, `StaffAccountProtectedError`.
    """
    account = _locked(account_id)
    _require_within_power(actor, account)
    _write_password(account, password, actor_id=actor.pk)
    return account


def _write_password(account: User, password: str | None, *, actor_id: UUID) -> None:
    account.set_password(password)
    account.save(update_fields=["password", "updated_at"])
    log_out_all(account.pk, because="password_changed")
    audit.record(actor_id=actor_id, action="users.change_password", subject=account)


@transaction.atomic
def end_sessions_of(*, actor: User, account_id: UUID) -> None:
    """Log somebody out everywhere. Raises `AccountNotFoundError`, `StaffAccountProtectedError`."""
    account = _locked(account_id)
    _require_within_power(actor, account)
    log_out_all(account_id, because="ended_by_staff")
    audit.record(actor_id=actor.pk, action="users.end_sessions", subject=account)


@transaction.atomic
def archive_account(*, actor: User, account_id: UUID) -> None:
    """Delete an account: every context forgets the person, the books stay.

    Raises `AccountNotFoundError`, `StaffAccountProtectedError`, and what the contexts' guards raise.
    """
    account = _locked(account_id)
    _require_within_power(actor, account)
    erasure.erase_person(account_id)
    audit.record(actor_id=actor.pk, action="users.archive_account", subject=account)


def require_erasable(user_id: UUID) -> None:
    """The slice's guard. Raises `LastAdministratorError`."""
    if User.objects.filter(pk=user_id, is_superuser=True, is_active=True).exists():
        require_other_administrator(user_id)


def erase_account(user_id: UUID) -> None:
    """The slice's eraser: the row stays without the person, nobody can log in to it, its address is free again."""
    account = User.objects.get(pk=user_id)
    account.set_unusable_password()
    User.objects.filter(pk=user_id).update(
        email=f"{user_id.hex}@erased.invalid",
        name="",
        password=account.password,
        is_active=False,
        is_staff=False,
        is_superuser=False,
        email_verified_at=None,
        last_login=None,
        archived_at=db_now(),
    )
    account.groups.clear()
    account.user_permissions.clear()
    MailToken.objects.filter(user_id=user_id).delete()
    forget_second_factor(user_id)
    _forget_in_admin_log(user_id)
    log_out_all(user_id, because="archived")
    publish(AccountDisabled(user_id=user_id))
    activity_changed(user_id)


def _forget_in_admin_log(user_id: UUID) -> None:
    """Django's admin wrote the address down as the account's name; who did what stays."""
    account_type = ContentType.objects.get_for_model(User)
    LogEntry.objects.filter(content_type=account_type, object_id=str(user_id)).update(object_repr=str(user_id))

"""Reads of the accounts slice."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet

from marketplace.core.clock import db_now
from users.contracts import Contact

from .errors import AccountNotFoundError
from .models import DeniedAccount, User


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody who gets mail, and the language to write in."""

    user: User
    language: str


def mail_recipient(user_id: UUID) -> Recipient | None:
    """The account to write to; None for a disabled, archived or unknown one."""
    user = User.objects.select_related("profile").filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    profile = getattr(user, "profile", None)
    return Recipient(user, profile.language if profile else settings.LANGUAGE_CODE)


def visible_accounts(viewer: User) -> "QuerySet[User]":
    """The accounts `viewer` may see: staff all that are not archived, everybody else the own one."""
    accounts = User.objects.filter(archived_at__isnull=True)
    return accounts if viewer.is_staff else accounts.filter(pk=viewer.pk)


def account(user_id: UUID) -> User:
    """Raises `AccountNotFoundError`."""
    found = User.objects.filter(pk=user_id, archived_at__isnull=True).first()
    if found is None:
        raise AccountNotFoundError
    return found


def accounts_exist(ids: Collection[UUID]) -> bool:
    """Whether each id is an account in use."""
    wanted = set(ids)
    return User.objects.filter(pk__in=wanted, is_active=True).count() == len(wanted)


def is_signed_in(account_id: UUID, generation: int) -> bool:
    """Whether access tokens of that generation still open anything: asked of the account itself, as writes do."""
    return User.objects.filter(pk=account_id, is_active=True, token_version=generation).exists()


def refused_generations() -> dict[UUID, int]:
    """Accounts of which tokens below a generation are refused although they have not run out; read now, one query."""
    return dict(DeniedAccount.objects.filter(until__gt=db_now()).values_list("user_id", "below_version"))


def contacts(ids: Collection[UUID]) -> dict[UUID, Contact]:
    """Whom to reach, in one query. Disabled, archived and unknown accounts are left out."""
    accounts = User.objects.filter(pk__in=ids, is_active=True)
    rows = accounts.values_list("pk", "email", "name", "profile__language", "profile__time_zone", "email_verified_at")
    return {
        pk: Contact(
            pk, email, name, language or settings.LANGUAGE_CODE, zone or settings.PLATFORM_TIME_ZONE, bool(verified_at)
        )
        for pk, email, name, language, zone, verified_at in rows
    }


def verified_account(email: str) -> UUID | None:
    """The active account whose owner has proven that address, if there is one. Never to be told to a stranger."""
    rows = User.objects.filter(email=email.lower(), is_active=True, email_verified_at__isnull=False)
    return rows.values_list("pk", flat=True).first()


def staff_with(permission: str) -> list[UUID]:
    """Active people of the house who have that Django permission (`app.codename`), administrators included."""
    app, codename = permission.split(".")
    allowed = Permission.objects.filter(content_type__app_label=app, codename=codename)
    has_it = Q(is_superuser=True) | Q(groups__permissions__in=allowed) | Q(user_permissions__in=allowed)
    people = User.objects.filter(has_it, is_staff=True, is_active=True).distinct()
    return list(people.order_by("pk").values_list("pk", flat=True))

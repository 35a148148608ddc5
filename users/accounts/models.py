"""Accounts: who somebody is, how they prove it, and which sessions they have."""

from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.ids import uuid7

from .companions import account_created


class UserManager(BaseUserManager["User"]):
    """Makes accounts; addresses are kept in lower case. Whoever else needs a row beside one gets it made."""

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **values: Any) -> "User":
        """An account; without a password nobody can log in to it."""
        return self.create_hashed(email, make_password(password), **values)

    @transaction.atomic
    def create_hashed(self, email: str, password_hash: str, *, language: str = "", **values: Any) -> "User":
        """An account with a password that was hashed before (hashing is slow, and this holds a transaction)."""
        user = self.model(email=email.lower(), password=password_hash, **values)
        user.save(using=self._db)
        account_created(user.pk, language)
        return user

    def create_superuser(self, email: str, password: str | None = None, **values: Any) -> "User":
        """An administrator."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **values)


class User(AbstractBaseUser, PermissionsMixin, UUIDModel):
    """An account. `archived_at` is set when its owner deleted it: the row stays for the books, without the person."""

    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    is_active = models.BooleanField(_("active"), default=True)
    is_staff = models.BooleanField(_("staff"), default=False)
    email_verified_at = models.DateTimeField(_("e-mail verified at"), null=True, blank=True)
    archived_at = models.DateTimeField(_("archived at"), null=True, blank=True, editable=False)
    # Counts up when every access token issued so far must stop working (log-out everywhere, new password).
    token_version = models.PositiveIntegerField(default=1, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        app_label = "users"
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(email=Lower("email")),
                name="users_email_lower_case",
                violation_error_message=_("Write the e-mail address in lower case."),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """What Django's own pages call a person."""
        return self.name

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a browser's session holds on to: it ends where the access tokens end, not with the password alone."""
        kept = f"{self.password}:{self.token_version}"
        return salted_hmac("users.session", kept, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_verified(self) -> bool:
        """Whether the address is proven; orders and reservations need it."""
        return self.email_verified_at is not None


class MailToken(models.Model):
    """A single-use secret sent by mail. Only its hash is kept."""

    class Purpose(models.TextChoices):
        """What the holder may do once."""

        VERIFY = "verify", _("verify address")
        RESET = "reset", _("reset password")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    purpose = models.CharField(max_length=8, choices=Purpose.choices)
    token_hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        app_label = "users"

    def __str__(self) -> str:
        return f"{self.purpose} {self.user_id}"


class Session(UUIDModel):
    """One log-in: the family of refresh tokens that descend from it by rotation."""

    user = models.ForeignKey(User, verbose_name=_("user"), on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(_("ended at"), null=True)
    revoked_because = models.CharField(_("why it was ended"), max_length=32, blank=True)

    class Meta:
        app_label = "users"
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [models.Index(fields=["user", "revoked_at"], name="users_session_open")]

    def __str__(self) -> str:
        return str(self.id)


class SpentRefreshToken(models.Model):
    """A refresh token that was exchanged. Inserting it first is what makes rotation atomic: its key is unique."""

    token_id = models.UUIDField(primary_key=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="+")
    spent_at = models.DateTimeField()

    class Meta:
        app_label = "users"

    def __str__(self) -> str:
        return str(self.token_id)


class DeniedAccount(models.Model):
    """Accounts whose access tokens must be refused although they have not run out (disabled, logged out everywhere).

    Small: a row is forgotten once every token it could concern has expired. Each process reads it at most every
    few seconds.
    """

    user_id = models.UUIDField(primary_key=True)
    # Tokens that carry a lower `ver` are refused.
    below_version = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        app_label = "users"

    def __str__(self) -> str:
        return str(self.user_id)

"""Back office: accounts and sessions. Writes go through the services."""

from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as BaseGroupAdmin
from django.contrib.auth.admin import UserAdmin as BaseUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from marketplace.core.admin import ReadOnlyAdmin, ServiceAdmin
from marketplace.core.admin_lists import ModelAdmin
from marketplace.core.admin_recent import AsksAgain, ask, asks_again, is_recent

from .models import Session, User
from .services import administration, second_factor

admin.site.unregister(Group)


class PersonalDataAdmin(ServiceAdmin):
    """Pages about people: for whom Django's permissions name (a group's, say). Being staff opens nothing by itself."""

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class AccountCreationForm(UserCreationForm):
    """An address, a name, and a password (or none)."""

    class Meta:
        model = User
        fields = ("email", "name")
        field_classes: ClassVar[dict[str, Any]] = {}

    def clean_email(self) -> str:
        """Addresses are kept in lower case."""
        email: str = self.cleaned_data["email"]
        return email.lower()


class AccountChangeForm(UserChangeForm):
    """The rest is read only or has an action."""

    class Meta:
        model = User
        fields = ("password", "name", "is_staff", "is_superuser", "groups")
        field_classes: ClassVar[dict[str, Any]] = {}


def _acting(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]
    return user


class PasswordForm(AdminPasswordChangeForm):
    """Saves through the service, which ends every session."""

    def save(self, commit: bool = True) -> User:
        wants_one = self.cleaned_data.get("set_usable_password", True)
        password = self.cleaned_data["password1"] if wants_one else None
        return administration.set_password(actor=self.user.changed_by, account_id=self.user.pk, password=password)


@admin.register(User)
class AccountAdmin(AsksAgain, PersonalDataAdmin, BaseUserAdmin):  # type: ignore[type-arg]
    """Accounts. Who holds the permission sees to customers; administrators also to passwords, staff, roles, groups."""

    form = AccountChangeForm
    add_form = AccountCreationForm
    change_password_form = PasswordForm
    list_display = ["email", "name", "is_active", "is_verified", "is_staff", "created_at", "last_login"]
    list_filter = ["is_active", "is_staff", "is_superuser"]
    search_fields = ["email", "name"]
    ordering = ["-pk"]
    filter_horizontal = ["groups"]
    actions = ["disable", "enable", "end_sessions", "reset_second_factor", "archive"]
    fieldsets = [
        (None, {"fields": ["email", "password", "name"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("Moments"), {"fields": ["email_verified_at", "created_at", "last_login", "archived_at"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    always_read_only = ["email", "is_active", "email_verified_at", "created_at", "last_login", "archived_at"]
    for_administrators = ["is_staff", "is_superuser", "groups"]

    @admin.display(boolean=True, description=_("verified"), ordering="email_verified_at")
    def is_verified(self, account: User) -> bool:
        """Whether the address is proven."""
        return account.is_verified

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        rows: QuerySet[User] = super().get_queryset(request)
        return rows.filter(archived_at__isnull=True)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        if obj is None:
            return []
        return self.always_read_only + ([] if _acting(request).is_superuser else self.for_administrators)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        acting = _acting(request)
        protected = isinstance(obj, User) and obj.pk != acting.pk and (obj.is_staff or obj.is_superuser)
        return super().has_change_permission(request, obj) and (acting.is_superuser or not protected)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> User | None:
        account: User | None = super().get_object(request, object_id, from_field)
        if account is not None:
            # The password form gets the account and nothing else; it must know who acts.
            account.changed_by = _acting(request)  # type: ignore[attr-defined]
        return account

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if change:
            values: Any = {name: form.cleaned_data[name] for name in form.changed_data if name in _WRITABLE}
            administration.change_account(actor=_acting(request), account_id=obj.pk, **values)
        else:
            password = form.cleaned_data.get("password1") or None
            made = administration.add_account(actor=_acting(request), email=obj.email, password=password, name=obj.name)
            # The page goes on with its own object: it becomes the row that was made.
            obj.pk, obj._state.adding = made.pk, False
        obj.refresh_from_db()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        # Whoever sets a password can be that person; others send a reset by mail.
        if not _acting(request).is_superuser:
            raise PermissionDenied
        if not is_recent(request):
            return ask(request)
        return self.shown(request, super().user_change_password, id, form_url)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or _acting(request).is_superuser:
            return fieldsets
        return [
            (title, {**options, "fields": [name for name in options["fields"] if name != "password"]})
            for title, options in fieldsets
        ]

    @admin.action(description=_("Disable the accounts"))
    @asks_again
    def disable(self, request: HttpRequest, accounts: "QuerySet[User]") -> None:
        """No log-in, no request, no audience."""
        self.each(request, accounts, lambda account: self._switch(request, account, is_active=False))

    @admin.action(description=_("Enable the accounts"))
    @asks_again
    def enable(self, request: HttpRequest, accounts: "QuerySet[User]") -> None:
        """The other way round."""
        self.each(request, accounts, lambda account: self._switch(request, account, is_active=True))

    def _switch(self, request: HttpRequest, account: User, *, is_active: bool) -> None:
        administration.change_account(actor=_acting(request), account_id=account.pk, is_active=is_active)

    @admin.action(description=_("End every session of the accounts"))
    def end_sessions(self, request: HttpRequest, accounts: "QuerySet[User]") -> None:
        """Everybody logs in again."""
        self.each(
            request,
            accounts,
            lambda account: administration.end_sessions_of(actor=_acting(request), account_id=account.pk),
        )

    @admin.action(description=_("Forget the second factor (lost device)"), permissions=["roles"])
    @asks_again
    def reset_second_factor(self, request: HttpRequest, accounts: "QuerySet[User]") -> None:
        """The next log-in sets up another device."""
        self.each(
            request,
            accounts,
            lambda account: second_factor.reset_second_factor(actor=_acting(request), account_id=account.pk),
        )

    def has_roles_permission(self, request: HttpRequest) -> bool:
        """Administrators only."""
        return _acting(request).is_superuser

    @admin.action(description=_("Archive the accounts (forgets the persons)"))
    @asks_again
    def archive(self, request: HttpRequest, accounts: "QuerySet[User]") -> None:
        """What DELETE does in the API."""
        self.each(
            request,
            accounts,
            lambda account: administration.archive_account(actor=_acting(request), account_id=account.pk),
        )


_WRITABLE = ("name", "is_staff", "is_superuser")


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin):
    """Who is logged in since when. Ended from the account."""

    list_display = ["user", "created_at", "expires_at", "revoked_at", "revoked_because"]
    list_filter = ["revoked_because"]
    search_fields = ["user__email"]
    list_select_related = ["user"]
    ordering = ["-pk"]


@admin.register(Group)
class GroupAdmin(BaseGroupAdmin, ModelAdmin):
    """Bundles of Django's permissions: which books a person of staff may look at."""

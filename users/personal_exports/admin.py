"""Back office: copies of personal data, also for whoever asked by letter. Nobody of the house reads one here."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from marketplace.core.admin import ServiceAdmin
from marketplace.core.admin_recent import AsksAgain
from users.accounts.models import User

from . import services
from .models import PersonalExport


class RequestForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whose data, and on which letter."""

    class Meta:
        model = PersonalExport
        fields = ["user", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            self.fields["reason"].required = True


@admin.register(PersonalExport)
class PersonalExportAdmin(AsksAgain, ServiceAdmin):
    """Adding one has it made; the person gets a mail and downloads it. Administrators only."""

    form = RequestForm
    list_display = ["user", "state", "created_at", "ready_at", "expires_at", "size_bytes", "reason"]
    list_filter = ["state"]
    search_fields = ["user__email"]
    list_select_related = ["user"]
    autocomplete_fields = ["user"]
    ordering = ["-pk"]
    told = ["user", "requested_by", "reason", "state", "created_at", "ready_at", "expires_at", "size_bytes"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[PersonalExport]":
        rows: QuerySet[PersonalExport] = super().get_queryset(request)
        return rows.defer("content")

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return [(None, {"fields": self.told if obj else ["user", "reason"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return self.told if obj else []

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: PersonalExport, form: Any, change: bool) -> None:
        acting: User = request.user  # type: ignore[assignment]
        made = services.request_export(actor=acting, user_id=obj.user_id, reason=obj.reason)
        # The page goes on with its own object: it becomes the row that was made.
        obj.pk, obj._state.adding = made.pk, False
        obj.refresh_from_db()

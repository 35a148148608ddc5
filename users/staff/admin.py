"""Back office: departments and the keys of their people. Administrators only; writes go through the services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.admin import TabularInline
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from marketplace.core.access import KEYS
from marketplace.core.admin import ServiceAdmin
from marketplace.core.admin_recent import AsksAgain
from users.accounts.models import User

from . import selectors, services
from .models import Department, DepartmentMember


def _acting(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]
    return user


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person and the keys, one box each."""

    keys = forms.MultipleChoiceField(
        choices=[(key, key) for key in KEYS],
        label=_("keys"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = DepartmentMember
        fields = ["user", "keys"]

    def clean_user(self) -> User:
        """Keys are for people of the house."""
        user: User = self.cleaned_data["user"]
        if not user.is_staff:
            raise forms.ValidationError(_("Only active accounts of staff can be members of a department."))
        return user


class ForAdministrators:
    """Nobody else sees these pages."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and getattr(request.user, "is_superuser", False))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)


class MemberInline(ForAdministrators, TabularInline):
    """The department's people."""

    model = DepartmentMember
    form = MemberForm
    extra = 0
    autocomplete_fields = ["user"]


@admin.register(Department)
class DepartmentAdmin(AsksAgain, ForAdministrators, ServiceAdmin):
    """Parts of the shop with their own shelves and people."""

    list_display = ["name", "slug", "members"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [MemberInline]

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, department: Department) -> int:
        """How many people."""
        count: int = department.member_count  # type: ignore[attr-defined]
        return count

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Department]":
        return selectors.departments().order_by("name")

    def save_model(self, request: HttpRequest, obj: Department, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "slug")}
        if not change:
            obj.pk = services.add_department(actor=_acting(request), **values).pk
            obj._state.adding = False
        elif form.has_changed():
            services.change_department(actor=_acting(request), department_id=obj.pk, **values)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        actor, department_id = _acting(request), form.instance.pk
        for member in formset.deleted_objects:
            services.remove_member(actor=actor, department_id=department_id, member_id=member.pk)
        for member, _names in formset.changed_objects:
            services.change_member(actor=actor, department_id=department_id, member_id=member.pk, keys=member.keys)
        for member in formset.new_objects:
            services.add_member(actor=actor, department_id=department_id, user=member.user, keys=member.keys)

    def delete_model(self, request: HttpRequest, obj: Department) -> None:
        services.delete_department(actor=_acting(request), department_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Department]") -> None:
        self.each(request, queryset, lambda department: self.delete_model(request, department))

"""Back office: customer profiles, segments, and the policies behind them. Writes go through the services."""

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectMultipleWidget

from marketplace.core.admin import ServiceAdmin
from marketplace.core.admin_map import MapPicker
from marketplace.core.admin_recent import AsksAgain
from users.accounts.admin import PersonalDataAdmin
from users.accounts.models import User

from . import selectors
from .models import CustomerProfile, Segment, SegmentPolicy, TierPolicy
from .services import profiles, segments, tiers


def _acting(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]
    return user


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    """A profile and the segments that staff fill."""

    manual_segments = forms.ModelMultipleChoiceField(
        Segment.objects.filter(rule=Segment.Rule.MANUAL),
        label=_("segments by staff"),
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
    )

    class Meta:
        model = CustomerProfile
        fields = ["latitude", "longitude", "language", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["manual_segments"].initial = self.instance.segments.filter(rule=Segment.Rule.MANUAL)


@admin.register(CustomerProfile)
class CustomerProfileAdmin(MapPicker, PersonalDataAdmin):
    """What the shop knows of each customer."""

    form = ProfileForm
    list_display = ["user", "tier", "successful_orders_count", "language", "latitude", "longitude"]
    list_filter = ["tier", "language", "memberships__segment"]
    search_fields = ["user__email", "user__name"]
    list_select_related = ["user"]
    ordering = ["-pk"]
    readonly_fields = ["user", "tier", "successful_orders_count", "last_order_at", "automatic_segments"]
    fieldsets = [
        (None, {"fields": ["user", "language", "time_zone"]}),
        (_("Place"), {"fields": ["latitude", "longitude"]}),
        (_("segments"), {"fields": ["manual_segments", "automatic_segments"]}),
        (_("tier"), {"fields": ["tier", "successful_orders_count", "last_order_at"]}),
    ]

    @admin.display(description=_("automatic segments"))
    def automatic_segments(self, profile: CustomerProfile) -> str:
        """Those that behaviour fills."""
        return ", ".join(profile.segments.exclude(rule=Segment.Rule.MANUAL).values_list("name", flat=True)) or "-"

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CustomerProfile]":
        rows: QuerySet[CustomerProfile] = super().get_queryset(request)
        return rows.filter(user__archived_at__isnull=True)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: CustomerProfile, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("latitude", "longitude", "language", "time_zone")}
        chosen = list(form.cleaned_data["manual_segments"])
        profiles.change_profile(actor=_acting(request), customer_id=obj.user_id, segments=chosen, **values)
        obj.refresh_from_db()


@admin.register(Segment)
class SegmentAdmin(PersonalDataAdmin):
    """Groups of customers."""

    list_display = ["name", "slug", "rule", "members"]
    list_filter = ["rule"]
    search_fields = ["name", "slug"]
    fields = ["name", "slug", "rule"]
    readonly_fields = ["rule"]

    @admin.display(description=_("members"), ordering="member_count")
    def members(self, segment: Segment) -> int:
        """How many customers are in it."""
        count: int = segment.member_count  # type: ignore[attr-defined]
        return count

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Segment]":
        return selectors.segments().order_by("name")

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        is_manual = not isinstance(obj, Segment) or obj.rule == Segment.Rule.MANUAL
        return is_manual and self.has_module_permission(request)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # Django would list every membership: there may be a million.
        return [str(segment) for segment in objs], {}, set(), []

    def save_model(self, request: HttpRequest, obj: Segment, form: Any, change: bool) -> None:
        values = {name: form.cleaned_data[name] for name in ("name", "slug")}
        if change:
            segments.change_segment(actor=_acting(request), segment_id=obj.pk, **values)
        else:
            obj.pk = segments.add_segment(actor=_acting(request), **values).pk
            obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Segment) -> None:
        segments.delete_segment(actor=_acting(request), segment_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Segment]") -> None:
        self.each(request, queryset, lambda segment: self.delete_model(request, segment))


class PolicyAdmin(ServiceAdmin):
    """Versions of a policy: the newest is in force; old ones are history. Administrators add."""

    ordering = ["-pk"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and bool(getattr(request.user, "is_superuser", False))

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(TierPolicy)
class TierPolicyAdmin(AsksAgain, PolicyAdmin):
    """From how many orders on a tier begins."""

    list_display = ["created_at", "silver_from", "gold_from"]
    fields = ["silver_from", "gold_from"]

    def save_model(self, request: HttpRequest, obj: TierPolicy, form: Any, change: bool) -> None:
        obj.pk = tiers.set_tier_policy(actor=_acting(request), **form.cleaned_data).pk


@admin.register(SegmentPolicy)
class SegmentPolicyAdmin(PolicyAdmin):
    """What "new" and "frequent" mean."""

    list_display = ["created_at", "new_days", "frequent_orders", "frequent_days"]
    fields = ["new_days", "frequent_orders", "frequent_days"]

    def save_model(self, request: HttpRequest, obj: SegmentPolicy, form: Any, change: bool) -> None:
        obj.pk = tiers.set_segment_policy(actor=_acting(request), **form.cleaned_data).pk

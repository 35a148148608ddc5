"""Selections in the back office: the board of pins, what was shown and why, what became of it."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin
from marketplace.core.admin_forms import VersionedForm

from .explaining import explain
from .models import Pin, Slate, Slot, SlotDaily
from .selectors import named
from .services import pins as services


class PinForm(VersionedForm):
    """The terms of a pin."""

    class Meta:
        model = Pin
        fields = ["context", "category", "product", "position", "starts_at", "ends_at", "note"]

    def terms(self) -> services.PinTerms:
        """As the service takes them."""
        values = self.cleaned_data
        return services.PinTerms(
            context=values["context"],
            category_id=values["category"].pk if values["category"] else None,
            product_id=values["product"].pk,
            position=values["position"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            note=values["note"],
        )


@admin.register(Pin)
class PinAdmin(ServiceAdmin):
    """The board: by place of the shop and position, what stands there now, and what is to come."""

    form = PinForm
    refusal_fields: ClassVar[dict[str, str]] = {}
    fields = ["context", "category", "product", "position", "starts_at", "ends_at", "note", "expected_version"]
    autocomplete_fields = ["product"]
    list_display = ["context", "category", "position", "product", "in_force", "starts_at", "ends_at", "note"]
    list_filter = ["context", ("category", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["category", "product"]
    search_fields = ["product__name", "note"]
    ordering = ["context", "category", "position", "starts_at", "pk"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look has no version to state."""
        if self.has_change_permission(request, obj):
            return self.fields
        return [name for name in self.fields if name != "expected_version"]

    @admin.display(description=_("now"), boolean=True)
    def in_force(self, pin: Pin) -> bool:
        """Whether it stands there at this moment (as far as it can be bought)."""
        now = timezone.now()
        return pin.starts_at <= now and (pin.ends_at is None or now < pin.ends_at)

    def save_model(self, request: HttpRequest, obj: Pin, form: PinForm, change: bool) -> None:
        terms = form.terms()
        if change:
            services.change_pin(
                pin_id=obj.pk,
                changes={name: getattr(terms, name) for name in terms.__slots__},
                actor_id=request.user.pk,
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = services.create_pin(terms=terms, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Pin) -> None:
        services.delete_pin(pin_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Pin]") -> None:
        for pin in queryset:
            self.delete_model(request, pin)


class SlotInline(ReadOnlyInline):
    """The places of a selection; each leads to its explanation."""

    model = Slot
    fields = readonly_fields = ["position", "product", "reason", "badges", "propensity"]
    ordering = ["position"]
    show_change_link = True

    @admin.display(description=_("product"))
    def product(self, slot: Slot) -> str:
        """Its name, annotated."""
        return slot.product_name or str(slot.product_id)  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Slot]":
        return named(super().get_queryset(request))


@admin.register(Slate)
class SlateAdmin(ReadOnlyAdmin):
    """Selections as they were made."""

    list_display = ["created_at", "context", "tier", "scores_version", "relaxed", "expires_at"]
    list_filter = ["context", "tier"]
    fields = [
        "created_at", "expires_at", "context", "category_id", "customer_id", "tier", "scores_version", "variants",
        "parameters", "relaxed", "seed", "key",
    ]  # fmt: skip
    ordering = ["-created_at", "-pk"]
    show_full_result_count = False
    inlines = [SlotInline]


@admin.register(Slot)
class SlotAdmin(ReadOnlyAdmin):
    """Why is this here? A place by its `exposure_id`, explained in words from what was stored with it."""

    list_display = ["product", "position", "reason", "propensity", "place", "made_at"]
    list_filter = ["reason", "slate__context"]
    list_select_related = ["slate"]
    search_fields = ["id__exact", "product_id__exact"]
    search_help_text = _("An exposure_id, or the id of a product.")
    fields = ["explanation", "slate", "position", "product", "reason", "badges", "propensity", "evidence"]
    ordering = ["-pk"]
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Slot, Any]":
        return named(super().get_queryset(request).select_related("slate"))

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return self.fields

    @admin.display(description=_("product"))
    def product(self, slot: Slot) -> str:
        """Its name, annotated."""
        return slot.product_name or str(slot.product_id)  # type: ignore[attr-defined]

    @admin.display(description=_("where"), ordering="slate__context")
    def place(self, slot: Slot) -> str:
        """The place of the shop."""
        return slot.slate.get_context_display()

    @admin.display(description=_("at"), ordering="slate__created_at")
    def made_at(self, slot: Slot) -> Any:
        """When the selection was made."""
        return slot.slate.created_at

    @admin.display(description=_("Why is this here?"))
    def explanation(self, slot: Slot) -> SafeString:
        """A sentence a line."""
        sentences = explain(slot, self.product(slot))
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}</li>", ((each,) for each in sentences)))


@admin.register(SlotDaily)
class SlotDailyAdmin(ReadOnlyAdmin):
    """What became of places by day and reason."""

    list_display = ["day", "context", "position", "reason", "impressions", "clicks", "rate"]
    list_filter = ["context", "reason"]
    date_hierarchy = "day"
    ordering = ["-day", "context", "position", "reason"]

    @admin.display(description=_("click-through rate"))
    def rate(self, row: SlotDaily) -> str:
        """Clicks of viewable impressions."""
        return f"{round(100 * row.clicks / row.impressions, 2)} %" if row.impressions else "—"

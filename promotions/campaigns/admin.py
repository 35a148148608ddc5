"""The campaign editor: terms with the benefits' JSON checked at its field, coupons, steps by state, history."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from marketplace.core.admin import ReadOnlyInline, ServiceAdmin
from marketplace.core.admin_forms import (
    MajorUnitsField,
    ScopedInline,
    VersionedForm,
    as_money,
    in_major_units,
    show_refusal,
)
from marketplace.core.errors import DomainError
from marketplace.core.money import CURRENCIES
from promotions.rules.tiers import TIERS

from .benefits import benefit_errors
from .models import Campaign, CampaignUse, Coupon
from .selectors import with_uses
from .services import lifecycle, planning
from .states import ON, State
from .terms import CampaignTerms, CouponTerms

CHANGE = "admin:promotions_campaign_change"
PREVIEW = "backoffice:campaign-preview"
COLOURS = {"draft": "info", "scheduled": "warning", "active": "success", "ended": "danger"}
SHOWN_USES = 100
_EXAMPLE = '[{"kind": "percentage", "basis_points": 1500}, {"kind": "free_shipping"}]'


class CampaignForm(VersionedForm):
    """The terms."""

    tiers = forms.MultipleChoiceField(
        label=_("Levels"),
        choices=TIERS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None is every level."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=[("", "—"), *((code, code) for code in sorted(CURRENCIES))],
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text=_("Of every amount of the campaign."),
    )
    min_ticket = MajorUnitsField(label=_("minimum ticket"), required=False)
    benefits_json = forms.JSONField(label=_("Benefits"), widget=UnfoldAdminTextareaWidget)

    class Meta:
        model = Campaign
        fields = [
            *("name", "description", "starts_at", "ends_at", "scope", "categories", "products", "stores", "segments"),
            *("priority", "is_exclusive", "stack_group", "needs_coupon", "max_uses", "max_uses_per_customer"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "benefits_json" not in self.fields:
            return
        self.fields["benefits_json"].help_text = format_html(
            "{} <code>{}</code> <a href='{}'>{}</a>",
            gettext(
                "A list of benefits, each kind once; shares in hundredths of a percent, amounts as texts. For example"
            ),
            _EXAMPLE,
            reverse("campaign-benefits-schema"),
            gettext("The schema"),
        )
        if not self.instance._state.adding:
            self.initial.update(
                {
                    "tiers": self.instance.tiers,
                    "currency": self.instance.currency,
                    "min_ticket": in_major_units(self.instance.min_ticket),
                    "benefits_json": self.instance.benefits_json,
                }
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        currency = values.get("currency") or ""
        if values.get("min_ticket") and not currency:
            raise ValidationError({"currency": gettext("Amounts need a currency.")}, code="required")
        try:
            # Nothing is no minimum; zero is none either.
            values["ticket"] = as_money(values.get("min_ticket") or None, currency)
        except ValidationError as error:
            raise ValidationError({"min_ticket": error}) from error
        if "benefits_json" in values:
            self._check_benefits(values["benefits_json"], scope=values.get("scope", ""), currency=currency)
        return values

    def _check_benefits(self, benefits: Any, *, scope: str, currency: str) -> None:
        """Every fault at the field, each with its place in the list."""
        for error in benefit_errors(benefits, scope=scope, currency=currency):
            place = error.field.removeprefix("benefits_json")
            text = gettext(error.detail)
            if error.field in self.fields and not place:
                self.add_error(error.field, text)
            elif error.field == "currency":
                self.add_error("currency", text)
            else:
                self.add_error("benefits_json", f"{place.lstrip('.')}: {text}")

    def terms(self) -> dict[str, Any]:
        """The terms as the service takes them; coupons are rows of their own."""
        values = self.cleaned_data
        plain = (
            *("name", "description", "starts_at", "ends_at", "scope", "currency", "benefits_json", "priority"),
            *("is_exclusive", "stack_group", "needs_coupon", "max_uses", "max_uses_per_customer"),
        )
        lists = {"category_ids": "categories", "product_ids": "products", "store_ids": "stores"}
        return {
            **{name: values[name] for name in plain},
            **{ids: frozenset(row.pk for row in values[name]) for ids, name in lists.items()},
            "segment_ids": frozenset(segment.pk for segment in values["segments"]),
            "tiers": frozenset(values["tiers"]),
            "min_ticket": values["ticket"],
        }


class CouponInline(ScopedInline):
    """Codes that open the campaign."""

    model = Coupon
    fields = ["code", "max_uses", "used_count"]
    readonly_fields = ["used_count"]
    ordering = ["code"]


class UseInline(ReadOnlyInline):
    """The newest uses."""

    model = CampaignUse
    verbose_name_plural = _("uses (the newest hundred)")
    fields = ["order_id", "customer_id", "coupon", "is_taken", "created_at"]
    readonly_fields = fields
    ordering = ["-pk"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CampaignUse]":
        campaign_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        newest = CampaignUse.objects.filter(campaign=campaign_id).order_by("-pk").values_list("pk", flat=True)
        return CampaignUse.objects.select_related("coupon").filter(pk__in=list(newest[:SHOWN_USES]))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


@admin.register(Campaign)
class CampaignAdmin(ServiceAdmin):
    """Campaigns are the house's: for administrators, and groups with Django's permission for them."""

    form = CampaignForm
    inlines = [CouponInline, UseInline]
    conditional_fields: ClassVar[dict[str, str]] = {
        "categories": "scope == 'category'",
        "products": "scope == 'product'",
        "stores": "scope == 'store'",
    }
    autocomplete_fields = ["categories", "products", "stores"]
    filter_horizontal = ["segments"]
    list_display = ["name", "shown_state", "scope", "starts_at", "ends_at", "priority", "needs_coupon", "uses"]
    list_filter = ["state", "scope", "needs_coupon"]
    search_fields = ["name", "=coupons__code"]
    date_hierarchy = "starts_at"
    ordering = ["-pk"]
    actions = ["switch_on", "switch_off"]
    actions_detail = ["activate", "deactivate", "preview"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Campaign]":
        return with_uses(super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look reads everything as text."""
        may_change = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        about = [*(["state_name", ("started_at", "ended_at"), "uses"] if obj else [])]
        version = ["expected_version"] if may_change else []
        ticket = "min_ticket" if may_change else "shown_ticket"
        levels = "tiers" if may_change else "shown_tiers"
        return [
            (None, {"fields": [*about, "name", "description", "starts_at", "ends_at", *version]}),
            (gettext("What about"), {"fields": ["scope", "categories", "products", "stores"]}),
            (gettext("For whom"), {"fields": [levels, "segments", "currency", ticket]}),
            (gettext("What it gives"), {"fields": ["benefits_json"]}),
            (gettext("Beside others"), {"fields": [("priority", "is_exclusive", "stack_group")]}),
            (gettext("Uses"), {"fields": [("max_uses", "max_uses_per_customer"), "needs_coupon"]}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["state_name", "started_at", "ended_at", "uses", "shown_ticket", "shown_tiers"]

    @display(description=_("state"), ordering="state", label=COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, campaign: Campaign) -> tuple[str, str]:
        """With its colour."""
        return campaign.state, campaign.get_state_display()

    @admin.display(description=_("state"))
    def state_name(self, campaign: Campaign) -> str:
        """In words: labels have colours in lists only."""
        return campaign.get_state_display()

    @admin.display(description=_("uses"))
    def uses(self, campaign: Campaign) -> str:
        """How many orders use it, of how many."""
        return f"{campaign.uses_count} / {campaign.max_uses or '∞'}"  # type: ignore[attr-defined]  # annotated

    @admin.display(description=_("minimum ticket"))
    def shown_ticket(self, campaign: Campaign) -> str:
        """With its currency."""
        return str(campaign.min_ticket or "—")

    @admin.display(description=_("levels"))
    def shown_tiers(self, campaign: Campaign) -> str:
        """By name."""
        names = dict(TIERS)
        return ", ".join(str(names[tier]) for tier in campaign.tiers) or gettext("every level")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What has ended is to be looked at."""
        is_over = isinstance(obj, Campaign) and obj.state == State.ENDED
        return not is_over and super().has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Campaign, form: CampaignForm, change: bool) -> None:
        terms = form.terms()
        if change:
            planning.change_campaign(
                campaign_id=obj.pk,
                changes=terms,
                actor_id=request.user.pk,
                at=timezone.now(),
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = planning.create_campaign(terms=CampaignTerms(**terms), actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The lists are written; coupons go through the service, all at once."""
        for formset in formsets:
            formset.save(commit=False)
            if formset.model is Coupon and formset.has_changed():
                self._save_coupons(request, form.instance, formset)

    def _save_coupons(
        self, request: HttpRequest, campaign: Campaign, formset: "BaseInlineFormSet[Any, Any, Any]"
    ) -> None:
        rows = [row.cleaned_data for row in formset.forms if row.cleaned_data.get("code")]
        coupons = tuple(CouponTerms(row["code"], row["max_uses"]) for row in rows if not row.get("DELETE"))
        planning.change_campaign(
            campaign_id=campaign.pk, changes={"coupons": coupons}, actor_id=request.user.pk, at=timezone.now()
        )

    def delete_model(self, request: HttpRequest, obj: Campaign) -> None:
        planning.delete_campaign(campaign_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Campaign]") -> None:
        for campaign in queryset:
            self.delete_model(request, campaign)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[Any], Any]:
        """Coupons go with their campaign; nobody needs to be asked about each."""
        return [str(campaign) for campaign in objs], {}, set(), []

    @admin.action(description=_("Activate"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: "QuerySet[Campaign]") -> None:
        """Drafts are scheduled, or start."""
        at, actor_id = timezone.now(), request.user.pk
        self.each(
            request, queryset, lambda row: lifecycle.activate_campaign(campaign_id=row.pk, actor_id=actor_id, at=at)
        )

    @admin.action(description=_("Deactivate"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: "QuerySet[Campaign]") -> None:
        """Scheduled ones are drafts again; what has begun ends for good."""
        at, actor_id = timezone.now(), request.user.pk
        self.each(
            request, queryset, lambda row: lifecycle.deactivate_campaign(campaign_id=row.pk, actor_id=actor_id, at=at)
        )

    def has_activate_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """A draft."""
        return self._may_step(request, object_id, (State.DRAFT,))

    def has_deactivate_permission(self, request: HttpRequest, object_id: str | UUID) -> bool:
        """One that is switched on."""
        return self._may_step(request, object_id, ON)

    @action(  # type: ignore[untyped-decorator]
        description=_("Activate"),
        icon="play_arrow",
        permissions=["activate"],
        dialog={
            "title": _("Activate the campaign"),
            "description": _("It is scheduled; one whose start has passed begins now, and customers are told."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Activate"),
        },
    )
    def activate(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Scheduled, or under way."""
        return self._step(request, object_id, gettext("The campaign was activated."), lifecycle.activate_campaign)

    @action(  # type: ignore[untyped-decorator]
        description=_("Deactivate"),
        icon="stop",
        permissions=["deactivate"],
        dialog={
            "title": _("Deactivate the campaign"),
            "description": _("One that is scheduled is a draft again. One that has begun ends for good."),
            "form_class": BaseDialogForm,
            "form_submit_text": _("Deactivate"),
        },
    )
    def deactivate(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """A draft again, or over."""
        return self._step(request, object_id, gettext("The campaign was deactivated."), lifecycle.deactivate_campaign)

    @action(description=_("What would it have cost?"), icon="query_stats", permissions=["view"])  # type: ignore[untyped-decorator]
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """On last week's orders, which are not known here."""
        return redirect(PREVIEW, object_id)

    def _may_step(self, request: HttpRequest, object_id: str | UUID, states: Any) -> bool:
        campaign = self.get_object(request, str(object_id))
        return campaign is not None and campaign.state in states and self.has_change_permission(request, campaign)

    def _step(self, request: HttpRequest, object_id: str, done: str, act: Any) -> HttpResponse:
        try:
            act(campaign_id=UUID(str(object_id)), actor_id=request.user.pk, at=timezone.now())
            messages.success(request, done)
        except DomainError as error:
            show_refusal(request, error)
        # The dialog is sent by htmx: this header takes the whole page along.
        return HttpResponse(headers={"HX-Redirect": reverse(CHANGE, args=[object_id])})

"""Policy, levels and rewards: written through the services."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from marketplace.core.admin import ServiceAdmin
from marketplace.core.admin_forms import MajorUnitsField, VersionedForm, as_money, in_major_units
from marketplace.core.money import CURRENCIES
from promotions.loyalty.models import LoyaltyLevel, LoyaltyPolicy, Reward
from promotions.loyalty.services import offering

from .worth import shown_worth


class JudgedByService:
    """Mix into a form: of these columns the service says what is wrong, where the database would name a constraint."""

    judged: ClassVar[frozenset[str]] = frozenset()

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() | self.judged  # type: ignore[misc, no-any-return]


class PolicyForm(JudgedByService, forms.ModelForm):  # type: ignore[type-arg]
    """A policy."""

    judged = frozenset({"minor_per_point", "expire_after_days", "window_days"})

    class Meta:
        model = LoyaltyPolicy
        fields = ["minor_per_point", "point_value_minor", "expire_after_days", "window_days"]


@admin.register(LoyaltyPolicy)
class LoyaltyPolicyAdmin(ServiceAdmin):
    """Versions of the policy: the newest is in force, old ones are history."""

    form = PolicyForm
    list_display = ["created_at", "minor_per_point", "point_value_minor", "expire_after_days", "window_days"]
    fields = ["minor_per_point", "point_value_minor", "expire_after_days", "window_days"]
    ordering = ["-pk"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: LoyaltyPolicy, form: Any, change: bool) -> None:
        terms = offering.PolicyTerms(**form.cleaned_data)
        obj.pk = offering.set_policy(terms=terms, actor_id=request.user.pk).pk


class LevelForm(JudgedByService, VersionedForm):
    """A level; its perks, one a line."""

    judged = frozenset({"multiplier_bp"})

    perks = forms.CharField(
        label=_("Perks"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("One a line, as customers read them."),
    )

    class Meta:
        model = LoyaltyLevel
        fields = ["key", "name", "threshold", "multiplier_bp"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "perks" in self.fields:
            self.initial["perks"] = "\n".join(self.instance.perks_json)

    def terms(self) -> offering.LevelTerms:
        """The terms as the service takes them."""
        values = self.cleaned_data
        perks = tuple(line.strip() for line in values["perks"].splitlines() if line.strip())
        return offering.LevelTerms(values["key"], values["name"], values["threshold"], values["multiplier_bp"], perks)


@admin.register(LoyaltyLevel)
class LoyaltyLevelAdmin(ServiceAdmin):
    """Levels and their perks."""

    form = LevelForm
    list_display = ["name", "key", "threshold", "multiplier_bp", "shown_perks"]
    ordering = ["threshold"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look reads the perks as text."""
        if self.has_change_permission(request, obj):
            return ["key", "name", "threshold", "multiplier_bp", "perks", "expected_version"]
        return ["key", "name", "threshold", "multiplier_bp", "shown_perks"]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["shown_perks"]

    @admin.display(description=_("perks"))
    def shown_perks(self, level: LoyaltyLevel) -> str:
        """In one line."""
        return " · ".join(level.perks_json) or "—"

    def save_model(self, request: HttpRequest, obj: LoyaltyLevel, form: LevelForm, change: bool) -> None:
        terms = form.terms()
        if change:
            offering.change_level(
                level_id=obj.pk,
                changes={name: getattr(terms, name) for name in terms.__slots__},
                actor_id=request.user.pk,
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = offering.create_level(terms=terms, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: LoyaltyLevel) -> None:
        offering.delete_level(level_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        self.each(request, queryset, lambda level: self.delete_model(request, level))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[Any], Any]:
        """The service says where somebody is on it: there may be a million."""
        return [str(level) for level in objs], {}, set(), []


class RewardForm(JudgedByService, VersionedForm):
    """What it gives, for how many points, and to whom."""

    judged = frozenset({"cost", "valid_days"})

    amount = MajorUnitsField(label=_("amount"), required=False)
    min_ticket = MajorUnitsField(
        label=_("smallest order"),
        required=False,
        help_text=_("A voucher applies by itself: from the sum that it is worth on, or from more."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=[("", "—"), *((code, code) for code in sorted(CURRENCIES))],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )

    class Meta:
        model = Reward
        fields = ["name", "kind", "cost", "valid_days", "level", "left_count", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "amount" in self.fields:
            reward = self.instance
            shown = {"amount": reward.amount, "min_ticket": reward.min_ticket}
            self.initial.update({name: in_major_units(money) for name, money in shown.items()})
            self.initial["currency"] = reward.currency

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        currency = values.get("currency") or ""
        for name in ("amount", "min_ticket"):
            if values.get(name) is not None and not currency:
                raise ValidationError({"currency": gettext("Amounts need a currency.")}, code="required")
            try:
                values[f"{name}_money"] = as_money(values.get(name) or None, currency)
            except ValidationError as error:
                raise ValidationError({name: error}) from error
        return values

    def terms(self) -> offering.RewardTerms:
        """The terms as the service takes them."""
        values = self.cleaned_data
        return offering.RewardTerms(
            name=values["name"],
            kind=values["kind"],
            cost=values["cost"],
            amount=values["amount_money"],
            min_ticket=values["min_ticket_money"],
            valid_days=values["valid_days"],
            level_id=None if values["level"] is None else values["level"].pk,
            left_count=values["left_count"],
            is_active=values["is_active"],
        )


@admin.register(Reward)
class RewardAdmin(ServiceAdmin):
    """What points are exchanged for. One that is not offered any more stays with what was taken of it."""

    form = RewardForm
    list_display = ["name", "kind", "cost", "worth", "level", "left_count", "is_active"]
    list_filter = ["kind", "is_active"]
    list_select_related = ["level"]
    search_fields = ["name"]
    ordering = ["cost", "pk"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look reads the amounts as text."""
        rest = ["valid_days", "level", "left_count", "is_active"]
        if self.has_change_permission(request, obj):
            return ["name", "kind", "cost", ("amount", "min_ticket", "currency"), *rest, "expected_version"]
        return ["name", "kind", "cost", "worth", *rest]

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["worth"]

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @admin.display(description=_("worth"))
    def worth(self, reward: Reward) -> str:
        """With the smallest order it is for."""
        return shown_worth(reward)

    def save_model(self, request: HttpRequest, obj: Reward, form: RewardForm, change: bool) -> None:
        terms = form.terms()
        if change:
            offering.change_reward(
                reward_id=obj.pk,
                changes={name: getattr(terms, name) for name in terms.__slots__},
                actor_id=request.user.pk,
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = offering.create_reward(terms=terms, actor_id=request.user.pk).pk
        obj.refresh_from_db()

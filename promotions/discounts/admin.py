"""Discounts in the back office: a list, an editor, and the matrix of levels × categories on one page."""

from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectMultipleWidget,
    UnfoldAdminSelectWidget,
)

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin, ServiceAdmin
from marketplace.core.admin_forms import MajorUnitsField, VersionedForm, as_money, in_major_units
from marketplace.core.money import CURRENCIES

from . import services
from .matrix import discount_matrix
from .models import TIERS, Discount
from .selectors import DEPARTMENT_PATH

WRITE = "promotions:write"
_ON_DAYS = [(number + 1, name) for number, name in WEEKDAYS.items()]


class DiscountForm(VersionedForm):
    """The terms; a percentage as people write it, or an amount with its currency."""

    percent = forms.DecimalField(
        label=_("Percentage"),
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("15 or 7.5. Give a percentage or an amount, not both."),
    )
    amount = MajorUnitsField(label=_("amount per unit"), required=False)
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=[("", "—"), *((code, code) for code in sorted(CURRENCIES))],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    weekdays = forms.TypedMultipleChoiceField(
        label=_("Weekdays"),
        choices=_ON_DAYS,
        coerce=int,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None is every day."),
    )
    month_days = forms.TypedMultipleChoiceField(
        label=_("Days of the month"),
        choices=[(day, str(day)) for day in range(1, 32)],
        coerce=int,
        required=False,
        widget=UnfoldAdminSelectMultipleWidget,
        help_text=_("None is every day. With weekdays too, days that are both."),
    )

    class Meta:
        model = Discount
        fields = [
            *("name", "tier", "category", "products", "starts_at", "ends_at"),
            *("priority", "is_exclusive", "stack_group", "is_active"),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding and "percent" in self.fields:
            discount = self.instance
            shares = None if discount.percent_bp is None else discount.percent_bp / 100
            self.initial.update(
                {
                    "percent": shares,
                    "amount": in_major_units(discount.amount),
                    "currency": discount.currency,
                    "weekdays": discount.weekdays,
                    "month_days": discount.month_days,
                }
            )

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        amount, currency = values.get("amount"), values.get("currency")
        if amount is not None and not currency:
            raise ValidationError({"currency": gettext("Amounts need a currency.")}, code="required")
        try:
            values["money"] = as_money(amount, currency or "")
        except ValidationError as error:
            raise ValidationError({"amount": error}) from error
        return values

    def terms(self) -> services.DiscountTerms:
        """The terms as the service takes them."""
        values = self.cleaned_data
        percent = values["percent"]
        return services.DiscountTerms(
            name=values["name"],
            category_id=values["category"].pk,
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            tier=values["tier"],
            product_ids=frozenset(product.pk for product in values["products"]),
            weekdays=frozenset(values["weekdays"]),
            month_days=frozenset(values["month_days"]),
            percent_bp=None if percent is None else int(percent * 100),
            amount=values["money"],
            priority=values["priority"],
            is_exclusive=values["is_exclusive"],
            stack_group=values["stack_group"],
            is_active=values["is_active"],
        )


@admin.register(Discount)
class DiscountAdmin(ServiceAdmin, ScopedAdmin):
    """Discounts of the departments within reach."""

    access_area = "promotions"
    department_path = DEPARTMENT_PATH
    form = DiscountForm
    refusal_fields: ClassVar[dict[str, str]] = {"percent_bp": "percent"}
    fields = [
        "name", "tier", "category", "products", ("percent", "amount", "currency"), ("starts_at", "ends_at"),
        "weekdays", "month_days", ("priority", "is_exclusive", "stack_group"), "is_active", "expected_version",
    ]  # fmt: skip
    autocomplete_fields = ["products"]
    list_display = ["name", "category", "tier", "benefit", "shown_days", "starts_at", "ends_at", "is_active"]
    list_filter = ["tier", "is_active", ("category", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["category"]
    search_fields = ["name", "category__name"]
    ordering = ["-pk"]
    actions = ["switch_on", "switch_off"]

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """Whoever may only look reads everything as text."""
        if self.has_change_permission(request, obj):
            return self.fields
        return [
            "name", "tier", "category", "shown_products", "benefit", ("starts_at", "ends_at"), "shown_days",
            ("priority", "is_exclusive", "stack_group"), "is_active",
        ]  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return ["benefit", "shown_days", "shown_products"]

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "category":
            categories = db_field.related_model._default_manager.order_by("path")
            where = access.reach(request.user, WRITE)
            kwargs["queryset"] = access.within(categories, where, department_path="department")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("benefit"))
    def benefit(self, discount: Discount) -> str:
        """A percentage, or an amount off each unit."""
        return discount.shown_benefit

    @admin.display(description=_("days"))
    def shown_days(self, discount: Discount) -> str:
        """Names of weekdays, then days of the month."""
        names = [str(WEEKDAYS[day - 1]) for day in discount.weekdays]
        return ", ".join([*names, *map(str, discount.month_days)]) or gettext("every day")

    @admin.display(description=_("products"))
    def shown_products(self, discount: Discount) -> str:
        """By name."""
        return ", ".join(map(str, discount.products.all())) or gettext("all of the category")

    def save_model(self, request: HttpRequest, obj: Discount, form: DiscountForm, change: bool) -> None:
        terms = form.terms()
        if change:
            services.change_discount(
                discount_id=obj.pk,
                changes={name: getattr(terms, name) for name in terms.__slots__},
                actor_id=request.user.pk,
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = services.create_discount(terms=terms, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Discount) -> None:
        services.delete_discount(discount_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Discount]") -> None:
        for discount in self._mine(request, queryset):
            self.delete_model(request, discount)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[Any], Any]:
        """Nothing hangs on a discount."""
        return [str(discount) for discount in objs], {}, set(), []

    @admin.action(description=_("Switch on"), permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: "QuerySet[Discount]") -> None:
        """They apply between their moments."""
        self._switch(request, queryset, is_active=True)

    @admin.action(description=_("Switch off"), permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: "QuerySet[Discount]") -> None:
        """They apply no more."""
        self._switch(request, queryset, is_active=False)

    def _switch(self, request: HttpRequest, queryset: "QuerySet[Discount]", *, is_active: bool) -> None:
        changes, actor_id = {"is_active": is_active}, request.user.pk

        def switch(discount_id: UUID) -> object:
            return services.change_discount(discount_id=discount_id, changes=changes, actor_id=actor_id)

        self.each(request, self._mine(request, queryset), lambda discount: switch(discount.pk))

    def _mine(self, request: HttpRequest, rows: "QuerySet[Discount]") -> "QuerySet[Discount]":
        """Reading may reach further than writing: what is only to be looked at is left alone."""
        where = access.reach(request.user, WRITE)
        mine = Discount.objects.filter(pk__in=rows.values("pk"))
        return access.within(mine, where, department_path=DEPARTMENT_PATH)

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(self.matrix)
        return [path("matrix/", page, name="promotions_discount_matrix"), *super().get_urls()]

    def matrix(self, request: HttpRequest) -> HttpResponse:
        """Levels × categories on one page."""
        if request.method != "GET" or not self.has_view_permission(request):
            raise PermissionDenied
        reads, writes = (access.reach(request.user, f"promotions:{verb}") for verb in ("read", "write"))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Discount matrix"),
            "opts": self.opts,
            "tiers": [label for _value, label in TIERS],
            "rows": discount_matrix(reads, writes, timezone.now()),
        }
        return TemplateResponse(request, "admin/promotions/discount_matrix.html", context)

"""Change many prices: choose, look at every one before and after, confirm exactly that."""

from decimal import Decimal
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core import signing
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminDecimalFieldWidget, UnfoldAdminSelectWidget

from marketplace.core.ids import uuid7
from stores.catalog import services
from stores.catalog.models import Product, Variant
from stores.catalog.repricing import PlannedPrice, PriceRule, planned

MOST_VARIANTS = 2_000
MOST_SHOWN_SKIPPED = 20
TEMPLATE = "admin/stores/reprice.html"
_SALT = "stores.reprice"
_LASTS = 3_600  # seconds that a preview may be confirmed


class PriceRuleForm(forms.Form):
    """How."""

    kind = forms.ChoiceField(
        label=gettext_lazy("change"),
        choices=[("percent", gettext_lazy("by percent")), ("amount", gettext_lazy("by an amount"))],
        widget=UnfoldAdminSelectWidget,
    )
    value = forms.DecimalField(
        label=gettext_lazy("value"),
        help_text=gettext_lazy("Negative to lower prices: -10, or -5.50."),
        min_value=Decimal(-1_000_000),
        max_value=Decimal(1_000_000),
        max_digits=10,
        decimal_places=3,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    step = forms.ChoiceField(
        label=gettext_lazy("round to"),
        required=False,
        choices=[
            ("", gettext_lazy("the smallest coin")),
            ("0.5", "0.50"),
            ("1", "1.00"),
            ("5", "5.00"),
            ("10", "10.00"),
        ],
        widget=UnfoldAdminSelectWidget,
    )

    def rule(self) -> PriceRule:
        """As the calculation takes it."""
        values = self.cleaned_data
        step = Decimal(values["step"]) if values["step"] else None
        if values["kind"] == "percent":
            return PriceRule(percent=values["value"], step=step)
        return PriceRule(amount=values["value"], step=step)


def first_page(page: Any, request: HttpRequest, products: QuerySet[Product]) -> HttpResponse:
    """The question, for the selected products."""
    variants = _variants(products)
    if variants.count() > MOST_VARIANTS:
        text = _("At most %(most)s variants at once; narrow the list first.") % {"most": MOST_VARIANTS}
        messages.error(request, text)
        return HttpResponseRedirect(request.get_full_path())
    chosen = [str(pk) for pk in products.values_list("pk", flat=True)]
    return _shown(page, request, PriceRuleForm(), products=_signed(request, chosen))


def next_page(page: Any, request: HttpRequest, mine: QuerySet[Product]) -> HttpResponse:
    """What the rule comes to; or, confirmed, the change. Whatever is not signed by this person's page is refused."""
    try:
        if "plan" in request.POST:
            return _apply(request, _unsigned(request, request.POST["plan"]), mine)
        chosen = _unsigned(request, request.POST.get("products", ""))
    except signing.BadSignature:
        messages.error(request, _("This page is too old. Select the products again."))
        return HttpResponseRedirect(reverse("admin:stores_product_changelist"))
    form = PriceRuleForm(request.POST)
    if not form.is_valid():
        return _shown(page, request, form, products=request.POST["products"])
    rule = form.rule()
    plan = [planned(variant, rule) for variant in _variants(mine.filter(pk__in=chosen))[:MOST_VARIANTS]]
    changes = [row for row in plan if row.is_changed]
    signed = _signed(request, [row.packed() for row in changes])
    return _shown(page, request, form, products=request.POST["products"], plan=plan, changes=changes, signed=signed)


def _apply(request: HttpRequest, packed: list[Any], mine: QuerySet[Product]) -> HttpResponse:
    plan = [PlannedPrice.unpacked(row) for row in packed]
    within = Variant.objects.filter(product__in=mine, archived_at__isnull=True)
    skipped = services.apply_prices(plan=plan, within=within, bulk_id=uuid7(), actor_id=request.user.pk)
    messages.success(request, _("%(count)s prices changed.") % {"count": len(plan) - len(skipped)})
    for row in skipped[:MOST_SHOWN_SKIPPED]:
        messages.warning(request, _("%(variant)s: changed since the preview, left as it is.") % {"variant": row.label})
    if len(skipped) > MOST_SHOWN_SKIPPED:
        messages.warning(request, _("%(count)s were left as they are in all.") % {"count": len(skipped)})
    return HttpResponseRedirect(reverse("admin:stores_product_changelist"))


def _variants(products: QuerySet[Product]) -> QuerySet[Variant]:
    rows = Variant.objects.filter(product__in=products, archived_at__isnull=True)
    return rows.select_related("product").order_by("product__name", "sku")


def _shown(page: Any, request: HttpRequest, form: PriceRuleForm, **context: Any) -> HttpResponse:
    values = {
        **admin.site.each_context(request),
        "title": _("Change prices"),
        "opts": page.model._meta,
        "form": form,
        **context,
    }
    return TemplateResponse(request, TEMPLATE, values)


def _signed(request: HttpRequest, value: list[Any]) -> str:
    return signing.dumps([str(request.user.pk), value], salt=_SALT, compress=True)


def _unsigned(request: HttpRequest, text: str) -> list[Any]:
    who, value = signing.loads(text, salt=_SALT, max_age=_LASTS)
    if who != str(request.user.pk):
        raise signing.BadSignature
    rows: list[Any] = value
    return rows

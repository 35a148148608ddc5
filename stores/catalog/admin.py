"""The catalogue in the back office."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.forms import PaginationInlineFormSet

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin
from marketplace.core.admin_forms import (
    MajorUnitsField,
    RefusalsShown,
    ScopedInline,
    VersionedForm,
    as_money,
    changed_columns,
    in_major_units,
)
from marketplace.core.money import Money

from . import services
from .errors import SkuTakenError
from .models import Brand, Category, Product, Variant
from .selectors import offered_products


class BrandForm(VersionedForm):
    """A brand."""

    class Meta:
        model = Brand
        fields = ["name", "slug"]


@admin.register(Brand)
class BrandAdmin(RefusalsShown, ScopedAdmin):
    """Brands are shared: everybody with a key sees them, department staff change them."""

    access_area = "catalog"
    form = BrandForm
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brand]:
        where = access.reach(request.user, "catalog:read")
        return Brand.objects.none() if where.is_empty else Brand.objects.all()

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Brand, form: BrandForm, change: bool) -> None:
        if change:
            services.change_brand(
                brand=Brand.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes=changed_columns(form),
                actor_id=request.user.pk,
            )
            return
        obj.pk = services.create_brand(name=obj.name, slug=obj.slug, actor_id=request.user.pk).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Brand) -> None:
        services.delete_brand(brand=obj, expected_version=None, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Brand]) -> None:
        for brand in queryset:
            self.delete_model(request, brand)

    def _may(self, request: HttpRequest, verb: str, obj: Model | None) -> bool:
        where = access.reach(request.user, f"catalog:{verb}")
        return where.everywhere or bool(where.departments) or (verb == "read" and not where.is_empty)


class CategoryForm(VersionedForm):
    """A node of the tree; its department is chosen once."""

    class Meta:
        model = Category
        fields = ["name", "slug", "department", "parent", "tax_bp"]


@admin.register(Category)
class CategoryAdmin(RefusalsShown, ScopedAdmin):
    """The tree of the departments within reach."""

    access_area = "catalog"
    department_path = "department"
    form = CategoryForm
    list_display = ["indented_name", "department", "tax_bp"]
    list_filter = ["department"]
    list_select_related = ["department"]
    search_fields = ["name", "slug"]
    autocomplete_fields = ["parent"]
    ordering = ["path"]

    @admin.display(description=_("name"), ordering="path")
    def indented_name(self, category: Category) -> str:
        """As deep as it hangs."""
        return "— " * (len(category.path) // Category.STEP - 1) + category.name

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["department"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    def formfield_for_foreignkey(self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "department":
            where = access.reach(request.user, "catalog:write")
            departments = db_field.related_model._default_manager.all()
            kwargs["queryset"] = access.within(departments, where, department_path="pk")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Category, form: CategoryForm, change: bool) -> None:
        if change:
            services.change_category(
                category=Category.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes=changed_columns(form),
                actor_id=request.user.pk,
            )
            return
        made = services.create_category(
            name=obj.name,
            slug=obj.slug,
            department_id=obj.department_id,
            parent_id=obj.parent_id,
            tax_bp=obj.tax_bp,
            actor_id=request.user.pk,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        services.delete_category(category=obj, expected_version=None, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[Category]) -> None:
        for category in queryset:
            self.delete_model(request, category)


class VariantForm(VersionedForm):
    """A variant with its money in major units of the store's currency."""

    price = MajorUnitsField(label=_("price"))
    cost = MajorUnitsField(label=_("cost"), required=False)
    options = forms.JSONField(label=_("options"), required=False, initial=dict)

    class Meta:
        model = Variant
        fields = ["sku", "options", "is_active"]

    def __init__(self, *args: Any, product: Product | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.product = product
        if not self.instance._state.adding:
            self.initial["price"] = in_major_units(self.instance.price)
            self.initial["cost"] = in_major_units(self.instance.cost)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if self.product is None or self.product.store_id is None:
            return values  # the product's own form says so
        store = self.product.store
        twins = Variant.objects.filter(store=store, sku=values.get("sku", "")).exclude(pk=self.instance.pk)
        if twins.exists():
            self.add_error("sku", ValidationError(_(SkuTakenError.message) % {"sku": values["sku"]}))
        for name in ("price", "cost"):
            try:
                values[name] = as_money(values.get(name), store.currency)
            except ValidationError as error:
                self.add_error(name, error)
        if isinstance(values.get("price"), Money) and not values["price"]:
            self.add_error("price", ValidationError(_("The amount must be more than zero.")))
        return values

    def clean_options(self) -> dict[str, str]:
        options = self.cleaned_data["options"] or {}
        if not isinstance(options, dict) or not all(isinstance(value, str) for value in options.values()):
            raise ValidationError(_('Write options as {"name": "value"}.'))
        return options


class VariantFormSet(PaginationInlineFormSet):
    """Tells its forms whose variants they are, also while the product is new."""

    def get_form_kwargs(self, index: int | None) -> dict[str, Any]:
        return {**super().get_form_kwargs(index), "product": self.instance}


class VariantInline(ScopedInline):
    """What is bought of a product."""

    model = Variant
    form = VariantForm
    formset = VariantFormSet
    fields = ["expected_version", "sku", "price", "cost", "options", "is_active"]
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        return Variant.objects.filter(archived_at__isnull=True).select_related("product__store").order_by("sku")


class ProductForm(VersionedForm):
    """A product; its store is chosen once."""

    class Meta:
        model = Product
        fields = ["name", "slug", "store", "category", "brand", "description", "is_published"]


@admin.register(Product)
class ProductAdmin(RefusalsShown, ScopedAdmin):
    """Products of the departments and stores within reach."""

    access_area = "catalog"
    department_path = "category__department"
    store_path = "store"
    form = ProductForm
    inlines = [VariantInline]
    list_display = ["name", "store", "category", "shown_price", "is_published"]
    list_filter = ["is_published", "category__department", "store"]
    list_select_related = ["store", "category", "listing"]
    search_fields = ["name", "slug", "variants__sku"]
    autocomplete_fields = ["store", "category", "brand"]
    actions = ["archive"]

    @admin.display(description=_("price from"))
    def shown_price(self, product: Product) -> str:
        """The lowest of its active variants."""
        minor = product.listing.price_from_minor
        return "—" if minor is None else str(Money(minor, product.listing.currency))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Product]:
        where = access.reach(request.user, "catalog:read")
        return access.within(
            offered_products(), where, department_path=self.department_path, store_path=self.store_path
        )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> list[str]:
        return [] if obj is None else ["store"]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Model | None = None) -> dict[str, list[str]]:
        return {"slug": ["name"]} if obj is None else {}

    def save_model(self, request: HttpRequest, obj: Product, form: ProductForm, change: bool) -> None:
        if change:
            services.change_product(
                product=Product.objects.get(pk=obj.pk),
                expected_version=form.cleaned_data["expected_version"],
                changes=changed_columns(form),
                actor_id=request.user.pk,
            )
            return
        made = services.create_product(
            store=obj.store,
            category=obj.category,
            name=obj.name,
            slug=obj.slug,
            brand_id=obj.brand_id,
            description=obj.description,
            is_published=obj.is_published,
            actor_id=request.user.pk,
        )
        obj.pk = made.pk
        obj.refresh_from_db()

    def save_formset(
        self, request: HttpRequest, form: Any, formset: "BaseInlineFormSet[Variant, Product, Any]", change: bool
    ) -> None:
        """Variants are written by the same services as through the API."""
        product = Product.objects.select_related("store").get(pk=form.instance.pk)
        formset.save(commit=False)
        for row in formset.forms:
            if row.has_changed():
                _save_variant(product, row, request)

    @admin.action(description=_("Delete: take off the shelves for good"), permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        """Orders that name it stay."""
        where = access.reach(request.user, "catalog:write")
        mine = access.within(
            Product.objects.filter(pk__in=queryset.values("pk")),
            where,
            department_path=self.department_path,
            store_path=self.store_path,
        )
        for product in mine:
            services.archive_product(
                product=product, expected_version=None, at=timezone.now(), actor_id=request.user.pk
            )


def _save_variant(product: Product, row: forms.ModelForm, request: HttpRequest) -> None:  # type: ignore[type-arg]
    values = row.cleaned_data
    if row.instance._state.adding:
        services.create_variant(
            product=product,
            sku=values["sku"],
            price=values["price"],
            cost=values["cost"],
            options=values["options"],
            is_active=values["is_active"],
            actor_id=request.user.pk,
        )
        return
    changes = changed_columns(row) | {name: values[name] for name in ("price", "cost") if name in row.changed_data}
    services.change_variant(
        variant=Variant.objects.get(pk=row.instance.pk),
        expected_version=values["expected_version"],
        changes=changes,
        actor_id=request.user.pk,
    )

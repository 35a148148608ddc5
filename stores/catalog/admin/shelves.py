"""Brands and the category tree."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from marketplace.core import access
from marketplace.core.admin import ScopedAdmin
from marketplace.core.admin_forms import RefusalsShown, VersionedForm, changed_columns
from stores.catalog import services
from stores.catalog.models import Brand, Category


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

"""Scores in the back office: the policy as versions that people add, what was computed to look at."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ServiceAdmin

from . import selectors, services
from .goods import goods
from .models import CategoryLevel, ProductScore, ScoresVersion, ScoringPolicy

_NUMBERS = (
    *("w_popularity", "w_cold", "w_profit", "w_freshness", "explore_share"),
    *("cold_impressions", "stock_target", "freshness_days"),
)


@admin.register(ScoringPolicy)
class ScoringPolicyAdmin(ServiceAdmin):
    """The newest row is in force, old ones are history: one may be added, none is changed."""

    fields = [("w_popularity", "explore_share"), ("w_cold", "w_profit", "w_freshness"), *_NUMBERS[5:]]
    list_display = ["created_at", *_NUMBERS]
    ordering = ["-pk"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What is in force: only what is to be different has to be typed."""
        policy = selectors.policy()
        return {name: getattr(policy, name) for name in _NUMBERS}

    def save_model(self, request: HttpRequest, obj: ScoringPolicy, form: Any, change: bool) -> None:
        obj.pk = services.set_policy(values=form.cleaned_data, actor_id=request.user.pk).pk

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class CategoryLevelInline(ReadOnlyInline):
    """What popularity was measured against in each category; the row without one is of all of them."""

    model = CategoryLevel
    fields = readonly_fields = ["category", "products_count", "known_count", "p99", "conversion"]
    ordering = ["-products_count", "pk"]
    per_page = 20

    @admin.display(description=_("category"))
    def category(self, level: CategoryLevel) -> str:
        """Its name, annotated."""
        return gettext("all") if level.category_id is None else level.category_name or "—"  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CategoryLevel]":
        name = goods("Category").objects.filter(pk=OuterRef("category_id")).values("name")[:1]
        rows: QuerySet[CategoryLevel] = super().get_queryset(request)
        return rows.annotate(category_name=Subquery(name))


@admin.register(ScoresVersion)
class ScoresVersionAdmin(ReadOnlyAdmin):
    """Computations of all scores; what is not complete serves nobody."""

    list_display = ["id", "started_at", "completed_at", "products_count"]
    fields = ["id", "started_at", "completed_at", "products_count", "policy"]
    ordering = ["-pk"]
    inlines = [CategoryLevelInline]
    actions_list = ["run_now"]

    @action(  # type: ignore[untyped-decorator]
        description=_("Compute now"), icon="refresh", permissions=["run"]
    )
    def run_now(self, request: HttpRequest) -> HttpResponse:
        """As the hourly job does."""
        version = services.compute_scores(at=timezone.now())
        text = gettext("Version %(version)s: %(count)s products.")
        self.message_user(request, text % {"version": version.pk, "count": version.products_count}, messages.SUCCESS)
        return redirect("admin:promotions_scoresversion_changelist")

    def has_run_permission(self, request: HttpRequest) -> bool:
        """Whoever may add versions."""
        return request.user.has_perm("promotions.add_scoresversion")


@admin.register(ProductScore)
class ProductScoreAdmin(ReadOnlyAdmin):
    """Scores of the newest complete version, highest exposure first."""

    list_display = [
        *("product", "exposure", "popularity", "cold", "profit", "freshness", "is_cost_known", "available"),
        *("impressions", "fresh_since", "version"),
    ]
    list_filter = ["is_cost_known"]
    search_fields = ["=product_id", "=category_id", "=store_id"]
    search_help_text = _("The id of a product, a category or a store.")
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[ProductScore]":
        version = selectors.current_version()
        name = goods("Product").objects.filter(pk=OuterRef("product_id")).values("name")[:1]
        rows = ProductScore.objects.filter(version=version.pk if version else 0).annotate(product_name=Subquery(name))
        return rows.order_by("-exposure", "-log_key", "product_id")

    @admin.display(description=_("product"))
    def product(self, score: ProductScore) -> str:
        """Its name, annotated."""
        return score.product_name or "—"  # type: ignore[attr-defined]

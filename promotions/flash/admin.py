"""Flash promotions in the back office: made, changed, paused and ended by the same services as through the API."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextInputWidget

from marketplace.core import access
from marketplace.core.admin import ReadOnlyAdmin, ReadOnlyInline, ScopedAdmin
from marketplace.core.admin_forms import (
    MajorUnitsField,
    RefusalsShown,
    VersionedForm,
    as_money,
    in_major_units,
    show_refusal,
)
from marketplace.core.errors import DomainError
from marketplace.core.formatting import shown_amount, shown_decimal

from .models import ActiveHold, FlashPromo, PromoUnit, Reservation, WaitlistPlace
from .selectors import card_as_read, reservations_for_show
from .services import planning
from .state import in_state, promo_state

WRITE = "promotions:write"
SHOWN_ROWS = 100
STATE_COLOURS = {
    FlashPromo.State.DRAFT: "info",
    FlashPromo.State.SCHEDULED: "info",
    FlashPromo.State.RUNNING: "success",
    FlashPromo.State.PAUSED: "warning",
    FlashPromo.State.SOLD_OUT: "danger",
    FlashPromo.State.ENDED: "danger",
}
RESERVATION_COLOURS = {"held": "warning", "completed": "success", "cancelled": "info", "lapsed": "danger"}


class FlashPromoForm(VersionedForm):
    """The terms. The variant is named as its shelf label names it: by store and SKU."""

    reach = access.NOWHERE  # the admin sets the person's
    sku = forms.CharField(label=_("SKU"), max_length=64, widget=UnfoldAdminTextInputWidget)
    promo_price = MajorUnitsField(label=_("promotional price"))

    class Meta:
        model = FlashPromo
        fields = ["store", "starts_at", "ends_at", "radius_km", "units", "units_per_customer", "segments", "is_active"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance._state.adding:
            self.fields["sku"].initial = self.instance.variant.sku
            self.fields["promo_price"].initial = in_major_units(self.instance.promo_price)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        store, sku, amount = values.get("store"), values.get("sku"), values.get("promo_price")
        if store is None or sku is None or amount is None:
            return values
        variants = FlashPromo._meta.get_field("variant").related_model._default_manager.filter(store=store, sku=sku)
        variant = access.within(
            variants, self.reach, department_path="product__category__department", store_path="store"
        ).first()
        if variant is None:
            raise ValidationError({"sku": _now("There is no such variant in this store.")}, code="does_not_exist")
        values["variant"] = variant
        try:
            values["price"] = as_money(amount, variant.currency)
        except ValidationError as error:
            raise ValidationError({"promo_price": error}) from error
        return values

    def offer(self) -> planning.Offer:
        """The terms as the service takes them."""
        values = self.cleaned_data
        return planning.Offer(
            variant_id=values["variant"].pk,
            promo_price=values["price"],
            starts_at=values["starts_at"],
            ends_at=values["ends_at"],
            segment_ids=frozenset(segment.pk for segment in values["segments"]),
            radius_km=values["radius_km"],
            units=values["units"],
            is_active=values["is_active"],
            units_per_customer=values["units_per_customer"],
        )


class StateFilter(admin.SimpleListFilter):
    """By derived state."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[Any, Any]]:
        return list(FlashPromo.State.choices)

    def queryset(self, request: HttpRequest, queryset: "QuerySet[FlashPromo]") -> "QuerySet[FlashPromo]":
        if self.value() not in FlashPromo.State.values:
            return queryset
        return queryset.filter(in_state(str(self.value()), timezone.now()))


class UnitInline(ReadOnlyInline):
    """The first units of the promotion."""

    model = PromoUnit
    verbose_name_plural = _("units (the first hundred)")
    fields = ["number", "holder", "held_until", "claim_no", "sold_at", "released_at"]
    readonly_fields = fields
    ordering = ["number"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[PromoUnit]":
        return PromoUnit.objects.filter(number__lte=SHOWN_ROWS)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


class ReservationInline(ReadOnlyInline):
    """The newest reservations of the promotion."""

    model = Reservation
    verbose_name_plural = _("reservations (the newest hundred)")
    fields = ["id", "shown_customer", "shown_state", "claim_no", "expires_at", "order_id", "closed_at"]
    readonly_fields = fields
    ordering = ["-id"]

    @admin.display(description=_("customer"))
    def shown_customer(self, reservation: Reservation) -> str:
        """The account's id; the account itself is not read."""
        return str(reservation.customer_id)

    @admin.display(description=_("state"))
    def shown_state(self, reservation: Reservation) -> str:
        """As of this moment."""
        return str(Reservation.State(card_as_read(reservation).state).label)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Reservation]":
        promo_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        newest = Reservation.objects.filter(promo=promo_id).order_by("-pk").values("pk")[:SHOWN_ROWS]
        return reservations_for_show().filter(pk__in=list(newest.values_list("pk", flat=True)))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


class WaitlistInline(ReadOnlyInline):
    """Those who wait, in the order in which they are told."""

    model = WaitlistPlace
    verbose_name_plural = _("waiting list (the first hundred)")
    fields = ["customer", "joined_at", "turn_at", "told_at", "told_until"]
    readonly_fields = fields
    ordering = ["turn_at", "pk"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[WaitlistPlace]":
        promo_id = request.resolver_match.kwargs.get("object_id") if request.resolver_match else None
        first = WaitlistPlace.objects.open().filter(promo=promo_id).in_line().values_list("pk", flat=True)
        return WaitlistPlace.objects.filter(pk__in=list(first[:SHOWN_ROWS]))

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


@admin.register(FlashPromo)
class FlashPromoAdmin(RefusalsShown, ScopedAdmin):
    """Promotions of the departments and stores within reach."""

    access_area = "promotions"
    department_path = "department_id"
    store_path = "store"
    form = FlashPromoForm
    refusal_fields: ClassVar[dict[str, str]] = {"variant": "sku"}
    fields = [
        "store", "sku", "promo_price", "starts_at", "ends_at", ("units", "units_per_customer", "radius_km"),
        "segments", "is_active",
        "expected_version",
    ]  # fmt: skip
    autocomplete_fields = ["store"]
    filter_horizontal = ["segments"]
    inlines = [UnitInline, ReservationInline, WaitlistInline]
    list_display = ["product", "store", "shown_state", "price", "units_left", "units", "starts_at", "ends_at"]
    list_filter = [StateFilter]
    search_fields = ["variant__product__name", "variant__sku", "store__name"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at"]
    actions = ["activate", "deactivate", "end_now"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[FlashPromo]":
        reachable = super().get_queryset(request).values("pk")
        return FlashPromo.objects.with_names().with_units_left().filter(pk__in=reachable)

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        form.reach = access.reach(request.user, WRITE)
        return form

    @admin.display(description=_("product"), ordering="variant__product__name")
    def product(self, promo: FlashPromo) -> str:
        """By name."""
        return f"{promo.variant.product.name} · {promo.variant.sku}"

    @display(description=_("state"), label=STATE_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, promo: FlashPromo) -> tuple[str, str]:
        """Derived, with its colour."""
        state = promo_state(promo, units_left=promo.units_left, at=timezone.now())  # type: ignore[attr-defined]  # annotated
        return state.value, str(state.label)

    @admin.display(description=_("price"), ordering="promo_price_minor")
    def price(self, promo: FlashPromo) -> str:
        """Promotional, and the usual one."""
        return f"{shown_amount(promo.promo_price)} ({shown_decimal(promo.variant.price)})"

    @admin.display(description=_("units left"), ordering="units_left")
    def units_left(self, promo: FlashPromo) -> int:
        """Neither sold nor given back."""
        return int(promo.units_left)  # type: ignore[attr-defined]  # annotated

    def save_model(self, request: HttpRequest, obj: FlashPromo, form: FlashPromoForm, change: bool) -> None:
        at, actor_id = timezone.now(), request.user.pk
        offer = form.offer()
        if change:
            planning.change_promo(
                promo_id=obj.pk,
                changes={name: getattr(offer, name) for name in offer.__slots__},
                actor_id=actor_id,
                at=at,
                expected_version=form.cleaned_data["expected_version"],
            )
        else:
            obj.pk = planning.schedule_promo(offer=offer, actor_id=actor_id, at=at).pk
        obj.refresh_from_db()

    def delete_model(self, request: HttpRequest, obj: FlashPromo) -> None:
        planning.withdraw_promo(promo_id=obj.pk, actor_id=request.user.pk)

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[FlashPromo]") -> None:
        for promo in queryset:
            self.delete_model(request, promo)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], dict[str, int], set[Any], Any]:
        """Unit rows go with their promotion; nobody needs to be asked about each."""
        return [str(promo) for promo in objs], {}, set(), []

    @admin.action(description=_("Switch on"), permissions=["change"])
    def activate(self, request: HttpRequest, queryset: "QuerySet[FlashPromo]") -> None:
        """Drafts set their stock aside; paused ones go on."""
        self._each(request, queryset, lambda promo: self._switch(request, promo, is_active=True))

    @admin.action(description=_("Switch off"), permissions=["change"])
    def deactivate(self, request: HttpRequest, queryset: "QuerySet[FlashPromo]") -> None:
        """Back to a draft, or paused when it has started."""
        self._each(request, queryset, lambda promo: self._switch(request, promo, is_active=False))

    @admin.action(description=_("End now"), permissions=["change"])
    def end_now(self, request: HttpRequest, queryset: "QuerySet[FlashPromo]") -> None:
        """For good."""
        self._each(
            request,
            queryset,
            lambda promo: planning.end_promo(promo_id=promo.pk, actor_id=request.user.pk, at=timezone.now()),
        )

    def _switch(self, request: HttpRequest, promo: FlashPromo, *, is_active: bool) -> FlashPromo:
        return planning.change_promo(
            promo_id=promo.pk, changes={"is_active": is_active}, actor_id=request.user.pk, at=timezone.now()
        )

    def _each(
        self, request: HttpRequest, promos: "QuerySet[FlashPromo]", work: Callable[[FlashPromo], FlashPromo]
    ) -> None:
        done = 0
        for promo in promos:
            if not self.has_change_permission(request, promo):
                raise PermissionDenied
            try:
                work(promo)
            except DomainError as error:
                show_refusal(request, error)
            else:
                done += 1
        if done:
            text = ngettext("%(count)s promotion changed.", "%(count)s promotions changed.", done)
            messages.success(request, text % {"count": done})


@admin.register(Reservation)
class ReservationAdmin(ScopedAdmin):
    """Who had which minute; to look at."""

    access_area = "promotions"
    department_path = "promo__department_id"
    store_path = "promo__store"
    list_display = ["id", "promo", "shown_customer", "shown_state", "created_at", "expires_at", "order_id"]
    list_filter = ["state"]
    search_fields = ["=id", "=customer__id"]
    ordering = ["-id"]
    fields = ["id", "promo", "unit", "shown_customer", "claim_no", "state", "expires_at", "order_id", "closed_at"]
    readonly_fields = fields

    @display(description=_("state"), label=RESERVATION_COLOURS)  # type: ignore[untyped-decorator]
    def shown_state(self, reservation: Reservation) -> tuple[str, str]:
        """As of this moment, with its colour."""
        state = Reservation.State(card_as_read(reservation).state)
        return state.value, str(state.label)

    @admin.display(description=_("customer"), ordering="customer")
    def shown_customer(self, reservation: Reservation) -> str:
        """The account's id; the account itself is not read."""
        return str(reservation.customer_id)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Reservation]":
        reachable = super().get_queryset(request).values("pk")
        return reservations_for_show().select_related("promo__variant__product").filter(pk__in=reachable)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ActiveHold)
class ActiveHoldAdmin(ReadOnlyAdmin):
    """Each customer's one hold."""

    list_display = ["customer", "promo_id", "reservation_id", "until"]
    ordering = ["-until"]

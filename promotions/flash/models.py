"""Flash promotions: the offer, its units as rows, reservations, and the one active hold of each customer."""

from datetime import datetime
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money


class FlashPromoQuerySet(QuerySet["FlashPromo"]):
    """What is asked of many promotions at once."""

    def announced(self) -> "FlashPromoQuerySet":
        """What anybody may see: not drafts, not paused."""
        return self.filter(is_active=True)

    def under_way(self, at: datetime) -> "FlashPromoQuerySet":
        """Between their moments, active and not ended; units may all be gone."""
        return self.filter(is_active=True, ended_at__isnull=True, starts_at__lte=at, ends_at__gt=at)

    def with_units_left(self) -> "FlashPromoQuerySet":
        """Adds `units_left`: units neither sold nor given back; one on hold counts, it may lapse."""
        open_units = PromoUnit.objects.filter(PromoUnit.OPEN, promo=OuterRef("pk")).order_by()
        count = open_units.values("promo").annotate(units=Count("pk")).values("units")
        return self.annotate(units_left=Coalesce(Subquery(count, output_field=IntegerField()), 0))

    def with_names(self) -> "FlashPromoQuerySet":
        """With product and store, for showing."""
        return self.select_related("variant__product", "store")


class FlashPromo(VersionedModel):
    """A variant of a store at a special price, for a few units, between two moments, near the store.

    State is derived, never stored (`promotions.flash.state`). `started_at` and `ended_at` record that the fact was
    published. No segments means everyone; no radius means everywhere.
    """

    class State(models.TextChoices):
        """Where it stands."""

        DRAFT = "draft", _("draft")
        SCHEDULED = "scheduled", _("scheduled")
        RUNNING = "running", _("running")
        PAUSED = "paused", _("paused")
        SOLD_OUT = "sold_out", _("sold out")
        ENDED = "ended", _("ended")

    store = models.ForeignKey("stores.Store", verbose_name=_("store"), on_delete=models.PROTECT, related_name="+")
    variant = models.ForeignKey("stores.Variant", on_delete=models.PROTECT, related_name="+")
    # Copied for scoping and set-wise work: the department of the variant's category, the store's place.
    department_id = models.UUIDField(editable=False)
    latitude = models.FloatField(editable=False)
    longitude = models.FloatField(editable=False)
    promo_price_minor = models.BigIntegerField(_("promotional price (minor units)"))
    currency = models.CharField(_("currency"), max_length=3, editable=False)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    radius_km = models.FloatField(
        _("radius (km)"),
        null=True,
        blank=True,
        default=2.0,
        validators=[MinValueValidator(0.01), MaxValueValidator(20_040)],
    )
    units = models.PositiveIntegerField(
        _("units"), default=1, validators=[MinValueValidator(1), MaxValueValidator(10_000)]
    )
    # What one customer may buy of them; none: as many as there are, one hold at a time.
    units_per_customer = models.PositiveIntegerField(
        _("units per customer"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(10_000)],
        help_text=_("How many one customer may buy; empty for no limit."),
    )
    is_active = models.BooleanField(_("active"), default=True)
    segments: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "users.Segment", blank=True, related_name="+", verbose_name=_("segments")
    )
    # How many units went back to the shelf unsold, at the end.
    units_returned = models.PositiveIntegerField(default=0, editable=False)
    # Set while units of this promotion are set aside from stock; null before, and once the unsold went back.
    stock_reserved_at = models.DateTimeField(null=True, editable=False)
    # Somebody has waited for a unit of it, once: the only promotions whose free units are looked at each second.
    has_waitlist = models.BooleanField(default=False, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    objects = FlashPromoQuerySet.as_manager()

    class Meta:
        app_label = "promotions"
        verbose_name = _("flash promotion")
        verbose_name_plural = _("flash promotions")
        constraints = [
            models.CheckConstraint(
                condition=Q(promo_price_minor__gt=0),
                name="promotions_flash_price_positive",
                violation_error_message=_("The price must be more than zero."),
            ),
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")),
                name="promotions_flash_ends_after_start",
                violation_error_message=_("The end must come after the start."),
            ),
            models.CheckConstraint(
                condition=Q(units__gte=1, units__lte=10_000),
                name="promotions_flash_units",
                violation_error_message=_("Offer 1 to 10,000 units."),
            ),
            models.CheckConstraint(
                condition=Q(units_per_customer__isnull=True)
                | Q(units_per_customer__gte=1, units_per_customer__lte=10_000),
                name="promotions_flash_per_customer",
                violation_error_message=_("Allow each customer 1 to 10,000 units, or leave it empty."),
            ),
            models.CheckConstraint(
                condition=Q(radius_km__isnull=True) | Q(radius_km__gt=0),
                name="promotions_flash_radius_positive",
                violation_error_message=_("Give a radius from 0.01 to 20,040 km, or none."),
            ),
        ]
        indexes = [
            # The relay's question each second: what is due to start, what is due to end.
            models.Index(
                fields=["starts_at"],
                condition=Q(started_at__isnull=True, is_active=True),
                name="promotions_flash_to_start",
            ),
            models.Index(fields=["ends_at"], condition=Q(ended_at__isnull=True), name="promotions_flash_to_end"),
            # What changed lately, for the copies of the web processes.
            models.Index(fields=["updated_at"], name="promotions_flash_changed"),
            # Over, and its unsold stock still set aside.
            models.Index(
                fields=["ended_at"],
                condition=Q(ended_at__isnull=False, stock_reserved_at__isnull=False),
                name="promotions_flash_to_release",
            ),
            models.Index(
                fields=["ends_at"],
                condition=Q(has_waitlist=True, ended_at__isnull=True),
                name="promotions_flash_waited_for",
            ),
        ]

    def __str__(self) -> str:
        # By name where the name was read along: no query hides in a text.
        variant = self._state.fields_cache.get("variant")
        product = variant and variant._state.fields_cache.get("product")
        return f"{product or self.variant_id} · {localtime(self.starts_at):%Y-%m-%d %H:%M}"

    @property
    def promo_price(self) -> Money:
        """What a unit costs its holder."""
        return Money(self.promo_price_minor, self.currency)


class PromoUnit(models.Model):
    """One unit on offer. Free when it is open and `held_until` is null or past on the database's clock.

    Open means neither sold nor given back to the shelf after the end. `claim_no` counts claims: a reservation carries
    the number it got, and completes only while it still stands.
    """

    id = models.BigAutoField(primary_key=True)
    promo = models.ForeignKey(FlashPromo, on_delete=models.CASCADE, related_name="unit_rows", db_index=False)
    number = models.PositiveIntegerField(_("number"))
    holder = models.UUIDField(_("holder"), null=True)
    held_until = models.DateTimeField(_("held until"), null=True)
    claim_no = models.PositiveIntegerField(_("claims"), default=0)
    sold_at = models.DateTimeField(_("sold at"), null=True)
    released_at = models.DateTimeField(_("given back at"), null=True)
    # Since when it is free where no lapsed hold says so: it was given back, tidied, or added later.
    freed_at = models.DateTimeField(_("free since"), null=True)

    OPEN: ClassVar[Q] = Q(sold_at__isnull=True, released_at__isnull=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [
            models.UniqueConstraint(fields=["promo", "number"], name="promotions_unit_once"),
            models.CheckConstraint(
                condition=Q(holder__isnull=True, held_until__isnull=True)
                | Q(holder__isnull=False, held_until__isnull=False),
                name="promotions_unit_whole_hold",
            ),
            models.CheckConstraint(
                condition=Q(sold_at__isnull=True) | Q(released_at__isnull=True), name="promotions_unit_one_end"
            ),
        ]
        # The claim asks two questions, each answered by the first entry of its own index: a unit nobody had yet, and
        # the hold that lapses first.
        indexes = [
            models.Index(
                fields=["promo", "number"],
                condition=Q(sold_at__isnull=True, released_at__isnull=True, held_until__isnull=True),
                name="promotions_unit_untouched",
            ),
            models.Index(
                fields=["promo", "held_until"],
                condition=Q(sold_at__isnull=True, released_at__isnull=True, held_until__isnull=False),
                name="promotions_unit_lapsing",
            ),
            # How many of them a customer has bought, where there is a limit.
            models.Index(
                fields=["promo", "holder"], condition=Q(sold_at__isnull=False), name="promotions_unit_sold_to"
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class Reservation(UUIDModel):
    """A customer's minute with a unit. `lapsed` is never stored: it is `held` with a past `expires_at`."""

    class State(models.TextChoices):
        """What became of it."""

        HELD = "held", _("held")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")
        LAPSED = "lapsed", _("lapsed")

    promo = models.ForeignKey(
        FlashPromo, verbose_name=_("promotion"), on_delete=models.PROTECT, related_name="reservations"
    )
    unit = models.ForeignKey(PromoUnit, verbose_name=_("unit"), on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+", db_index=False)
    claim_no = models.PositiveIntegerField(_("claim number"))
    state = models.CharField(
        _("state"), max_length=9, choices=[c for c in State.choices if c[0] != "lapsed"], default=State.HELD
    )
    expires_at = models.DateTimeField(_("expires at"))
    # The order it became, or the one that waits for a provider's money: then the hold was extended, once.
    order_id = models.UUIDField(_("order"), null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)
    # It lapsed and was paid all the same, too late for the unit: nobody abandoned it.
    is_excused = models.BooleanField(_("excused"), default=False)
    # Given back too late, or its extension called off: it counts like a lapse at `expires_at`, its early end.
    is_abandoned = models.BooleanField(_("abandoned"), default=False, db_default=False)

    class Meta:
        app_label = "promotions"
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        constraints = [
            models.UniqueConstraint(fields=["unit", "claim_no"], name="promotions_reservation_per_claim"),
            models.CheckConstraint(
                condition=~Q(state="completed") | Q(order_id__isnull=False), name="promotions_completed_has_order"
            ),
        ]
        indexes = [
            models.Index(fields=["customer", "-id"], name="promotions_reservation_own"),
            # The claim's question: the last holds that a customer abandoned.
            models.Index(
                fields=["customer", "-expires_at"],
                condition=Q(Q(state="held") | Q(is_abandoned=True), is_excused=False),
                name="promotions_reservation_left",
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ActiveHold(models.Model):
    """At most one hold per customer: a row taken by conditional upsert, free again when `until` is past."""

    customer = models.UUIDField(_("customer"), primary_key=True)
    reservation_id = models.UUIDField(_("reservation"))
    promo_id = models.UUIDField(_("promotion"))
    until = models.DateTimeField(_("until"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("active hold")
        verbose_name_plural = _("active holds")

    def __str__(self) -> str:
        return str(self.customer)


class WaitlistPlaceQuerySet(QuerySet["WaitlistPlace"]):
    """What is asked of a queue."""

    def open(self) -> "WaitlistPlaceQuerySet":
        """Those who still wait."""
        return self.filter(closed_at__isnull=True)

    def in_line(self) -> "WaitlistPlaceQuerySet":
        """In the order in which they are told."""
        return self.order_by("turn_at", "pk")


class WaitlistPlace(models.Model):
    """A customer's place in the queue for a unit: a notice when one is free, not a right to it.

    `turn_at` orders the queue. It is the moment of joining until a notice passes while its unit stays free: who lets it
    pass goes to the end.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("waiting")
        TOLD = "told", _("told that a unit is free")
        CLOSED = "closed", _("closed")

    id = models.BigAutoField(primary_key=True)
    promo = models.ForeignKey(FlashPromo, on_delete=models.CASCADE, related_name="places", db_index=False)
    customer = models.UUIDField(_("customer"))
    joined_at = models.DateTimeField(_("joined at"))
    turn_at = models.DateTimeField(_("in line since"))
    told_at = models.DateTimeField(_("told at"), null=True)
    # Until when nobody else is told of that unit; null again when somebody has looked what became of it.
    told_until = models.DateTimeField(_("told until"), null=True)
    told_unit_id = models.BigIntegerField(null=True)
    told_claim_no = models.PositiveIntegerField(null=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    objects = WaitlistPlaceQuerySet.as_manager()

    class Meta:
        app_label = "promotions"
        verbose_name = _("place in the waiting list")
        verbose_name_plural = _("waiting list")
        constraints = [
            models.UniqueConstraint(
                fields=["promo", "customer"], condition=Q(closed_at__isnull=True), name="promotions_place_once"
            ),
            # Of a unit that came free one person is told at a time.
            models.UniqueConstraint(
                fields=["told_unit_id", "told_claim_no"],
                condition=Q(closed_at__isnull=True, told_until__isnull=False),
                name="promotions_place_one_notice",
            ),
        ]
        indexes = [
            models.Index(
                fields=["promo", "turn_at", "id"],
                condition=Q(closed_at__isnull=True),
                name="promotions_place_in_line",
            ),
            models.Index(fields=["customer"], name="promotions_place_of"),
        ]

    def __str__(self) -> str:
        return str(self.customer)

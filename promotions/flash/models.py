"""Flash promotions: the offer, its units as rows, reservations, and the one active hold of each customer."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money


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
        SOLD_OUT = "sold_out", _("sold out")
        ENDED = "ended", _("ended")

    store = models.ForeignKey("stores.Store", on_delete=models.PROTECT, related_name="+")
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
    is_active = models.BooleanField(_("active"), default=True)
    segments: "models.ManyToManyField[models.Model, models.Model]" = models.ManyToManyField(
        "users.Segment", blank=True, related_name="+", verbose_name=_("segments")
    )
    # Units set aside from stock and not yet sold or given back.
    stock_reserved_at = models.DateTimeField(null=True, editable=False)
    started_at = models.DateTimeField(null=True, editable=False)
    ended_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "promotions"
        verbose_name = _("flash promotion")
        verbose_name_plural = _("flash promotions")
        constraints = [
            models.CheckConstraint(condition=Q(promo_price_minor__gt=0), name="promotions_flash_price_positive"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="promotions_flash_ends_after_start"),
            models.CheckConstraint(condition=Q(units__gte=1, units__lte=10_000), name="promotions_flash_units"),
            models.CheckConstraint(
                condition=Q(radius_km__isnull=True) | Q(radius_km__gt=0), name="promotions_flash_radius_positive"
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
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.starts_at:%Y-%m-%d %H:%M}"

    @property
    def promo_price(self) -> Money:
        """What a unit costs its holder."""
        return Money(self.promo_price_minor, self.currency)


class PromoUnit(models.Model):
    """One unit on offer. Free when unsold and `held_until` is null or past on the database's clock.

    `claim_no` counts claims: a reservation carries the number it got, and completes only while it still stands.
    """

    id = models.BigAutoField(primary_key=True)
    promo = models.ForeignKey(FlashPromo, on_delete=models.CASCADE, related_name="unit_rows", db_index=False)
    number = models.PositiveIntegerField()
    holder = models.UUIDField(null=True)
    held_until = models.DateTimeField(null=True)
    claim_no = models.PositiveIntegerField(default=0)
    sold_at = models.DateTimeField(null=True)

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
        ]
        indexes = [
            models.Index(fields=["promo", "held_until"], condition=Q(sold_at__isnull=True), name="promotions_unit_free")
        ]

    def __str__(self) -> str:
        return f"{self.promo_id} #{self.number}"


class Reservation(UUIDModel):
    """A customer's minute with a unit. `lapsed` is never stored: it is `held` with a past `expires_at`."""

    class State(models.TextChoices):
        """What became of it."""

        HELD = "held", _("held")
        COMPLETED = "completed", _("completed")
        CANCELLED = "cancelled", _("cancelled")
        LAPSED = "lapsed", _("lapsed")

    promo = models.ForeignKey(FlashPromo, on_delete=models.PROTECT, related_name="reservations")
    unit = models.ForeignKey(PromoUnit, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    claim_no = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=[c for c in State.choices if c[0] != "lapsed"], default=State.HELD)
    expires_at = models.DateTimeField()
    order_id = models.UUIDField(null=True)
    closed_at = models.DateTimeField(null=True)

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
        indexes = [models.Index(fields=["expires_at"], condition=Q(state="held"), name="promotions_reservation_held")]

    def __str__(self) -> str:
        return str(self.id)


class ActiveHold(models.Model):
    """At most one hold per customer: a row taken by conditional upsert, free again when `until` is past."""

    customer = models.UUIDField(primary_key=True)
    reservation_id = models.UUIDField()
    promo_id = models.UUIDField()
    until = models.DateTimeField()

    class Meta:
        app_label = "promotions"

    def __str__(self) -> str:
        return str(self.customer)

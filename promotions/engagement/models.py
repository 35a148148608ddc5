"""Events as they came in, as they were counted, and their sums.

EventBatch (inbox) → drain → EngagementEvent + sums by hour + signals; days are rebuilt from hours and events
"""

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class EventKind(models.IntegerChoices):
    """What was done. `purchase` comes from orders alone; an `impression` was on the screen for a second."""

    IMPRESSION = 1, _("impression")
    VIEW = 2, _("view")
    CLICK = 3, _("click")
    ADD_TO_CART = 4, _("added to the cart")
    PURCHASE = 5, _("purchase")


class EngagementPolicy(models.Model):
    """What an event weighs and how fast it is forgotten. The newest row is in force; without one, the defaults.

    Another half-life means that the signals are made anew from the hours (`manage.py replay_signals`).
    """

    id = models.BigAutoField(primary_key=True)
    half_life_hours = models.FloatField(
        _("half-life of an event (hours)"), default=168.0, validators=[MinValueValidator(1.0)]
    )
    weight_view = models.FloatField(_("weight of a view"), default=1.0, validators=[MinValueValidator(0.0)])
    weight_click = models.FloatField(_("weight of a click"), default=3.0, validators=[MinValueValidator(0.0)])
    weight_cart = models.FloatField(_("weight of a cart"), default=8.0, validators=[MinValueValidator(0.0)])
    weight_purchase = models.FloatField(_("weight of a purchase"), default=20.0, validators=[MinValueValidator(0.0)])
    created_at = models.DateTimeField(_("in force since"), auto_now_add=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("engagement policy")
        verbose_name_plural = _("engagement policies")

    def __str__(self) -> str:
        return f"{self.half_life_hours} h"


class EventBatch(models.Model):
    """The inbox: one row a request, the truth of its 202. The drain takes it away in the transaction that counts it.

    `events` are the accepted ones, checked, times corrected; who did it stands beside them, once.
    """

    id = models.BigAutoField(primary_key=True)
    # Who: the customer where signed in, else nobody; `actor` is the customer or a hash of the session's name.
    customer_id = models.UUIDField(null=True)
    actor = models.UUIDField()
    is_suspect = models.BooleanField(default=False)
    events = models.JSONField()
    events_count = models.PositiveIntegerField()
    # A batch that could not be counted is cut in two; one of one event goes to the dead ones.
    attempts = models.PositiveSmallIntegerField(default=0)
    received_at = models.DateTimeField()

    class Meta:
        app_label = "promotions"
        verbose_name = _("batch of events")
        verbose_name_plural = _("batches of events")

    def __str__(self) -> str:
        return f"{self.pk}: {self.events_count}"


class DeadEvent(models.Model):
    """An event that was accepted and cannot be counted, with the reason; kept for a person to look at."""

    id = models.BigAutoField(primary_key=True)
    batch_id = models.BigIntegerField(_("batch"))
    event = models.JSONField(_("event"))
    reason = models.CharField(_("reason"), max_length=500)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("event that cannot be counted")
        verbose_name_plural = _("events that cannot be counted")

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.reason}"


class EventDrain(models.Model):
    """One transaction that counted events. `folded_at`: since when its exposures count in slots and experiments."""

    id = models.BigAutoField(primary_key=True)
    events_count = models.PositiveIntegerField(_("events counted"))
    repeats_count = models.PositiveIntegerField(_("repeats left out"), default=0)
    drained_at = models.DateTimeField(_("at"))
    folded_at = models.DateTimeField(_("folded at"), null=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("count of events")
        verbose_name_plural = _("counts of events")
        indexes = [
            models.Index(fields=["id"], condition=Q(folded_at__isnull=True), name="promotions_drain_to_fold"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.events_count}"


class EngagementEvent(models.Model):
    """An event that was counted; short retention. The key is the client's `event_id`: the same event is here once.

    `occurred_at` is what the client's clock said, `at` the corrected moment by which it counts. A suspect one is kept
    and counts nowhere until staff restore it.
    """

    event_id = models.UUIDField(_("event id"), primary_key=True)
    drain_id = models.BigIntegerField(_("drain"), db_index=True)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=EventKind.choices)
    product_id = models.UUIDField(_("product"))
    customer_id = models.UUIDField(_("customer"), null=True)
    actor = models.UUIDField(_("who"))
    # The slot it was shown in (`exposure.Slot`), where there was one.
    exposure_id = models.UUIDField(_("exposure"), null=True)
    position = models.PositiveSmallIntegerField(_("position"), null=True)
    quantity = models.PositiveIntegerField(_("units"), default=1)
    amount_minor = models.BigIntegerField(_("amount (minor units)"), default=0)
    is_suspect = models.BooleanField(_("suspect"), default=False)
    metadata = models.JSONField(_("metadata"), default=dict)
    occurred_at = models.DateTimeField(_("happened at, by the client's clock"))
    at = models.DateTimeField(_("happened at"))
    received_at = models.DateTimeField(_("received at"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["actor"], condition=Q(is_suspect=True), name="promotions_event_suspect"),
            models.Index(
                fields=["customer_id", "at"],
                condition=Q(customer_id__isnull=False),
                name="promotions_event_customer",
            ),
            models.Index(fields=["at"], name="promotions_event_at"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.product_id}"


class EngagementHourly(models.Model):
    """Events of a product and a kind in an hour (UTC): how many, of how many units, for how much.

    `counted` are those that popularity counts (of one actor's views of a product three an hour), `exposed` those on
    something that the exposure showed. The product's signal can be made anew from these rows alone.
    """

    id = models.BigAutoField(primary_key=True)
    bucket = models.DateTimeField(_("hour"))
    product_id = models.UUIDField(_("product"))
    kind = models.PositiveSmallIntegerField(_("kind"), choices=EventKind.choices)
    count = models.BigIntegerField(_("events"))
    counted = models.BigIntegerField(_("events that popularity counts"), default=0)
    exposed = models.BigIntegerField(_("events on what was shown"), default=0)
    quantity = models.BigIntegerField(_("units"), default=0)
    amount_minor = models.BigIntegerField(_("amount (minor units)"), default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("events of an hour")
        verbose_name_plural = _("events by hour")
        constraints = [
            models.UniqueConstraint(fields=["bucket", "product_id", "kind"], name="promotions_hour_of_product"),
        ]

    def __str__(self) -> str:
        return f"{self.bucket:%Y-%m-%d %H}: {self.count}"


class TouchedDay(models.Model):
    """A platform day whose sums are behind: an event of it was counted since. The daily job takes the row away."""

    day = models.DateField(_("day"), primary_key=True)
    touched_at = models.DateTimeField(_("touched at"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("day to add up")
        verbose_name_plural = _("days to add up")

    def __str__(self) -> str:
        return str(self.day)


class ProductEngagementDaily(models.Model):
    """A product's events on a platform day, rebuilt by assignment: twice is once. `actors` are different people."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    product_id = models.UUIDField(_("product"))
    impressions = models.PositiveIntegerField(_("impressions"), default=0)
    views = models.PositiveIntegerField(_("views"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    carts = models.PositiveIntegerField(_("put in carts"), default=0)
    purchases = models.PositiveIntegerField(_("purchases"), default=0)
    units = models.PositiveIntegerField(_("units bought"), default=0)
    actors = models.PositiveIntegerField(_("people"), default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("product's events of a day")
        verbose_name_plural = _("products' events by day")
        constraints = [
            models.UniqueConstraint(fields=["day", "product_id"], name="promotions_day_of_product"),
        ]
        indexes = [models.Index(fields=["product_id", "day"], name="promotions_days_of_product")]

    def __str__(self) -> str:
        return f"{self.day}: {self.product_id}"


class CustomerEngagementDaily(models.Model):
    """A customer's events on a platform day, rebuilt likewise; gone when the person is erased."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    customer_id = models.UUIDField(_("customer"))
    impressions = models.PositiveIntegerField(_("impressions"), default=0)
    views = models.PositiveIntegerField(_("views"), default=0)
    clicks = models.PositiveIntegerField(_("clicks"), default=0)
    carts = models.PositiveIntegerField(_("put in carts"), default=0)
    purchases = models.PositiveIntegerField(_("purchases"), default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("customer's events of a day")
        verbose_name_plural = _("customers' events by day")
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "day"], name="promotions_day_of_customer"),
        ]
        indexes = [models.Index(fields=["day"], name="promotions_customer_days")]

    def __str__(self) -> str:
        return f"{self.day}: {self.customer_id}"


class DayFunnel(models.Model):
    """All events of a platform day together: what the funnel and the overview read. Rebuilt likewise.

    `…_actors` are different people (or sessions) who did it at least once that day.
    """

    day = models.DateField(_("day"), primary_key=True)
    impressions = models.BigIntegerField(_("impressions"), default=0)
    views = models.BigIntegerField(_("views"), default=0)
    clicks = models.BigIntegerField(_("clicks"), default=0)
    carts = models.BigIntegerField(_("put in carts"), default=0)
    purchases = models.BigIntegerField(_("purchases"), default=0)
    view_actors = models.BigIntegerField(_("people who looked"), default=0)
    click_actors = models.BigIntegerField(_("people who clicked"), default=0)
    cart_actors = models.BigIntegerField(_("people who used a cart"), default=0)
    purchase_actors = models.BigIntegerField(_("people who bought"), default=0)
    suspects = models.BigIntegerField(_("suspect events"), default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("events of a day")
        verbose_name_plural = _("events by day")

    def __str__(self) -> str:
        return str(self.day)


class ProductSignal(models.Model):
    """Decayed sums of a product at one moment: the `weight` of its events (popularity), its impressions, its clicks.

    An event counts as of the beginning of its hour. The sum at a later moment is
    `S · 2^(−(later − moment) / half-life)`; `engagement.decay` has the law. One row a product; merging is associative,
    so late events and the order of workers do not matter.
    """

    product_id = models.UUIDField(_("product"), primary_key=True)
    weight = models.FloatField(_("decayed weight"), default=0.0)
    impressions = models.FloatField(_("decayed impressions"), default=0.0)
    clicks = models.FloatField(_("decayed clicks on impressions"), default=0.0)
    moment = models.DateTimeField(_("as of"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("product's signal")
        verbose_name_plural = _("products' signals")

    def __str__(self) -> str:
        return f"{self.product_id}: {self.weight}"


class CustomerInterest(models.Model):
    """A decayed sum of what a customer did in a category (the product's own): what a personal selection starts from."""

    id = models.BigAutoField(primary_key=True)
    customer_id = models.UUIDField(_("customer"))
    category_id = models.UUIDField(_("category"))
    weight = models.FloatField(_("decayed weight"))
    moment = models.DateTimeField(_("as of"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("customer's interest")
        verbose_name_plural = _("customers' interests")
        constraints = [
            models.UniqueConstraint(fields=["customer_id", "category_id"], name="promotions_interest"),
        ]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.weight}"


class ActorHour(models.Model):
    """How often one actor looked at a product in one hour: three of those views count for popularity."""

    pk = models.CompositePrimaryKey("bucket", "actor", "product_id")
    bucket = models.DateTimeField()
    actor = models.UUIDField()
    product_id = models.UUIDField()
    views = models.PositiveIntegerField()

    class Meta:
        app_label = "promotions"

    def __str__(self) -> str:
        return f"{self.actor}: {self.views}"

"""Levels, members, points as lots, the statement, rewards and what they were exchanged for."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money


class LoyaltyPolicy(models.Model):
    """How points are earned. The newest row is in force; without one, the defaults."""

    id = models.BigAutoField(primary_key=True)
    # One point for each so many minor units of what the goods cost; the rest of the division is dropped.
    minor_per_point = models.PositiveIntegerField(_("minor units for a point"), default=1_000)
    # What a point is worth in the books, for the liability report (minor units of the default currency).
    point_value_minor = models.PositiveIntegerField(_("value of a point (minor units)"), default=10)
    expire_after_days = models.PositiveIntegerField(_("points expire after days"), default=365)
    # A level is decided by the points earned in so many days.
    window_days = models.PositiveIntegerField(_("days that decide the level"), default=365)
    created_at = models.DateTimeField(_("in force since"), auto_now_add=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("loyalty policy")
        verbose_name_plural = _("loyalty policies")
        constraints = [
            models.CheckConstraint(
                condition=Q(minor_per_point__gte=1, expire_after_days__gte=1, window_days__gte=1),
                name="promotions_loyalty_policy",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.minor_per_point} / {self.expire_after_days}"


class LoyaltyLevel(VersionedModel):
    """A level and its perks, as data: who earned `threshold` points within the window is on it."""

    key = models.SlugField(_("key"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=80)
    threshold = models.PositiveIntegerField(_("points from which it begins"), unique=True)
    # Points count so many times, in hundredths of a percent: 10,000 once.
    multiplier_bp = models.PositiveIntegerField(_("points multiplier (hundredths of a percent)"), default=10_000)
    perks_json = models.JSONField(_("perks"), default=list, blank=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("loyalty level")
        verbose_name_plural = _("loyalty levels")
        ordering = ["threshold"]
        constraints = [
            models.CheckConstraint(
                condition=Q(multiplier_bp__gte=10_000, multiplier_bp__lte=100_000), name="promotions_level_multiplier"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class LoyaltyMember(UUIDModel):
    """A customer's standing: the level, and the points that can be spent (the sum of what is left of the lots).

    The row is the lock of everything about the points; it is made with the first points.
    """

    customer = models.OneToOneField(
        "users.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("customer")
    )
    level = models.ForeignKey(
        LoyaltyLevel, on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("level")
    )
    points = models.BigIntegerField(_("points"), default=0)
    # Points that a return took back after they had been spent: what is earned next pays them first.
    owed = models.BigIntegerField(_("points owed"), default=0)
    earned_in_window = models.BigIntegerField(_("points that decide the level"), default=0)
    level_since = models.DateTimeField(_("on this level since"), null=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("loyalty member")
        verbose_name_plural = _("loyalty members")
        constraints = [
            models.CheckConstraint(condition=Q(points__gte=0, owed__gte=0), name="promotions_member_points"),
        ]
        indexes = [models.Index(fields=["level"], name="promotions_members_of_level")]

    def __str__(self) -> str:
        return f"{self.customer_id}: {self.points}"


class LevelChange(models.Model):
    """A member came to another level. Append-only; keys of levels, empty below the first."""

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(LoyaltyMember, on_delete=models.PROTECT, related_name="level_changes", db_index=False)
    from_level = models.CharField(_("from level"), max_length=40, blank=True)
    to_level = models.CharField(_("to level"), max_length=40, blank=True)
    is_upgrade = models.BooleanField(_("upgrade"))
    at = models.DateTimeField(_("at"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("change of level")
        verbose_name_plural = _("changes of level")
        indexes = [
            models.Index(fields=["member", "-id"], name="promotions_levels_of_member"),
            models.Index(fields=["at"], name="promotions_levels_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.from_level or '—'} → {self.to_level or '—'}"


class PointsLot(UUIDModel):
    """Points that were earned together and expire together; the oldest are spent first."""

    member = models.ForeignKey(LoyaltyMember, on_delete=models.PROTECT, related_name="lots")
    points = models.PositiveBigIntegerField(_("points"))
    left = models.PositiveBigIntegerField(_("left"))
    earned_at = models.DateTimeField(_("earned at"))
    expires_at = models.DateTimeField(_("expires at"))
    # What earned it: `order:<id>`; once each.
    source = models.CharField(_("source"), max_length=80)
    # The goods that an order's points were earned with, in minor units: what comes back takes its share away.
    goods_minor = models.BigIntegerField(_("earned with goods (minor units)"), default=0)
    # Of the points: taken back after a return, and expired before they were spent.
    reversed = models.PositiveBigIntegerField(_("taken back"), default=0)
    lapsed = models.PositiveBigIntegerField(_("expired"), default=0)
    # When its owner was told that it will expire.
    warned_at = models.DateTimeField(_("owner told at"), null=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("lot of points")
        verbose_name_plural = _("lots of points")
        constraints = [
            models.UniqueConstraint(fields=["source"], name="promotions_lot_per_source"),
            models.CheckConstraint(
                condition=Q(points__gte=1) & Q(points__gte=F("left") + F("reversed") + F("lapsed")),
                name="promotions_lot_left",
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("earned_at")), name="promotions_lot_period"),
        ]
        indexes = [
            models.Index(fields=["member", "expires_at"], condition=Q(left__gt=0), name="promotions_lots_to_spend"),
            models.Index(fields=["expires_at"], condition=Q(left__gt=0), name="promotions_lots_to_expire"),
        ]

    def __str__(self) -> str:
        return f"{self.left} / {self.points}"


class PointsEntry(models.Model):
    """A line of the statement. Append-only; `points` are signed, `balance_after` is what can be spent then."""

    class Kind(models.TextChoices):
        """What happened."""

        EARNED = "earned", _("earned")
        REVERSED = "reversed", _("taken back after a return")
        REDEEMED = "redeemed", _("exchanged for a reward")
        RETURNED = "returned", _("given back by a reward")
        EXPIRED = "expired", _("expired")
        ADJUSTED = "adjusted", _("corrected by staff")

    id = models.BigAutoField(primary_key=True)
    member = models.ForeignKey(
        LoyaltyMember, verbose_name=_("member"), on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    points = models.BigIntegerField(_("points"))
    balance_after = models.BigIntegerField(_("balance after"))
    # The business key: the same thing happens once.
    key = models.CharField(_("key"), max_length=120, unique=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    # Which lots it moved, and by how much: [[lot id, points]]. Their sum differs from `points` by what was owed.
    lots = models.JSONField(_("lots"), default=list)
    created_at = models.DateTimeField(_("at"))

    class Meta:
        app_label = "promotions"
        verbose_name = _("movement of points")
        verbose_name_plural = _("movements of points")
        constraints = [
            models.CheckConstraint(condition=Q(balance_after__gte=0), name="promotions_entry_balance"),
        ]
        indexes = [
            models.Index(fields=["member", "-id"], name="promotions_statement"),
            models.Index(fields=["created_at"], name="promotions_entries_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.points:+d}"


class Reward(VersionedModel):
    """What points can be exchanged for."""

    class Kind(models.TextChoices):
        """What it gives."""

        VOUCHER = "voucher", _("voucher: an amount off an order")
        WALLET_CREDIT = "wallet_credit", _("money in the wallet")
        FREE_SHIPPING = "free_shipping", _("free shipping of an order")

    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    cost = models.PositiveIntegerField(_("costs points"))
    amount_minor = models.BigIntegerField(_("amount (minor units)"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    min_ticket_minor = models.BigIntegerField(_("smallest order (minor units)"), default=0)
    valid_days = models.PositiveIntegerField(_("valid for days"), default=90)
    # From which level on; none: for everybody.
    level = models.ForeignKey(
        LoyaltyLevel, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("from level")
    )
    left_count = models.PositiveIntegerField(_("still to give; empty: without end"), null=True, blank=True)
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.CheckConstraint(condition=Q(cost__gte=1, valid_days__gte=1), name="promotions_reward_cost"),
            models.CheckConstraint(
                condition=Q(kind="free_shipping", amount_minor__isnull=True)
                | Q(kind__in=["voucher", "wallet_credit"], amount_minor__gte=1),
                name="promotions_reward_amount",
            ),
            # A voucher applies by itself where it can: never to less than it is worth.
            models.CheckConstraint(
                condition=~Q(kind="voucher") | Q(min_ticket_minor__gte=F("amount_minor")),
                name="promotions_reward_min_ticket",
            ),
            models.CheckConstraint(
                condition=Q(amount_minor__isnull=True, min_ticket_minor=0) | ~Q(currency=""),
                name="promotions_reward_currency",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def amount(self) -> Money | None:
        """What it is worth; none for free shipping."""
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)

    @property
    def min_ticket(self) -> Money | None:
        """From which sum of goods on; none: from any."""
        return Money(self.min_ticket_minor, self.currency) if self.min_ticket_minor else None


class Redemption(UUIDModel):
    """A reward that a customer took. A voucher waits for its order; money is in the wallet at once.

    issued → used (by an order) → issued again when that order is called off; issued → expired.
    """

    class State(models.TextChoices):
        """Where it stands."""

        ISSUED = "issued", _("waits for an order")
        USED = "used", _("used")
        EXPIRED = "expired", _("expired")

    member = models.ForeignKey(
        LoyaltyMember, verbose_name=_("member"), on_delete=models.PROTECT, related_name="redemptions"
    )
    reward = models.ForeignKey(Reward, on_delete=models.PROTECT, related_name="+", verbose_name=_("reward"))
    # Snapshots: what was promised stays promised.
    kind = models.CharField(_("kind"), max_length=16, choices=Reward.Kind.choices)
    name = models.CharField(_("name"), max_length=120)
    cost = models.PositiveIntegerField(_("points"))
    amount_minor = models.BigIntegerField(_("amount (minor units)"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    min_ticket_minor = models.BigIntegerField(default=0)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.ISSUED)
    order_id = models.UUIDField(_("order"), null=True)
    journal_id = models.BigIntegerField(_("journal"), null=True)
    expires_at = models.DateTimeField(_("valid until"), null=True)
    used_at = models.DateTimeField(_("used at"), null=True)

    class Meta:
        app_label = "promotions"
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="used") | Q(order_id__isnull=False) | Q(journal_id__isnull=False),
                name="promotions_redemption_used",
            ),
        ]
        indexes = [
            models.Index(
                fields=["member", "expires_at"], condition=Q(state="issued"), name="promotions_vouchers_of_member"
            ),
            models.Index(fields=["order_id"], condition=Q(order_id__isnull=False), name="promotions_vouchers_of_order"),
            models.Index(fields=["expires_at"], condition=Q(state="issued"), name="promotions_vouchers_to_expire"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def amount(self) -> Money | None:
        """What it is worth; none for free shipping."""
        return None if self.amount_minor is None else Money(self.amount_minor, self.currency)

    @property
    def min_ticket(self) -> Money | None:
        """From which sum of goods on; none: from any."""
        return Money(self.min_ticket_minor, self.currency) if self.min_ticket_minor else None


class LoyaltyDay(models.Model):
    """A platform day of the programme in figures, written anew from the rows behind it for days that may still move."""

    day = models.DateField(_("day"), primary_key=True)
    earned = models.BigIntegerField(_("points earned"), default=0)
    reversed = models.BigIntegerField(_("points taken back"), default=0)
    redeemed = models.BigIntegerField(_("points exchanged"), default=0)
    returned = models.BigIntegerField(_("points given back"), default=0)
    expired = models.BigIntegerField(_("points expired"), default=0)
    adjusted = models.BigIntegerField(_("points corrected"), default=0)
    upgrades = models.PositiveIntegerField(_("upgrades"), default=0)
    downgrades = models.PositiveIntegerField(_("downgrades"), default=0)
    # As they were when the day was last written: members by the key of their level, and all points that can be spent.
    members_by_level = models.JSONField(_("members by level"), default=dict)
    outstanding = models.BigIntegerField(_("points outstanding"), default=0)

    class Meta:
        app_label = "promotions"
        verbose_name = _("loyalty day")
        verbose_name_plural = _("loyalty days")

    def __str__(self) -> str:
        return str(self.day)

"""Who lets what be bought by itself, when, what came of each try, and what staff buy in other shops for it."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money


class Plan(VersionedModel):
    """A person's automatic purchases as a whole: the switch, the approval window, where goods go.

    Its row is what an engine locks first: two engines at once take one customer one after the other. The weekly limit
    is the wallet's (`funds/settings/`).
    """

    customer = models.OneToOneField(
        "users.User", verbose_name=_("customer"), on_delete=models.PROTECT, related_name="+"
    )
    is_enabled = models.BooleanField(_("buys by itself"), default=True)
    # Hours to answer before a purchase; none buys without asking. A price jump asks in any case.
    ask_hours = models.PositiveSmallIntegerField(_("ask me first (hours to answer)"), null=True, blank=True)
    address_id = models.UUIDField(_("delivery address"), null=True, blank=True)
    # When the engine looks next: a schedule's moment, or now because money or a price has moved. None: nothing to do.
    due_at = models.DateTimeField(_("due at"), null=True, editable=False)
    # What made it due: one of a run's causes.
    cause = models.CharField(max_length=10, default="schedule", editable=False)
    ran_at = models.DateTimeField(_("looked at"), null=True, editable=False)
    # Gift and outcome of the last `AutoPurchaseShort`, until it is no longer so: it is said once.
    told_short = models.CharField(_("told that money is missing"), max_length=80, blank=True, editable=False)

    class Meta:
        app_label = "purchases"
        verbose_name = _("automatic purchase plan")
        verbose_name_plural = _("automatic purchase plans")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["due_at", "id"], condition=Q(due_at__isnull=False, is_enabled=True), name="purchases_plan_due"
            )
        ]

    def __str__(self) -> str:
        return str(self.customer_id)


class Schedule(UUIDModel):
    """When something of a list, or one gift, is to be bought. Every one of a plan is looked at when the plan is due."""

    class Kind(models.TextChoices):
        """What has to come true."""

        ON_DATE = "on_date", _("on a day")
        INTERVAL = "interval", _("every so many days")
        TARGET_PRICE = "target_price", _("at a target price")
        BALANCE = "balance", _("whenever the balance allows")

    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="schedules")
    gift_list = models.ForeignKey(
        "links.GiftList", verbose_name=_("gift list"), on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    gift = models.ForeignKey("links.Gift", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    kind = models.CharField(_("rule"), max_length=12, choices=Kind.choices)
    # ON_DATE: the day; INTERVAL: the first one. In the platform's time zone.
    starts_on = models.DateField(_("day"), null=True, blank=True)
    every_days = models.PositiveSmallIntegerField(_("every (days)"), null=True, blank=True)
    # TARGET_PRICE: at or under it.
    target_minor = models.BigIntegerField(_("target price (minor units)"), null=True, blank=True)
    # BALANCE: what stays in the wallet.
    keep_minor = models.BigIntegerField(_("stays in the wallet (minor units)"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    # Of ON_DATE and INTERVAL: the next moment it is due; none once an ON_DATE has bought.
    next_at = models.DateTimeField(_("next"), null=True, editable=False)

    class Meta:
        app_label = "purchases"
        verbose_name = _("schedule")
        verbose_name_plural = _("schedules")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(gift_list__isnull=True, gift__isnull=False) | Q(gift_list__isnull=False, gift__isnull=True),
                name="purchases_schedule_of_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(kind="on_date", starts_on__isnull=False)
                | Q(kind="interval", starts_on__isnull=False, every_days__gt=0)
                | Q(kind="target_price", target_minor__gt=0)
                | Q(kind="balance"),
                name="purchases_schedule_has_its_rule",
            ),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["gift_list"], condition=Q(is_enabled=True), name="purchases_schedule_of_list"),
            models.Index(fields=["gift"], condition=Q(is_enabled=True), name="purchases_schedule_of_gift"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class AutoPurchase(UUIDModel):
    """One try to buy one gift, from the question (if it asks first) to its end. A gift has one live try at a time."""

    class State(models.TextChoices):
        """Where it stands."""

        ASKED = "asked", _("waiting for approval")
        DECLINED = "declined", _("declined")
        LAPSED = "lapsed", _("not answered in time")
        ORDERED = "ordered", _("ordered")
        QUEUED = "queued", _("being bought by staff")
        BOUGHT = "bought", _("bought")
        RELEASED = "released", _("not bought, money released")

    # QUEUED and ORDERED hold the gift; BOUGHT keeps it for ever.
    LIVE: ClassVar[tuple[str, ...]] = ("asked", "ordered", "queued", "bought")

    customer = models.ForeignKey("users.User", verbose_name=_("customer"), on_delete=models.PROTECT, related_name="+")
    gift = models.ForeignKey("links.Gift", on_delete=models.PROTECT, related_name="+")
    # None: the customer bought it by hand (`POST purchases/`).
    schedule = models.ForeignKey(Schedule, on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=8, choices=State.choices)
    # Why it asked, was declined or released: a code.
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    title = models.CharField(_("what"), max_length=300)
    # The price it rests on; what was set aside, margin and shipping included; what it cost in the end.
    price_minor = models.BigIntegerField(_("price (minor units)"))
    held_minor = models.BigIntegerField(_("set aside (minor units)"), default=0)
    cost_minor = models.BigIntegerField(_("cost in the end (minor units)"), null=True)
    # What of it came from the gift's and its list's pot: what is not needed goes back there first.
    from_pots_minor = models.BigIntegerField(_("of that from pots (minor units)"), default=0)
    currency = models.CharField(_("currency"), max_length=3)
    answer_by = models.DateTimeField(_("to be answered by"), null=True)
    hold_id = models.UUIDField(null=True, editable=False)
    order = models.ForeignKey(
        "purchases.Order", verbose_name=_("order"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)

    class Meta:
        app_label = "purchases"
        verbose_name = _("automatic purchase")
        verbose_name_plural = _("automatic purchases")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["gift"],
                condition=Q(state__in=["asked", "ordered", "queued", "bought"]),
                name="purchases_autopurchase_one_a_gift",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-created_at"], name="purchases_auto_of_customer"),
            models.Index(fields=["answer_by"], condition=Q(state="asked"), name="purchases_auto_asked"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def price(self) -> Money:
        """What it rests on."""
        return Money(self.price_minor, self.currency)

    @property
    def held(self) -> Money:
        """What was set aside."""
        return Money(self.held_minor, self.currency)

    @property
    def cost(self) -> Money | None:
        """What it cost in the end; None before that."""
        return None if self.cost_minor is None else Money(self.cost_minor, self.currency)

    @property
    def from_pots(self) -> Money:
        """What of it came from pots."""
        return Money(self.from_pots_minor, self.currency)


class Run(models.Model):
    """One look of the engine at one plan: every gift that was considered, and why it was or was not bought.

    `considered` is a list of {gift, title, outcome, …}, the codes and parameters of `autobuy.outcomes`, in the order in
    which the engine would buy.
    """

    id = models.BigAutoField(primary_key=True)
    plan = models.ForeignKey(Plan, on_delete=models.CASCADE, related_name="runs")
    # `schedule`, `funds`, `price`, `approval`, `hand`.
    cause = models.CharField(_("cause"), max_length=10)
    at = models.DateTimeField(_("at"))
    considered = models.JSONField(_("considered"), default=list)
    bought = models.PositiveSmallIntegerField(_("bought"), default=0)

    class Meta:
        app_label = "purchases"
        verbose_name = _("run of the engine")
        verbose_name_plural = _("runs of the engine")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["plan", "-id"], name="purchases_run_of_plan"),
            models.Index(fields=["at"], name="purchases_run_age"),
        ]

    def __str__(self) -> str:
        return f"{self.plan_id} {self.at:%Y-%m-%d %H:%M}"


class PurchaseTicket(VersionedModel):
    """Something of another shop that staff buy for a customer, whose money is on hold for it.

    OPEN → CLAIMED by one of the staff → BOUGHT (the real cost captured, the difference free again) or GIVEN_UP (all of
    it free again, with a reason the customer reads). A claimed one may be put back.
    """

    class State(models.TextChoices):
        """Where it stands."""

        OPEN = "open", _("open")
        CLAIMED = "claimed", _("being bought")
        BOUGHT = "bought", _("bought")
        GIVEN_UP = "given_up", _("given up")

    purchase = models.OneToOneField(AutoPurchase, on_delete=models.PROTECT, related_name="ticket")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.OPEN)
    url = models.TextField(_("address"))
    # The snapshot the price was read from: the evidence.
    snapshot_id = models.UUIDField(null=True, editable=False)
    ship_to = models.JSONField(_("delivery address"), default=dict)
    claimed_by = models.ForeignKey(
        "users.User", verbose_name=_("claimed by"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Colours of the queue are told from these two (`AUTOBUY_TICKET_HOURS`).
    opened_at = models.DateTimeField(_("opened at"))
    due_at = models.DateTimeField(_("to be bought by"))
    # The money is on hold until then; afterwards nothing can be bought with it.
    held_until = models.DateTimeField(_("money held until"), null=True, editable=False)
    real_cost_minor = models.BigIntegerField(_("real cost (minor units)"), null=True, blank=True)
    shop_reference = models.CharField(_("order number in the shop"), max_length=80, blank=True)
    tracking = models.CharField(_("tracking"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=280, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, editable=False)

    class Meta:
        app_label = "purchases"
        verbose_name = _("purchase in another shop")
        verbose_name_plural = _("purchases in other shops")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=~Q(state="bought") | Q(real_cost_minor__gt=0), name="purchases_ticket_bought_at_a_cost"
            ),
            models.CheckConstraint(
                condition=Q(state="open", claimed_by__isnull=True) | ~Q(state="open"), name="purchases_ticket_claimed"
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("opened_at")), name="purchases_ticket_has_time"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(state__in=["open", "claimed"]), name="purchases_ticket_due")
        ]

    def __str__(self) -> str:
        return self.purchase.title or self.url

"""Lists of gifts, the gifts, who else may edit a list, and who has promised to give what."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from links.priority import Priority
from marketplace.core.base import UUIDModel, VersionedModel
from marketplace.core.money import Money


class GiftList(VersionedModel):
    """What one person wishes for, in one currency. A person has as many as they like.

    `on_close` and `overfunding` are promises to whoever contributes: they cannot change once money is in a pot.
    """

    class Visibility(models.TextChoices):
        """Who may see it besides its owner and editors."""

        PRIVATE = "private", _("only me and editors")
        SHARED = "shared", _("whoever has the link")
        PUBLIC = "public", _("everybody")

    class State(models.TextChoices):
        """Whether it still takes anything."""

        OPEN = "open", _("open")
        CLOSED = "closed", _("closed")

    class OnClose(models.TextChoices):
        """Where the money that is left goes when the list is closed."""

        REFUND = "refund", _("back to who gave it")
        TO_WALLET = "to_wallet", _("into my wallet")

    class Overfunding(models.TextChoices):
        """What happens to more than a gift costs."""

        REFUSE = "refuse", _("no more than it costs")
        TO_LIST = "to_list", _("the rest goes to the list's pot")

    owner = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("owner"))
    name = models.CharField(_("name"), max_length=120)
    occasion_on = models.DateField(_("day of the occasion"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    visibility = models.CharField(_("visibility"), max_length=7, choices=Visibility.choices, default=Visibility.PRIVATE)
    # Opens the list to whoever has it, unless it is private; a new one shuts the old one out.
    share_token = models.CharField(max_length=43, unique=True, editable=False)
    state = models.CharField(_("state"), max_length=6, choices=State.choices, default=State.OPEN)
    on_close = models.CharField(
        _("money left at the end"), max_length=9, choices=OnClose.choices, default=OnClose.REFUND
    )
    overfunding = models.CharField(
        _("more than a gift costs"), max_length=7, choices=Overfunding.choices, default=Overfunding.REFUSE
    )
    # Whether claims stay hidden from the owner until a gift is received.
    keeps_surprise = models.BooleanField(_("claims are a surprise"), default=True)
    # The list's switch for automatic purchases; schedules say when.
    buys_itself = models.BooleanField(_("buys itself"), default=True)
    closed_at = models.DateTimeField(_("closed at"), null=True)

    class Meta:
        app_label = "links"
        verbose_name = _("gift list")
        verbose_name_plural = _("gift lists")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", "-created_at"], name="links_list_of_owner")
        ]

    def __str__(self) -> str:
        return self.name


class GiftListEditor(models.Model):
    """Somebody who may edit another's list: its gifts and their order, not its money nor its end.

    The owner names an address and sees that address, whether anybody has an account there or not. `user` is who had it
    then; without one, whoever proves the address.
    """

    id = models.BigAutoField(primary_key=True)
    gift_list = models.ForeignKey(GiftList, on_delete=models.CASCADE, related_name="editors")
    email = models.EmailField(_("e-mail address"))
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+", editable=False)
    added_at = models.DateTimeField(_("added at"), auto_now_add=True)

    class Meta:
        app_label = "links"
        verbose_name = _("editor of a list")
        verbose_name_plural = _("editors of lists")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["gift_list", "email"], name="links_editor_once")
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["email"], condition=Q(user__isnull=True), name="links_editor_to_come")
        ]

    def __str__(self) -> str:
        return f"{self.gift_list_id} {self.pk}"


class Gift(VersionedModel):
    """One wish on a list: a link into any shop, or a variant of the catalogue.

    WANTED → ORDERED (a purchase is under way or done) → RECEIVED, the archive; a purchase that came to nothing makes
    it WANTED again. REMOVED stays for its money's history.
    """

    class State(models.TextChoices):
        """Where the wish stands, as far as its owner is told."""

        WANTED = "wanted", _("wanted")
        ORDERED = "ordered", _("ordered")
        RECEIVED = "received", _("received")
        REMOVED = "removed", _("removed")

    gift_list = models.ForeignKey(GiftList, on_delete=models.PROTECT, related_name="gifts", verbose_name=_("list"))
    link = models.ForeignKey(
        "links.ProductLink", verbose_name=_("link"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    variant = models.ForeignKey(
        "stores.Variant", verbose_name=_("variant"), on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    added_by = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+", editable=False)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.MEDIUM)
    position = models.PositiveIntegerField(_("place in the list"), default=0)
    note = models.CharField(_("note"), max_length=500, blank=True)
    # The person's switch for this one; off, nothing buys it.
    is_enabled = models.BooleanField(_("may be bought automatically"), default=True)
    # What it cost, in its own currency, when the person last saw it: added it, edited it, approved a purchase. None
    # until a price is known.
    seen_price_minor = models.BigIntegerField(_("price when last seen (minor units)"), null=True, editable=False)
    seen_currency = models.CharField(max_length=3, blank=True, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WANTED)
    received_at = models.DateTimeField(_("received at"), null=True)

    class Meta:
        app_label = "links"
        verbose_name = _("gift")
        verbose_name_plural = _("gifts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(link__isnull=True, variant__isnull=False) | Q(link__isnull=False, variant__isnull=True),
                name="links_gift_is_one_thing",
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["gift_list", "position"], name="links_gift_in_list"),
            models.Index(fields=["link"], condition=Q(state="wanted"), name="links_gift_wanted_link"),
            models.Index(fields=["variant"], condition=Q(state="wanted"), name="links_gift_wanted_variant"),
        ]

    def __str__(self) -> str:
        return f"{self.gift_list_id} {self.pk}"

    @property
    def seen_price(self) -> Money | None:
        """What it cost when the person last saw it."""
        return None if self.seen_price_minor is None else Money(self.seen_price_minor, self.seen_currency)


class GiftClaim(UUIDModel):
    """Somebody's promise to give this: a person of ours, or a guest with a name, who can take it back by a token.

    The owner never sees it while the list keeps its surprise; a claimed gift is not bought automatically.
    """

    gift = models.ForeignKey(Gift, verbose_name=_("gift"), on_delete=models.PROTECT, related_name="claims")
    claimer = models.ForeignKey(
        "users.User", verbose_name=_("claimer"), on_delete=models.PROTECT, null=True, related_name="+"
    )
    guest_name = models.CharField(_("guest's name"), max_length=80, blank=True)
    # SHA-256 of the token the claim was answered with.
    token_hash = models.CharField(max_length=64, blank=True, editable=False)
    released_at = models.DateTimeField(_("taken back at"), null=True)

    class Meta:
        app_label = "links"
        verbose_name = _("claim of a gift")
        verbose_name_plural = _("claims of gifts")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["gift"], condition=Q(released_at__isnull=True), name="links_claim_one_a_gift"
            ),
            models.CheckConstraint(
                condition=Q(claimer__isnull=False, guest_name="") | Q(claimer__isnull=True) & ~Q(guest_name=""),
                name="links_claim_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.gift_id} {self.created_at:%Y-%m-%d}"

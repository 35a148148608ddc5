"""A page in somebody's shop, read once for everybody; the links of customers to it; what it used to say."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from links.priority import Priority
from marketplace.core.base import UUIDModel
from marketplace.core.ids import uuid7
from marketplace.core.money import Money


class Page(UUIDModel):
    """A product's page by its canonical address. Whoever pastes the same address shares the page and its one fetch.

    The price is only what structured data said with an explicit currency, or it is informative: `may_be_bought` is the
    one place that says whether a purchase may rest on it.
    """

    class State(models.TextChoices):
        """How far reading it has come."""

        WAITING = "waiting", _("to be read")
        READ = "read", _("read")
        UNPRICED = "unpriced", _("read, without a price")
        FAILED = "failed", _("could not be read")
        REFUSED = "refused", _("not allowed to be read")

    class Availability(models.TextChoices):
        """What the shop says."""

        IN_STOCK = "in_stock", _("in stock")
        OUT_OF_STOCK = "out_of_stock", _("out of stock")
        PREORDER = "preorder", _("for pre-order")
        UNKNOWN = "unknown", _("unknown")

    class Method(models.TextChoices):
        """Where the price was read, in the order of trust."""

        JSON_LD = "json_ld", _("structured data (JSON-LD)")
        MICRODATA = "microdata", _("structured data (microdata)")
        OPENGRAPH = "opengraph", _("OpenGraph")
        TEXT = "text", _("text of the page")
        NONE = "none", _("nowhere")

    canonical_url = models.TextField(_("address"))
    # SHA-256 of the canonical address: addresses are longer than an index takes.
    address_hash = models.CharField(max_length=64, unique=True, editable=False)
    host = models.CharField(_("host"), max_length=253, db_index=True)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.WAITING)
    # Why it is unpriced, failed or refused: a code of `product_links.reasons`.
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    title = models.CharField(_("title"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True)
    brand = models.CharField(_("brand"), max_length=120, blank=True)
    variant = models.CharField(_("variant"), max_length=120, blank=True)
    images = models.JSONField(_("images"), default=list)
    price_minor = models.BigIntegerField(_("price (minor units)"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    availability = models.CharField(
        _("availability"), max_length=12, choices=Availability.choices, default=Availability.UNKNOWN
    )
    method = models.CharField(_("read from"), max_length=9, choices=Method.choices, default=Method.NONE)
    # 0 to 100.
    confidence = models.PositiveSmallIntegerField(_("confidence"), default=0)
    may_be_bought = models.BooleanField(_("may be bought automatically"), default=False)
    read_at = models.DateTimeField(_("read at"), null=True)
    # When to read it next; none while nobody wants it or it is refused.
    due_at = models.DateTimeField(_("to be read at"), null=True)
    attempts = models.PositiveSmallIntegerField(_("failed attempts in a row"), default=0)
    # Whoever reads it has it alone until then, by the database's clock.
    leased_until = models.DateTimeField(null=True, editable=False)
    # The page names another address as its canonical one: links follow there.
    successor = models.ForeignKey(
        "self", verbose_name=_("successor"), on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )

    class Meta:
        app_label = "links"
        verbose_name = _("product page")
        verbose_name_plural = _("product pages")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="links_page_due"),
            models.Index(
                fields=["leased_until"], condition=Q(leased_until__isnull=False), name="links_page_handed_out"
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(price_minor__isnull=True) | Q(price_minor__gt=0) & ~Q(currency=""),
                name="links_page_price_has_currency",
            ),
            models.CheckConstraint(
                condition=Q(may_be_bought=False)
                | Q(price_minor__isnull=False, state="read", method__in=["json_ld", "microdata"]),
                name="links_page_only_structured_is_bought",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.canonical_url

    @property
    def price(self) -> Money | None:
        """What the shop asks, as far as it is known."""
        return None if self.price_minor is None else Money(self.price_minor, self.currency)


class ProductLink(UUIDModel):
    """A customer's link to a page, as it was pasted. `priority` is what gifts made from it begin with."""

    customer = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("customer"))
    page = models.ForeignKey(Page, on_delete=models.PROTECT, related_name="links", verbose_name=_("page"))
    url = models.TextField(_("as it was pasted"))
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.MEDIUM)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    archived_at = models.DateTimeField(_("archived at"), null=True)

    class Meta:
        app_label = "links"
        verbose_name = _("product link")
        verbose_name_plural = _("product links")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["customer", "page"], condition=Q(archived_at__isnull=True), name="links_link_once"
            )
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["customer", "-created_at"], name="links_link_of_customer")
        ]

    def __str__(self) -> str:
        return self.url


class HostPace(models.Model):
    """How one host wants to be read: not before `next_at` (one request a second at most), by its robots.txt."""

    host = models.CharField(_("host"), max_length=253, primary_key=True)
    next_at = models.DateTimeField(_("next request at"))
    robots = models.TextField(_("robots.txt"), blank=True)
    robots_read_at = models.DateTimeField(_("robots.txt read at"), null=True)

    class Meta:
        app_label = "links"
        verbose_name = _("host")
        verbose_name_plural = _("hosts")

    def __str__(self) -> str:
        return self.host


class PageSnapshot(models.Model):
    """Document: a page as it was fetched, with everything that was found in it: the evidence of a price."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    page_id = models.UUIDField()
    fetched_at = models.DateTimeField()
    final_url = models.TextField()
    content_type = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True)
    found = models.JSONField(default=dict)

    class Meta:
        app_label = "links"
        verbose_name = _("page as it was fetched")
        verbose_name_plural = _("pages as they were fetched")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["page_id", "-fetched_at"], name="links_snapshot_of_page"),
            models.Index(fields=["fetched_at"], name="links_snapshot_age"),
        ]

    def __str__(self) -> str:
        return f"{self.page_id} {self.fetched_at:%Y-%m-%d %H:%M}"


class PricePoint(models.Model):
    """Document: what a page said its price and availability were, from that moment on. Written when it changes."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    page_id = models.UUIDField()
    at = models.DateTimeField()
    price_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    availability = models.CharField(max_length=12)
    method = models.CharField(max_length=9)
    confidence = models.PositiveSmallIntegerField()
    reason = models.CharField(max_length=40, blank=True)
    snapshot_id = models.UUIDField(null=True)

    class Meta:
        app_label = "links"
        verbose_name = _("price of a page")
        verbose_name_plural = _("prices of pages")
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["page_id", "-at"], name="links_price_of_page"),
            models.Index(fields=["at"], name="links_price_age"),
        ]

    def __str__(self) -> str:
        return f"{self.page_id} {self.price_minor} {self.currency}"

"""Catalogue: category tree, brands, products and their variants."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import VersionedModel
from marketplace.core.money import Money
from stores.merchants.models import Store


class Category(VersionedModel):
    """A node of the tree. A child is in its parent's department, which never changes.

    `path` holds the ids from the root, each as hex and a slash, so a subtree is one prefix.
    """

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=140, unique=True)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("parent")
    )
    department = models.ForeignKey(
        "users.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("department")
    )
    path = models.CharField(max_length=660, unique=True, editable=False)
    tax_bp = models.PositiveIntegerField(_("tax included (hundredths of a percent)"), default=0)

    MAX_DEPTH = 20
    STEP = 33  # characters of `path` per level

    class Meta:
        app_label = "stores"
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(tax_bp__lte=10_000),
                name="stores_tax_at_most_all",
                violation_error_message=_("A tax has at most 10,000 basis points."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Brand(VersionedModel):
    """Who makes it."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(_("slug"), max_length=140, unique=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(VersionedModel):
    """What a store offers, in one category. It is sold as variants."""

    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="products", verbose_name=_("store"))
    category = models.ForeignKey(
        Category, on_delete=models.PROTECT, related_name="products", verbose_name=_("category")
    )
    brand = models.ForeignKey(
        Brand, on_delete=models.PROTECT, null=True, blank=True, related_name="products", verbose_name=_("brand")
    )
    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=220)
    description = models.TextField(_("description"), blank=True)
    is_published = models.BooleanField(_("published"), default=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "stores"
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [models.UniqueConstraint(fields=["store", "slug"], name="stores_product_slug_per_store")]
        indexes = [models.Index(fields=["category", "is_published"], name="stores_product_shelf")]

    def __str__(self) -> str:
        return self.name


class Variant(VersionedModel):
    """What is really bought: a SKU with a price, tax included, in minor units of the store's currency."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants", verbose_name=_("product"))
    # Copied from the product, which never moves: SKUs are unique inside a store.
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", editable=False)
    sku = models.CharField(_("SKU"), max_length=64)
    options = models.JSONField(_("options"), default=dict, blank=True)
    price_minor = models.BigIntegerField(_("price (minor units)"))
    cost_minor = models.BigIntegerField(_("cost (minor units)"), null=True, blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    is_active = models.BooleanField(_("active"), default=True)
    archived_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        app_label = "stores"
        verbose_name = _("variant")
        verbose_name_plural = _("variants")
        constraints = [
            models.UniqueConstraint(fields=["store", "sku"], name="stores_sku_per_store"),
            models.CheckConstraint(
                condition=Q(price_minor__gt=0),
                name="stores_price_positive",
                violation_error_message=_("The price must be more than zero."),
            ),
            models.CheckConstraint(
                condition=Q(cost_minor__isnull=True) | Q(cost_minor__gte=0),
                name="stores_cost_not_negative",
                violation_error_message=_("The cost must not be negative."),
            ),
        ]

    def __str__(self) -> str:
        return self.sku

    @property
    def price(self) -> Money:
        """The base price."""
        return Money(self.price_minor, self.currency)

    @property
    def cost(self) -> Money | None:
        """What it costs the store, if known."""
        return None if self.cost_minor is None else Money(self.cost_minor, self.currency)

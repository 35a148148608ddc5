"""Catalogue: category tree, brands, products with their pictures, variants with what they cost and did cost."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel, VersionedModel
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
        indexes = [
            models.Index(fields=["category", "is_published"], name="stores_product_shelf"),
            models.Index(fields=["name", "id"], name="stores_product_name"),
        ]

    def __str__(self) -> str:
        return self.name


class Variant(VersionedModel):
    """What is really bought: a SKU with a price, tax included, in minor units of the store's currency."""

    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="variants", verbose_name=_("product"))
    # Copied from the product, which never moves: SKUs are unique inside a store.
    store = models.ForeignKey(
        Store, verbose_name=_("store"), on_delete=models.PROTECT, related_name="+", editable=False
    )
    sku = models.CharField(_("SKU"), max_length=64)
    # A GTIN (8, 12, 13 or 14 digits) whose check digit is right, or nothing.
    barcode = models.CharField(_("barcode"), max_length=14, blank=True)
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
            models.UniqueConstraint(
                fields=["store", "barcode"],
                condition=~Q(barcode="") & Q(archived_at__isnull=True),
                name="stores_barcode_per_store",
                violation_error_message=_("Another variant of the store has this barcode."),
            ),
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


class ProductImage(UUIDModel):
    """A picture of a product, made anew from the upload: no metadata, no more pixels than a page shows.

    Files are named by their content; `position` orders them, the first is the product's face.
    """

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images", verbose_name=_("product"))
    file = models.ImageField(_("picture"), upload_to="products/", width_field="width", height_field="height")
    thumbnail = models.ImageField(upload_to="products/thumbnails/", editable=False)
    alternative_text = models.CharField(_("alternative text"), max_length=200, blank=True)
    position = models.PositiveIntegerField(_("position"), default=0)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    digest = models.CharField(max_length=64, editable=False)  # SHA-256 of the upload: the same picture is there once

    class Meta:
        app_label = "stores"
        verbose_name = _("picture")
        verbose_name_plural = _("pictures")
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["product", "digest"], name="stores_image_once")]

    def __str__(self) -> str:
        return self.alternative_text or self.digest[:12]


class PriceChange(models.Model):
    """What a variant cost from a moment on. Append-only; the newest row is what the variant has."""

    id = models.BigAutoField(primary_key=True)
    variant = models.ForeignKey(Variant, on_delete=models.PROTECT, related_name="price_changes")
    price_minor = models.BigIntegerField(_("price (minor units)"))
    cost_minor = models.BigIntegerField(_("cost (minor units)"), null=True)
    currency = models.CharField(_("currency"), max_length=3)
    cause = models.CharField(_("cause"), max_length=80)  # `edit`, `bulk:<id>`, `import:<id>`, `erp`, `order:<number>`
    actor_id = models.UUIDField(_("by whom"), null=True)
    created_at = models.DateTimeField(_("at"), auto_now_add=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("price change")
        verbose_name_plural = _("price changes")
        indexes = [models.Index(fields=["variant", "-id"], name="stores_price_history")]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.price_minor} {self.currency}"

    @property
    def price(self) -> Money:
        """The price from then on."""
        return Money(self.price_minor, self.currency)

    @property
    def cost(self) -> Money | None:
        """The cost from then on, if it was known."""
        return None if self.cost_minor is None else Money(self.cost_minor, self.currency)


class PublicPrice(models.Model):
    """A lower price that listings show, pushed down by whoever promotes (`facade.publish_prices`).

    `is_conditional`: not everybody gets it (a flash promotion is for customers nearby); what a person pays is
    decided at checkout. Deadlines are read from the clock, nothing has to run when they pass.
    """

    id = models.BigAutoField(primary_key=True)
    variant = models.ForeignKey(Variant, on_delete=models.CASCADE, related_name="public_prices")
    source = models.CharField(max_length=80)  # `flash:<id>`, `discount:<id>`
    price_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    is_conditional = models.BooleanField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("promoted price")
        verbose_name_plural = _("promoted prices")
        constraints = [
            models.UniqueConstraint(fields=["variant", "source"], name="stores_public_price_once"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="stores_public_price_not_negative"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")), name="stores_public_price_window"
            ),
        ]
        indexes = [models.Index(fields=["source"], name="stores_public_price_source")]

    def __str__(self) -> str:
        return f"{self.variant_id}: {self.price_minor} {self.currency} ({self.source})"


class Listing(models.Model):
    """What lists show of a product and narrow it by: derived, one row per product, written by `listings.refresh`.

    Stock is not in it: a sale must not write here. Promoted prices carry their moments and are compared with the
    clock on reading. On PostgreSQL the table has one more column, `vector`, which only `searching.postgres` knows.
    """

    id = models.BigAutoField(primary_key=True)
    product = models.OneToOneField(Product, on_delete=models.CASCADE, related_name="listing")
    store_id = models.UUIDField()
    category_id = models.UUIDField()
    brand_id = models.UUIDField(null=True)
    is_offered = models.BooleanField()  # published and not archived; whether its store is closed is asked on reading
    # Of the active variants; null without any.
    price_from_minor = models.BigIntegerField(null=True)
    price_to_minor = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3, blank=True)
    images = models.JSONField(default=list)
    promotions = models.JSONField(default=list)

    class Meta:
        app_label = "stores"
        verbose_name = _("listing")
        verbose_name_plural = _("listings")
        indexes = [
            # What lists by price walk (`public_list`), in a tree and in all; both again for what has several prices.
            models.Index(
                fields=["category_id", "price_from_minor", "product"],
                condition=Q(is_offered=True),
                name="stores_listing_shelf",
            ),
            models.Index(
                fields=["category_id", "price_from_minor", "product", "price_to_minor"],
                condition=Q(is_offered=True, price_from_minor__lt=F("price_to_minor")),
                name="stores_listing_shelf_reach",
            ),
            models.Index(fields=["store_id"], name="stores_listing_store"),
            models.Index(fields=["brand_id"], name="stores_listing_brand"),
            models.Index(fields=["price_from_minor", "product"], name="stores_listing_price"),
            models.Index(
                fields=["price_from_minor", "product", "price_to_minor"],
                condition=Q(is_offered=True, price_from_minor__lt=F("price_to_minor")),
                name="stores_listing_reach",
            ),
        ]

    def __str__(self) -> str:
        return str(self.product_id)


class SearchWord(models.Model):
    """A word of the catalogue, without accents or capitals: what a misspelt word may have meant (PostgreSQL)."""

    word = models.CharField(max_length=64, primary_key=True)

    class Meta:
        app_label = "stores"
        verbose_name = _("word of the catalogue")
        verbose_name_plural = _("words of the catalogue")

    def __str__(self) -> str:
        return self.word

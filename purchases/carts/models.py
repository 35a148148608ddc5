"""Carts and their lines. A cart keeps what was chosen; what it costs is computed each time it is looked at."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.core.base import UUIDModel
from marketplace.core.money import Money


class Cart(UUIDModel):
    """What one customer means to buy, in one currency; or a stranger, who shows the cart's signed token.

    A customer has one cart. A stranger's is dropped when nobody has touched it for `CART_DAYS`.
    """

    customer = models.OneToOneField(
        "users.User", on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("customer")
    )
    # Of its lines; empty while it has none.
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    # Coupon codes as they were entered, in that order.
    coupons = models.JSONField(_("coupons"), default=list)
    touched_at = models.DateTimeField(_("last changed"))

    class Meta:
        app_label = "purchases"
        verbose_name = _("cart")
        verbose_name_plural = _("carts")
        indexes = [
            models.Index(fields=["touched_at"], condition=Q(customer__isnull=True), name="purchases_cart_abandoned")
        ]

    def __str__(self) -> str:
        return str(self.pk)


class CartLine(UUIDModel):
    """A variant in a cart. A line with a reservation is a unit of a flash promotion, only for who reserved it."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines", verbose_name=_("cart"))
    variant = models.ForeignKey("stores.Variant", on_delete=models.PROTECT, related_name="+", verbose_name=_("variant"))
    reservation = models.OneToOneField(
        "promotions.Reservation", on_delete=models.CASCADE, null=True, related_name="+", verbose_name=_("reservation")
    )
    quantity = models.PositiveIntegerField(_("quantity"))
    # What a unit cost when the customer last chose: a price that moved since is pointed out.
    seen_price_minor = models.BigIntegerField(_("price when it was chosen (minor units)"))

    MOST = 999

    class Meta:
        app_label = "purchases"
        verbose_name = _("cart line")
        verbose_name_plural = _("cart lines")
        constraints = [
            models.UniqueConstraint(
                fields=["cart", "variant"], condition=Q(reservation__isnull=True), name="purchases_cart_variant_once"
            ),
            models.CheckConstraint(condition=Q(quantity__gte=1, quantity__lte=999), name="purchases_cart_quantity"),
            models.CheckConstraint(
                condition=Q(reservation__isnull=True) | Q(quantity=1), name="purchases_cart_one_reserved_unit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.variant_id}"

    def seen_price(self, currency: str) -> Money:
        """What a unit cost when the customer last chose."""
        return Money(self.seen_price_minor, currency)

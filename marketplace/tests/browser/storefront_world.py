"""What the two customers of the storefront's journey find: one unit near both of them, and money in their wallets."""

from funds.payments.services import fund_wallets
from marketplace.core.ids import uuid7
from marketplace.core.money import Money
from promotions.flash.models import FlashPromo
from promotions.flash.tests.factories import make_customer, make_promo, make_variant

CUSTOMERS = ("ana@example.com", "beto@example.com")
PRODUCT = "Café de Chiapas 500 g"


def build() -> FlashPromo:
    """Customers who read English, and a promotion of a single unit."""
    for email in CUSTOMERS:
        customer = make_customer(email=email, profile={"language": "en"})
        fund_wallets(rows=[(customer.pk, Money(50_000, "MXN"), uuid7().hex)])
    return make_promo(make_variant(product__name=PRODUCT))

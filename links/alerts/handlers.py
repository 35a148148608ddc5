"""What alerts listen to: pages of other shops, the catalogue's prices, and their owners."""

from django.utils import timezone

from links.events import PageRead, PriceAlertSet
from marketplace.core.outbox.handlers import handles
from stores.events import ProductsRepriced

from .models import PriceAlert
from .selectors import alerts_on_page, alerts_on_products
from .services import settle_alerts

# None is atomic: each alert commits on its own. The price is read anew: facts come in any order.


@handles(PageRead, atomic=False)
def judge_alerts_on_page_read(event: PageRead) -> None:
    """Everybody's alerts on the page."""
    settle_alerts(alerts=alerts_on_page(event.page_id), at=timezone.now())


@handles(ProductsRepriced, atomic=False)
def judge_alerts_on_products_repriced(event: ProductsRepriced) -> None:
    """Those on variants of the products."""
    settle_alerts(alerts=alerts_on_products(event.product_ids), at=timezone.now())


@handles(PriceAlertSet, atomic=False)
def judge_alert_on_price_alert_set(event: PriceAlertSet) -> None:
    """A line that is crossed when it is drawn."""
    settle_alerts(alerts=PriceAlert.objects.filter(pk=event.alert_id, is_enabled=True), at=timezone.now())

"""Models of the context, re-exported: Django looks for them here."""

from .alerts.models import PriceAlert
from .gift_lists.models import Gift, GiftClaim, GiftList, GiftListEditor
from .pots.models import Contribution, PotUse
from .product_links.models import HostPace, Page, PageSnapshot, PricePoint, ProductLink

__all__ = [
    "Contribution",
    "Gift",
    "GiftClaim",
    "GiftList",
    "GiftListEditor",
    "HostPace",
    "Page",
    "PageSnapshot",
    "PotUse",
    "PriceAlert",
    "PricePoint",
    "ProductLink",
]

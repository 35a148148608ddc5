"""Mercado Pago: deposits by Checkout Pro, payments read back, refunds, signed webhooks.

Page names in docstrings are those of the public developer documentation of Mercado Pago (API reference and guides).
"""

from . import checks  # noqa: F401 - registered by being imported
from .adapter import MercadoPagoProvider
from .config import MercadoPagoConfig

__all__ = ["MercadoPagoConfig", "MercadoPagoProvider"]

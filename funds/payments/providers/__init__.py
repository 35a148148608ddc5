"""Payment providers behind one protocol. The registry knows which are switched on."""

import os
from functools import lru_cache
from typing import Final

from django.conf import settings

from .mercadopago import MercadoPagoConfig, MercadoPagoProvider
from .protocol import (
    Checkout,
    PaymentReading,
    Provider,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
)
from .sandbox import SandboxProvider

_SANDBOX: Final[Provider] = SandboxProvider()

PROVIDER_NAMES: Final = ("sandbox", "mercadopago")
"""Every name the API's schema knows, switched on or not."""


def providers_on() -> tuple[str, ...]:
    """The names of those that are switched on by the settings."""
    is_on = {"sandbox": settings.SANDBOX_PROVIDER, "mercadopago": bool(settings.MERCADOPAGO_ACCESS_TOKEN)}
    return tuple(name for name in PROVIDER_NAMES if is_on[name])


def provider_named(name: str) -> Provider:
    """Raises `KeyError` for one that is not switched on."""
    if name not in providers_on():
        raise KeyError(name)
    return _SANDBOX if name == "sandbox" else _mercadopago(MercadoPagoConfig.from_settings())


@lru_cache(maxsize=4)
def _mercadopago(config: MercadoPagoConfig) -> MercadoPagoProvider:
    return MercadoPagoProvider(config)


# Connections are not shared with a worker's children.
os.register_at_fork(after_in_child=_mercadopago.cache_clear)


__all__ = [
    "PROVIDER_NAMES",
    "Checkout",
    "PaymentReading",
    "Provider",
    "ProviderDeferredError",
    "ProviderRefusedError",
    "ProviderUncertainError",
    "provider_named",
    "providers_on",
]

"""Payment providers behind one protocol. The registry knows which are switched on."""

import os
from functools import lru_cache
from typing import Final, cast

from django.conf import settings

from .manual import ManualProvider
from .mercadopago import MercadoPagoConfig, MercadoPagoProvider
from .protocol import (
    Checkout,
    NotifyingProvider,
    PaymentReading,
    Provider,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
)
from .sandbox import SandboxProvider

_SANDBOX: Final[Provider] = SandboxProvider()
_MANUAL: Final[Provider] = ManualProvider()

PROVIDER_NAMES: Final = ("sandbox", "mercadopago")
"""Every name the API's schema knows, switched on or not."""


def active_providers() -> list[Provider]:
    """Those that are switched on by the settings; `manual` always is."""
    found = [_MANUAL]
    if settings.SANDBOX_PROVIDER:
        found.append(_SANDBOX)
    if settings.MERCADOPAGO_ACCESS_TOKEN:
        found.append(_mercadopago(MercadoPagoConfig.from_settings()))
    return found


def provider_named(name: str) -> Provider:
    """Raises `KeyError` for one that is not switched on."""
    return {provider.name: provider for provider in active_providers()}[name]


def notifying_provider(name: str) -> NotifyingProvider:
    """One that tells by webhook. Raises `KeyError` for any other, and for one that is not switched on."""
    if name != MercadoPagoProvider.name:
        raise KeyError(name)
    return cast(NotifyingProvider, provider_named(name))


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
    "active_providers",
    "notifying_provider",
    "provider_named",
]

"""Payment providers behind one protocol. The registry knows which are switched on."""

from typing import Final

from .manual import ManualProvider
from .protocol import (
    Checkout,
    PaymentReading,
    Provider,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
)
from .sandbox import SandboxProvider

_PROVIDERS: Final[dict[str, Provider]] = {provider.name: provider for provider in (SandboxProvider(), ManualProvider())}

PROVIDER_NAMES: Final = ("sandbox", "mercadopago")
"""The names the API takes."""


def provider_named(name: str) -> Provider:
    """Raises `KeyError` for one that is not switched on."""
    return _PROVIDERS[name]


def active_providers() -> list[Provider]:
    """Those that are switched on."""
    return list(_PROVIDERS.values())


__all__ = [
    "PROVIDER_NAMES",
    "Checkout",
    "PaymentReading",
    "Provider",
    "ProviderDeferredError",
    "ProviderRefusedError",
    "ProviderUncertainError",
    "active_providers",
    "provider_named",
]

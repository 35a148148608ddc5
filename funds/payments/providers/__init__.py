"""Payment providers behind one protocol. The registry knows which are switched on."""

from typing import Final

from .protocol import (
    Checkout,
    PaymentReading,
    Provider,
    ProviderDeferredError,
    ProviderRefusedError,
    ProviderUncertainError,
)
from .sandbox import SandboxProvider

_PROVIDERS: Final[dict[str, Provider]] = {SandboxProvider.name: SandboxProvider()}

PROVIDER_NAMES: Final = tuple(_PROVIDERS)
"""The names the API takes."""


def provider_named(name: str) -> Provider:
    """Raises `KeyError` for one that is not switched on."""
    return _PROVIDERS[name]


__all__ = [
    "PROVIDER_NAMES",
    "Checkout",
    "PaymentReading",
    "Provider",
    "ProviderDeferredError",
    "ProviderRefusedError",
    "ProviderUncertainError",
    "provider_named",
]

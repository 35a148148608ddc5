"""Models of the context, re-exported: Django looks for them here."""

from .flash.models import ActiveHold, FlashPromo, PromoUnit, Reservation

__all__ = ["ActiveHold", "FlashPromo", "PromoUnit", "Reservation"]

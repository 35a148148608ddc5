"""Admin pages of the context: Django looks for them here."""

from .flash.admin import ActiveHoldAdmin, FlashPromoAdmin, ReservationAdmin

__all__ = ["ActiveHoldAdmin", "FlashPromoAdmin", "ReservationAdmin"]

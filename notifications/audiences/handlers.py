"""What makes an audience be told."""

from django.utils import timezone

from marketplace.core.outbox.handlers import handles
from promotions.events import FlashPromoEnded, FlashPromoStarted

from .services import stop_fan_outs, tell_audience_of_promo


@handles(FlashPromoStarted, queue="notify", atomic=False)
def tell_audience_on_flash_promo_started(event: FlashPromoStarted) -> None:
    """Tell everybody near enough and in the right segments, in chunks that commit on their own."""
    tell_audience_of_promo(promo_id=event.promo_id, at=timezone.now())


@handles(FlashPromoEnded, queue="notify")
def stop_telling_on_flash_promo_ended(event: FlashPromoEnded) -> None:
    """Nobody wants to hear now of what is over."""
    stop_fan_outs(promo_id=event.promo_id, at=timezone.now())

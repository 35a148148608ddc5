"""What selections do when something happened: whoever shows them is told.

No transaction is held while Redis is spoken to, and nothing is lost if it does not hear: keys of caches hold versions.
"""

from marketplace.core.outbox.handlers import handles
from promotions.events import (
    CampaignEnded,
    CampaignStarted,
    ExperimentChanged,
    FlashPromoEnded,
    FlashPromoStarted,
    PinsChanged,
    ScoresPublished,
)

from .standing import standing_changed
from .watching import tell_viewers


@handles(ScoresPublished, atomic=False)
def show_viewers_when_scores_published(event: ScoresPublished) -> None:
    """Another version serves."""
    standing_changed()
    tell_viewers()


@handles(PinsChanged, atomic=False)
def show_viewers_when_pins_changed(event: PinsChanged) -> None:
    """Staff put something else there."""
    standing_changed()
    tell_viewers()


@handles(ExperimentChanged, atomic=False)
def show_viewers_when_experiment_changed(event: ExperimentChanged) -> None:
    """Other ways, other selections."""
    tell_viewers()


@handles(FlashPromoStarted, atomic=False)
def show_viewers_when_flash_promo_started(event: FlashPromoStarted) -> None:
    """A product has its badge."""
    tell_viewers()


@handles(FlashPromoEnded, atomic=False)
def show_viewers_when_flash_promo_ended(event: FlashPromoEnded) -> None:
    """It has not any more."""
    tell_viewers()


@handles(CampaignStarted, atomic=False)
def show_viewers_when_campaign_started(event: CampaignStarted) -> None:
    """Products have their badge."""
    tell_viewers()


@handles(CampaignEnded, atomic=False)
def show_viewers_when_campaign_ended(event: CampaignEnded) -> None:
    """They have not any more."""
    tell_viewers()

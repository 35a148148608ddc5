"""What a process that is to die in the middle of telling an audience does (`marketplace.tests.killing`)."""

from notifications.audiences.models import FanOut
from notifications.audiences.statement import tell_audience


def tell_in_threes() -> None:
    """Go on with the one run there is."""
    tell_audience(FanOut.objects.get(), chunk=3)

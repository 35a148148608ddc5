"""What others may call. Nobody below does: contexts publish events, and the table of kinds says who is told what."""

from .audiences.selectors import told_of_promo
from .delivery.selectors import kpis

__all__ = [
    "kpis",  # figures for the dashboard: told today, mail that waits, mail set aside
    "told_of_promo",  # how many customers have been told of a promotion by now
]

"""What others may call. Nobody below does: contexts publish events, and the table of kinds says who is told what."""

from .audiences.selectors import told_of_promo
from .delivery.selectors import kpis
from .inbox.notices import notices_of
from .inbox.selectors import UNREAD_CAP, unread_count
from .inbox.services import mark_all, mark_read
from .sockets.services import issue_ticket

__all__ = [
    "UNREAD_CAP",  # `unread_count` counts no further
    "issue_ticket",  # a secret that opens one socket of a customer within 30 s
    "kpis",  # figures for the dashboard: told today, mail that waits, mail set aside
    "mark_all",  # everything a customer has not read yet; how many
    "mark_read",  # one of a customer's own; NotFoundError
    "notices_of",  # a customer's latest notifications in a language, newest first; one query
    "told_of_promo",  # how many customers have been told of a promotion by now
    "unread_count",  # how many a customer has not read, up to `UNREAD_CAP`; one query
]

"""Reads of the delivery queue, and the context's figures for the dashboard."""

from django.utils.translation import gettext_lazy as _

from marketplace.core.kpis import Kpi
from notifications.inbox.selectors import messages_of_last_day

from .models import Delivery


def kpis() -> list[Kpi]:
    """Each figure is one query over a small partial index."""
    pending = Delivery.objects.filter(state=Delivery.State.PENDING).count()
    parked = Delivery.objects.filter(state=Delivery.State.PARKED).count()
    link = "admin:notifications_delivery_changelist"
    return [
        Kpi(_("Messages in 24 hours"), str(messages_of_last_day()), "admin:notifications_message_changelist"),
        Kpi(_("E-mails waiting"), str(pending), link),
        Kpi(_("E-mails set aside"), str(parked), link),
    ]

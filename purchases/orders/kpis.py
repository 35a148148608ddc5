"""Figures for the dashboard."""

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from marketplace.core.formatting import shown_amount
from marketplace.core.kpis import Kpi

from .models import Order
from .selectors import sales_by_day


def kpis() -> list[Kpi]:
    """Today's paid orders and revenue."""
    today = sales_by_day(timezone.now(), days=1)
    orders = sum(day.orders for day in today)
    revenue = ", ".join(shown_amount(day.revenue) for day in today) or "–"
    waiting = Order.objects.filter(state=Order.State.PAID).count()
    link = "admin:purchases_order_changelist"
    return [
        Kpi(label=_("Orders today"), value=str(orders), link=link),
        Kpi(label=_("Revenue today"), value=revenue, link=link),
        Kpi(label=_("Orders to pack"), value=str(waiting), link=link),
    ]

"""The context's figures for the dashboard."""

from marketplace.core.kpis import Kpi

from .catalog.selectors import published_products_kpi
from .inventory.selectors import low_stock_kpi
from .merchants.selectors import open_stores_kpi
from .questions.selectors import waiting_questions_kpi


def kpis() -> list[Kpi]:
    """Open stores, published products, stock to reorder, questions waiting."""
    return [open_stores_kpi(), published_products_kpi(), low_stock_kpi(), waiting_questions_kpi()]

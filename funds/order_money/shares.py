"""Who gets what of a store's part. Pure arithmetic; nothing is lost and nothing is made."""

from funds.contracts import PartSettlement
from marketplace.core.money import Money


def shares_of(part: PartSettlement) -> tuple[Money, Money, Money]:
    """The store's, the house's and the tax office's share; they add up to the total.

    The commission is of the price without tax, halves rounded away from zero; the store has the rest. Raises
    `ValueError` for amounts and rates that make no sense, `CurrencyMismatchError`.
    """
    if not Money.zero(part.total.currency) <= part.tax <= part.total or not 0 <= part.commission_bp <= 10_000:
        raise ValueError("a part's tax and commission lie between nothing and all of it")
    net = part.total - part.tax
    commission = net.percent(part.commission_bp)
    return net - commission, commission, part.tax

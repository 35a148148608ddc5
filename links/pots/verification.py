"""Do the contributions and the ledger say the same of every pot?"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Sum
from django.db.models.functions import Coalesce

from funds.facade import pot_balances
from marketplace.core.money import Money

from .models import Contribution, PotUse
from .selectors import LEFT


@dataclass(frozen=True, slots=True)
class PotFault:
    """Something that does not add up: in a pot, or (without one) between uses and contributions of a currency."""

    pot_id: UUID | None
    in_ledger: Money
    in_contributions: Money


def pots_in_balance() -> list[PotFault]:
    """Every pot whose ledger balance is not what its contributions have left, and every currency in which what uses
    took and did not give back is not what contributions say was used. An empty list is health; four queries.
    """
    expected, balances = _left_by_pot(), pot_balances()
    faults = []
    for pot in expected.keys() | balances.keys():
        zero = Money.zero((expected | balances)[pot].currency)
        fault = PotFault(pot, balances.get(pot, zero), expected.get(pot, zero))
        if fault.in_ledger != fault.in_contributions:
            faults.append(fault)
    return faults + _faults_of_uses()


def _left_by_pot() -> dict[UUID, Money]:
    rows: Any = (
        Contribution.objects.filter(beneficiary__isnull=True)
        .values("currency", pot=Coalesce(F("gift_id"), F("gift_list_id")))
        .annotate(total=Sum(LEFT))
        .order_by()
    )
    return {row["pot"]: Money(int(row["total"]), row["currency"]) for row in rows}


def _faults_of_uses() -> list[PotFault]:
    taken = PotUse.objects.values_list("currency").annotate(total=Sum(F("amount_minor") - F("returned_minor")))
    used = Contribution.objects.values_list("currency").annotate(total=Sum("used_minor"))
    by_use, by_contribution = dict(taken.order_by()), dict(used.order_by())
    return [
        PotFault(None, Money(by_use.get(currency, 0), currency), Money(by_contribution.get(currency, 0), currency))
        for currency in by_use.keys() | by_contribution.keys()
        if by_use.get(currency, 0) != by_contribution.get(currency, 0)
    ]

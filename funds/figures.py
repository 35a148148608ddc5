"""Figures of the context for the dashboard."""

from datetime import timedelta

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.core.kpis import Kpi, shown_amount
from marketplace.core.money import Money

from .ledger.models import Account, AccountKind
from .ledger.selectors import trial_balance
from .payments.models import Deposit, PaymentTask


def kpis() -> list[Kpi]:
    """Money in wallets, deposits of the last day, what waits for a person, and whether the books balance."""
    wallets = (
        Account.objects.filter(kind=AccountKind.WALLET)
        .values("currency")
        .annotate(posted=Sum("posted"))
        .order_by("-posted", "currency")[:3]
    )
    recent = Deposit.objects.filter(credited_at__gte=timezone.now() - timedelta(days=1))
    review = PaymentTask.objects.filter(state=PaymentTask.State.NEEDS_REVIEW).aggregate(count=Count("pk"))
    balanced = trial_balance().is_balanced
    return [
        *(
            Kpi(
                _("Money in wallets"),
                shown_amount(Money(int(row["posted"]), row["currency"])),
                "admin:funds_account_changelist",
            )
            for row in wallets
        ),
        Kpi(_("Deposits in 24 hours"), str(recent.count()), "admin:funds_deposit_changelist"),
        Kpi(_("Payments to review"), str(review["count"]), "admin:funds_paymenttask_changelist"),
        Kpi(_("Books"), _("balanced") if balanced else _("BROKEN"), "admin:funds_account_changelist"),
    ]

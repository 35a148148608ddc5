"""Figures of the context for the dashboard."""

from datetime import timedelta

from django.db.models import Count, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from marketplace.core.clock import db_now
from marketplace.core.formatting import shown_amount
from marketplace.core.kpis import Kpi
from marketplace.core.money import Money

from .contracts import BalanceLine, FundsHealth
from .ledger.models import Account, AccountKind
from .ledger.selectors import trial_balance
from .payments.models import Deposit, PaymentTask, ProviderCircuit, ProviderPayment, ReconciliationFinding


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


def funds_health() -> FundsHealth:
    """The trial balance and what waits for a person, as of now. Five queries."""
    books = trial_balance()
    return FundsHealth(
        lines=tuple(BalanceLine(line.kind, line.kind_label, line.accounts, line.balance) for line in books.lines),
        imbalance=books.imbalance,
        tasks_to_review=PaymentTask.objects.filter(state=PaymentTask.State.NEEDS_REVIEW).count(),
        open_findings=ReconciliationFinding.objects.filter(is_repaired=False).count(),
        set_aside=ProviderPayment.objects.filter(state=ProviderPayment.State.QUARANTINED).count(),
        providers_out=ProviderCircuit.objects.filter(open_until__gt=db_now()).count(),
    )

"""The payment queue at a glance: what waits and for how long, what needs a person, whether the providers answer."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min

from .circuits import FAILURES
from .models import Decision, PaymentTask, Payout, ProviderCircuit, ProviderPayment, ReconciliationFinding


@dataclass(frozen=True, slots=True)
class BoardLine:
    """Tasks of one kind in one state; `oldest` is when the first of them was made."""

    kind: str
    state: str
    count: int
    oldest: datetime

    @property
    def kind_label(self) -> str:
        """In the reader's language."""
        return str(PaymentTask.Kind(self.kind).label)

    @property
    def state_label(self) -> str:
        """In the reader's language."""
        return str(PaymentTask.State(self.state).label)

    @property
    def needs_person(self) -> bool:
        """Parked."""
        return self.state == PaymentTask.State.NEEDS_REVIEW


@dataclass(frozen=True, slots=True)
class CircuitLine:
    """A provider, and whether nobody calls it at the moment."""

    provider: str
    is_open: bool


@dataclass(frozen=True, slots=True)
class QueueBoard:
    """The whole board as of `at`."""

    at: datetime
    lines: tuple[BoardLine, ...]
    circuits: tuple[CircuitLine, ...]
    set_aside: int
    decisions: int
    findings: int
    by_hand: int


def queue_board(*, at: datetime) -> QueueBoard:
    """Read it (six queries over partial indexes and small tables)."""
    waiting = PaymentTask.objects.filter(state__in=[*PaymentTask.LIVE_STATES, PaymentTask.State.NEEDS_REVIEW])
    rows = waiting.values("kind", "state").annotate(count=Count("pk"), oldest=Min("created_at")).order_by("oldest")
    return QueueBoard(
        at=at,
        lines=tuple(BoardLine(**row) for row in rows),
        circuits=tuple(
            CircuitLine(circuit.provider, circuit.failures >= FAILURES)
            for circuit in ProviderCircuit.objects.order_by("provider")
        ),
        set_aside=ProviderPayment.objects.filter(state=ProviderPayment.State.QUARANTINED).count(),
        decisions=Decision.objects.filter(state=Decision.State.WAITING).count(),
        findings=ReconciliationFinding.objects.filter(is_repaired=False).count(),
        by_hand=Payout.objects.filter(provider="manual", state=Payout.State.ACCEPTED).count(),
    )

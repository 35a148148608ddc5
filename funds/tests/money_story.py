"""Telling where money is: what really was posted, as tables for `docs/where-is-my-money.md`.

A story begins with fresh books (balances are counted from its beginning), prepares what it needs and then tells step by
step: the entries posted since the last step, and what every account of the story holds after it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from funds.contracts import PartRefund, PartSettlement
from funds.ledger.models import Account, AccountKind, OwnerKind, Posting
from funds.ledger.selectors import with_balance
from funds.ledger.tests.factories import customer_with
from marketplace.core.ids import uuid7
from marketplace.core.money import Money

_NAMES = {
    (OwnerKind.CUSTOMER, AccountKind.WALLET): "Ana's wallet",
    (OwnerKind.CUSTOMER, AccountKind.RECEIVABLE): "Ana's debt",
    (OwnerKind.STORE, AccountKind.PAYABLE): "store payable",
    (OwnerKind.STORE, AccountKind.PAYOUT): "store payout reserve",
    (OwnerKind.PROVIDER, AccountKind.CLEARING): "provider clearing",
    (OwnerKind.HOUSE, AccountKind.ESCROW): "escrow",
    (OwnerKind.HOUSE, AccountKind.COMMISSION): "commission",
    (OwnerKind.HOUSE, AccountKind.TAX): "tax",
    (OwnerKind.HOUSE, AccountKind.FEES): "provider fees",
    (OwnerKind.HOUSE, AccountKind.PROMOTIONS): "promotions expense",
}

Tell = Callable[["Story"], None]


@dataclass(frozen=True, slots=True)
class Step:
    """What happened, its entries, and what the accounts hold after it: name, balance, of which held."""

    words: str
    entries: list[tuple[str, str, str]]
    balances: list[tuple[str, str, str]]


@dataclass(slots=True)
class Story:
    """Ana, a store, and what is told of them. The sum over all balances is zero after every step."""

    ana: UUID = field(default_factory=customer_with)
    store: UUID = field(default_factory=uuid7)
    steps: list[Step] = field(default_factory=list)
    _before: dict[int, int] = field(default_factory=dict)
    _last: int = 0
    _touched: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._before = dict(_accounts().values_list("pk", "balance"))
        self._last = _last_posting()

    @property
    def part(self) -> PartSettlement:
        """An order of 116 pesos: 16 of them tax, a tenth of the rest commission."""
        return PartSettlement(self.store, mxn("116.00"), mxn("16.00"), 1_000)

    def refund_of(self, amount: str) -> PartRefund:
        """Some of it back."""
        return PartRefund(self.store, self.part.total, mxn(amount))

    def tell(self, words: str) -> None:
        """Write down what was posted since the last step."""
        rows = list(Posting.objects.filter(pk__gt=self._last).order_by("pk"))
        self._last = rows[-1].pk if rows else self._last
        self._touched |= {number for row in rows for number in (row.debit_id, row.credit_id)}
        accounts = {account.pk: account for account in _accounts().filter(pk__in=self._touched)}
        names = {number: self._name(account) for number, account in accounts.items()}
        entries = [(names[row.debit_id], names[row.credit_id], _shown(row.amount)) for row in rows]
        left = {number: account.balance - self._before.get(number, 0) for number, account in accounts.items()}
        assert sum(left.values()) == 0, f"the books of {words!r} do not balance"
        order = list(_NAMES.values())
        numbers = sorted(left, key=lambda number: order.index(names[number]))
        self.steps.append(
            Step(
                words,
                entries,
                [(names[number], _shown(left[number]), _shown(accounts[number].held)) for number in numbers],
            )
        )

    def _name(self, account: Account) -> str:
        owner = OwnerKind(account.owner_kind)
        mine = {OwnerKind.CUSTOMER: self.ana, OwnerKind.STORE: self.store}.get(owner, account.owner_id)
        assert account.owner_id == mine, "somebody else's account in this story"
        return _NAMES[(owner, AccountKind(account.kind))]


@dataclass(frozen=True, slots=True)
class Scenario:
    """A heading, what it is about in plain words, and how it is told."""

    title: str
    words: str
    tell: Tell


SCENARIOS: list[Scenario] = []


def scenario(title: str, words: str) -> Callable[[Tell], Tell]:
    """Put an operation on the page."""

    def register(tell: Tell) -> Tell:
        SCENARIOS.append(Scenario(title, words, tell))
        return tell

    return register


def page(introduction: str, scenarios: Iterable[Scenario]) -> str:
    """The whole page, from really doing everything."""
    parts = [introduction.strip()]
    for each in scenarios:
        story = Story()
        each.tell(story)
        parts += [f"## {each.title}", each.words, *map(_step, story.steps)]
    return "\n\n".join(parts) + "\n"


def mxn(amount: str) -> Money:
    """Pesos."""
    return Money.parse(amount, "MXN")


def _step(step: Step) -> str:
    entries = [f"| {debit} | {credit} | {amount} |" for debit, credit, amount in step.entries]
    moved = ["| debit | credit | amount |", "|---|---|---:|", *entries] if entries else ["Nothing is posted."]
    balances = [f"| {name} | {balance} | {held} |" for name, balance, held in step.balances]
    after = ["| account | balance after | of which held |", "|---|---:|---:|", *balances]
    return "\n".join([f"**{step.words}**", "", *moved, "", *after])


def _accounts() -> "QuerySet[Any]":
    return with_balance(Account.objects.filter(currency="MXN"))


def _last_posting() -> int:
    return Posting.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def _shown(minor: int) -> str:
    return f"{Money(minor, 'MXN').decimal:,f}"

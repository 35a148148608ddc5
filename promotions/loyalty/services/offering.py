"""What staff decide: how points are earned, the levels and their perks, the rewards. Each change is audited."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from marketplace.core import audit
from marketplace.core.errors import FieldError, InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import CURRENCIES, Money
from promotions.loyalty.errors import LevelInUseError, LevelNotFoundError, RewardNotFoundError
from promotions.loyalty.models import LoyaltyLevel, LoyaltyPolicy, Reward

MOST_PERKS: Final = 20
PERK_LENGTH: Final = 200
MOST_MULTIPLIER_BP: Final = 100_000
MOST_POINTS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class PolicyTerms:
    """How points are earned: `LoyaltyPolicy`'s columns."""

    minor_per_point: int
    point_value_minor: int
    expire_after_days: int
    window_days: int


@dataclass(frozen=True, slots=True)
class LevelTerms:
    """A level: from how many points on, how many times points count (hundredths of a percent), perks in words."""

    key: str
    name: str
    threshold: int
    multiplier_bp: int = 10_000
    perks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RewardTerms:
    """What points are exchanged for. `min_ticket`: from which sum of goods on; `left_count`: None is without end."""

    name: str
    kind: str
    cost: int
    amount: Money | None = None
    min_ticket: Money | None = None
    valid_days: int = 90
    level_id: UUID | None = None
    left_count: int | None = None
    is_active: bool = True


@transaction.atomic
def set_policy(*, terms: PolicyTerms, actor_id: UUID | None) -> LoyaltyPolicy:
    """A new policy, in force from now on; points that were earned before stay as they are."""
    needed = ("minor_per_point", "expire_after_days", "window_days")
    _refuse(_wrong(name, gettext_noop("Give at least one.")) for name in needed if getattr(terms, name) < 1)
    row = LoyaltyPolicy.objects.create(**asdict(terms))
    audit.record(actor_id=actor_id, action="promotions.set_loyalty_policy", subject=row, after=asdict(terms))
    return row


@transaction.atomic
def create_level(*, terms: LevelTerms, actor_id: UUID | None) -> LoyaltyLevel:
    """Make a level; members come to it by their next points or the day's look. Raises `InvalidInputError`."""
    _refuse(_wrong_level(terms))
    try:
        with transaction.atomic():
            level = LoyaltyLevel.objects.create(**_level_columns(terms))
    except IntegrityError as error:
        raise _taken() from error
    audit.record(actor_id=actor_id, action="promotions.create_level", subject=level, after=asdict(terms))
    return level


@transaction.atomic
def change_level(
    *, level_id: UUID, changes: Mapping[str, Any], actor_id: UUID | None, expected_version: int | None = None
) -> LoyaltyLevel:
    """Change some of `LevelTerms`' names. Raises `LevelNotFoundError`, `StaleError`, `InvalidInputError`."""
    level: LoyaltyLevel | None = _locked(LoyaltyLevel, level_id, expected_version)
    if level is None:
        raise LevelNotFoundError
    before = level_terms(level)
    terms = replace(before, **changes)
    if terms == before:
        return level
    _refuse(_wrong_level(terms))
    try:
        with transaction.atomic():
            compare_and_set(level, level.version, **_level_columns(terms))
    except IntegrityError as error:
        raise _taken() from error
    _record("promotions.change_level", level, asdict(before), asdict(terms), actor_id)
    return level


@transaction.atomic
def delete_level(*, level_id: UUID, actor_id: UUID | None) -> None:
    """Remove a level that nobody is on and no reward begins with. Raises `LevelNotFoundError`, `LevelInUseError`."""
    level = _locked(LoyaltyLevel, level_id, None)
    if level is None:
        raise LevelNotFoundError
    audit.record(actor_id=actor_id, action="promotions.delete_level", subject=level, before=asdict(level_terms(level)))
    try:
        level.delete()
    except ProtectedError as error:
        raise LevelInUseError from error


@transaction.atomic
def create_reward(*, terms: RewardTerms, actor_id: UUID | None) -> Reward:
    """Make a reward. Raises `InvalidInputError` with every wrong field."""
    _refuse(_wrong_reward(terms))
    reward = Reward.objects.create(**_reward_columns(terms))
    audit.record(actor_id=actor_id, action="promotions.create_reward", subject=reward, after=_said(terms))
    return reward


@transaction.atomic
def change_reward(
    *, reward_id: UUID, changes: Mapping[str, Any], actor_id: UUID | None, expected_version: int | None = None
) -> Reward:
    """Change some of the terms (`RewardTerms`' names); what was taken keeps what was promised.

    Raises `RewardNotFoundError`, `StaleError`, `InvalidInputError`.
    """
    reward: Reward | None = _locked(Reward, reward_id, expected_version)
    if reward is None:
        raise RewardNotFoundError
    before = reward_terms(reward)
    terms = replace(before, **changes)
    if terms == before:
        return reward
    _refuse(_wrong_reward(terms))
    compare_and_set(reward, reward.version, **_reward_columns(terms))
    _record("promotions.change_reward", reward, _said(before), _said(terms), actor_id)
    return reward


def level_terms(level: LoyaltyLevel) -> LevelTerms:
    """The terms as they are stored."""
    return LevelTerms(level.key, level.name, level.threshold, level.multiplier_bp, tuple(level.perks_json))


def reward_terms(reward: Reward) -> RewardTerms:
    """The terms as they are stored."""
    return RewardTerms(
        name=reward.name,
        kind=reward.kind,
        cost=reward.cost,
        amount=reward.amount,
        min_ticket=reward.min_ticket,
        valid_days=reward.valid_days,
        level_id=reward.level_id,
        left_count=reward.left_count,
        is_active=reward.is_active,
    )


def _locked(model: Any, pk: UUID, expected_version: int | None) -> Any:
    for row in lock(LockRank.LOYALTY, model.objects.filter(pk=pk)):
        if expected_version not in {None, row.version}:
            raise StaleError
        return row
    return None


def _wrong_level(terms: LevelTerms) -> Iterator[FieldError]:
    if not terms.name.strip():
        yield FieldError("name", "blank", gettext_noop("Give it a name."))
    if not 0 <= terms.threshold <= MOST_POINTS:
        yield _wrong("threshold", gettext_noop("Give a number of points."))
    if not 10_000 <= terms.multiplier_bp <= MOST_MULTIPLIER_BP:
        yield _wrong("multiplier_bp", gettext_noop("Points count once at least and ten times at most."))
    if len(terms.perks) > MOST_PERKS or any(not 1 <= len(perk.strip()) <= PERK_LENGTH for perk in terms.perks):
        yield _wrong("perks", gettext_noop("At most 20 perks of at most 200 characters."))


def _wrong_reward(terms: RewardTerms) -> Iterator[FieldError]:
    if not terms.name.strip():
        yield FieldError("name", "blank", gettext_noop("Give it a name."))
    if not 1 <= terms.cost <= MOST_POINTS:
        yield _wrong("cost", gettext_noop("Give a number of points."))
    if not 1 <= terms.valid_days <= 3_650:
        yield _wrong("valid_days", gettext_noop("Give 1 to 3,650 days."))
    yield from _wrong_worth(terms)
    if terms.level_id is not None and not LoyaltyLevel.objects.filter(pk=terms.level_id).exists():
        yield FieldError("level", "does_not_exist", gettext_noop("There is no such level."))


def _wrong_worth(terms: RewardTerms) -> Iterator[FieldError]:
    amount, ticket = terms.amount, terms.min_ticket
    if terms.kind not in Reward.Kind.values:
        yield _wrong("kind", gettext_noop("There is no such kind of reward."))
        return
    if terms.kind == Reward.Kind.FREE_SHIPPING and amount is not None:
        yield _wrong("amount", gettext_noop("Free shipping has no amount."))
        return
    if terms.kind != Reward.Kind.FREE_SHIPPING and (amount is None or amount.minor <= 0):
        yield _wrong("amount", gettext_noop("The amount must be more than zero."))
        return
    moneys = [money for money in (amount, ticket) if money is not None]
    if any(money.currency not in CURRENCIES for money in moneys) or len({money.currency for money in moneys}) > 1:
        yield _wrong("currency", gettext_noop("Amounts are in one currency."))
    elif terms.kind == Reward.Kind.VOUCHER and amount is not None and (ticket is None or ticket < amount):
        text = gettext_noop("A voucher applies by itself: from the sum that it is worth on, or from more.")
        yield _wrong("min_ticket", text)


def _wrong(field: str, detail: str) -> FieldError:
    return FieldError(field, "invalid", detail)


def _refuse(errors: Iterator[FieldError]) -> None:
    found = list(errors)
    if found:
        raise InvalidInputError(found)


def _taken() -> InvalidInputError:
    return InvalidInputError.of("threshold", "unique", gettext_noop("Another level has this key or this threshold."))


def _level_columns(terms: LevelTerms) -> dict[str, Any]:
    columns = asdict(terms)
    return columns | {"perks_json": [perk.strip() for perk in columns.pop("perks")], "name": terms.name.strip()}


def _reward_columns(terms: RewardTerms) -> dict[str, Any]:
    worth = terms.amount or terms.min_ticket
    return {
        "name": terms.name.strip(),
        "kind": terms.kind,
        "cost": terms.cost,
        "amount_minor": None if terms.amount is None else terms.amount.minor,
        "currency": "" if worth is None else worth.currency,
        "min_ticket_minor": 0 if terms.min_ticket is None else terms.min_ticket.minor,
        "valid_days": terms.valid_days,
        "level_id": terms.level_id,
        "left_count": terms.left_count,
        "is_active": terms.is_active,
    }


def _said(terms: RewardTerms) -> dict[str, Any]:
    moneys = {"amount": terms.amount, "min_ticket": terms.min_ticket}
    return asdict(terms) | {name: None if money is None else str(money) for name, money in moneys.items()}


def _record(action: str, subject: Any, old: Mapping[str, Any], new: Mapping[str, Any], actor_id: UUID | None) -> None:
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action=action,
        subject=subject,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )

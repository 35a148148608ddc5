"""Writes of discounts: each is audited, and raises the version of the rule book in its transaction."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db import transaction

from marketplace.core import audit
from marketplace.core.errors import FieldError, InvalidInputError, StaleError, gettext_noop
from marketplace.core.http.etags import compare_and_set
from marketplace.core.locking import LockRank, lock
from marketplace.core.money import Money
from promotions.rules.recurrence import to_bits
from promotions.rules.stacking import stacking_errors
from promotions.rules.versions import bump

from .errors import DiscountNotFoundError
from .models import TIERS, Discount


@dataclass(frozen=True, slots=True)
class DiscountTerms:
    """A discount as its makers state it: `percent_bp` (hundredths of a percent) or `amount` off each unit.

    No tier: for everybody. No products: for all of the category's subtree. Days as ISO weekdays and days of the month.
    """

    name: str
    category_id: UUID
    starts_at: datetime
    ends_at: datetime | None = None
    tier: str = ""
    product_ids: frozenset[UUID] = frozenset()
    weekdays: frozenset[int] = frozenset()
    month_days: frozenset[int] = frozenset()
    percent_bp: int | None = None
    amount: Money | None = None
    priority: int = 0
    is_exclusive: bool = False
    stack_group: str = ""
    is_active: bool = True


@transaction.atomic
def create_discount(*, terms: DiscountTerms, actor_id: UUID | None) -> Discount:
    """Make a discount. Raises `InvalidInputError` with every wrong field; nothing is then left behind."""
    _check(terms)
    discount = Discount.objects.create(**_columns(terms))
    discount.products.set(cast(Any, terms.product_ids))
    audit.record(actor_id=actor_id, action="promotions.create_discount", subject=discount, after=_said(terms))
    bump([discount.pk])
    return discount


@transaction.atomic
def change_discount(
    *, discount_id: UUID, changes: Mapping[str, Any], actor_id: UUID | None, expected_version: int | None = None
) -> Discount:
    """Change some of the terms (`DiscountTerms`' names). Raises `DiscountNotFoundError`, `StaleError`,
    `InvalidInputError`."""
    discount = _locked(discount_id, expected_version)
    before = terms_of(discount)
    terms = replace(before, **changes)
    if terms == before:
        return discount
    _check(terms)
    compare_and_set(discount, discount.version, **_columns(terms))
    discount.products.set(cast(Any, terms.product_ids))
    old, new = _said(before), _said(terms)
    changed = [name for name in old if old[name] != new[name]]
    audit.record(
        actor_id=actor_id,
        action="promotions.change_discount",
        subject=discount,
        before={name: old[name] for name in changed},
        after={name: new[name] for name in changed},
    )
    bump([discount.pk])
    return discount


@transaction.atomic
def delete_discount(*, discount_id: UUID, actor_id: UUID | None, expected_version: int | None = None) -> None:
    """Remove a discount; orders keep what they were given. Raises `DiscountNotFoundError`, `StaleError`."""
    discount = _locked(discount_id, expected_version)
    audit.record(
        actor_id=actor_id, action="promotions.delete_discount", subject=discount, before=_said(terms_of(discount))
    )
    discount.delete()
    bump([discount_id])


def terms_of(discount: Discount) -> DiscountTerms:
    """The terms as they are stored."""
    return DiscountTerms(
        name=discount.name,
        category_id=discount.category_id,
        starts_at=discount.starts_at,
        ends_at=discount.ends_at,
        tier=discount.tier,
        product_ids=frozenset(discount.products.values_list("pk", flat=True)),
        weekdays=frozenset(discount.weekdays),
        month_days=frozenset(discount.month_days),
        percent_bp=discount.percent_bp,
        amount=discount.amount,
        priority=discount.priority,
        is_exclusive=discount.is_exclusive,
        stack_group=discount.stack_group,
        is_active=discount.is_active,
    )


def _locked(discount_id: UUID, expected_version: int | None) -> Discount:
    for discount in lock(LockRank.CAMPAIGN_USAGE, Discount.objects.filter(pk=discount_id)):
        if expected_version not in {None, discount.version}:
            raise StaleError
        return discount
    raise DiscountNotFoundError


def _check(terms: DiscountTerms) -> None:
    errors = [*_benefit_errors(terms), *_time_errors(terms), *_target_errors(terms)]
    errors += stacking_errors(priority=terms.priority, is_exclusive=terms.is_exclusive, stack_group=terms.stack_group)
    if errors:
        raise InvalidInputError(errors)


def _benefit_errors(terms: DiscountTerms) -> Iterator[FieldError]:
    if (terms.percent_bp is None) == (terms.amount is None):
        yield _wrong("percent_bp", gettext_noop("Give a percentage or an amount, not both."))
    if terms.percent_bp is not None and not 1 <= terms.percent_bp <= 10_000:
        yield _wrong("percent_bp", gettext_noop("Give 1 to 10,000 hundredths of a percent."))
    if terms.amount is not None and terms.amount.minor <= 0:
        yield _wrong("amount", gettext_noop("The amount must be more than zero."))


def _time_errors(terms: DiscountTerms) -> Iterator[FieldError]:
    if terms.ends_at is not None and terms.ends_at <= terms.starts_at:
        yield _wrong("ends_at", gettext_noop("The end must come after the start."))
    if not terms.weekdays <= frozenset(range(1, 8)):
        yield _wrong("weekdays", gettext_noop("Weekdays are 1 (Monday) to 7 (Sunday)."))
    if not terms.month_days <= frozenset(range(1, 32)):
        yield _wrong("month_days", gettext_noop("Days of the month are 1 to 31."))


def _target_errors(terms: DiscountTerms) -> Iterator[FieldError]:
    if not terms.name.strip():
        yield FieldError("name", "blank", gettext_noop("Give it a name."))
    if terms.tier not in {value for value, _label in TIERS}:
        yield _wrong("tier", gettext_noop("There is no such level."))
    categories: Any = Discount._meta.get_field("category").related_model
    path = categories._default_manager.filter(pk=terms.category_id).values_list("path", flat=True).first()
    if path is None:
        yield FieldError("category", "does_not_exist", gettext_noop("There is no such category."))
    elif terms.product_ids:
        products = Discount.products.rel.model._default_manager.filter(pk__in=terms.product_ids)
        if products.filter(category__path__startswith=path).count() != len(terms.product_ids):
            yield _wrong("products", gettext_noop("Select products of the category."))


def _wrong(field: str, detail: str) -> FieldError:
    return FieldError(field, "invalid", detail)


def _columns(terms: DiscountTerms) -> dict[str, Any]:
    return {
        "name": terms.name.strip(),
        "category_id": terms.category_id,
        "is_for_products": bool(terms.product_ids),
        "starts_at": terms.starts_at,
        "ends_at": terms.ends_at,
        "tier": terms.tier,
        "weekday_bits": to_bits(terms.weekdays),
        "month_day_bits": to_bits(terms.month_days),
        "percent_bp": terms.percent_bp,
        "amount_minor": None if terms.amount is None else terms.amount.minor,
        "currency": "" if terms.amount is None else terms.amount.currency,
        "priority": terms.priority,
        "is_exclusive": terms.is_exclusive,
        "stack_group": terms.stack_group,
        "is_active": terms.is_active,
    }


def _said(terms: DiscountTerms) -> dict[str, Any]:
    values = asdict(terms)
    products = {"product_ids": sorted(str(pk) for pk in terms.product_ids)}
    days = {"weekdays": sorted(terms.weekdays), "month_days": sorted(terms.month_days)}
    return values | products | days | {"amount": None if terms.amount is None else str(terms.amount)}

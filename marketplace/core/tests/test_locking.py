"""The house order of locks: a step back is seen, the next transaction begins anew."""

import pytest
from django.db import transaction

from marketplace.core.locking import LockOrderError, LockRank, enter


@transaction.atomic
def _take(*ranks: LockRank) -> None:
    for rank in ranks:
        enter(rank)


@pytest.mark.django_db
def test_ascending_ranks_pass_and_a_step_back_is_refused():
    _take(LockRank.CART, LockRank.ORDER, LockRank.ORDER, LockRank.STOCK)

    with pytest.raises(LockOrderError, match="CART locked after ORDER"):
        _take(LockRank.ORDER, LockRank.CART)


@pytest.mark.django_db
def test_same_service_may_run_twice_inside_a_test_case():
    _take(LockRank.CART, LockRank.LOYALTY)

    _take(LockRank.CART, LockRank.LOYALTY)


@pytest.mark.django_db(transaction=True)
def test_same_service_may_run_twice_in_two_transactions_also_after_a_rollback():
    _take(LockRank.CART, LockRank.LOYALTY)
    with pytest.raises(LockOrderError):
        _take(LockRank.LOYALTY, LockRank.CART)

    _take(LockRank.CART, LockRank.LOYALTY)


@pytest.mark.django_db(transaction=True)
def test_inner_blocks_belong_to_the_same_transaction():
    with transaction.atomic():
        _take(LockRank.LOYALTY)
        with pytest.raises(LockOrderError):
            _take(LockRank.CART)


@pytest.mark.django_db(transaction=True)
def test_locking_needs_a_transaction():
    with pytest.raises(LockOrderError, match="outside a transaction"):
        enter(LockRank.CART)

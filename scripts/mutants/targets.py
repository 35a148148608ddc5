"""What is mutated, and the tests that may notice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Target:
    """Some modules, and where the tests are that are asked about them (those of them that reach the changed line)."""

    name: str
    files: tuple[str, ...]
    tests: tuple[str, ...]


LEDGER = Target(
    "ledger",
    (
        "funds/ledger/services.py",
        "funds/ledger/terms.py",
        "funds/ledger/orm_engine.py",
        "funds/ledger/orm_batch.py",
        "funds/ledger/orm_accounts.py",
        "funds/ledger/selectors.py",
        "funds/ledger/verification.py",
        "funds/ledger/bulk.py",
        "funds/ledger/ports.py",
    ),
    ("funds/ledger/tests", "funds/pots/tests"),
)
CLAIM = Target(
    "claim",
    (
        "promotions/flash/services/claims.py",
        "promotions/flash/services/waitlist.py",
        "promotions/flash/services/paying.py",
        "promotions/flash/statements.py",
        "promotions/flash/eligibility.py",
        "promotions/flash/state.py",
        "purchases/flash_sales/services.py",
    ),
    ("promotions/flash/tests", "purchases/flash_sales/tests"),
)
PRICING = Target(
    "pricing",
    (
        "purchases/pricing/offers.py",
        "purchases/pricing/pipeline.py",
        "purchases/pricing/savings.py",
        "purchases/pricing/selectors.py",
        "purchases/pricing/values.py",
        "promotions/rules/conditions.py",
        "promotions/rules/recurrence.py",
        "promotions/rules/stacking.py",
        "promotions/rules/tiers.py",
        "promotions/discounts/selectors.py",
        "marketplace/core/money.py",
    ),
    (
        "purchases/pricing/tests",
        "promotions/rules/tests",
        "promotions/discounts/tests/test_discounts.py",
        "marketplace/core/tests/test_money.py",
        "purchases/carts/tests/test_cart_prices.py",
    ),
)
TARGETS: Final = {each.name: each for each in (LEDGER, CLAIM, PRICING)}

LEFT_OUT: Final = (
    "test_state_machine",
    "test_concurrency",
    "_races.py",
    "test_application_role",
    "test_admin.py",
    "test_discount_admin.py",
    "test_watching.py",
    "test_live.py",
    "test_planning.py",
)
"""Tests that walk a long way, need row locks, or are about pages, sockets and planning: no mutant is asked of them."""

POSTGRES_ONLY: Final = ("_Function.call", "_Function.created_as", "function_texts", "_FUNCTIONS")
"""Functions and constants that say how PostgreSQL keeps a statement: SQLite never asks them."""

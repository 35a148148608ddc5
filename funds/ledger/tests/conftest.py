"""Every engine in turn: on PostgreSQL both, on SQLite the portable one."""

import pytest

from funds.ledger.orm_engine import OrmEngine
from funds.ledger.ports import LedgerEngine
from funds.ledger.postgres_engine import PostgresEngine


@pytest.fixture(params=[OrmEngine, pytest.param(PostgresEngine, marks=pytest.mark.postgres)])
def engine(request: pytest.FixtureRequest) -> LedgerEngine:
    chosen: LedgerEngine = request.param()
    return chosen

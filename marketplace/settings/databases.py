"""Relational database, and the alias for documents (MongoDB where one is configured)."""

from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from .env import VAR_DIR, env

# SQLite: writers queue at BEGIN instead of failing at COMMIT; the log survives readers; money is flushed.
SQLITE_OPTIONS: dict[str, Any] = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
}

# A lock that does not come within this time ends as 503 with Retry-After; a duplicate with an idempotency key
# waits as long for the first one (milliseconds).
LOCK_TIMEOUT_MS = env.int("DB_LOCK_TIMEOUT_MS", default=3_000)
STATEMENT_TIMEOUT_MS = env.int("DB_STATEMENT_TIMEOUT_MS", default=30_000)

# A server that takes a connection and says nothing, or has gone without a word, must not hold a request for ever: libpq
# would wait without end, or two hours. A silent peer is given up after 5 + 3 × 2 s, what was sent to it after 10 s.
CONNECT_TIMEOUT_SECONDS = env.int("DB_CONNECT_TIMEOUT_SECONDS", default=5)
DEAD_PEERS: dict[str, int] = {
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}

# To be switched off where a pooler hands out another connection for each transaction.
DB_PREPARED_STATEMENTS = env.bool("DB_PREPARED_STATEMENTS", default=True)


def _relational() -> dict[str, Any]:
    database: dict[str, Any] = dict(env.db_url("DATABASE_URL", default=f"sqlite:///{VAR_DIR / 'db.sqlite3'}"))
    database["CONN_MAX_AGE"] = env.int("DB_CONN_MAX_AGE", default=300)
    database["CONN_HEALTH_CHECKS"] = True
    if database["ENGINE"].endswith("sqlite3"):
        database["OPTIONS"] = SQLITE_OPTIONS
    else:
        options = database.setdefault("OPTIONS", {})
        options.update({"connect_timeout": CONNECT_TIMEOUT_SECONDS, **DEAD_PEERS, **options})
        options["options"] = (
            f"-c lock_timeout={LOCK_TIMEOUT_MS} -c statement_timeout={STATEMENT_TIMEOUT_MS} "
            "-c idle_in_transaction_session_timeout=60000 -c timezone=UTC"
        )
    return database


DATABASES: dict[str, dict[str, Any]] = {"default": _relational()}

# Empty: documents live in the relational database; else mongodb://… with the database's name in its path.
DOCUMENTS_URL = env.str("DOCUMENTS_URL", default="")


def _documents(url: str) -> dict[str, Any]:
    name = urlsplit(url).path.strip("/")
    if not name:
        raise ImproperlyConfigured("DOCUMENTS_URL names no database: mongodb://host:27017/NAME")
    return {"ENGINE": "django_mongodb_backend", "HOST": url, "NAME": name}


if DOCUMENTS_URL:
    DATABASES["documents"] = _documents(DOCUMENTS_URL)
DATABASE_ROUTERS = ["marketplace.core.documents.DocumentsRouter"]

"""Celery: queues, beat and limits. The database is the truth; a message is only a wake-up with an id."""

from .databases import CONNECT_TIMEOUT_SECONDS
from .env import env

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="memory://localhost/")
CELERY_RESULT_BACKEND = "django-db"
CELERY_RESULT_EXTENDED = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_RESULT_SERIALIZER = "json"
CELERY_TIMEZONE = "UTC"
CELERY_ENABLE_UTC = True

QUEUES = ("payments", "holds", "notify", "fetch", "events", "default")
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
# By name, not on the tasks: Celery 5.7 deprecates a task's own `queue`. The outbox names the queue of each handler.
CELERY_TASK_ROUTES = {
    "core.*": {"queue": "events"},
    "funds.*": {"queue": "payments"},
    "links.read_*": {"queue": "fetch"},
    "notifications.*": {"queue": "notify"},
    "promotions.*": {"queue": "holds"},
}

CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Never, as far as Celery goes: `marketplace/celery.py` looks after connections, by CONN_MAX_AGE and health checks.
CELERY_DB_REUSE_MAX = 2**60
# A child asks the database before it says that it is there: a silent one is given up after DB_CONNECT_TIMEOUT_SECONDS.
CELERY_WORKER_PROC_ALIVE_TIMEOUT = CONNECT_TIMEOUT_SECONDS + 10.0
# Hard limit < visibility timeout, so that a message is never handed out twice while its task still runs.
CELERY_TASK_TIME_LIMIT = env.int("CELERY_TASK_TIME_LIMIT", default=60)
CELERY_TASK_SOFT_TIME_LIMIT = CELERY_TASK_TIME_LIMIT - 10
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# Whoever sends must learn at once that the broker is out (kombu's defaults take six seconds): the relay keeps exact
# moments on the same thread, and the outbox sends again anyway.
IMPATIENT: dict[str, object] = {
    "socket_timeout": 3,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0.1,
    "interval_max": 0.1,
}
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object]
if CELERY_BROKER_URL.startswith("memory://"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {"polling_interval": 0.05}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        **IMPATIENT,
        "visibility_timeout": CELERY_TASK_TIME_LIMIT + 30,
        "unacked_restore_interval": 10,
    }

CELERY_BEAT_SCHEDULER = "marketplace.core.beat:Scheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

"""Where `make run`, `make dev` and `make run-services` listen, and how wide the single process is."""

from .env import env

BIND_ADDRESS = env.str("BIND_ADDRESS", default="127.0.0.1")
PORT = env.int("PORT", default=8000)
# Every thread holds one database connection; SQLite gains nothing from more.
WEB_THREADS = env.int("WEB_THREADS", default=4)
TASK_THREADS = env.int("TASK_THREADS", default=4)
# Whether the storefront's log-in page offers the accounts of the demo data, where there are any.
SHOW_DEMO_LOGINS = env.bool("SHOW_DEMO_LOGINS", default=False)

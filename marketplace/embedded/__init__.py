"""The whole product in one process: web, WebSocket, Celery worker, beat and relay, without any server beside it.

Used by `make run` and `make dev`. Queue contents die with the process; the outbox and the task rows in the database
are the truth, and the relay hands them out again at the next start.
"""

"""Transactional outbox: an event is a row in the transaction that made it true.

`publish` writes the row; the relay turns it into one delivery per handler and sends each to its Celery
queue; `deliver` runs the handler and marks the delivery done in the handler's own transaction, so that
at-least-once becomes exactly once. The database is the truth: messages may be lost or doubled.
"""

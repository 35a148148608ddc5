"""What stands beside an account: slices above this one say here what they keep for each.

Called inside the transaction that makes the account, or switches it on or off.
"""

from collections.abc import Callable
from uuid import UUID

Created = Callable[[UUID, str], None]
"""Takes the account's id and the language it was made in (empty: not known)."""

_on_created: list[Created] = []
_on_activity: list[Callable[[UUID], None]] = []


def register(*, created: Created, activity_changed: Callable[[UUID], None]) -> None:
    """Called in `ready()`: `created` after each new account, `activity_changed` when it is disabled or enabled."""
    if created not in _on_created:
        _on_created.append(created)
        _on_activity.append(activity_changed)


def account_created(user_id: UUID, language: str) -> None:
    """Tell everybody that the account exists."""
    for run in _on_created:
        run(user_id, language)


def activity_changed(user_id: UUID) -> None:
    """Tell everybody that the account was disabled or enabled."""
    for run in _on_activity:
        run(user_id)

"""Who is calling, for routes whose permission let only accounts in."""

from rest_framework.request import Request

from users.accounts.models import User


def caller(request: Request) -> User:
    """The account behind the request."""
    user: User = request.user  # type: ignore[assignment]
    return user

"""Bearer tokens."""

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class BearerAuthentication(BaseAuthentication):
    """JWT access tokens."""

    def authenticate(self, request: Request) -> None:
        return None

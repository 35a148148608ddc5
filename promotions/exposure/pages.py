"""Selections for the shop's own pages."""

from datetime import datetime

from django.http import HttpRequest

from promotions.contracts import ExposureMix
from promotions.engagement.actors import SESSION_HEADER

from .services.serving import serve_mix
from .values import Asked
from .viewers import viewer_of

SESSION_COOKIE = SESSION_HEADER
"""The cookie that names a session nobody signed in to; events of the page carry it by themselves."""


def mix_for_page(request: HttpRequest, *, context: str, size: int, at: datetime) -> ExposureMix:
    """What whoever opened the page is shown in that place of the shop. See `serve_mix`."""
    return serve_mix(asked=Asked(context, None, size), viewer=viewer_of(request), at=at)

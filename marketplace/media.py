"""Uploads served by the application itself, where no web server in front of it does (SERVE_MEDIA)."""

import re

from django.conf import settings
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest

# Only what the product writes itself: names of content, never a name or a type that came from outside.
_NAME = re.compile(r"products/(?:thumbnails/)?[0-9a-f]{16,64}-[0-9a-f]{12}\.webp", re.ASCII)


def media(request: HttpRequest, name: str) -> FileResponse:
    """A file that never changes, as a picture and nothing else. Raises `Http404`."""
    if not settings.SERVE_MEDIA or request.method not in {"GET", "HEAD"} or not _NAME.fullmatch(name):
        raise Http404
    try:
        file = default_storage.open(name)
    except OSError as error:
        raise Http404 from error
    return FileResponse(
        file,
        content_type="image/webp",
        headers={
            "Cache-Control": "public, max-age=31536000, immutable",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
        },
    )

"""Anonymous lists are kept for some seconds and begun anew with every write of the catalogue."""

from collections.abc import Callable
from hashlib import blake2b

from django.conf import settings
from django.core.cache import cache
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from marketplace.core.observability.counting import Counter
from stores.catalog.freshness import lists_version

LISTS = Counter(
    "marketplace_product_lists_total",
    "lists for people who are not signed in: `hit` was kept, `miss` made",
    ("outcome",),
)


def kept(request: Request, answer: Callable[[], Response]) -> HttpResponseBase:
    """The list from the cache, or made and kept. Only what anybody may see: a signed-in caller's is never kept."""
    seconds = settings.PRODUCT_LIST_CACHE_SECONDS
    if not seconds or request.user.is_authenticated:
        return answer()
    # The version is read before the list is made: what a write overtakes is kept under a version nobody asks for.
    words = f"{lists_version()} {request.scheme} {request.get_host()} {request.get_full_path()}"
    key = f"stores:list:{blake2b(words.encode(), digest_size=16).hexdigest()}"
    body = cache.get(key)
    LISTS.add("miss" if body is None else "hit")
    if body is None:
        body = JSONRenderer().render(answer().data).decode()
        cache.set(key, body, seconds)
    return HttpResponse(body, content_type="application/json")

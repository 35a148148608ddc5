"""Which language a request asks for, and what is said where it asks for none."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header


def asked_language(request: HttpRequest) -> str | None:
    """The language that the request names and the shop has; None where it names none.

    The one chosen in the shop (the cookie of `set_language`) comes before the program's own (`Accept-Language`), as
    in `LocaleMiddleware`. A header without any of the shop's languages, or that would take any (`*`), names none.
    """
    wanted = [request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")]
    for code, _quality in parse_accept_lang_header(request.headers.get("Accept-Language", "")):
        if code == "*":
            break
        wanted.append(code)
    for code in filter(None, wanted):
        try:
            return get_supported_language_variant(code)
        except LookupError:
            continue
    return None

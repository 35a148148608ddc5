"""What browsers are told: where pages may load from, which site may read the API, what a page may ask of a device.

No page has scripts or handlers of its own text, so no policy needs a nonce; `marketplace.core.http.browser` sends them.
"""

from typing import Any
from urllib.parse import urlsplit

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE

from .admin import MAP_TILES_URL

_tiles = urlsplit(MAP_TILES_URL)
# The places of a tile ({s} for one of several hosts, say) are no part of a source: such a host is a wildcard.
_TILE_HOST = [f"{_tiles.scheme}://{_tiles.netloc}".replace("{s}", "*")] if _tiles.netloc else []

# `connect-src 'self'` holds for the sockets of the same host too.
_PAGE: dict[str, Any] = {
    "default-src": [NONE],
    "script-src": [SELF],
    "style-src": [SELF],
    "img-src": [SELF, "data:", *_TILE_HOST],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
CONTENT_SECURITY_POLICY: dict[str, Any] = {"DIRECTIVES": _PAGE}

# The first prefix of a page's path counts.
CONTENT_SECURITY_POLICY_BY_PREFIX: dict[str, dict[str, Any]] = {
    # Unfold draws with Alpine, which evaluates the expressions in its attributes, and brings colours, widths and
    # transitions as inline styles. Scripts of a page's own text stay forbidden.
    "/admin/": {**_PAGE, "script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]},
    # Swagger UI and Redoc write their styles while they run; Redoc searches in a worker made from its own text.
    "/docs/": {**_PAGE, "style-src": [SELF, UNSAFE_INLINE]},
    "/redoc/": {**_PAGE, "style-src": [SELF, UNSAFE_INLINE], "worker-src": ["blob:"]},
}
# Answers that are no pages: should a browser ever take one for a page, it loads and runs nothing.
CONTENT_SECURITY_POLICY_OF_DATA = "default-src 'none'; frame-ancestors 'none'"

# The storefront asks for the place when its reader presses the button; nothing else of a device is ever used.
PERMISSIONS_POLICY = (
    "accelerometer=(), camera=(), display-capture=(), geolocation=(self), gyroscope=(), hid=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), publickey-credentials-get=(), serial=(), usb=()"
)

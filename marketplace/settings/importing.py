"""Catalogue files: how large a file may be, how long what was read of one is kept."""

from .env import env

IMPORT_MAX_FILE_BYTES = env.int("IMPORT_MAX_FILE_BYTES", default=50_000_000)
IMPORT_MAX_ROWS = env.int("IMPORT_MAX_ROWS", default=200_000)
# Runs that are over, and those that nobody confirmed, are forgotten after so many days.
IMPORT_KEPT_DAYS = env.int("IMPORT_KEPT_DAYS", default=30)
# Where a feed's items point to, below PUBLIC_URL or elsewhere; `{id}` and `{slug}` are the product's.
PRODUCT_PAGE = env.str("PRODUCT_PAGE", default="/api/v1/market/products/{id}/")

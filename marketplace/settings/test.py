"""The suite: the database and cache named by the environment, fast hashes, no waiting."""

import hashlib
import os
from pathlib import Path

from .base import *  # noqa: F403
from .env import BASE_DIR, VAR_DIR

DEBUG = False
SECRET_KEY = "test-secret-key-0123456789-0123456789-0123456789"  # noqa: S105
SIMPLE_JWT["SIGNING_KEY"] = "test-jwt-signing-key-0123456789-0123456789-012345"  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
WHITENOISE_AUTOREFRESH = True
CELERY_BROKER_URL = "memory://localhost/"
# Every record is made, because every one is looked through (log_scan.py); few are shown.
LOGGING["root"]["level"] = "INFO"  # noqa: F405
LOGGING["handlers"]["console"]["level"] = "WARNING"  # noqa: F405

# Servers may be shared with other checkouts and other people: names that nobody else uses.
_ours = f"test_marketplace_{hashlib.sha256(str(BASE_DIR).encode()).hexdigest()[:8]}"

_default = DATABASES["default"]  # noqa: F405
if _default["ENGINE"].endswith("sqlite3"):
    # A file, so that threads share it; the flush to disk is not what the tests are about.
    (VAR_DIR / "test").mkdir(parents=True, exist_ok=True)
    _default["TEST"] = {"NAME": str(Path(VAR_DIR) / "test" / "test.sqlite3")}
    _default["OPTIONS"] = {**_default["OPTIONS"], "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"}
else:
    _default["TEST"] = {"NAME": _ours}

if REDIS_URL:  # noqa: F405
    _prefix = f"{_ours}-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"
    CACHES["default"]["KEY_PREFIX"] = _prefix  # noqa: F405
    CHANNEL_LAYERS["default"]["CONFIG"]["prefix"] = _prefix  # noqa: F405

# Uploads of tests are theirs.
MEDIA_ROOT = str(Path(VAR_DIR) / "test" / f"media-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")

# And what they count.
METRICS_FOLDER = str(Path(VAR_DIR) / "test" / f"metrics-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")

# And what would go to people's telephones.
PUSH_FILE_PATH = str(Path(VAR_DIR) / "test" / f"push-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}")

# A test's writes are never committed, so nothing would begin new lists. (Tests of the cache say otherwise.)
PRODUCT_LIST_CACHE_SECONDS = 0

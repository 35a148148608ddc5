"""What every environment shares: applications, middleware, templates; the rest is gathered below."""

from .admin import *  # noqa: F403
from .api import *  # noqa: F403
from .auth import *  # noqa: F403
from .beat import *  # noqa: F403
from .browser import *  # noqa: F403
from .bus import *  # noqa: F403
from .caches import *  # noqa: F403
from .carts import *  # noqa: F403
from .celery import *  # noqa: F403
from .databases import *  # noqa: F403
from .engagement import *  # noqa: F403
from .env import BASE_DIR, VAR_DIR, env
from .exposure import *  # noqa: F403
from .flash import *  # noqa: F403
from .geography import *  # noqa: F403
from .i18n import *  # noqa: F403
from .importing import *  # noqa: F403
from .links import *  # noqa: F403
from .logs import *  # noqa: F403
from .mail import *  # noqa: F403
from .metrics import *  # noqa: F403
from .orders import *  # noqa: F403
from .outside import *  # noqa: F403
from .payments import *  # noqa: F403
from .questions import *  # noqa: F403
from .serving import *  # noqa: F403
from .sockets import *  # noqa: F403
from .traces import *  # noqa: F403

ROOT_URLCONF = "marketplace.urls"
WSGI_APPLICATION = "marketplace.wsgi.application"
ASGI_APPLICATION = "marketplace.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Where links in mails point to.
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://localhost:{PORT}").rstrip("/")  # noqa: F405
# How many proxies in front of us may be believed about the client's address. 0 = none.
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)

INSTALLED_APPS = [
    # The admin's looks come before the admin itself: templates are taken from the first that has them.
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "corsheaders",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_celery_results",
    "import_export",
    "channels",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "django_htmx",
    "anymail",
    # The product, lowest layer first.
    "marketplace.core",
    "users",
    "stores",
    "funds",
    "links",
    "promotions",
    "purchases",
    "notifications",
    "marketplace.backoffice",
    "marketplace.storefront",
    "marketplace",
]

MIDDLEWARE = [
    "marketplace.core.observability.middleware.RequestContextMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "marketplace.core.http.browser.BrowserPolicyMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "marketplace.core.http.middleware.TrailingSlashMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "marketplace.backoffice.middleware.PlatformTimeMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "marketplace.backoffice.middleware.SecondFactorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "marketplace" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=str(VAR_DIR / "static"))
MEDIA_URL = "media/"
MEDIA_ROOT = env.path("MEDIA_ROOT", default=str(VAR_DIR / "media"))
# Whether the application answers MEDIA_URL itself; a web server in front of it does it faster.
SERVE_MEDIA = env.bool("SERVE_MEDIA", default=True)
FILE_UPLOAD_PERMISSIONS = 0o644
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# A request body is at most this many bytes; the strict JSON parser holds to it as well.
DATA_UPLOAD_MAX_MEMORY_SIZE = env.int("MAX_BODY_BYTES", default=2_621_440)

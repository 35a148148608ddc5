"""Languages and the platform's time zone (days, weeks and caps are counted in it)."""

from .env import BASE_DIR, env

LANGUAGE_CODE = env.str("LANGUAGE_CODE", default="en")
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "marketplace" / "locale"]
TIME_ZONE = "UTC"
PLATFORM_TIME_ZONE = env.str("PLATFORM_TIME_ZONE", default="America/Mexico_City")
# What stands before the decimals in Spanish: `point` (1,234.50: Mexico, Central America) or `comma` (1.234,50).
SPANISH_NUMBERS = env.str("SPANISH_NUMBERS", default="point")
FORMAT_MODULE_PATH = ["marketplace.formats"]
USE_I18N = True
USE_TZ = True

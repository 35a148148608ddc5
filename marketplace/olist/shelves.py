"""Which department a category of the data set belongs to, by words of its English name."""

from django.utils.text import slugify

UNKNOWN = "unclassified"
OTHER = "olist-other"

DEPARTMENTS = {
    "olist-electronics": "Electronics",
    "olist-fashion": "Fashion",
    "olist-food": "Food and drink",
    "olist-health": "Health, beauty and baby",
    "olist-home": "Home and garden",
    "olist-leisure": "Books, toys and sports",
    OTHER: "Other",
}
# The first that fits wins: "Office Furniture" is home before it is anything else.
_WORDS = (
    ("olist-food", ("food", "drink", "cuisine")),
    (
        "olist-electronics",
        ("electronic", "comput", "tablet", "telephony", "audio", "console", "cine photo", "appliance", "air condition",
         "pc gamer", "portateis"),
    ),
    ("olist-fashion", ("fashio", "luggage", "watches")),
    ("olist-health", ("health", "perfum", "baby", "diaper")),
    (
        "olist-home",
        ("home", "house", "furniture", "bed bath", "garden", "kitchen", "construction", "costruction", "flowers",
         "christmas"),
    ),
    (
        "olist-leisure",
        ("book", "toy", "sport", "music", "dvd", "art", "party", "stationery", "cool stuff", "pet shop"),
    ),
)  # fmt: skip


def readable(name: str) -> str:
    """`bed_bath_table` and `Bed Bath Table` both as people write it."""
    words = " ".join((name or UNKNOWN).replace("_", " ").split())
    return words[:1].upper() + words[1:].lower()


def category_slug(name: str) -> str:
    """The slug here; prefixed, so that it meets no category of the shop's own."""
    return f"olist-{slugify(readable(name)) or UNKNOWN}"[:140]


def department_of(name: str) -> str:
    """The slug of its department."""
    lowered = readable(name).lower()
    for department, words in _WORDS:
        if any(word in lowered for word in words):
            return department
    return OTHER

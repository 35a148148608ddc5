"""How people are named to others who need not know them."""

LONGEST: int = 40


def short_name(name: str) -> str:
    """First name and an initial; never an address. Nothing where the name gives none."""
    first, *others = name.split() or [""]
    if not first or "@" in name or len(first) > LONGEST:
        return ""
    return f"{first} {others[-1][0].upper()}." if others else first

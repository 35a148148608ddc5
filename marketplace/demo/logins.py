"""The ready-made log-ins of the demo data. `populate_demo_data` creates them; `serve` shows them at each start."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model

# One password, hashed once, for everybody in the demo town. It guards nothing: the data is made up.
DEMO_PASSWORD = "demo-pass-2026"  # noqa: S105


@dataclass(frozen=True)
class DemoLogin:
    """An account that the demo data holds, and what it is for."""

    email: str
    purpose: str


ADMINISTRATOR = DemoLogin("admin@demo.example", "administrator: everything in /admin/")
STAFF = DemoLogin("staff@demo.example", "staff of the grocery department")
MERCHANT = DemoLogin("merchant@demo.example", "owner of the first store")
CUSTOMER = DemoLogin("ana@demo.example", "customer near running promotions, with money in the wallet")
OTHER_CUSTOMER = DemoLogin("beto@demo.example", "another one, to see how one takes what the other wanted")
CUSTOMERS = (CUSTOMER, OTHER_CUSTOMER)
DEMO_LOGINS = (ADMINISTRATOR, STAFF, MERCHANT, *CUSTOMERS)


def existing_demo_logins() -> list[DemoLogin]:
    """Those that are in this database, in the order above."""
    emails = [login.email for login in DEMO_LOGINS]
    present = set(get_user_model()._default_manager.filter(email__in=emails).values_list("email", flat=True))
    return [login for login in DEMO_LOGINS if login.email in present]

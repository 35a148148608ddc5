"""What a person sees when the product has started: where to go, and whom to be there."""

from django.conf import settings

from marketplace.demo.logins import DEMO_PASSWORD, existing_demo_logins


def welcome(address: str, port: int) -> str:
    """Addresses worth opening, and the accounts to open them with."""
    host = "localhost" if address in {"127.0.0.1", "0.0.0.0", "::", "::1"} else address  # noqa: S104
    base = f"http://{host}:{port}"
    lines = [
        "",
        f"  Shop               {base}/",
        f"  API documentation  {base}/docs/",
        f"  Back office        {base}/admin/",
        f"  Health             {base}/healthz",
        f"  Database, mail     {settings.VAR_DIR}",
    ]
    logins = existing_demo_logins()
    if logins:
        lines += ["", f"  Log-ins of the demo data (password of all: {DEMO_PASSWORD})"]
        lines += [f"    {login.email:<24} {login.purpose}" for login in logins]
    return "\n".join([*lines, "", "  Ctrl-C stops everything.", ""])

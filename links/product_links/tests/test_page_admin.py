"""Pages in the back office: the evidence is shown as text, and reading again goes through the service."""

import pytest
from django.urls import reverse
from django.utils import timezone

from links.product_links import services
from links.product_links.models import HostPace, Page
from marketplace.core.audit import AuditEntry
from users.accounts.tests.factories import AdministratorFactory, UserFactory

from .shops import product, read_all, serving

URL = "http://tienda.example/p"


@pytest.fixture
def page(db):
    with serving("tienda.example") as shops:
        shops.put(URL, product("Olla <b>x</b>", price="1299.00"))
        services.submit_link(customer_id=UserFactory().pk, url=URL, at=timezone.now())
        read_all()
    return Page.objects.get()


def test_a_page_shows_what_is_known_and_how(admin_client, page):
    shown = admin_client.get(reverse("admin:links_page_change", args=[page.pk])).content.decode()

    for text in ("1,299.00 MXN", "Olla x", "tienda.example", "json_ld", "in_stock"):
        assert text in shown
    assert "<b>x</b>" not in shown
    assert 'rel="noopener noreferrer nofollow"' in shown


@pytest.mark.parametrize("name", ["page", "productlink", "hostpace"])
def test_lists(admin_client, page, name):
    assert admin_client.get(reverse(f"admin:links_{name}_changelist"), {"q": "tienda"}).status_code == 200


def test_read_again(admin_client, page):
    def act():
        data = {"action": "read_again", "_selected_action": [str(page.pk)]}
        return admin_client.post(reverse("admin:links_page_changelist"), data, follow=True)

    refused = act()
    page.refresh_from_db()
    assert "moment ago" in refused.content.decode()
    assert page.due_at > timezone.now()

    Page.objects.update(read_at=None)
    act()

    page.refresh_from_db()
    assert page.due_at <= timezone.now()
    assert AuditEntry.objects.filter(action="links.read_again").count() == 1
    assert HostPace.objects.count() == 1


@pytest.fixture
def admin_client(client, db):
    client.force_login(AdministratorFactory())
    return client

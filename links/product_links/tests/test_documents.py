"""Documents in the relational database and in MongoDB: the same models and the same code.

No mongod is to be had here: MongoDB's side runs against SecantusDB, a beta that speaks MongoDB's protocol (docs/
decisions/0010 says what that shows and what it does not).
"""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection, connections
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone
from django_mongodb_backend.base import DatabaseWrapper

from links.product_links import documents, selectors, services
from links.product_links.models import Page, PageSnapshot, PricePoint, ProductLink
from marketplace.core.documents import DOCUMENT_MODELS, DOCUMENTS_ALIAS, DocumentsRouter, documents_alias
from marketplace.core.money import Money
from marketplace.settings import databases
from users.accounts.tests.factories import UserFactory

from .shops import product, read_all, serving

secantus = pytest.importorskip("secantus", reason="DOCUMENTS ON MONGODB ARE NOT TESTED: SecantusDB is not installed")

HOST = "tienda.example"
URL = f"http://{HOST}/p/olla"


@pytest.fixture(scope="module")
def stand_in(tmp_path_factory):
    """A server that speaks MongoDB's protocol."""
    with secantus.SecantusDBServer(storage_path=str(tmp_path_factory.mktemp("documents"))) as server:
        yield server.uri


@pytest.fixture
def mongo(db: Any, stand_in: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The alias `documents`, as DOCUMENTS_URL makes it, with the tables that its migrations make."""
    head, _question, options = stand_in.partition("?")
    url = f"{head.rstrip('/')}/test_documents?{options}".rstrip("?")
    alias = {DOCUMENTS_ALIAS: databases._documents(url)}
    # Django closes aliases that a test did not name beforehand, when there is none by that name yet.
    monkeypatch.setattr(DatabaseWrapper, "ensure_connection", connect)
    # In place: Django warns of overriding DATABASES, since connections that exist would not notice.
    connections.settings.update(connections.configure_settings({**django_settings.DATABASES, **alias}))
    wrapper: Any = connections[DOCUMENTS_ALIAS]
    try:
        assert documents_alias() == DOCUMENTS_ALIAS
        migrate(wrapper)
        yield wrapper
        wrapper.database.client.drop_database("test_documents")
    finally:
        wrapper.close()
        wrapper.close_pool()
        del connections[DOCUMENTS_ALIAS]
        del connections.settings[DOCUMENTS_ALIAS]


def connect(wrapper):
    """As it is outside of tests."""
    if wrapper.connection is None:
        wrapper.connect()


def migrate(target):
    """The context's own migrations there (those of the others find nothing to do, and take a minute for it)."""
    loader = MigrationLoader(None)
    names = sorted(name for app, name in loader.disk_migrations if app == "links")
    state = loader.project_state(("links", names[0]), at_end=False)
    for name in names:
        with target.schema_editor() as editor:
            state = loader.disk_migrations["links", name].apply(state, editor)


@pytest.fixture(params=["relational", "mongo"])
def anywhere(request, db):
    """Each test twice."""
    if request.param == "mongo":
        request.getfixturevalue("mongo")
    with serving(HOST) as shops:
        yield shops


def read(shops, price):
    shops.put(URL, product(price=price))
    Page.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    assert read_all()


def test_what_pages_said_is_kept_and_found(anywhere, api):
    person = UserFactory()
    link = services.submit_link(customer_id=person.pk, url=URL, at=timezone.now())
    for price in ("1299.00", "1299.00", "999.00", "1049.50"):
        read(anywhere, price)

    page_id = link.page_id
    since = timezone.now() - timedelta(hours=1)
    minors = [129900, 99900, 104950]
    assert [card.price for card in selectors.price_history(page_id, since)] == [Money(each, "MXN") for each in minors]
    assert selectors.price_history(page_id, timezone.now()) == []
    assert PageSnapshot.objects.filter(page_id=page_id).count() == 3
    snapshot_id: Any = selectors.latest_snapshot_id(page_id)
    latest = PageSnapshot.objects.get(pk=snapshot_id)
    assert "1049.50" in latest.body
    assert (latest.found["price"], latest.found["may_be_bought"]) == ("1049.50", True)
    assert latest.found["images"] == []
    last_step: Any = selectors.latest_price_of(page_id)
    assert latest.pk == last_step.snapshot_id

    api.force_authenticate(person)
    first = api.get(f"/api/v1/product-links/{link.pk}/history/?page_size=2").json()
    second = api.get(first["next"]).json()
    shown = [step["price"]["amount"] for step in first["results"] + second["results"]]
    assert shown == ["1049.50", "999.00", "1299.00"]
    assert second["next"] is None


def test_old_documents_are_forgotten(anywhere, settings):
    services.submit_link(customer_id=UserFactory().pk, url=URL, at=timezone.now())
    read(anywhere, "1299.00")
    at = timezone.now()

    assert documents.forget_old_documents(at) == (0, 0)
    assert documents.forget_old_documents(at + timedelta(days=settings.LINK_SNAPSHOT_DAYS + 1)) == (1, 0)
    assert documents.forget_old_documents(at + timedelta(days=settings.LINK_HISTORY_DAYS + 1)) == (0, 1)
    assert (PageSnapshot.objects.count(), PricePoint.objects.count()) == (0, 0)


def test_a_page_whose_documents_are_gone_is_read_as_before(anywhere):
    services.submit_link(customer_id=UserFactory().pk, url=URL, at=timezone.now())
    read(anywhere, "1299.00")
    PageSnapshot.objects.all().delete()
    PricePoint.objects.all().delete()

    read(anywhere, "1299.00")

    assert (PageSnapshot.objects.count(), PricePoint.objects.count()) == (1, 1)


def test_documents_live_in_mongodb_and_nothing_else_does(mongo):
    PricePoint.objects.create(
        page_id=ProductLink().pk, at=timezone.now(), availability="unknown", method="none", confidence=0
    )

    assert sorted(mongo.introspection.table_names()) == ["links_pagesnapshot", "links_pricepoint"]
    assert mongo.database["links_pricepoint"].count_documents({}) == 1
    names = {index["name"] for index in mongo.database["links_pricepoint"].list_indexes()}
    assert {"links_price_of_page", "links_price_age"} <= names
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM links_pricepoint")
        assert cursor.fetchone() == (0,)


def test_the_router_without_mongodb_answers_the_relational_database():
    router = DocumentsRouter()

    assert documents_alias() == "default"
    assert router.db_for_read(PricePoint) == router.db_for_write(PageSnapshot) == "default"
    assert router.db_for_read(Page) is None
    assert router.allow_migrate("default", "links", "pricepoint") is True
    assert router.allow_migrate("default", "links", "page") is None
    assert router.allow_migrate(DOCUMENTS_ALIAS, "links", "page") is False
    assert router.allow_migrate(DOCUMENTS_ALIAS, "links") is False


def test_the_router_with_mongodb(mongo):
    router = DocumentsRouter()

    assert router.db_for_read(PricePoint) == router.db_for_write(PageSnapshot) == DOCUMENTS_ALIAS
    assert router.db_for_read(Page) is None
    assert router.allow_migrate("default", "links", "pricepoint") is False
    assert router.allow_migrate(DOCUMENTS_ALIAS, "links", "pricepoint") is True
    assert router.allow_migrate(DOCUMENTS_ALIAS, "users", "user") is False
    assert router.allow_relation(Page(), PricePoint()) is False
    assert router.allow_relation(Page(), ProductLink()) is None


def test_documents_refer_to_nothing():
    models = [PageSnapshot, PricePoint]

    assert {(model._meta.app_label, model._meta.model_name) for model in models} == set(DOCUMENT_MODELS)
    assert not [field for model in models for field in model._meta.get_fields() if field.is_relation]


@pytest.mark.parametrize("url", ["mongodb://host:27017", "mongodb://host:27017/", "mongodb://host/?w=majority"])
def test_an_address_that_names_no_database_is_refused(url):
    with pytest.raises(ImproperlyConfigured):
        databases._documents(url)

"""The back office by department, model and action: every registered page has a row, and is tried over HTTP.

The table is in `admin_table.py`; a model, an action or a URL without a row fails. Whoever is refused changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import NoReverseMatch, reverse

from marketplace.backoffice.navigation import EXTRA_PAGES
from marketplace.core.access import KEYS
from stores.merchants.models import StoreMember
from users.accounts.tests.factories import StaffFactory, UserFactory
from users.models import DepartmentMember, User
from users.staff.tests.factories import DepartmentMemberFactory

from .admin_table import NOT_IN_MENU, PEOPLE, TABLE, Row
from .fingerprint import fingerprint
from .world import World, build_world

pytestmark = [pytest.mark.once, pytest.mark.django_db]
PAGES = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
STANDARD = ("changelist", "add", "history", "delete", "change")
ABSENT = {302, 403, 404, 405}


@dataclass(frozen=True, slots=True)
class Office:
    """The world, and somebody of each kind at the back office's door."""

    world: World
    people: dict[str, User]

    def client(self, person: str) -> Client:
        """Signed in."""
        client = Client(raise_request_exception=False)
        client.force_login(self.people[person])
        return client


@pytest.fixture(scope="module")
def office(module_rows: None) -> Office:
    """One of each thing, and people who may do more or less with it."""
    world = build_world()
    here, store = world.ids["departments"]["pk"], world.ids["stores"]["pk"]

    def clerk(verb: str) -> User:
        keys = [key for key in KEYS if key.endswith(verb)]
        member: DepartmentMember = DepartmentMemberFactory.create(department_id=here, keys=keys)
        return member.user

    def merchant(role: str) -> User:
        person: User = StaffFactory.create()
        StoreMember.objects.create(store_id=store, user=person, role=role)
        return person

    people = {
        "administrator": world.person("administrator"),
        "writer": clerk("write"),
        "reader": clerk("read"),
        "owner": merchant(StoreMember.Role.OWNER),
        "member": merchant(StoreMember.Role.MEMBER),
        "elsewhere": world.person("clerk"),
        "staff": StaffFactory.create(),
    }
    return Office(world, people)


def own_urls(label: str) -> set[str]:
    """Names of the URLs a page adds to the usual five, without the model's name in front."""
    page = PAGES[label]
    prefix = f"{label.replace('.', '_')}_"
    names = {pattern.name.removeprefix(prefix) for pattern in page.get_urls() if pattern.name}
    return names - set(STANDARD)


def list_actions(label: str) -> set[str]:
    return {action if isinstance(action, str) else action.__name__ for action in PAGES[label].actions or ()}


def test_every_page_has_a_row_and_every_row_a_page():
    assert set(TABLE) == set(PAGES)


@pytest.mark.parametrize("label", PAGES)
def test_every_action_and_every_url_of_a_page_is_in_its_row(label):
    assert list_actions(label) | own_urls(label) == set(TABLE[label].actions)


@pytest.mark.usefixtures("refusals_without_a_page")
@pytest.mark.parametrize("app", sorted({label.split(".")[0] for label in TABLE}))
def test_each_page_opens_to_whom_it_should_and_to_nobody_else(office, app):
    clients = {person: office.client(person) for person in PEOPLE}
    labels = [label for label in TABLE if label.split(".")[0] == app]
    pages = [PAGES[label].model for label in labels]
    before = fingerprint(pages)

    found = [f"{label}: {trouble}" for label in labels for trouble in troubles_of(office, label, clients)]

    assert found == []
    assert fingerprint(pages) == before, "a refused request changed something"


def troubles_of(office: Office, label: str, clients: dict[str, Client]) -> Iterator[str]:
    row, target = TABLE[label], target_of(office, label)
    for person in row.tried_by:
        client = clients[person]
        visit = Visit(label, row, person, client, target, client.get(url_of(label, "changelist")))
        yield from (f"{person} {trouble}" for trouble in visit.page_troubles())
        if target is not None:
            yield from (f"{person} {trouble}" for trouble in visit.object_troubles())
        yield from (f"{person} {trouble}" for trouble in visit.autocomplete_troubles())


def target_of(office: Office, label: str) -> Model | None:
    """The object the row is tried with; a model that only the house sees may have none."""
    row = TABLE[label]
    model: Any = PAGES[label].model
    if row.of:
        named: Model = model._base_manager.get(pk=office.world.ids[row.of]["pk"])
        return named
    first: Model | None = model._base_manager.order_by("pk").first()
    return first


def url_of(label: str, page: str, *args: Any) -> str:
    name = f"{label.replace('.', '_')}_{page}"
    return reverse(f"admin:{page if page.startswith('auth_') else name}", args=args)


@dataclass(frozen=True, slots=True)
class Visit:
    """One person at one model's pages. What is refused is really asked for; what is allowed is only looked at."""

    label: str
    row: Row
    person: str
    client: Client
    target: Model | None
    listed: Any

    def url(self, page: str, *args: Any) -> str:
        return url_of(self.label, page, *args)

    def page_troubles(self) -> Iterator[str]:
        """List and form of a new object."""
        may = self.row.page(self.person)
        answer = self.listed
        if answer.status_code != (200 if "v" in may else 403):
            yield f"gets {answer.status_code} for the list"
        elif self.target is not None and answer.status_code == 200:
            is_there = answer.context["cl"].queryset.filter(pk=self.target.pk).exists()
            # The back office leaves out what is archived and the like; what it shows must be the person's to see.
            if is_there and "v" not in self.row.object(self.person):
                yield "finds the object in the list"
            if self.row.of and not is_there and "v" in self.row.object(self.person):
                yield "misses the object in the list"
        answer = self.client.get(self.url("add"))
        if answer.status_code != (200 if "a" in may else 403):
            yield f"gets {answer.status_code} for a new one"
        if "a" not in may and self.client.post(self.url("add"), {}).status_code != 403:
            yield "may post a new one"

    def object_troubles(self) -> Iterator[str]:
        """The object's page, its history, its removal, the actions."""
        assert self.target is not None
        may, pk = self.row.object(self.person), self.target.pk
        answer = self.client.get(self.url("change", pk))
        if (answer.status_code == 200) != ("v" in may) or answer.status_code not in {200, *ABSENT}:
            yield f"gets {answer.status_code} for the object"
        elif answer.status_code == 200 and answer.context["has_change_permission"] != ("c" in may):
            yield f"may{' not' if 'c' in may else ''} change the object"
        if (self.client.get(self.url("history", pk)).status_code == 200) != ("v" in may):
            yield "and the object's history"
        if "d" in may and self.client.get(self.url("delete", pk)).status_code != 200:
            yield "cannot remove the object"
        if "c" not in may and self.client.post(self.url("change", pk), {}).status_code not in ABSENT:
            yield "may post the object"
        if "d" not in may and self.client.post(self.url("delete", pk), {"post": "yes"}).status_code not in ABSENT:
            yield "may post the removal"
        yield from self.action_troubles(may)

    def action_troubles(self, may: frozenset[str]) -> Iterator[str]:
        """Actions on the object: offered to whoever may, and without effect for all others."""
        assert self.target is not None
        pk, offered = self.target.pk, self.offered()
        bulk = {name: needs for name, needs in self.row.actions.items() if name in list_actions(self.label)}
        for name, needs in (bulk | {"delete_selected": "d"}).items():
            if needs in may and name not in offered:
                yield f"is not offered {name}"
            if needs not in self.row.page(self.person) and name in offered:
                yield f"is offered {name}"
            if needs not in may:
                data = {"action": name, "_selected_action": [str(pk)], "post": "yes", "reason": "No"}
                self.client.post(self.url("changelist"), data)
        for name in own_urls(self.label):
            address, is_about_object = self.address_of(name, pk)
            if self.row.actions[name] not in (may if is_about_object else self.row.page(self.person)):
                answers = self.client.get(address), self.client.post(address, {})
                if any(answer.status_code not in ABSENT for answer in answers):
                    yield f"reaches {name}"

    def address_of(self, name: str, pk: Any) -> tuple[str, bool]:
        """Of a URL of the page's own, and whether it names the object."""
        try:
            return self.url(name, pk), True
        except NoReverseMatch:
            return self.url(name), False

    def offered(self) -> set[str]:
        """The actions in the list's menu."""
        form = self.listed.context["action_form"] if self.listed.status_code == 200 else None
        return {name for name, _text in form.fields["action"].choices} if form else set()

    def autocomplete_troubles(self) -> Iterator[str]:
        """What the search field of another form finds."""
        source = relation_to(PAGES[self.label].model)
        if source is None or not PAGES[self.label].search_fields or self.target is None:
            return
        app, model, field = source
        answer = self.client.get(
            reverse("admin:autocomplete"), {"app_label": app, "model_name": model, "field_name": field, "term": ""}
        )
        if answer.status_code != (200 if "v" in self.row.page(self.person) else 403):
            yield f"gets {answer.status_code} for a search"
        found = answer.json()["results"] if answer.status_code == 200 else []
        if "v" not in self.row.object(self.person) and str(self.target.pk) in {entry["id"] for entry in found}:
            yield "finds the object by searching"


def relation_to(model: type[Model]) -> tuple[str, str, str] | None:
    """A foreign key to the model, as the autocomplete view wants to be told."""
    for source in apps.get_models():
        for relation in source._meta.get_fields():
            if relation.concrete and relation.is_relation and relation.related_model is model:
                return source._meta.app_label, str(source._meta.model_name), relation.name
    return None


@pytest.mark.parametrize("person", PEOPLE)
def test_menu_and_index_show_what_the_person_may_open_and_nothing_else(office, person):
    may_open = {label for label, row in TABLE.items() if "v" in row.page(person)} - NOT_IN_MENU
    links = {reverse(f"admin:{label.replace('.', '_')}_changelist") for label in may_open}
    links |= {reverse(route) for label in may_open for _title, _icon, route in EXTRA_PAGES.get(label, ())}

    if person == "administrator":  # of the reports a person's permissions decide, not keys
        links.add(reverse("backoffice:analytics", args=["overview"]))

    context = office.client(person).get(reverse("admin:index")).context

    menu = [item["link"] for section in context["sidebar_navigation"] for item in section["items"]]
    assert set(map(str, menu)) - {reverse("admin:index")} == links
    listed = {model["model"]._meta.label_lower for app in context["available_apps"] for model in app["models"]}
    assert listed == may_open


def test_being_of_the_house_opens_nothing_of_a_department():
    assert all(not row.page("staff") for row in TABLE.values())


@pytest.mark.parametrize("label", [label for label, row in TABLE.items() if row.of])
def test_keys_and_stores_without_being_of_the_house_open_no_page(office, label):
    merchant = UserFactory.create()
    StoreMember.objects.create(store_id=office.world.ids["stores"]["pk"], user=merchant, role=StoreMember.Role.OWNER)
    DepartmentMemberFactory.create(department_id=office.world.ids["departments"]["pk"], user=merchant, keys=list(KEYS))
    client = Client()
    client.force_login(merchant)

    answer = client.get(reverse(f"admin:{label.replace('.', '_')}_changelist"))

    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, reverse("admin:login"))

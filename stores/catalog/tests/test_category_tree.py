"""The category tree: paths, moves, limits."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from stores.catalog.errors import CategoryCycleError, CategoryTooDeepError, DepartmentMismatchError
from stores.catalog.models import Category
from stores.catalog.services import change_category, create_category
from users.staff.tests.factories import DepartmentFactory

from .factories import CategoryFactory, ProductFactory

pytestmark = pytest.mark.django_db
URL = "/api/v1/market/categories/"


def chain(length: int, department) -> list[Category]:
    """Categories, each below the one before."""
    rows: list[Category] = []
    for _ in range(length):
        rows.append(CategoryFactory(parent=rows[-1] if rows else None, department=department))
    return rows


def paths() -> dict[Any, Any]:
    return dict(Category.objects.values_list("pk", "path"))


def test_path_leads_from_the_root():
    department = DepartmentFactory()
    root = create_category(name="Hogar", department_id=department.pk, actor_id=None)

    leaf = create_category(name="Cocina", department_id=department.pk, parent_id=root.pk, actor_id=None)

    assert leaf.path == f"{root.pk.hex}/{leaf.pk.hex}/"


def test_move_rewrites_the_whole_subtree_in_one_statement():
    department = DepartmentFactory()
    top, middle, leaf = chain(3, department)
    elsewhere = CategoryFactory(department=department)

    with CaptureQueriesContext(
        connection,
    ) as queries:
        change_category(category=middle, expected_version=None, changes={"parent_id": elsewhere.pk}, actor_id=None)

    assert paths() == {
        top.pk: f"{top.pk.hex}/",
        elsewhere.pk: f"{elsewhere.pk.hex}/",
        middle.pk: f"{elsewhere.pk.hex}/{middle.pk.hex}/",
        leaf.pk: f"{elsewhere.pk.hex}/{middle.pk.hex}/{leaf.pk.hex}/",
    }
    assert sum('"path" =' in query["sql"] for query in queries if query["sql"].startswith("UPDATE")) == 1


def test_move_to_the_top():
    _top, middle, leaf = chain(3, DepartmentFactory())

    change_category(category=middle, expected_version=None, changes={"parent_id": None}, actor_id=None)

    assert paths()[leaf.pk] == f"{middle.pk.hex}/{leaf.pk.hex}/"


def test_nothing_hangs_below_itself():
    top, _middle, leaf = chain(3, DepartmentFactory())
    before = paths()

    for target in (top, leaf):
        with pytest.raises(CategoryCycleError):
            change_category(category=top, expected_version=None, changes={"parent_id": target.pk}, actor_id=None)

    assert paths() == before


def test_tree_has_a_floor():
    department = DepartmentFactory()
    deep = chain(Category.MAX_DEPTH, department)
    pair = chain(2, department)
    before = paths()

    with pytest.raises(CategoryTooDeepError):
        create_category(name="Más", department_id=department.pk, parent_id=deep[-1].pk, actor_id=None)
    with pytest.raises(CategoryTooDeepError):
        change_category(category=pair[0], expected_version=None, changes={"parent_id": deep[-2].pk}, actor_id=None)

    assert paths() == before


def test_children_stay_in_the_department():
    here, there = CategoryFactory(), CategoryFactory()
    before = paths()

    with pytest.raises(DepartmentMismatchError):
        create_category(name="x", department_id=here.department_id, parent_id=there.pk, actor_id=None)
    with pytest.raises(DepartmentMismatchError):
        change_category(category=here, expected_version=None, changes={"parent_id": there.pk}, actor_id=None)
    with pytest.raises(DepartmentMismatchError):
        change_category(
            category=here, expected_version=None, changes={"department_id": there.department_id}, actor_id=None
        )

    assert paths() == before


def test_clerk_builds_the_tree_of_their_department(api, clerk_of):
    department = DepartmentFactory()
    api.force_authenticate(clerk_of(department))

    root = api.post(URL, {"name": "Hogar", "department": str(department.pk)}, format="json")
    leaf = api.post(
        URL, {"name": "Cocina", "department": str(department.pk), "parent": root.json()["id"]}, format="json"
    )
    taxed = api.patch(f"{URL}{leaf.json()['id']}/", {"tax_bp": 1600}, format="json", HTTP_IF_MATCH=leaf["ETag"])

    assert (root.status_code, leaf.status_code) == (201, 201)
    assert (taxed.json()["tax_bp"], taxed["ETag"]) == (1600, '"2"')
    assert api.get(f"{URL}?parent={root.json()['id']}").json()["results"] == [taxed.json()]


def test_foreign_department_does_not_exist_for_writing(api, clerk_of):
    foreign = CategoryFactory()
    api.force_authenticate(clerk_of(DepartmentFactory()))
    before = list(Category.objects.values_list())

    answers = [
        api.post(URL, {"name": "Mía", "department": str(foreign.department_id)}, format="json"),
        api.patch(f"{URL}{foreign.pk}/", {"name": "Mía"}, format="json"),
        api.delete(f"{URL}{foreign.pk}/"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert list(Category.objects.values_list()) == before
    assert api.get(f"{URL}{foreign.pk}/").status_code == 200


def test_category_in_use_stays(api, administrator):
    parent = CategoryFactory()
    child = CategoryFactory(parent=parent)
    ProductFactory(category=child)
    api.force_authenticate(administrator)

    codes = [api.delete(f"{URL}{row.pk}/").json()["code"] for row in (parent, child)]

    assert codes == ["category_in_use"] * 2
    assert Category.objects.count() == 2
    assert api.delete(f"{URL}{CategoryFactory().pk}/").status_code == 204


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"parent": "00000000-0000-0000-0000-000000000000"}, "parent"),
        ({"parent": 7}, "parent"),
        ({"department": None}, "department"),
        ({"department": "x"}, "department"),
        ({"tax_bp": 10_001}, "tax_bp"),
        ({"tax_bp": -1}, "tax_bp"),
        ({"tax_bp": 10**17}, "tax_bp"),
        ({"name": " "}, "name"),
    ],
)
def test_bad_values_name_their_field(api, administrator, change, field):
    api.force_authenticate(administrator)
    body = {"name": "Hogar", "department": str(DepartmentFactory().pk)}

    answer = api.post(URL, body | change, format="json")

    assert answer.status_code == 400
    assert [error["field"] for error in answer.json()["errors"]] == [field]
    assert not Category.objects.exists()

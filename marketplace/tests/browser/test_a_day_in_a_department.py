"""A morning in the back office: docs/a-day-in-a-department.md tells it with the pictures taken here."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from PIL import Image, ImageDraw
from selenium.webdriver.common.by import By

from marketplace.core.access import KEYS
from stores.catalog.models import Category, Product
from stores.catalog.tests.factories import CategoryFactory, ProductFactory, VariantFactory
from stores.inventory.models import StockItem
from stores.merchants.models import Store
from stores.merchants.tests.factories import StoreFactory
from stores.procurement.models import PurchaseOrder
from stores.procurement.replenishment import refresh_suggestions
from stores.procurement.tests.factories import placed, supplier_of
from stores.questions.models import Question
from stores.questions.tests.factories import QuestionFactory
from users.accounts.tests.factories import PASSWORD
from users.staff.tests.factories import DepartmentFactory, DepartmentMemberFactory

from .person import Person

pytestmark = [pytest.mark.once, pytest.mark.django_db(transaction=True)]


@dataclass(frozen=True)
class Department:
    """Clara's shelves as she finds them in the morning, and somebody else's."""

    email: str
    store: Store
    category: Category
    order: PurchaseOrder
    question: Question
    foreign: Product


@pytest.fixture
def groceries() -> Department:
    """Coffee on the shelf, twelve bags on their way, a question from yesterday evening."""
    department = DepartmentFactory.create(name="Abarrotes", slug="abarrotes")
    clara = DepartmentMemberFactory.create(
        department=department, keys=list(KEYS), user__email="clara@example.com", user__name="Clara"
    ).user
    store = StoreFactory.create(name="Tienda Centro", slug="tienda-centro")
    category = CategoryFactory.create(name="Café", slug="cafe", department=department)
    product = ProductFactory.create(
        store=store, category=category, name="Café de Chiapas 500 g", slug="cafe-de-chiapas-500-g"
    )
    variant = VariantFactory.create(product=product, sku="CAFE-CHI-500", price_minor=18_900)
    supplier = supplier_of(variant, 9_500, name="Cafés del Sureste")
    order = placed(variant, 12, supplier=supplier)
    question = QuestionFactory.create(product=product, text="¿Es café molido o en grano?")
    foreign = ProductFactory.create(store=store, name="Martillo de carpintero")
    return Department(clara.email, store, category, order, question, foreign)


def test_a_day_in_a_department(person: Person, groceries: Department, settings: Any, tmp_path: Path):
    settings.ADMIN_SECOND_FACTOR = "required"
    settings.MEDIA_ROOT = str(tmp_path / "media")

    logs_in_and_sets_up_the_second_factor(person, groceries.email)
    sees_only_the_own_shelves(person, groceries)
    adds_a_product_with_variant_and_picture(person, _picture(tmp_path))
    puts_it_on_the_shelf(person)
    receives_the_purchase_order(person, groceries.order)
    answers_the_question(person, groceries.question)
    looks_at_what_to_order(person)

    product = Product.objects.get(slug="chocolate-de-mesa-oaxaca")
    [variant] = product.variants.all()
    assert (variant.sku, variant.price_minor, variant.barcode) == ("CHOC-OAX-540", 8_950, "7501234567893")
    assert product.images.get().alternative_text == "Tablilla de chocolate"
    assert StockItem.objects.get(variant=variant).on_hand == 24
    groceries.order.refresh_from_db()
    assert groceries.order.state == "received"
    assert StockItem.objects.get(variant__sku="CAFE-CHI-500").on_hand == 12
    groceries.question.refresh_from_db()
    assert (groceries.question.state, groceries.question.answer.text) == ("published", "Molido, de tueste medio.")


def logs_in_and_sets_up_the_second_factor(person: Person, email: str) -> None:
    person.opens("/admin/")
    person.types("username", email)
    person.types("password", PASSWORD)
    person.presses_enter("password")
    person.sees("Set up the second factor")
    person.types("code", f"{totp(TOTPDevice.objects.get(user__email=email).bin_key):06d}")
    person.takes_a_picture("1-second-factor")
    person.presses_enter("code")
    person.sees("Recovery codes")
    person.clicks_on("Continue")
    person.sees("Dashboard")


def sees_only_the_own_shelves(person: Person, groceries: Department) -> None:
    person.opens("/admin/stores/product/")
    person.sees("Café de Chiapas 500 g")
    person.takes_a_picture("2-products")
    page = person.driver.find_element(By.TAG_NAME, "body").text
    assert groceries.foreign.name not in page
    assert "Accounts" not in page

    person.opens(f"/admin/stores/product/{groceries.foreign.pk}/change/")
    assert person.where == "/admin/"


def adds_a_product_with_variant_and_picture(person: Person, picture: Path) -> None:
    person.opens("/admin/stores/product/add/")
    person.types("name", "Chocolate de mesa Oaxaca")
    person.looks_up("store", "Tienda Centro")
    person.looks_up("category", "Café")
    person.adds_a_row("variants")
    person.types("variants-0-sku", "CHOC-OAX-540")
    person.types("variants-0-barcode", "7501234567893")
    person.types("variants-0-price", "89.50")
    person.adds_a_row("images")
    person.uploads("images-0-upload", picture)
    person.types("images-0-alternative_text", "Tablilla de chocolate")
    person.takes_a_picture("3-new-product", around="#variants-group")
    person.saves_and_goes_on()
    person.sees("Chocolate de mesa Oaxaca")
    person.waits_for_pictures()
    person.takes_a_picture("4-product", around="#images-group")


def puts_it_on_the_shelf(person: Person) -> None:
    person.opens("/admin/stores/stockitem/add/")
    person.looks_up("variant", "CHOC-OAX-540")
    person.types("on_hand", "24")
    person.types("reorder_point", "30")
    person.types("reorder_qty", "40")
    person.saves_and_goes_on()
    person.sees("CHOC-OAX-540")
    person.takes_a_picture("5-stock")


def receives_the_purchase_order(person: Person, order: PurchaseOrder) -> None:
    person.opens(f"/admin/stores/purchaseorder/{order.pk}/change/")
    person.clicks_on("Receive", icon="input")
    person.sees("What came in of each line")
    person.types("delivery_note", "REM-1043")
    person.takes_a_picture("6-receive")
    person.clicks("#dialog button[type=submit]")
    person.sees("The goods were received.")
    person.takes_a_picture("7-received")


def answers_the_question(person: Person, question: Question) -> None:
    person.opens("/admin/stores/question/")
    person.sees(question.text)
    person.takes_a_picture("8-questions")
    person.opens(f"/admin/stores/question/{question.pk}/change/")
    person.types("answer_text", "Molido, de tueste medio.")
    person.takes_a_picture("9-answer")
    person.saves_and_goes_on()
    person.sees("was changed successfully")


def looks_at_what_to_order(person: Person) -> None:
    refresh_suggestions(at=timezone.now())
    person.opens("/admin/stores/replenishmentsuggestion/")
    person.sees("CHOC-OAX-540")
    person.takes_a_picture("10-replenishment")


def _picture(folder: Path) -> Path:
    """A photograph that is nobody's: a bar of chocolate, drawn."""
    picture = Image.new("RGB", (900, 600), "#f3e5d0")
    pen = ImageDraw.Draw(picture)
    for row in range(3):
        for column in range(5):
            x, y = 110 + column * 140, 90 + row * 145
            pen.rounded_rectangle((x, y, x + 125, y + 130), 14, fill="#5b3420", outline="#432313", width=6)
    file = folder / "chocolate.jpg"
    picture.save(file, quality=90)
    return file

"""Questions on products: the asker and whoever answers are told, once and not too often."""

from datetime import timedelta

import pytest
from django.utils import timezone

from marketplace.core.erasure import erase_person
from marketplace.core.outbox.relay import drain
from notifications.inbox.models import InboxItem
from notifications.inbox.rendering import render
from stores.catalog.tests.factories import ProductFactory
from stores.merchants.tests.factories import StoreFactory
from stores.questions import services
from stores.questions.models import Question
from users.accounts.tests.factories import StaffFactory, UserFactory
from users.staff.tests.factories import DepartmentMemberFactory

pytestmark = pytest.mark.django_db


def ask(product, asker, text="¿Se puede meter al horno?"):
    question = services.ask_question(product_id=product.pk, asker_id=asker.pk, text=text, at=timezone.now())
    drain()
    return question


def decide(service, question, **values):
    service(question_id=question.pk, expected_version=None, at=timezone.now(), **values)
    drain()


def told(user):
    items = InboxItem.objects.filter(customer=user.pk).select_related("message").order_by("pk")
    return [item.message.kind for item in items]


def test_who_answers_is_told_once_a_day_per_product():
    merchant, asker = UserFactory(), UserFactory()
    product = ProductFactory(store=StoreFactory(owner=merchant))
    department = product.category.department
    keys = {"writer": ["questions:write"], "reader": ["questions:read"], "other": ["catalog:write"]}
    staff = {name: DepartmentMemberFactory(department=department, keys=held).user for name, held in keys.items()}
    foreign = DepartmentMemberFactory(keys=["questions:write"]).user
    gone = DepartmentMemberFactory(department=department, keys=["questions:write"], user__is_active=False).user

    first = ask(product, asker)
    ask(product, UserFactory(), "¿Y al microondas?")
    Question.objects.filter(pk=first.pk).update(created_at=timezone.now() - timedelta(days=2))

    assert told(staff["writer"]) == told(merchant) == ["question_waiting"]
    assert [told(user) for user in (staff["reader"], staff["other"], foreign, gone, asker, StaffFactory())] == [[]] * 6
    message = InboxItem.objects.select_related("message")[0].message
    assert product.name in render(message, "es").title


def test_the_asker_is_told_of_the_answer_once_even_if_it_publishes():
    asker, clerk = UserFactory(), StaffFactory()
    question = ask(ProductFactory(), asker)

    decide(services.answer_question, question, text="Sí.", actor_id=clerk.pk)
    decide(services.answer_question, question, text="Sí, claro.", actor_id=clerk.pk)

    assert told(asker) == ["question_answered"]


def test_the_asker_is_told_of_publishing_and_of_rejecting_with_the_reason():
    asker, clerk = UserFactory(), StaffFactory()
    first, second = (ask(ProductFactory(), asker, text) for text in ("¿Uno?", "¿Dos?"))

    decide(services.publish_question, first, actor_id=clerk.pk)
    decide(services.reject_question, second, reason="Publicidad", actor_id=clerk.pk)

    assert told(asker) == ["question_published", "question_rejected"]
    message = InboxItem.objects.select_related("message").order_by("-pk")[0].message
    assert "Publicidad" in render(message, "es").body


def test_what_is_published_at_once_is_news_to_nobody(settings):
    settings.QUESTIONS_PUBLISH_CLEAN = True
    asker = UserFactory()
    product = ProductFactory()
    writer = DepartmentMemberFactory(department=product.category.department, keys=["questions:write"]).user

    ask(product, asker)

    assert told(asker) == told(writer) == []


def test_an_erased_asker_is_told_nothing():
    asker, clerk = UserFactory(), StaffFactory()
    question = ask(ProductFactory(), asker)
    erase_person(asker.pk)

    decide(services.answer_question, question, text="Sí.", actor_id=clerk.pk)

    assert InboxItem.objects.count() == 0

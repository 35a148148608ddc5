"""Questions for tests, here and in other contexts."""

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from stores.catalog.tests.factories import ProductFactory
from stores.questions.models import Answer, Question
from users.accounts.tests.factories import StaffFactory, UserFactory


class QuestionFactory(DjangoModelFactory):
    """A question that waits; `state="published"` for one that does not."""

    class Meta:
        model = Question

    product = factory.SubFactory(ProductFactory)
    asker = factory.SubFactory(UserFactory)
    text = factory.Sequence(lambda n: f"¿Se puede meter al horno {n}?")
    moderated_at = factory.LazyAttribute(lambda row: None if row.state == "waiting" else timezone.now())
    state = "waiting"
    rejection_reason = factory.LazyAttribute(lambda row: "No es una pregunta." if row.state == "rejected" else "")


class AnswerFactory(DjangoModelFactory):
    """An answer to a published question."""

    class Meta:
        model = Answer

    question = factory.SubFactory(QuestionFactory, state="published")
    author = factory.SubFactory(StaffFactory)
    text = "Sí, hasta 200 grados."

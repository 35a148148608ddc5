"""Many at once: limits hold, and of two decisions about one version one is told."""

import pytest
from django.utils import timezone

from marketplace.core.errors import StaleError
from stores.catalog.tests.factories import ProductFactory
from stores.questions import services
from stores.questions.errors import TooManyQuestionsWaitingError
from stores.questions.models import Question
from users.accounts.tests.factories import StaffFactory, UserFactory

from .factories import QuestionFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_person_asking_at_once_stays_within_the_limit(together, settings):
    settings.QUESTIONS_WAITING_PER_CUSTOMER = 3
    asker = UserFactory()
    products = ProductFactory.create_batch(8)

    def ask(number):
        return services.ask_question(
            product_id=products[number].pk, asker_id=asker.pk, text="¿Cuándo?", at=timezone.now()
        )

    answers = together(ask, 8)

    assert Question.objects.count() == 3
    assert sum(isinstance(answer, TooManyQuestionsWaitingError) for answer in answers) == 5, answers


def test_of_two_decisions_about_the_same_version_the_later_is_told(together):
    question = QuestionFactory()
    actor = StaffFactory()
    decided = {"question_id": question.pk, "expected_version": 1, "actor_id": actor.pk, "at": timezone.now()}

    def decide(number):
        if number:
            return services.reject_question(reason="No", **decided)
        return services.answer_question(text="Sí", **decided)

    answers = together(decide, 2)

    assert sum(isinstance(answer, StaleError) for answer in answers) == 1, answers
    assert Question.objects.get().version == 2

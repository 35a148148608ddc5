"""The moderation queue in the back office."""

import pytest
from django.urls import reverse

from stores.questions.models import Answer, Question
from users.staff.tests.factories import DepartmentMemberFactory

from .factories import AnswerFactory, QuestionFactory

pytestmark = pytest.mark.django_db
LIST = "admin:stores_question_changelist"


@pytest.fixture
def question():
    return QuestionFactory(findings=["link", "own_code"], asker__name="Ana García", asker__email="ana@example.com")


@pytest.fixture
def office(client, clerk_of, question):
    """Signed in as who answers for the question's department."""
    client.force_login(clerk_of(question.product.category.department, ("questions:write",)))
    return client


def page(question):
    return reverse("admin:stores_question_change", args=[question.pk])


def run(client, action, *questions, **values):
    return client.post(
        reverse(LIST), {"action": action, "_selected_action": [row.pk for row in questions], **values}, follow=True
    )


def test_what_waits_comes_first_with_what_was_found(office, question):
    for state in ("published", "rejected"):
        QuestionFactory(product=question.product, state=state)

    answer = office.get(reverse(LIST))

    assert [row.state for row in answer.context["cl"].result_list] == ["waiting", "rejected", "published"]
    text = answer.content.decode()
    assert "link, own_code" in text
    assert "Ana G." in text
    assert "ana@example.com" not in text


@pytest.mark.parametrize(
    ("query", "count"),
    [("state__exact=waiting", 1), ("answered=yes", 1), ("answered=no", 1), ("findings=yes", 1), ("findings=no", 1)],
)
def test_queue_is_filtered(office, question, query, count):
    AnswerFactory(question__product=question.product)

    assert office.get(f"{reverse(LIST)}?{query}").context["cl"].result_count == count


def test_answering_in_the_form_publishes(office, question):
    answer = office.post(page(question), {"expected_version": 1, "answer_text": "Sí, hasta 200 grados."})

    assert answer.status_code == 302, answer.context["errors"]
    assert Answer.objects.get().text == "Sí, hasta 200 grados."
    assert Question.objects.get(pk=question.pk).state == "published"


@pytest.mark.parametrize(
    "form",
    [
        {"expected_version": 7, "answer_text": "Sí"},
        {"expected_version": 1, "answer_text": "<b>Sí</b>"},
        {"expected_version": 1, "answer_text": "x" * 2001},
    ],
)
def test_refused_answers_are_shown_and_change_nothing(office, question, form):
    answer = office.post(page(question), form)

    assert answer.status_code == 200
    assert answer.context["errors"]
    assert not Answer.objects.exists()
    assert Question.objects.get(pk=question.pk).version == 1


def test_an_answer_is_not_taken_back(office, question):
    AnswerFactory(question=question)

    answer = office.post(page(question), {"expected_version": 1, "answer_text": ""})

    assert answer.context["errors"]
    assert Answer.objects.get().text


def test_actions_publish_and_reject_with_a_reason(office, question):
    other = QuestionFactory(product=question.product)

    run(office, "publish", question)
    without_reason = run(office, "reject", other)
    states = set(Question.objects.values_list("state", flat=True))
    run(office, "reject", question, other, reason="Publicidad")

    assert states == {"published", "waiting"}
    assert "Write the reason" in without_reason.content.decode()
    assert set(Question.objects.values_list("state", "rejection_reason")) == {("rejected", "Publicidad")}


def test_whoever_may_only_look_reads_the_answer_and_decides_nothing(client, clerk_of, question):
    AnswerFactory(question=question, text="Nuestra respuesta.")
    client.force_login(clerk_of(question.product.category.department, ("questions:read",)))

    text = client.get(page(question)).content.decode()
    run(client, "publish", question)
    posted = client.post(page(question), {"expected_version": 1, "answer_text": "Otra."})

    assert "Nuestra respuesta." in text
    assert "answer_text" not in text
    assert posted.status_code == 403
    assert Question.objects.get().state == "waiting"
    assert Answer.objects.get().text == "Nuestra respuesta."


def test_reading_here_and_writing_elsewhere_decides_nothing_here(client, clerk_of, question):
    other = QuestionFactory()
    clerk = clerk_of(other.product.category.department, ("questions:write",))
    DepartmentMemberFactory(user=clerk, department=question.product.category.department, keys=["questions:read"])
    client.force_login(clerk)

    run(client, "publish", question, other)

    assert Question.objects.get(pk=question.pk).state == "waiting"
    assert Question.objects.get(pk=other.pk).state == "published"

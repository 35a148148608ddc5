"""Questions through HTTP: who sees what, who decides, and what a refused request leaves."""

from typing import Any

import pytest

from marketplace.core.audit import AuditEntry
from marketplace.core.erasure import erase_person
from marketplace.core.outbox.models import OutboxEvent
from stores.catalog.tests.factories import ProductFactory
from stores.merchants.tests.factories import StoreFactory
from stores.questions.models import Answer, Question
from users.accounts.tests.factories import UnverifiedUserFactory

from .factories import AnswerFactory, QuestionFactory

pytestmark = pytest.mark.django_db
ASK = {"text": "¿Se puede meter al horno?"}


def about(product: Any) -> str:
    return f"/api/v1/market/products/{product.pk}/questions/"


def one(question: Question, verb: str = "") -> str:
    return f"/api/v1/market/questions/{question.pk}/{verb}"


def shown(answer: Any) -> set[str]:
    return {row["text"] for row in answer.json()["results"]}


def everything() -> list[Any]:
    models: list[Any] = [Question, Answer, AuditEntry, OutboxEvent]
    return [list(model.objects.order_by("pk").values_list()) for model in models]


@pytest.fixture
def product():
    return ProductFactory()


@pytest.fixture
def clerk(clerk_of, product):
    """Answers for the product's department."""
    return clerk_of(product.category.department, ("questions:write",))


@pytest.fixture
def asker(person):
    return person(name="Ana María García", email="ana@example.com")


def test_a_verified_customer_asks_and_it_waits(api, product, asker):
    api.force_authenticate(asker)

    answer = api.post(about(product), {"text": "  Mira www.example.com  "}, format="json")

    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert (body["text"], body["state"], body["asked_by"]) == ("Mira www.example.com", "waiting", "Ana G.")
    assert body["is_mine"] is True
    assert body["answer"] is None
    question = Question.objects.get()
    assert (question.asker, question.product, question.findings) == (asker, product, ["link"])
    assert OutboxEvent.objects.get().wire_name == "stores.question_asked"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.after["findings"]) == ("stores.ask_question", ["link"])
    assert "example" not in str(entry.after)


def test_who_sees_which_questions_of_a_product(api, product, asker, clerk, person):
    published = AnswerFactory(question__product=product).question
    waiting = QuestionFactory(product=product, asker=asker)
    rejected = QuestionFactory(product=product, asker=asker, state="rejected")
    QuestionFactory(state="published")

    seen = {}
    for name, user in {"anyone": None, "stranger": person(), "asker": asker, "clerk": clerk}.items():
        api.force_authenticate(user)
        seen[name] = shown(api.get(about(product)))
    narrowed = shown(api.get(f"{about(product)}?state=rejected"))

    assert seen["anyone"] == seen["stranger"] == {published.text}
    assert seen["asker"] == {published.text, waiting.text}
    assert seen["clerk"] == {published.text, waiting.text, rejected.text}
    assert narrowed == {rejected.text}


def test_names_are_first_name_and_initial_and_never_an_address(api, product, person):
    people = [person(name=name, email=f"p{n}@example.com") for n, name in enumerate(["Ana García", "", "x@y.mx", "Bo"])]
    for somebody in people:
        QuestionFactory(product=product, asker=somebody, state="published")

    answer = api.get(about(product))

    assert [row["asked_by"] for row in reversed(answer.json()["results"])] == ["Ana G.", "customer", "customer", "Bo"]
    assert "example.com" not in answer.content.decode()
    assert "@" not in answer.content.decode()


def test_erasure_leaves_the_text_without_the_person(api, product, asker):
    question = QuestionFactory(product=product, asker=asker, state="published")

    erase_person(asker.pk)

    answer = api.get(about(product)).json()["results"][0]
    assert (answer["text"], answer["asked_by"]) == (question.text, "customer")
    assert Question.objects.get().asker is None


def test_a_page_costs_the_same_whatever_its_length(api, product, clerk, django_assert_max_num_queries):
    for _ in range(10):
        AnswerFactory(question__product=product)

    with django_assert_max_num_queries(2):
        assert len(api.get(about(product)).json()["results"]) == 10
    api.force_authenticate(clerk)
    with django_assert_max_num_queries(5):
        assert len(api.get("/api/v1/market/questions/").json()["results"]) == 10


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "required"),
        ({"text": ""}, "blank"),
        ({"text": 5}, "invalid"),
        ({"text": "x" * 1001}, "max_length"),
        ({"text": "<b>x</b>"}, "markup"),
        ({"text": "a\u0007b"}, "control_characters"),
    ],
)
def test_bad_text_is_refused_and_nothing_is_written(api, product, asker, body, code):
    api.force_authenticate(asker)

    answer = api.post(about(product), body, format="json")

    assert answer.status_code == 400
    assert [(error["field"], error["code"]) for error in answer.json()["errors"]] == [("text", code)]
    assert everything() == [[], [], [], []]


def test_only_what_is_in_the_shop_is_asked_about(api, asker):
    api.force_authenticate(asker)
    hidden = [
        ProductFactory(is_published=False),
        ProductFactory(archived_at="2026-01-01T00:00:00Z"),
        ProductFactory(store__state="closed"),
    ]

    answers = [
        (api.get(about(row)).status_code, api.post(about(row), ASK, format="json").status_code) for row in hidden
    ]

    assert answers == [(404, 404)] * 3
    assert everything() == [[], [], [], []]


def test_people_of_a_hidden_product_still_see_its_questions(api, clerk, product):
    question = QuestionFactory(product=product)
    type(product).objects.update(is_published=False)
    api.force_authenticate(clerk)

    assert shown(api.get(about(product))) == {question.text}


def test_asking_needs_a_verified_address(api, product):
    refused = {}
    for name, user in {"anonymous": None, "unverified": UnverifiedUserFactory()}.items():
        api.force_authenticate(user)
        refused[name] = api.post(about(product), ASK, format="json")

    assert refused["anonymous"].status_code == 401
    assert (refused["unverified"].status_code, refused["unverified"].json()["code"]) == (403, "email_not_verified")
    assert everything() == [[], [], [], []]


def test_waiting_questions_are_bounded_by_person_and_by_product(api, product, asker, person, settings):
    settings.QUESTIONS_WAITING_PER_CUSTOMER, settings.QUESTIONS_WAITING_PER_PRODUCT = 2, 3
    QuestionFactory(product=product, asker=asker)
    QuestionFactory(asker=asker)
    QuestionFactory(product=product, asker=asker, state="published")
    QuestionFactory.create_batch(2, product=product)
    before = everything()

    api.force_authenticate(asker)
    mine_full = api.post(about(ProductFactory()), ASK, format="json")
    api.force_authenticate(person())
    product_full = api.post(about(product), ASK, format="json")

    assert (mine_full.status_code, mine_full.json()["code"]) == (429, "too_many_questions_waiting")
    assert (product_full.status_code, product_full.json()["code"]) == (429, "product_questions_full")
    assert mine_full["Retry-After"] == product_full["Retry-After"] == "3600"
    assert everything() == before


def test_the_same_question_twice_is_a_conflict_unless_it_was_rejected(api, product, asker):
    QuestionFactory(product=product, asker=asker, text=ASK["text"], state="rejected")
    api.force_authenticate(asker)

    answers = [api.post(about(product), ASK, format="json") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [201, 409]
    assert answers[1].json()["code"] == "question_repeated"


def test_asking_is_limited_by_time_and_reading_is_not(api, product, asker, settings):
    settings.THROTTLE_RATES = {**settings.THROTTLE_RATES, "questions": "1/hour"}
    api.force_authenticate(asker)

    first, second = (api.post(about(product), {"text": text}, format="json") for text in ("¿Uno?", "¿Dos?"))

    assert (first.status_code, second.status_code) == (201, 429)
    assert int(second["Retry-After"]) > 0
    assert api.get(about(product)).status_code == 200
    assert Question.objects.count() == 1


def test_policy_may_publish_what_is_clean_at_once(api, product, asker, settings):
    settings.QUESTIONS_PUBLISH_CLEAN = True
    api.force_authenticate(asker)

    clean = api.post(about(product), ASK, format="json")
    suspect = api.post(about(product), {"text": "¿Qué mierda es esto?"}, format="json")

    assert (clean.json()["state"], suspect.json()["state"]) == ("published", "waiting")
    assert Question.objects.get(state="waiting").findings == ["profanity"]
    events = list(OutboxEvent.objects.order_by("pk").values_list("wire_name", flat=True))
    assert events == ["stores.question_asked", "stores.question_published", "stores.question_asked"]


def test_first_answer_publishes_and_the_next_rewords(api, product, clerk):
    question = QuestionFactory(product=product)
    api.force_authenticate(clerk)

    first = api.post(one(question, "answer/"), {"text": "Sí."}, format="json", headers={"If-Match": '"1"'})
    second = api.post(one(question, "answer/"), {"text": "Sí, claro."}, format="json")

    assert (first.status_code, first.json()["state"], first["ETag"]) == (200, "published", '"2"')
    assert second.json()["answer"]["text"] == "Sí, claro."
    assert Answer.objects.get().author == clerk
    events = sorted(OutboxEvent.objects.values_list("wire_name", flat=True))
    assert events == ["stores.question_answered", "stores.question_published"]
    trail = AuditEntry.objects.filter(action="stores.answer_question").order_by("pk")
    assert [(entry.before, entry.after) for entry in trail] == [
        ({}, {"answer": "Sí."}),
        ({"answer": "Sí."}, {"answer": "Sí, claro."}),
    ]


def test_moderating_back_and_forth(api, product, clerk):
    question = QuestionFactory(product=product, findings=["link"])
    api.force_authenticate(clerk)
    reject = {"decision": "reject", "reason": "Publicidad"}

    rejected = api.post(one(question, "moderate/"), reject, format="json")
    refused = api.post(one(question, "answer/"), {"text": "Sí."}, format="json")
    published = api.post(one(question, "moderate/"), {"decision": "publish"}, format="json")

    assert (rejected.json()["state"], rejected.json()["rejection_reason"]) == ("rejected", "Publicidad")
    assert (refused.status_code, refused.json()["code"]) == (409, "question_rejected")
    assert (published.json()["state"], published.json()["rejection_reason"]) == ("published", "")
    assert published.json()["findings"] == ["link"]
    events = list(OutboxEvent.objects.order_by("pk").values_list("wire_name", flat=True))
    assert events == ["stores.question_rejected", "stores.question_published"]


@pytest.mark.parametrize(
    ("verb", "body", "headers", "status", "code"),
    [
        ("moderate/", {"decision": "reject"}, {}, 400, "invalid"),
        ("moderate/", {"decision": "reject", "reason": "  "}, {}, 400, "invalid"),
        ("moderate/", {"decision": "hide"}, {}, 400, "invalid"),
        ("moderate/", {"decision": "publish"}, {"If-Match": '"9"'}, 412, "stale"),
        ("answer/", {"text": "Sí."}, {"If-Match": '"9"'}, 412, "stale"),
        ("answer/", {"text": "<i>Sí</i>"}, {}, 400, "invalid"),
        ("answer/", {"text": "x" * 2001}, {}, 400, "invalid"),
    ],
)
def test_refused_decisions_change_nothing(api, product, clerk, verb, body, headers, status, code):
    question = QuestionFactory(product=product)
    before = everything()
    api.force_authenticate(clerk)

    answer = api.post(one(question, verb), body, format="json", headers=headers)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert status != 412 or answer.json()["current"]["text"] == question.text
    assert everything() == before


def test_the_queue_holds_what_is_within_reach_and_filters(api, product, clerk, clerk_of, person):
    waiting = QuestionFactory(product=product)
    answered = AnswerFactory(question__product=product).question
    owner = person()
    other = QuestionFactory(product__store=StoreFactory(owner=owner))
    api.force_authenticate(clerk)

    assert shown(api.get("/api/v1/market/questions/")) == {waiting.text, answered.text}
    assert shown(api.get("/api/v1/market/questions/?state=waiting")) == {waiting.text}
    assert shown(api.get("/api/v1/market/questions/?answered=true")) == {answered.text}
    assert shown(api.get(f"/api/v1/market/questions/?product={other.product_id}")) == set()
    assert shown(api.get(f"/api/v1/market/questions/?store={product.store_id}&answered=false")) == {waiting.text}
    assert api.get("/api/v1/market/questions/?state=odd").status_code == 400
    api.force_authenticate(owner)
    assert shown(api.get("/api/v1/market/questions/")) == {other.text}


def test_foreign_questions_do_not_exist_and_reading_keys_do_not_write(api, product, clerk_of):
    question = QuestionFactory(product=product)
    before = everything()
    foreign = clerk_of(ProductFactory().category.department, ("questions:write",))
    reader = clerk_of(product.category.department, ("questions:read",))
    calls = [("answer/", {"text": "Sí."}), ("moderate/", {"decision": "publish"})]

    api.force_authenticate(foreign)
    foreign_answers = [api.post(one(question, verb), body, format="json").status_code for verb, body in calls]
    foreign_answers.append(api.get(one(question)).status_code)
    api.force_authenticate(reader)
    reader_answers = [api.post(one(question, verb), body, format="json").status_code for verb, body in calls]

    assert foreign_answers == [404, 404, 404]
    assert reader_answers == [403, 403]
    assert api.get(one(question)).status_code == 200
    assert everything() == before


@pytest.mark.parametrize("prefix", ["/api/v1/", "/"])
def test_the_earlier_name_of_the_route_answers_too(api, product, asker, prefix):
    api.force_authenticate(asker)

    asked = api.post(f"{prefix}products/{product.pk}/questions/", ASK, format="json")

    assert asked.status_code == 201
    assert shown(api.get(f"{prefix}products/{product.pk}/questions/")) == {ASK["text"]}

"""`internal/scoring/run/` by a machine: a signature of now opens it once, and nothing else does."""

import os
import subprocess
import time

import pytest

from marketplace.core.http.signed import signed_part
from marketplace.core.models import JobSlot
from marketplace.core.signatures import SIGNATURE_HEADER, sign
from marketplace.settings.env import BASE_DIR
from promotions.scoring.models import ScoresVersion
from users.accounts.tests.factories import AdministratorFactory, UserFactory

pytestmark = pytest.mark.django_db
RUN, RANKINGS = "/api/v1/internal/scoring/run/", "/api/v1/internal/scoring/rankings/"
SECRET = "k" * 40


@pytest.fixture(autouse=True)
def secret(settings):
    """The one that both sides know."""
    settings.INTERNAL_CALL_SECRETS = [SECRET]


def signature(*, secret: str = SECRET, method: str = "POST", path: str = RUN, body: bytes = b"", age: int = 0) -> str:
    return sign(secret, int(time.time()) - age, signed_part(method, path, body))


def call(api, header: str, path: str = RUN, body: bytes = b""):
    return api.generic("POST", path, body, content_type="application/json", headers={SIGNATURE_HEADER: header})


def nothing_happened() -> bool:
    return not ScoresVersion.objects.exists() and not JobSlot.objects.exists()


def test_a_signed_call_computes_a_version(api):
    answer = call(api, signature())

    assert answer.status_code == 200
    assert answer.json()["version"] == ScoresVersion.objects.get().pk


def test_what_the_page_computes_in_a_shell_opens_it(api):
    """`docs/operations.md`, up to the call itself, which wants nginx and a client's certificate."""
    page = (BASE_DIR / "docs" / "operations.md").read_text()
    block = next(each for each in page.split("```") if "INTERNAL_CALL_SECRET" in each and each.startswith("bash"))
    shell = block.removeprefix("bash\n").split("curl ")[0] + 'printf "t=%s,v1=%s" "$t" "$mac"'
    environment = {**os.environ, "INTERNAL_CALL_SECRET": SECRET}

    said = subprocess.run(["bash", "-euc", shell], env=environment, capture_output=True, text=True, check=True)

    assert call(api, said.stdout).status_code == 200


def test_the_body_is_signed_too(api):
    assert call(api, signature(body=b"{}"), body=b"{}").status_code == 200
    assert call(api, signature(body=b"{}", age=1), body=b'{"a": 1}').status_code == 401
    assert ScoresVersion.objects.count() == 1


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(lambda: signature(secret="x" * 40), id="another secret"),
        pytest.param(lambda: signature(age=301), id="old"),
        pytest.param(lambda: signature(age=-302), id="of the future"),
        pytest.param(lambda: signature(method="GET"), id="another method"),
        pytest.param(lambda: signature(path=RANKINGS), id="another route"),
        pytest.param(lambda: signature(body=b"{}"), id="another body"),
        pytest.param(lambda: "", id="empty"),
        pytest.param(lambda: "t=1,v1=2", id="malformed"),
    ],
)
def test_a_wrong_signature_changes_nothing(api, header):
    answer = call(api, header())

    assert (answer.status_code, answer.json()["code"]) == (401, "signature_invalid")
    assert nothing_happened()


def test_without_secrets_no_signature_opens(api, settings):
    settings.INTERNAL_CALL_SECRETS = []

    assert call(api, signature(secret="")).status_code == 401
    assert nothing_happened()


def test_a_repeated_signature_changes_nothing(api):
    header = signature()
    first = call(api, header)

    again = [call(api, header) for _time in range(3)]

    assert first.status_code == 200
    assert {(answer.status_code, answer.json()["code"]) for answer in again} == {(401, "signature_invalid")}
    assert ScoresVersion.objects.count() == 1
    assert JobSlot.objects.filter(job="core.signed_call").count() == 1


def test_a_wrong_signature_is_not_helped_by_a_persons_token(api):
    api.credentials(HTTP_AUTHORIZATION="Bearer x.y.z")

    assert call(api, signature(age=999)).json()["code"] == "signature_invalid"
    assert nothing_happened()


def test_a_machine_opens_this_route_alone(api):
    answer = api.get(RANKINGS, headers={SIGNATURE_HEADER: signature(method="GET", path=RANKINGS)})

    assert answer.status_code == 401
    assert nothing_happened()


def test_people_of_the_house_still_may_and_customers_may_not(api):
    api.force_authenticate(UserFactory.create())
    assert api.post(RUN).status_code == 403
    api.force_authenticate(AdministratorFactory.create())
    assert api.post(RUN).status_code == 200
    api.force_authenticate(None)
    assert api.post(RUN).status_code == 401
    assert ScoresVersion.objects.count() == 1

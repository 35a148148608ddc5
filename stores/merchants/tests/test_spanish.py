"""The context speaks Spanish too."""

import pytest

from .factories import StoreFactory

pytestmark = pytest.mark.django_db


def test_refusals_are_translated(api, administrator):
    StoreFactory(slug="centro")
    api.force_authenticate(administrator)
    body = {"name": "x", "slug": "centro", "latitude": 0, "longitude": 0}

    answer = api.post("/api/v1/market/stores/", body, format="json", HTTP_ACCEPT_LANGUAGE="es")

    assert answer.json()["code"] == "slug_taken"
    assert answer.json()["detail"] == "El identificador «centro» ya está en uso."

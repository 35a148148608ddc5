"""The push service of a machine without an account, and that production does not take it for granted."""

import json
import subprocess
import sys

import pytest

from marketplace.settings.env import BASE_DIR
from notifications.devices.checks import push_service_is_known
from notifications.devices.files import FilePushService

pytestmark = pytest.mark.once


def test_file_of_text_messages_is_the_owners_and_shows_the_end_of_a_number(settings, tmp_path):
    settings.PUSH_FILE_PATH = str(tmp_path)

    FilePushService().text("+525512345678", "042917 is your code.")

    path = tmp_path / "sms.jsonl"
    assert json.loads(path.read_text()) == {"number": "**********678", "text": "042917 is your code."}
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("given", "complaint"), [({}, "PUSH_SERVICE"), ({"PUSH_SERVICE": ""}, "notifications.E001")])
def test_production_does_not_start_before_somebody_says_where_pushes_go(given, complaint):
    environment = {
        "PATH": "/usr/bin:/bin",
        "DJANGO_SETTINGS_MODULE": "marketplace.settings.production",
        "SECRET_KEY": "abcdefgh" * 8,
        "JWT_SIGNING_KEY": "ijklmnop" * 8,
        "LOG_HASH_KEY": "qrstuvwx" * 8,
        "VAR_DIR": str(BASE_DIR / "var" / "test"),
        **given,
    }

    checked = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 1
    assert complaint in checked.stderr


def test_service_that_there_is_none_of_is_an_error(settings):
    settings.PUSH_SERVICE = "pigeon"

    assert [each.id for each in push_service_is_known()] == ["notifications.E001"]

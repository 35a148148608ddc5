"""kill -9 of the process that tells an audience: nobody twice, nobody missing. At size: `chaos kill_fan_out`."""

import pytest

from marketplace.core.models import OutboxEvent
from marketplace.tests.killing import killed_calling
from notifications.audiences.models import FanOut
from notifications.audiences.statement import tell_audience
from notifications.events import InboxFilled

from .test_statement import fan_out, people, told

TELL = "notifications.audiences.tests.dying:tell_in_threes"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_killed_before_and_after_commits_everybody_is_told_once():
    ids = people(10)
    run = fan_out()
    done = []

    for after in (
        "notifications.audiences.statement:_write_plainly",
        "commit",
        "notifications.audiences.statement:_advance",
        "commit",
    ):
        killed_calling(TELL, after=after)
        done.append(len(told(run)))

    # What was not committed has not happened; what was is where the next one goes on.
    assert done == [0, 3, 3, 6]
    assert tell_audience(FanOut.objects.get(pk=run.pk), chunk=3) == 4
    assert told(run) == ids
    assert FanOut.objects.get(pk=run.pk).told_count == 10
    assert OutboxEvent.objects.filter(wire_name=InboxFilled.wire_name).count() == 4

"""The public registers, the log's last signed state, and the house's health."""

from datetime import timedelta

from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.steps.models import Step
from tests import world as builders
from tests.workspaces.persons import Person


def test_the_last_signed_state_is_public(world: None) -> None:
    from marketplace.evidence.sequencer import sequence_all

    record("test.entry", {"n": 1})
    sequence_all()
    page = Person().open("verification")
    latest = page.context["checkpoints"][0]
    assert latest.note in Person().open("checkpoint", latest.size).content.decode()
    assert Person().open("checkpoint", latest.size + 1).status_code == 404
    assert b"def main" in Person().open("verifier").content


def test_health_names_what_is_not_well(world: None) -> None:
    from marketplace.evidence.sequencer import sequence_all

    builders.run_all_due()
    sequence_all()
    well = Person().open("health")
    assert (well.status_code, well.json()["status"]) == (200, "ok")
    assert (well.json()["database"], well.json()["broker"]) == (True, True)
    long_ago = timezone.now() - timedelta(hours=1)
    Step.objects.create(cause="test", kind="evidence.sequence", part="late", next_run_at=long_ago)
    late = Person().open("health")
    assert late.status_code == 503
    assert 3_600 <= late.json()["oldest_due_step_seconds"] < 3_700

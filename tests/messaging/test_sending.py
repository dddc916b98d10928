"""A message is sent once: the provider is asked by key before it is told to send."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from marketplace.messaging import provider
from marketplace.messaging.actions import send
from marketplace.messaging.errors import NoMessageProvider
from marketplace.messaging.models import Message, MessageState
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step

PHONE = "10000000001"


class Carrier:
    """A provider of the tests' own that remembers, and can lose its answer on the way."""

    sent: dict[str, tuple[str, str]] = {}
    silent_after_sending = False
    cannot_tell = False

    def find(self, key: str) -> str | None:
        if self.cannot_tell:
            raise TimeoutError("no answer")
        return f"ref-{key}" if key in self.sent else None

    def send(self, key: str, phone: str, words: str) -> str:
        assert key not in self.sent
        self.sent[key] = (phone, words)
        if self.silent_after_sending:
            raise TimeoutError("no answer")
        return f"ref-{key}"


@pytest.fixture(autouse=True)
def carrier(settings, monkeypatch):
    settings.MESSAGE_PROVIDER = f"{__name__}.Carrier"
    monkeypatch.setattr(provider, "import_string", lambda _name: Carrier)
    monkeypatch.setattr(Carrier, "sent", {})
    monkeypatch.setattr(Carrier, "silent_after_sending", False)
    monkeypatch.setattr(Carrier, "cannot_tell", False)
    return Carrier


def soon():
    return timezone.now() + timedelta(minutes=5)


def try_again() -> None:
    Step.objects.update(next_run_at=timezone.now())
    run_all_due()


@pytest.mark.django_db
def test_it_is_sent_once_however_often_it_is_asked_for(carrier) -> None:
    for _ in range(2):
        send("test", "key-1", PHONE, "Hello", soon())
        run_all_due()
    assert carrier.sent == {"key-1": (PHONE, "Hello")}
    message = Message.objects.get()
    assert (message.state, message.reference, message.words) == (MessageState.SENT, "ref-key-1", "")


@pytest.mark.django_db
def test_an_unknown_outcome_is_asked_for_and_not_repeated(carrier, monkeypatch) -> None:
    monkeypatch.setattr(carrier, "silent_after_sending", True)
    send("test", "key-2", PHONE, "Hello", soon())
    run_all_due()
    assert Message.objects.get().state == MessageState.DUE
    try_again()
    assert (Message.objects.get().state, list(carrier.sent)) == (MessageState.SENT, ["key-2"])


@pytest.mark.django_db
def test_while_the_provider_cannot_tell_nothing_is_sent(carrier, monkeypatch) -> None:
    monkeypatch.setattr(carrier, "cannot_tell", True)
    send("test", "key-3", PHONE, "Hello", soon())
    run_all_due()
    assert carrier.sent == {}
    assert Step.objects.get().reason == "TimeoutError: no answer"


@pytest.mark.django_db
def test_what_is_of_no_use_any_more_is_not_sent(carrier) -> None:
    send("test", "key-4", PHONE, "Hello", timezone.now())
    run_all_due()
    assert (Message.objects.get().state, carrier.sent) == (MessageState.EXPIRED, {})


@pytest.mark.django_db
def test_number_and_words_lie_encrypted() -> None:
    send("test", "key-5", PHONE, "Hello", soon())
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(m)::text FROM messaging_message m")
        stored = cursor.fetchone()[0]
    assert PHONE not in stored and PHONE.encode().hex() not in stored and b"Hello".hex() not in stored


def test_the_console_is_for_demonstrations(settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(NoMessageProvider):
        provider.ConsoleProvider().send("key", PHONE, "secret")
    with pytest.raises(NoMessageProvider):
        provider.NoProvider().send("key", PHONE, "secret")

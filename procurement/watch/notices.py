"""Who is told what by message: producers of a certificate's class at once, the sides of a challenge, those who owe an answer.

Each message is sent once: its key names what it is about and to whom. A constant number of statements.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from marketplace.evidence.actions import EntryDraft, record_many
from marketplace.messaging.actions import MessageDraft, send_many
from marketplace.organisations.models import Organisation, OrganisationKind, Role, User
from marketplace.organisations.queries import people_of
from procurement.priority.models import Certificate
from procurement.watch.models import CertificateNotice, Challenge, ChallengeState
from procurement.watch.parties import sellers_in

_USEFUL = timedelta(days=3)
_RELATED = ("determination__product", "certificate__union", "certificate__commodity_class", "challenger")


def show_certificates(judgement: int) -> None:
    """Show the certificates of a judgement to every producer of their classes, and send each a message."""
    certificates = list(
        Certificate.objects.filter(judgement=judgement).select_related("union", "commodity_class").order_by("pk")
    )
    if not certificates:
        return
    for certificate in certificates:  # one order has a certificate for each class, which are few
        producers = sellers_in([certificate.commodity_class]).filter(kind=OrganisationKind.PRODUCER)
        CertificateNotice.objects.bulk_create(
            [CertificateNotice(certificate=certificate, producer=producer) for producer in producers.order_by("pk")],
            ignore_conflicts=True,
        )
    shown = CertificateNotice.objects.filter(certificate__in=certificates).values_list("certificate", "producer")
    people = people_of(Role.PRODUCER, {producer for _certificate, producer in shown})
    by_id = {certificate.pk: certificate for certificate in certificates}
    with translation.override(settings.LANGUAGE_CODE):
        send_many(
            draft
            for pk, producer in shown
            for draft in _certificate_messages(by_id[pk], people.get(producer, []))
            if draft.phone
        )
    counts = {pk: sum(one == pk for one, _producer in shown) for pk in by_id}
    record_many(
        [
            EntryDraft(
                "certificate.shown",
                {"certificate": one.number, "producers": counts[one.pk]},
                f"certificate:{one.number}",
                one.union_id,
            )
            for one in certificates
        ]
    )


def _certificate_messages(certificate: Certificate, people: Iterable[User]) -> Iterator[MessageDraft]:
    words = _(
        "%(union)s bought an ordinary product of your class “%(goods)s”: certificate %(number)s says that nothing suitable was on "
        "offer. Read why, and challenge it if you could have supplied%(link)s."
    )
    facts = {
        "union": certificate.union.display_name,
        "goods": certificate.commodity_class.display_name,
        "number": certificate.number,
        "link": _link("register_certificate", certificate.number),
    }
    return _messages("certificate", f"certificate:{certificate.pk}", people, words % facts)


def tell_of(challenge: int, what: str) -> None:
    """Tell those who have to know that a challenge was opened or decided."""
    found = Challenge.objects.select_related(*_RELATED).get(pk=challenge)
    with translation.override(settings.LANGUAGE_CODE):
        if what == "opened":
            words = _("%(seller)s challenges %(subject)s. An answer is due until %(day)s%(link)s.") % _facts(found)
            drafts = _messages("challenge", f"challenge:{found.pk}:opened", _who_answers(found), words)
        else:
            words = _("Challenge %(number)s of %(subject)s: %(state)s. Read the reason%(link)s.") % _facts(found)
            drafts = _messages("challenge", f"challenge:{found.pk}:decided", _who_learns(found), words)
        send_many(draft for draft in drafts if draft.phone)


def tell_of_overdue() -> int:
    """Remind of challenges without an answer on the day after it was due, once; how many are overdue. Carried out each day."""
    late = list(
        Challenge.objects.filter(state=ChallengeState.OPEN, answer_by__lt=timezone.localdate()).select_related(
            *_RELATED
        )
    )
    drafts: list[MessageDraft] = []
    with translation.override(settings.LANGUAGE_CODE):
        for one in late:  # overdue challenges are few, and each has sides of its own
            words = _("The answer to challenge %(number)s of %(subject)s was due until %(day)s%(link)s.") % _facts(one)
            drafts += _messages("challenge", f"challenge:{one.pk}:overdue", _who_answers(one), words)
    send_many(draft for draft in drafts if draft.phone)
    return len(late)


def _who_answers(challenge: Challenge) -> list[User]:
    """Operators; of a certificate its union and the officers above it as well."""
    people = _people(Role.OPERATOR, Organisation.objects.filter(kind=OrganisationKind.OPERATOR))
    if challenge.certificate is not None:
        union = challenge.certificate.union
        people += _people(Role.BUYER, [union]) + _people(Role.APPROVER, [union])
        people += _people(Role.UNION_OFFICER, _above(union))
    return people


def _who_learns(challenge: Challenge) -> list[User]:
    """The challenger; of a certificate that was refuted its union, the officers and auditors above and its own as well."""
    people = _people(Role.PRODUCER, [challenge.challenger])
    if challenge.certificate is not None and challenge.state == ChallengeState.UPHELD:
        union = challenge.certificate.union
        people += _people(Role.BUYER, [union]) + _people(Role.APPROVER, [union])
        people += _people(Role.UNION_OFFICER, _above(union)) + _people(Role.AUDITOR, [union, *_above(union)])
    return people


def _people(role: Role, organisations: Iterable[Organisation]) -> list[User]:
    return [user for users in people_of(role, [one.pk for one in organisations]).values() for user in users]


def _above(union: Organisation) -> list[Organisation]:
    """The unions above, by the codes in the path."""
    codes = union.path.rstrip("/").split("/")[:-1]
    return list(Organisation.objects.filter(code__in=codes))


def _facts(challenge: Challenge) -> dict[str, object]:
    label: str | Promise = ChallengeState(challenge.state).label
    return {
        "number": challenge.number,
        "seller": challenge.challenger.display_name,
        "subject": challenge.subject.number,
        "state": str(label),
        "day": challenge.answer_by,
        "link": _link("register_challenge", challenge.pk),
    }


def _messages(kind: str, key: str, people: Iterable[User], words: str) -> Iterator[MessageDraft]:
    until = timezone.now() + _USEFUL
    return (MessageDraft(kind, f"{key}:{user.pk}", user.phone, words, until) for user in people)


def _link(name: str, *arguments: object) -> str:
    """The public page, where the installation says at which address it is reached."""
    return f" {settings.SITE_URL}{reverse(name, args=arguments)} " if settings.SITE_URL else ""

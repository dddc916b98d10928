"""Verbs of a challenge: a seller opens it, the sides talk, another decides with a reason. Every word is public; papers are not.

Words stay in our rows; the log carries their hashes, so that words changed later would show.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Organisation, Role, User
from marketplace.organisations.paper_files import Checked, checked
from marketplace.organisations.papers import scanned
from marketplace.organisations.published import publishable
from marketplace.organisations.queries import require, require_operator
from marketplace.organisations.scopes import seen_by
from marketplace.shop.catalogue.models import Determination
from marketplace.shop.determinations import undo
from marketplace.shop.errors import GroundMissing
from marketplace.steps.actions import write
from procurement.policy.errors import NoPolicyInForce
from procurement.policy.models import Policy
from procurement.policy.queries import in_force, policy_of
from procurement.priority.models import Certificate
from procurement.watch.errors import (
    ChallengeClosed,
    ChallengedAlready,
    NoSellerOfTheClass,
    NotAParty,
    ProposalDecided,
    TooLate,
)
from procurement.watch.models import (
    Challenge,
    ChallengeMessage,
    ChallengePaper,
    ChallengeState,
    Proposal,
    ProposalState,
)
from procurement.watch.parties import Subject, decides_for, may_challenge, side_of

TELL = "challenge.tell"
_PROVINCE = "61"


@dataclass(frozen=True)
class File:
    """A paper as it was sent."""

    name: str
    content: bytes


def challenge_days(subject: Subject) -> int:
    """For how many days it may be challenged, and within how many an answer is due: as the policy of its day says.

    Where goods come from a place without a policy, as many as a policy has that says nothing of it.
    """
    day = timezone.localdate(subject.at)
    if isinstance(subject, Certificate):
        return policy_of(subject.union, day).challenge_days
    try:
        return in_force(subject.product.county_id or _PROVINCE, day).challenge_days
    except NoPolicyInForce:
        return int(Policy._meta.get_field("challenge_days").default)


def open_until(subject: Subject) -> date:
    """The last day on which it may be challenged."""
    return timezone.localdate(subject.at) + timedelta(days=challenge_days(subject))


def open_challenge(
    actor: User, seller: Organisation, subject: Subject, grounds: str, files: Sequence[File] = ()
) -> Challenge:
    """Object to a determination or certificate for a seller of the class. The same seller's second try returns the refusal.

    Raises NotAllowed; Refusals of NoSellerOfTheClass, TooLate, WordsMissing, PersonalData, PaperTooLarge, NoPaper; ChallengedAlready.
    """
    require(actor, Role.PRODUCER, seller)
    words, papers, faults = _ready(grounds, files)
    faults += _out_of_turn(seller, subject)
    if faults:
        raise Refusals(faults)
    with transaction.atomic():
        challenge = _opened(actor, seller, subject, words)
        _file(actor, seller, challenge, papers)
        _record("challenge.opened", challenge, words, papers=[paper.sha256 for paper in papers])
        write(f"challenge:{challenge.pk}", TELL, ["opened"])
    return challenge


def _ready(text: str, files: Sequence[File]) -> tuple[str, list[Checked], list[HouseError]]:
    """Words and papers as they can be kept, and every fault in them."""
    words, papers, faults = "", [], []
    try:
        words = publishable(text)
    except HouseError as error:
        faults.append(error)
    for file in files:
        try:
            papers.append(checked(file.name, file.content))
        except HouseError as error:
            faults.append(error)
    return words, papers, faults


def _out_of_turn(seller: Organisation, subject: Subject) -> list[HouseError]:
    faults: list[HouseError] = []
    if not may_challenge(seller, subject):
        faults.append(NoSellerOfTheClass(organisation=seller.display_name, subject=subject.number))
    if (until := open_until(subject)) < timezone.localdate():
        faults.append(TooLate(subject=subject.number, until=until))
    return faults


def _opened(actor: User, seller: Organisation, subject: Subject, words: str) -> Challenge:
    try:
        with transaction.atomic():
            return Challenge.objects.create(
                certificate=subject if isinstance(subject, Certificate) else None,
                determination=subject if isinstance(subject, Determination) else None,
                challenger=seller,
                grounds=words,
                answer_by=timezone.localdate() + timedelta(days=challenge_days(subject)),
                opened_by=actor,
            )
    except IntegrityError as error:
        raise ChallengedAlready(organisation=seller.display_name, subject=subject.number) from error


def say(actor: User, challenge: Challenge, text: str, files: Sequence[File] = ()) -> ChallengeMessage:
    """Say something in an open challenge, and file papers, for the side to which the person belongs. A repetition says nothing.

    Raises NotAParty, ChallengeClosed; Refusals of WordsMissing, PersonalData, PaperTooLarge, NoPaper.
    """
    side = _side(actor, challenge)
    words, papers, faults = _ready(text, files)
    if faults:
        raise Refusals(faults)
    with transaction.atomic():
        _locked(challenge)
        last = challenge.messages.order_by("-id").first()
        filed = set(challenge.papers.values_list("sha256", flat=True))
        is_new = not filed.issuperset(paper.sha256 for paper in papers)
        if last is not None and (last.organisation_id, last.text) == (side.pk, words) and not is_new:
            return last
        message = ChallengeMessage.objects.create(challenge=challenge, organisation=side, author=actor, text=words)
        _file(actor, side, challenge, papers)
        _record("challenge.said", challenge, words, side=side.code, papers=[paper.sha256 for paper in papers])
    return message


def withdraw(actor: User, challenge: Challenge) -> None:
    """Take a challenge back, as its seller. Raises NotAllowed, ChallengeClosed."""
    require(actor, Role.PRODUCER, challenge.challenger)
    with transaction.atomic():
        _move(challenge, ChallengeState.WITHDRAWN)
        _record("challenge.withdrawn", challenge, "")


def uphold(actor: User, challenge: Challenge, reason: str) -> None:
    """Say that the seller is right. A determination that no later one has followed is undone. What was bought under a refuted
    certificate counts as estimated leakage from now on, and its union and the auditors are told.

    Raises NotAllowed, DecidesOwnWork, WordsMissing, PersonalData, ChallengeClosed.
    """
    _decide(actor, challenge, ChallengeState.UPHELD, reason)


def reject(actor: User, challenge: Challenge, reason: str) -> None:
    """Say that the determination or certificate stands, and why. Raises as `uphold` does."""
    _decide(actor, challenge, ChallengeState.REJECTED, reason)


def _decide(actor: User, challenge: Challenge, state: ChallengeState, reason: str) -> None:
    organisation = decides_for(actor, challenge)
    words = publishable(reason)
    with transaction.atomic(), seen_by(None):
        facts = {"reason": words, "decided_by": actor, "decided_for": organisation, "decided_at": timezone.now()}
        _move(challenge, state, **facts)
        _record(f"challenge.{state}", challenge, words, decided_for=organisation.code)
        if state == ChallengeState.UPHELD and challenge.determination is not None:
            undo(actor, challenge.determination, f"{challenge.number}: {words}")
        write(f"challenge:{challenge.pk}", TELL, ["decided"])


def content_of(actor: User, paper: ChallengePaper) -> bytes:
    """A paper's bytes, for those whom the challenge concerns. Raises NotAParty."""
    _side(actor, paper.challenge)
    return paper.plain()


def set_aside(actor: User, proposal: Proposal, ground: str) -> None:
    """Leave a product as it is although the sweep proposes otherwise. Raises NotAllowed, GroundMissing, ProposalDecided."""
    require_operator(actor)
    if not ground.strip():
        raise GroundMissing
    with transaction.atomic():
        moved = Proposal.objects.filter(pk=proposal.pk, state=ProposalState.OPEN).update(
            state=ProposalState.DISMISSED, ground=ground.strip(), decided_by=actor, decided_at=timezone.now()
        )
        if not moved:
            raise ProposalDecided(product=proposal.product.get_title())
        body = {"product": proposal.product_id, "class": proposal.commodity_class.code, "ground": ground.strip()}
        record("sweep.set_aside", body, subject=f"product:{proposal.product_id}")


def _side(actor: User, challenge: Challenge) -> Organisation:
    side = side_of(actor, challenge)
    if side is None:
        raise NotAParty(number=challenge.number, organisation=str(actor))
    return side


def _locked(challenge: Challenge) -> None:
    """Hold the row, so that nothing is said into a challenge that is being decided. Raises ChallengeClosed."""
    state = Challenge.objects.select_for_update(of=("self",)).values_list("state", flat=True).get(pk=challenge.pk)
    if state != ChallengeState.OPEN:
        raise ChallengeClosed(number=challenge.number, state=str(ChallengeState(state).label))


def _move(challenge: Challenge, state: ChallengeState, **facts: object) -> None:
    moved = Challenge.objects.filter(pk=challenge.pk, state=ChallengeState.OPEN).update(state=state, **facts)
    challenge.refresh_from_db(fields=["state", "reason", "decided_at", "decided_by", "decided_for"])
    if not moved:
        raise ChallengeClosed(number=challenge.number, state=str(ChallengeState(challenge.state).label))


def _file(actor: User, side: Organisation, challenge: Challenge, papers: Sequence[Checked]) -> None:
    """Keep the papers; one that is there already is not kept twice."""
    ChallengePaper.objects.bulk_create(
        [ChallengePaper(challenge=challenge, organisation=side, **scanned(paper, actor)) for paper in papers],
        ignore_conflicts=True,
    )


def _record(kind: str, challenge: Challenge, words: str, **facts: object) -> None:
    body = {
        "challenge": challenge.number,
        "about": challenge.subject.number,
        "challenger": challenge.challenger.code,
        "words_sha256": hashlib.sha256(words.encode()).hexdigest(),
        **facts,
    }
    certificate = challenge.certificate
    record(kind, body, subject=f"challenge:{challenge.pk}", union_id=certificate.union_id if certificate else None)

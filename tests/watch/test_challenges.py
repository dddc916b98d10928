"""Sellers challenge determinations and certificates: who, until when, how it is talked over, who decides, what follows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.messaging.models import Message
from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.shop.catalogue.models import CommodityClass, Determination
from marketplace.shop.determinations import Marks, classify, remove
from marketplace.steps.actions import run_all_due
from procurement.compliance.figures import counted
from procurement.compliance.red_flags import Found, red_flags
from procurement.priority.models import Certificate
from procurement.watch.actions import (
    File,
    content_of,
    open_challenge,
    open_until,
    reject,
    say,
    uphold,
    withdraw,
)
from procurement.watch.errors import ChallengeClosed, ChallengedAlready, DecidesOwnWork, NotAParty
from procurement.watch.models import CertificateNotice, Challenge
from procurement.watch.notices import tell_of_overdue
from procurement.watch.queries import refuted, shown_to
from tests import world as builders

pytestmark = pytest.mark.usefixtures("world")

PDF = File("/合同/供货.pdf", b"%PDF-1.7 supply")


def user(name: str) -> User:
    return User.objects.get(username=name)


def organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def determined() -> Determination:
    """The ordinary millet moved out of the millets: whoever sells millet loses an equivalent."""
    product = builders.product(cast.BLOCKED)
    honey = CommodityClass.objects.get(code="honey.bee")
    made = classify(user("operator"), product, honey, Marks(2_000, "一级", "脱壳"), "按标签归入蜂蜜")
    assert made is not None
    return made


def seller_of_millet() -> Organisation:
    found = Organisation.objects.filter(
        kind="producer", partner__stockrecords__product__commodity_class__code="grain.millet"
    )
    first = found.order_by("pk").first()
    assert first is not None
    return first


def person_of(seller: Organisation) -> User:
    return Membership.objects.filter(organisation=seller, role=Role.PRODUCER)[0].user


def certified() -> Certificate:
    giver = builders.side()
    order = builders.placed(giver, [builders.FUNGUS, builders.MOONCAKES])
    return Certificate.objects.get(decisions__order=order)


def confectioner() -> Organisation:
    """A producer that from today on sells something of the mooncakes' class, made in another way."""
    seller = organisation("P-JX")
    product = builders.product(builders.DATES)
    mooncakes = builders.product(builders.MOONCAKES)
    marks = Marks(600, processing="手工" if mooncakes.processing else "")
    assert marks.processing != mooncakes.processing
    classify(user("operator"), product, mooncakes.commodity_class, marks, "枣泥月饼")
    return seller


def refusal(act: Any) -> list[str]:
    with pytest.raises(HouseError) as caught:
        act()
    found = caught.value
    return [one.code for one in found.refusals] if isinstance(found, Refusals) else [found.code]


def test_a_determination_challenged_and_undone() -> None:
    made, seller = determined(), seller_of_millet()
    challenge = open_challenge(person_of(seller), seller, made, " 它就是小米，检测报告见附件。 ", [PDF, PDF])
    assert (challenge.grounds, challenge.state) == ("它就是小米，检测报告见附件。", "open")
    assert challenge.answer_by == timezone.localdate() + timedelta(days=15)
    [paper] = challenge.papers.all()
    assert (paper.file_name, paper.media_type) == ("供货.pdf", "application/pdf") or paper.file_name.endswith(
        "供货.pdf"
    )
    say(user("operator"), challenge, "请补充检测日期。")
    say(person_of(seller), challenge, "2026 年 10 月。")
    assert [m.organisation for m in challenge.messages.all()] == [organisation("OP"), seller]
    with pytest.raises(DecidesOwnWork):
        uphold(user("operator"), challenge, "成立")
    uphold(user("operator.second"), challenge, "检测报告表明是小米。")
    product = builders.product(cast.BLOCKED)
    assert (product.commodity_class.code, product.net_content) == ("grain.millet", 2_000)
    back = Determination.objects.latest("id")
    assert (back.undoes, back.ground) == (made, f"{challenge.number}: 检测报告表明是小米。")
    kinds = Entry.objects.filter(subject=f"challenge:{challenge.pk}").order_by("id").values_list("kind", flat=True)
    assert list(kinds) == ["challenge.opened", "challenge.said", "challenge.said", "challenge.upheld"]
    builders.let_constraints_speak()


def test_words_sent_twice_are_said_once_with_their_papers() -> None:
    challenge = open_challenge(person_of(seller_of_millet()), seller_of_millet(), determined(), "它就是小米。")
    first = say(user("operator"), challenge, "见附件。", [PDF])
    assert say(user("operator"), challenge, "见附件。", [PDF]) == first
    other = say(user("operator"), challenge, "见附件。", [PDF, File("补充.pdf", b"%PDF-1.7 more")])
    assert list(challenge.messages.all()) == [first, other]
    assert challenge.papers.count() == 2


def test_what_a_later_determination_said_is_not_undone() -> None:
    made, seller = determined(), seller_of_millet()
    challenge = open_challenge(person_of(seller), seller, made, "它就是小米。")
    remove(user("operator"), builders.product(cast.BLOCKED), "暂停销售")
    uphold(user("operator.second"), challenge, "成立。")
    assert builders.product(cast.BLOCKED).commodity_class is None
    assert made.product.determinations.count() == 2


def test_faults_of_a_challenge_are_said_together() -> None:
    made = determined()
    stranger = organisation("P-ZY")  # sells tea
    files = [File("a.docx", b"PK"), File("b.pdf", b"%PDF-" + b"0" * (10 * 1024 * 1024))]
    assert refusal(lambda: open_challenge(person_of(stranger), stranger, made, " ", files)) == [
        "words_missing", "no_paper", "paper_too_large", "no_seller_of_the_class",
    ]  # fmt: skip
    seller = seller_of_millet()
    with pytest.raises(NotAllowed):
        open_challenge(user(cast.BUYER), seller, made, "…")
    open_challenge(person_of(seller), seller, made, "它就是小米。")
    with pytest.raises(ChallengedAlready):
        open_challenge(person_of(seller), seller, made, "再说一遍。")


@pytest.mark.parametrize(
    "words",
    ["请致电 13812345678", "联系人 138-1234-5678。", "身份证610828199001011234", "卡号 6222 0212 3456 7890 123"],
)
def test_numbers_of_persons_are_not_published(words: str) -> None:
    made, seller = determined(), seller_of_millet()
    assert refusal(lambda: open_challenge(person_of(seller), seller, made, words)) == ["personal_data"]


@pytest.mark.parametrize("words", ["批次 2026092300012 共 1500 袋", "GB/T 11766-2008；每袋 2000 克，0.5%"])
def test_other_numbers_may_be_written(words: str) -> None:
    made, seller = determined(), seller_of_millet()
    assert open_challenge(person_of(seller), seller, made, words).grounds == words


def test_the_time_to_challenge_ends() -> None:
    made, seller = determined(), seller_of_millet()
    assert open_until(made) == timezone.localdate() + timedelta(days=15)
    made.at -= timedelta(days=15)
    open_challenge(person_of(seller), seller, made, "最后一天。")
    made.at -= timedelta(days=1)
    other = Organisation.objects.get(partner__stockrecords__product=builders.product(cast.BLOCKED))
    assert refusal(lambda: open_challenge(person_of(other), other, made, "…")) == ["challenge_too_late"]


def test_a_certificate_is_shown_to_the_producers_of_its_class_at_once() -> None:
    seller = confectioner()
    person = person_of(seller)
    person.phone = "10000000001"
    person.save()
    certificate = certified()
    run_all_due()
    told = set(CertificateNotice.objects.filter(certificate=certificate).values_list("producer__code", flat=True))
    assert seller.code in told
    assert all(Organisation.objects.get(code=code).kind == "producer" for code in told)
    assert shown_to(seller)[0].certificate == certificate
    message = Message.objects.get(key=f"certificate:{certificate.pk}:{person.pk}")
    assert message.kind == "certificate"
    entry = Entry.objects.get(kind="certificate.shown", subject=f"certificate:{certificate.number}")
    assert entry.body == {"certificate": certificate.number, "producers": len(told)}


def test_a_refuted_certificate_counts_as_estimated_leakage() -> None:
    seller = confectioner()
    certificate = certified()
    challenge = open_challenge(person_of(seller), seller, certificate, "我社有枣泥月饼现货。", [PDF])
    before, counted_before = refuted(), counted(timezone.localdate().year)
    for name in (cast.BUYER, cast.APPROVER):
        with pytest.raises(NotAllowed):
            uphold(user(name), challenge, "…")
    say(user(cast.BUYER), challenge, "下单时平台未显示该产品。")
    with pytest.raises(NotAParty):
        say(user("p-mz"), challenge, "我也来说一句。")
    uphold(user(cast.UNION_OFFICER), challenge, "该产品当时在售。")
    [found] = [one for one in refuted([certificate.union_id]) if one not in before]
    decisions = certificate.decisions.all()
    assert (found.certificate, found.challenge, found.amount) == (
        certificate.number, challenge.pk, sum(decision.amount for decision in decisions),
    )  # fmt: skip
    assert refuted([]) == []
    union = certificate.union
    (flag,) = [one for one in red_flags([union], found.gift_year) if one.code == "certificate_refuted"]
    assert flag.found == (Found(union, f"order:{found.order}", certificate.number, found.amount),)
    now = counted(timezone.localdate().year)
    assert (now.challenges_upheld, now.refuted) == (
        counted_before.challenges_upheld + 1, counted_before.refuted + found.amount,
    )  # fmt: skip
    for name in (cast.BUYER, cast.AUDITOR):
        person = user(name)
        person.phone = f"1000000{person.pk:04d}"
        person.save()
    run_all_due()
    keys = {f"challenge:{challenge.pk}:decided:{user(name).pk}" for name in (cast.BUYER, cast.AUDITOR)}
    assert keys <= set(Message.objects.filter(kind="challenge").values_list("key", flat=True))


def test_a_rejected_challenge_leaves_things_as_they_are() -> None:
    seller = confectioner()
    certificate = certified()
    challenge = open_challenge(person_of(seller), seller, certificate, "我社有枣泥月饼现货。")
    reject(user("operator"), challenge, "当时未上架。")
    assert certificate.number not in {one.certificate for one in refuted()}
    for act in (
        lambda: say(person_of(seller), challenge, "仍不同意。"),
        lambda: withdraw(person_of(seller), challenge),
        lambda: uphold(user(cast.UNION_OFFICER), challenge, "…"),
    ):
        with pytest.raises(ChallengeClosed):
            act()


def test_a_challenge_taken_back_may_be_brought_again() -> None:
    made, seller = determined(), seller_of_millet()
    first = open_challenge(person_of(seller), seller, made, "它就是小米。")
    withdraw(person_of(seller), first)
    assert open_challenge(person_of(seller), seller, made, "它确实是小米。").pk > first.pk


def test_papers_are_read_by_the_sides_only() -> None:
    made, seller = determined(), seller_of_millet()
    challenge = open_challenge(person_of(seller), seller, made, "见附件。", [PDF])
    paper = challenge.papers.get()
    assert bytes(paper.content) != PDF.content
    assert content_of(user("operator"), paper) == content_of(person_of(seller), paper) == PDF.content
    for name in (cast.BUYER, cast.AUDITOR, "p-zy"):
        with pytest.raises(NotAParty):
            content_of(user(name), paper)


def test_late_answers_are_reminded_of_once() -> None:
    made, seller = determined(), seller_of_millet()
    operator = user("operator")
    operator.phone = "10000000009"
    operator.save()
    challenge = open_challenge(person_of(seller), seller, made, "它就是小米。")
    before = tell_of_overdue()
    late = Challenge(
        determination=made, challenger=organisation("P-ZY"), grounds="…", opened_by=user("p-jx"),
        answer_by=timezone.localdate() - timedelta(days=1),
    )  # fmt: skip
    late.save()
    assert late.is_overdue
    assert not challenge.is_overdue
    assert (tell_of_overdue(), tell_of_overdue()) == (before + 1, before + 1)
    assert Message.objects.filter(key__startswith=f"challenge:{late.pk}:overdue").count() == 1


@pytest.mark.parametrize(
    "attempt",
    [
        "UPDATE watch_challenge SET grounds = 'x'",
        "UPDATE watch_challenge SET answer_by = answer_by + 30",
        "UPDATE watch_challenge SET state = 'upheld', reason = 'x', decided_by_id = opened_by_id, decided_for_id = challenger_id,"
        " decided_at = now()",
        "UPDATE watch_challenge SET state = 'rejected'",
        "DELETE FROM watch_challenge",
        "UPDATE watch_challengemessage SET text = 'x'",
        "DELETE FROM watch_challengepaper",
        "DELETE FROM watch_certificatenotice",
    ],
)
def test_the_database_keeps_what_was_said(attempt: str) -> None:
    seller = confectioner()
    challenge = open_challenge(person_of(seller), seller, certified(), "见附件。", [PDF])
    say(person_of(seller), challenge, "补充。")
    with pytest.raises((IntegrityError, ProgrammingError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(attempt)


def test_the_database_lets_nobody_of_the_buyers_union_decide() -> None:
    seller = confectioner()
    challenge = open_challenge(person_of(seller), seller, certified(), "…")
    for judge in (cast.UNION, "U-YL", "P-MZ", "E-QL"):
        facts = {"decided_by": user(cast.BUYER), "decided_for": organisation(judge), "decided_at": timezone.now()}
        with pytest.raises(IntegrityError, match="decided by the operator or by a union above"), transaction.atomic():
            Challenge.objects.filter(pk=challenge.pk).update(state="rejected", reason="不成立", **facts)

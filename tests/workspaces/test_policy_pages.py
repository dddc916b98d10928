"""The rules as anybody reads them: what holds, what will, what each version changed; drafts are nobody's rule yet."""

import re
from datetime import timedelta
from pathlib import Path

from django.utils import timezone, translation

from marketplace.evidence.models import Entry
from marketplace.organisations.models import User
from marketplace.workspaces.policy_words import differences, topics
from procurement.policy.actions import approve
from procurement.policy.models import Policy
from procurement.priority import rule_1
from tests.policies import drafted
from tests.workspaces.persons import Person, statements_of, text


def someone(name: str) -> User:
    return User.objects.get(username=name)


def said(policy: Policy) -> list[str]:
    return [sentence.replace("\xa0", " ") for topic in topics(policy) for sentence in topic.sentences]


def test_anybody_reads_what_holds_in_sentences_and_what_each_version_changed(world: None) -> None:
    page = text(Person().open("register_policies"))
    assert "Version SN-2020-05, since 1 May 2020" in page
    assert "At least 50 % of a union's gifts of a year are assistance products." in page.replace("\xa0", " ")
    changed = re.search(r"Before, SN-2019-01 Since, SN-2020-05 (.*?50.%[^.]*\.)", page)
    assert changed is not None
    assert changed[1].replace("\xa0", " ") == (
        "At least 30 % of a union's gifts of a year are assistance products. "
        "At least 50 % of a union's gifts of a year are assistance products."
    )
    assert "The first version kept here." in page


def test_a_draft_is_shown_to_nobody_and_an_approved_one_with_the_day_it_begins(world: None) -> None:
    policy = drafted(minimum_share_bp=6_000, ring_fence=60_000, begins=timezone.localdate() + timedelta(days=40))
    assert "SN-NEXT" not in text(Person().open("register_policies"))
    assert Person().open("register_policy", policy.pk).status_code == 404
    approve(someone("operator.second"), policy)
    page = text(Person().open("register_policies")).replace("\xa0", " ")
    assert "What will hold" in page
    assert "assistance-only purses may give each member assistance products for ¥600.00 a year." in page
    assert "At least 60 %" in text(Person().open("register_policy", policy.pk)).replace("\xa0", " ")


def test_the_log_says_to_everybody_what_was_approved(world: None) -> None:
    policy = approve(someone("operator.second"), drafted(ring_fence=60_000))
    entry = Entry.objects.get(kind="policy.approved", subject=f"policy:{policy.version}")
    assert f"/verify/entries/{entry.pk}/" in Person().open("register_policy", policy.pk).content.decode()
    assert '"ring_fence": 60000' in Person().open("entry", entry.pk).context["content"]


def test_two_policies_differ_in_just_the_sentences_that_differ(world: None) -> None:
    now = Policy.objects.get(version="SN-2020-05")
    later = drafted(
        minimum_share_bp=2_000,
        floor=50_000,
        keep_last_year=True,
        uncovered_purposes=["hardship"],
        approval_steps=[{"from": 0, "quotations": 0, "people": 1}, {"from": 1_000_000, "quotations": 3, "people": 3}],
    )
    with translation.override("en"):
        found = [(one.before.replace("\xa0", " "), one.after.replace("\xa0", " ")) for one in differences(now, later)]
        assert differences(now, now) == []
    assert found == [
        (
            "At least 50 % of a union's gifts of a year are assistance products.",
            "At least 20 % of a union's gifts of a year are assistance products.",
        ),
        ("", "Each member gets assistance products for at least ¥500.00 a year before ordinary ones are bought."),
        ("", "A union buys no less of assistance products than the year before, and that before ordinary ones."),
        (
            "All of a union's purses are bound by this policy, whatever they are for.",
            "Not bound by this policy are purses for: Help in hardship.",
        ),
        ("", "From ¥10,000.00 on: 3 people decide together, with 3 quotations."),
    ]


def test_every_rule_is_said_in_both_languages(world: None) -> None:
    policy = drafted(
        ring_fence=1, floor=1, keep_last_year=True, exception_second_from=1, uncovered_purposes=["training"]
    )
    with translation.override("en"):
        english = said(policy)
    with translation.override("zh-hans"):
        chinese = said(policy)
    assert len(english) == len(chinese) == 20
    assert all(re.search("[\u4e00-\u9fff]", sentence) for sentence in chinese)
    assert not any(re.search("[\u4e00-\u9fff]", sentence) for sentence in english)


def test_the_page_costs_the_same_with_more_versions(world: None) -> None:
    few = statements_of(lambda: Person().open("register_policies"))
    for number in range(5):
        begins = timezone.localdate() + timedelta(days=10 + number)
        approve(someone("operator.second"), drafted(f"SN-{number}", begins=begins))
    assert statements_of(lambda: Person().open("register_policies", n=1)) == few
    assert few <= 3


def test_every_engine_that_has_decided_can_be_fetched(db: None) -> None:
    visitor = Person()
    answer = visitor.open("older_engine", "1")
    assert rule_1.engine_hash() in text(visitor.open("verification"))
    assert answer.content == Path(rule_1.__file__).read_bytes()
    assert visitor.open("older_engine", "9").status_code == 404

"""Invitations and roles: who may give which, links that work once, and nobody leaves an organisation without a head."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.models import Entry
from marketplace.messaging.models import Message
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.signin import actions, phone_codes, second_factor
from marketplace.signin.errors import DeviceStays, InvitationNotGood, LastOfRole, RoleDoesNotFit, RoleNotYours
from marketplace.signin.models import Invitation
from marketplace.signin.people import roles_to_give
from tests.people import signed_in

R = Role
PASSWORD = "a-long-and-new-one"
PHONE = "10088888888"


def person(username: str) -> User:
    return User.objects.get(username=username)


def organisation(code: str) -> Organisation:
    return Organisation.objects.get(code=code)


def invited(
    role: Role = R.BUYER, code: str = cast.UNION, by: str = cast.APPROVER, **more: str
) -> tuple[Invitation, str]:
    return actions.invite(person(by), organisation(code), role, lambda token: token, **more)


def someone(username: str = "newcomer") -> actions.NewPerson:
    return actions.NewPerson(username, "新来的人", PASSWORD)


@pytest.mark.parametrize(
    ("username", "code", "roles"),
    [
        (cast.APPROVER, cast.UNION, (R.BUYER, R.APPROVER, R.MEMBER)),
        (cast.APPROVER, "U-YL-YY", ()),
        (cast.APPROVER, "P-JX", ()),
        (cast.BUYER, cast.UNION, ()),
        (cast.UNION_OFFICER, "U-XA", ()),
        (cast.AUDITOR, "U-SN", ()),
        ("p-jx", "P-JX", (R.PRODUCER,)),
        ("p-jx", "P-MZ", ()),
        ("operator", cast.UNION, (R.BUYER, R.APPROVER, R.MEMBER, R.UNION_OFFICER, R.AUDITOR)),
        ("operator", "P-JX", (R.PRODUCER,)),
        ("operator", "CO-610828", (R.TOWN_OFFICER, R.SECTOR_OFFICER, R.COUNTY_OFFICER)),
        ("operator", "OP", (R.OPERATOR,)),
    ],
)
def test_who_gives_which_roles_where(world: None, username: str, code: str, roles: tuple[Role, ...]) -> None:
    assert roles_to_give(person(username), organisation(code)) == roles


def test_an_approver_appoints_no_auditor_and_nobody_an_officer_of_a_producer(world: None) -> None:
    with pytest.raises(RoleNotYours):
        invited(R.AUDITOR)
    with pytest.raises(RoleDoesNotFit):
        invited(R.COUNTY_OFFICER, "P-JX", "operator")
    assert Invitation.objects.count() == 0


def test_a_new_person_takes_a_role_by_a_link(world: None) -> None:
    invitation, token = invited(R.BUYER, note="王经办")
    client = Client(headers={"accept-language": "en"})
    address = reverse("invitation", args=[token])
    page = client.get(address)
    assert page.context["offered"] == invitation
    typed = {"display_name": "王某", "username": "wang", "password": PASSWORD, "again": PASSWORD}
    answer = client.post(address, typed)
    assert answer.url == "/union/"
    user = person("wang")
    assert [(m.role, m.organisation.code) for m in user.memberships.select_related("organisation")] == [
        ("buyer", cast.UNION)
    ]
    assert user.check_password(PASSWORD)
    invitation.refresh_from_db()
    assert invitation.accepted_by == user
    assert client.session["_auth_user_id"] == str(user.pk)


def test_a_role_that_needs_a_second_factor_asks_for_it_next(world: None, client: Client, outside) -> None:
    _invitation, token = invited(R.APPROVER)
    address = reverse("invitation", args=[token])
    assert client.get(address).context["needs_code"]
    client.post(address, {"display_name": "李某", "username": "li.ming", "password": PASSWORD, "again": PASSWORD})
    answer = outside(client.get, "/union/")
    assert answer.url == "/accounts/code/?next=/union/"
    assert client.get(answer.url).url == "/accounts/code/set-up/?next=%2Funion%2F"


def test_a_known_person_adds_the_role_to_their_account(world: None, client: Client) -> None:
    _invitation, token = invited(R.BUYER)
    known = person("buyer.yuyang")
    signed_in(client, known)
    client.post(reverse("invitation", args=[token]))
    assert {m.organisation.code for m in known.memberships.select_related("organisation")} == {cast.UNION, "U-YL-YY"}
    assert User.objects.filter(username="newcomer").count() == 0


def test_a_link_works_once(world: None, client: Client) -> None:
    _invitation, token = invited()
    actions.accept(token, someone())
    with pytest.raises(InvitationNotGood):
        actions.accept(token, someone("second"))
    assert client.get(reverse("invitation", args=[token])).status_code == 404


def test_a_link_ends_after_seven_days(world: None) -> None:
    invitation, token = invited()
    assert invitation.expires_at - invitation.created_at >= timedelta(days=7) - timedelta(seconds=1)
    Invitation.objects.update(expires_at=timezone.now())
    with pytest.raises(InvitationNotGood):
        actions.accept(token, someone())


def test_a_link_that_was_taken_back_does_not_work(world: None) -> None:
    invitation, token = invited()
    for _ in range(2):
        actions.revoke(person(cast.APPROVER), invitation)
    with pytest.raises(InvitationNotGood):
        actions.accept(token, someone())
    assert Entry.objects.filter(kind="person.invitation_revoked").count() == 1


def test_an_invitation_that_was_taken_is_not_taken_back(world: None) -> None:
    invitation, token = invited()
    actions.accept(token, someone())
    with pytest.raises(InvitationNotGood):
        actions.revoke(person(cast.APPROVER), invitation)


@pytest.mark.parametrize("change", ["x{}", "{}x", "nothing"])
def test_a_changed_link_is_refused_before_anything_is_asked(world: None, change: str) -> None:
    _invitation, token = invited()
    with CaptureQueriesContext(connection) as captured, pytest.raises(InvitationNotGood):
        actions.find_invitation(change.format(token))
    assert len(captured) == 0


def test_the_link_is_kept_nowhere(world: None) -> None:
    _invitation, token = invited(note="王经办", phone=PHONE)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(i)::text FROM signin_invitation i")
        stored = cursor.fetchone()[0]
    assert token not in stored and token.split(":")[0] not in stored
    assert PHONE not in stored and "王经办" not in stored
    assert b"\xe7\x8e\x8b" not in bytes(Entry.objects.get(kind="person.invited").leaf)


def test_a_message_carries_the_link_only_for_roles_that_sign_in_by_phone(world: None) -> None:
    _one, of_buyer = invited(R.BUYER, phone=PHONE)
    _two, of_member = invited(R.MEMBER, phone=PHONE)
    words = [message.words for message in Message.objects.order_by("pk")]
    assert of_buyer not in words[0] and of_member in words[1]


def test_whoever_was_invited_by_phone_signs_in_by_it(world: None) -> None:
    _invitation, token = invited(R.PRODUCER, "P-JX", "p-jx", phone=PHONE)
    user = actions.accept(token, someone())
    assert phone_codes.redeem(PHONE, phone_codes.code_of(phone_codes.ask(PHONE, "127.0.0.1"))) == user


def test_a_taken_name_and_a_taken_number_are_told_together_and_the_link_stays_good(world: None) -> None:
    taken = person("p-jx")
    _invitation, token = invited(R.MEMBER, phone=taken.phone)
    with pytest.raises(Refusals) as refused:
        actions.accept(token, someone("p-jx"))
    assert [refusal.code for refusal in refused.value.refusals] == ["name_taken", "phone_taken"]
    actions.find_invitation(token)


def test_a_weak_password_and_a_mistyped_one_are_told_together(world: None) -> None:
    _invitation, token = invited()
    typed = {"display_name": "王某", "username": "wang", "password": "12345", "again": "54321"}
    answer = Client(headers={"accept-language": "en"}).post(reverse("invitation", args=[token]), typed)
    errors = answer.context["form"].errors
    assert set(errors) == {"password", "again"} and len(errors["password"]) == 3
    assert not User.objects.filter(username="wang").exists()


def test_the_last_approver_stays(world: None) -> None:
    approver = Membership.objects.get(organisation__code=cast.UNION, role=R.APPROVER)
    for actor in (cast.APPROVER, "operator"):
        with pytest.raises(LastOfRole):
            actions.end_membership(person(actor), approver)
    _invitation, token = invited(R.APPROVER)
    successor = actions.accept(token, someone())
    actions.end_membership(successor, approver)
    assert not Membership.objects.filter(pk=approver.pk).exists()
    assert Entry.objects.filter(kind="person.role_ended").count() == 1
    with pytest.raises(LastOfRole):
        actions.end_membership(person("operator"), successor.memberships.get())


def test_a_role_that_was_ended_opens_nothing_from_that_moment(world: None, client: Client, outside) -> None:
    buyer = person(cast.BUYER)
    signed_in(client, buyer)
    assert outside(client.get, "/union/").status_code == 200
    actions.end_membership(person(cast.APPROVER), buyer.memberships.get())
    assert outside(client.get, "/union/").status_code == 403


def test_an_approver_ends_no_role_elsewhere_and_no_auditors(world: None) -> None:
    elsewhere = Membership.objects.get(organisation__code="U-YL-YY", role=R.BUYER)
    auditor = Membership.objects.create(user=person("member"), organisation=organisation(cast.UNION), role=R.AUDITOR)
    for membership in (elsewhere, auditor):
        with pytest.raises(RoleNotYours):
            actions.end_membership(person(cast.APPROVER), membership)


def test_an_operator_lets_somebody_set_up_a_new_phone_and_their_sessions_end(
    world: None, client: Client, outside
) -> None:
    auditor = person(cast.AUDITOR)
    signed_in(client, auditor)
    assert outside(client.get, "/audit/").status_code == 200
    with pytest.raises(DeviceStays):
        actions.give_up_device(person(cast.APPROVER), auditor)
    with pytest.raises(DeviceStays):
        actions.give_up_device(person("operator"), person("operator"))
    actions.give_up_device(person("operator"), auditor)
    assert not second_factor.is_set_up(auditor)
    assert outside(client.get, "/audit/").url == "/accounts/sign-in/?next=/audit/"


# The page.


def page_of(username: str, **options: Any) -> tuple[Client, Any]:
    client = Client(headers={"accept-language": "en"})
    signed_in(client, person(username))
    return client, client.get(reverse("people"), **options)


def test_the_page_lists_people_and_makes_invitations_whose_link_is_shown_once(world: None, outside) -> None:
    client, page = page_of(cast.APPROVER)
    assert {m.user.username for m in page.context["page"].object_list} >= {cast.BUYER, cast.APPROVER}
    client.post(reverse("people"), {"role": "buyer", "note": "王经办", "phone": ""})
    page = client.get(reverse("people"))
    link = page.context["link"]
    assert link.startswith("http://testserver/accounts/invitation/") and link in page.content.decode()
    assert "王经办" in page.content.decode()
    assert client.get(reverse("people")).context["link"] == ""
    assert Client().get(link.removeprefix("http://testserver")).status_code == 200


def test_the_page_ends_roles_and_takes_back_invitations_of_the_own_organisation_only(world: None) -> None:
    invitation, _token = invited()
    foreign, _token = invited(R.PRODUCER, "P-JX", "p-jx")
    buyer = person(cast.BUYER).memberships.get()
    stranger = person("buyer.yuyang").memberships.get()
    client, _page = page_of(cast.APPROVER)
    for verb, number in (("revoke", foreign.pk), ("end", stranger.pk), ("revoke", 0), ("new-device", stranger.user_id)):
        assert client.post(reverse("people"), {"do": verb, "id": number}).status_code == 404
    assert client.post(reverse("people"), {"do": "revoke", "id": invitation.pk}).status_code == 302
    assert client.post(reverse("people"), {"do": "end", "id": buyer.pk}).status_code == 302
    assert not Membership.objects.filter(pk=buyer.pk).exists()
    invitation.refresh_from_db()
    assert invitation.revoked_at is not None


def test_the_operator_sees_the_people_of_any_organisation(world: None) -> None:
    client, _page = page_of("operator")
    page = client.get(reverse("people_of", args=["P-JX"]))
    assert [m.user.username for m in page.context["page"].object_list] == ["p-jx"]
    client.post(reverse("people_of", args=["P-JX"]), {"role": "producer"})
    assert Invitation.objects.get().organisation.code == "P-JX"


def test_people_are_found_by_name_and_role_and_the_page_asks_as_often_for_many_as_for_few(world: None) -> None:
    client, _page = page_of(cast.APPROVER)
    with CaptureQueriesContext(connection) as few:
        client.get(reverse("people"))
    before = len(few)
    union = organisation(cast.UNION)
    users = User.objects.bulk_create([User(username=f"m{n}", display_name=f"会员{n:02d}") for n in range(20)])
    Membership.objects.bulk_create([Membership(user=user, organisation=union, role=R.MEMBER) for user in users])
    for _ in range(5):
        invited()
    with CaptureQueriesContext(connection) as many:
        client.get(reverse("people"))
    assert len(many) == before
    found = client.get(reverse("people"), {"q": "会员07", "role": "member"}).context["page"]
    assert [m.user.display_name for m in found.object_list] == ["会员07"]

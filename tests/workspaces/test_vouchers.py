"""Pages of pick-up vouchers: the sheet to hand out, the code, the call by the personal link, what the producer sees."""

from __future__ import annotations

import re

import pytest
from django.conf import settings as house_settings
from django.utils import translation

from marketplace.demo import cast
from marketplace.fulfilment.models import Parcel
from marketplace.organisations.models import Membership, Reveal, Role
from marketplace.workspaces.templatetags.house import when
from procurement.programmes.links import token_of
from procurement.programmes.models import Recipient, Voucher
from procurement.programmes.vouchers import code_of, redeem
from tests.workspaces.persons import Person, statements_of, text
from tests.world import DATES, FUNGUS, bring, confirm_all, placed, seller_of, side, supplier_orders

pytestmark = pytest.mark.usefixtures("world")
HOME = "陕西省西安市雁塔区测试路8号"


def given_out(heads: int = 3, goods: tuple[str, ...] = (DATES,)) -> list[Recipient]:
    order = placed(side(), list(goods), heads, delivery="voucher")
    return list(Recipient.objects.filter(programme__order=order).select_related("programme__order").order_by("id"))


class TestCode:
    def test_the_code_leads_to_the_members_own_gift(self) -> None:
        member = given_out()[0]
        answer = Person().send("my:redeem", code=code_of(member).lower())
        assert answer.url.endswith(f"/my/g/{token_of(member)}/")

    def test_a_wrong_code_is_said_and_kept(self) -> None:
        answer = Person().send("my:redeem", code="V1-0000-0000-0000")
        assert (answer.status_code, "No voucher has this code." in text(answer)) == (200, True)
        assert 'value="V1-0000-0000-0000"' in answer.content.decode()
        assert answer.context["form"].errors.as_data().keys() == {"code"}

    def test_too_many_wrong_codes_shut_the_door_for_the_right_one_too(self) -> None:
        member, visitor = given_out()[0], Person()
        for number in range(house_settings.AXES_FAILURE_LIMIT - 1):
            assert visitor.send("my:redeem", code=f"V{member.pk}-{number:04d}-0000-0000").status_code == 200
        assert visitor.send("my:redeem", code=f"V{member.pk}-0000-0000-FFFF").status_code == 429
        assert visitor.send("my:redeem", code=code_of(member)).status_code == 429
        assert visitor.open("my:gift", token_of(member)).status_code == 200


class TestCall:
    def test_the_page_says_item_seller_last_day_and_that_nothing_lapses(self) -> None:
        member = given_out()[0]
        shown = text(Person().open("my:gift", token_of(member)))
        part = supplier_orders(member.programme.order)[0]
        with translation.override("en"):
            seller = part.seller.display_name
            day = when(member.voucher.last_day)
        for words in (seller, f"Good until {day}", "is sent to your workplace"):
            assert words in shown

    def test_home_with_an_address_and_twice_is_once(self) -> None:
        member, visitor = given_out()[0], Person()
        for _again in range(2):
            visitor.send("my:call", token_of(member), to="home", address=HOME)
        assert Voucher.objects.get(recipient=member).called_to == "home"
        assert Parcel.objects.get(recipient=member.pk).address == HOME
        shown = text(visitor.open("my:gift", token_of(member)))
        assert ("陕西省西安市雁塔区测试路***" in shown, "8号" in shown) == (True, False)

    def test_the_workplace_needs_no_address_and_leaves_what_was_typed_behind(self) -> None:
        member = given_out()[0]
        Person().send("my:call", token_of(member), to="workplace", address=HOME)
        assert (Voucher.objects.get(recipient=member).called_to, Parcel.objects.get(recipient=member.pk).address) == (
            "workplace",
            "",
        )

    @pytest.mark.parametrize(
        "said", [{}, {"to": "home"}, {"to": "moon"}, {"to": "home", "address": "榆林市榆阳区一号院"}]
    )
    def test_what_is_missing_or_wrong_is_said_and_kept(self, said) -> None:
        member = given_out()[0]
        answer = Person().send("my:call", token_of(member), **said)
        assert answer.status_code == 200
        assert answer.context["voucher_form"].errors
        assert said.get("address", "") in answer.content.decode()
        assert Voucher.objects.get(recipient=member).called_at is None

    def test_a_gift_without_voucher_takes_no_call(self) -> None:
        order = placed(side(), [DATES])
        member = Recipient.objects.filter(programme__order=order).first()
        visitor = Person()
        assert visitor.send("my:call", token_of(member), to="workplace").status_code == 302
        assert "voucher" not in text(visitor.open("my:gift", token_of(member)))

    def test_it_stands_first_in_the_members_list(self) -> None:
        member = given_out()[0]
        Membership.objects.filter(user__username="member", role=Role.MEMBER).update(person=member.person)
        shown = Person("member").open("my:home")
        assert shown.context["todo"][0].recipient == member
        redeem(member)
        assert member not in [row.recipient for row in Person("member").open("my:home").context["todo"]]


class TestSheet:
    def test_each_voucher_names_seller_item_last_day_and_code_and_the_reveal_is_recorded(self) -> None:
        members = given_out(4)
        plan = members[0].programme
        shown = text(Person(cast.BUYER).send("union:links", plan.pk))
        codes = re.findall(r"V\d+-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}", shown)
        assert sorted(codes) == sorted(code_of(m) for m in members)
        with translation.override("en"):
            seller = supplier_orders(plan.order)[0].seller.display_name
        assert (shown.count("佳县滩枣 1 kg"), shown.count(seller), shown.count("does not lapse")) == (4, 4, 4)
        assert Reveal.objects.get(purpose="gift links").count == 4

    def test_statements_do_not_grow_with_the_members(self) -> None:
        few, many = given_out(2, (DATES, FUNGUS))[0], given_out(12, (DATES, FUNGUS))[0]
        buyer = Person(cast.BUYER)
        counts = [statements_of(lambda m=m: buyer.send("union:links", m.programme_id)) for m in (few, many)]
        assert counts[0] == counts[1]


class TestProducer:
    def test_it_sees_that_members_have_still_to_call_and_no_name_of_theirs(self) -> None:
        member = given_out()[0]
        order = bring(member.programme.order, side().buyer, "sent")
        confirm_all(order)
        (part,) = supplier_orders(order)
        seller = Person(seller_of(part).username)
        assert "Members still have vouchers" in text(seller.open("producer:supplier_order", part.pk))
        assert "测试M" not in text(seller.send("producer:labels", part.pk))

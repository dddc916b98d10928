"""Ways round the rule by what it goes by, tried by somebody with a shell and the app's password: whose money is covered, whose rules
apply, what counts as assistance goods, and which goods are compared.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.actions import record
from marketplace.ledger.actions import account, open_purse, post
from marketplace.ledger.models import AccountKind, PurseKind, PursePurpose
from marketplace.organisations.models import Membership, Role, User
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks, classify
from marketplace.shop.partner.models import Partner
from marketplace.signin.actions import end_membership
from suppliers.accreditation.models import Accreditation
from tests.invariants.raw_sql import copied, copy_refused, purchase_refused, refused, run
from tests.invariants.traded import Traded
from tests.world import DATES, MOONCAKES, YUYANG, let_constraints_speak, product, side

PLAIN_MILLET = cast.BLOCKED  # ordinary, while four producers offer enough of theirs


class TestPurses:
    """What the rule covers stays covered (I5)."""

    def test_no_money_of_the_unions_becomes_somebodys_own(self, traded: Traded) -> None:
        own = open_purse(
            traded.giver.union, "个人", traded.giver.general.gift_year, kind=PurseKind.PERSONAL, covered=False
        )
        with (
            pytest.raises(DatabaseError, match="stays with its union, in purses of its purpose"),
            transaction.atomic(),
        ):
            post("by-hand", "by.hand", "test", {traded.giver.general.account: -100, own.account: 100})

    def test_nor_another_unions(self, traded: Traded) -> None:
        other = side(YUYANG).general.account
        with pytest.raises(DatabaseError, match="stays with its union"), transaction.atomic():
            post("by-hand", "by.hand", "test", {traded.giver.general.account: -100, other: 100})

    def test_nor_money_for_gifts_money_for_what_the_rule_may_leave_alone(self, traded: Traded) -> None:
        other = open_purse(traded.giver.union, "培训", traded.giver.general.gift_year, purpose=PursePurpose.TRAINING)
        with pytest.raises(DatabaseError, match="in purses of its purpose"), transaction.atomic():
            post("by-hand", "by.hand", "test", {traded.giver.general.account: -100, other.account: 100})

    def test_a_purse_has_an_account_of_its_own(self, traded: Traded) -> None:
        general = traded.giver.general
        for taken in (account(AccountKind.RESERVED, general.union), side(YUYANG).general.account):
            changes = {"name": "暗", "kind": "personal", "covered": False, "account_id": taken.pk}
            copy_refused("needs an account of its own kind and union", ("ledger_purse", general.pk, changes))

    def test_a_purse_is_not_uncovered_afterwards(self, traded: Traded) -> None:
        """The judged order's purse flips to personal money, so that its lines would need no decision."""
        for change in ("kind = 'personal', covered = false", "account_id = account_id + 1", "purpose = 'training'"):
            refused("append-only", f"UPDATE ledger_purse SET {change} WHERE id = %s", traded.giver.general.pk)

    def test_a_purse_without_money_buys_nothing(self, traded: Traded) -> None:
        """Personal money needs no decision, so lines of an empty purse of that kind would be free of rule and price."""
        own = open_purse(
            traded.giver.union, "个人", traded.giver.general.gift_year, kind=PurseKind.PERSONAL, covered=False
        )
        copy_refused("are to be paid from purse", ("order_line", traded.line(MOONCAKES).pk, {"purse_id": own.pk}))


class TestWhoStandsWhere:
    """Whose rules apply, and who is above whom, is no matter of an UPDATE."""

    @pytest.mark.parametrize(
        "change",
        [
            "region = '11'",
            "path = 'U-SN/'",
            "parent_id = NULL",
            "code = 'X'",
            "level = 1",
            "kind = 'operator', level = NULL",
        ],
    )
    def test_a_union_stays_under_its_region_and_its_union(self, traded: Traded, change: str) -> None:
        refused("append-only", f"UPDATE organisations_organisation SET {change} WHERE id = %s", traded.giver.union.pk)

    def test_nobody_takes_a_role_that_the_log_does_not_know(self, traded: Traded) -> None:
        """An officer above, made by an INSERT, could grant what the union asks for."""
        above = Membership.objects.get(user__username=cast.UNION_OFFICER)
        refused(
            "The log does not say that person .* took the role union_officer",
            "INSERT INTO organisations_membership (user_id, organisation_id, role) VALUES (%s, %s, 'union_officer')",
            traded.giver.approver.pk,
            above.organisation_id,
        )
        update = "UPDATE organisations_membership SET user_id = %s WHERE id = %s"
        refused("took the role union_officer", update, traded.giver.approver.pk, above.pk)

    def test_nobody_lays_one_down_while_somebody_looks(self, traded: Traded) -> None:
        """Without it for a moment, an officer would be none of the union's own people."""
        held = Membership.objects.get(user=traded.giver.buyer)
        refused("laid down the role buyer", "DELETE FROM organisations_membership WHERE id = %s", held.pk)

    def test_the_control_a_role_ended_by_its_verb_is_gone_and_does_not_come_back(self, traded: Traded) -> None:
        held = Membership.objects.get(user=traded.giver.buyer)
        end_membership(User.objects.get(username="operator"), held)
        let_constraints_speak()
        with pytest.raises(DatabaseError, match="took the role buyer"), transaction.atomic():
            Membership.objects.create(user=traded.giver.buyer, organisation=traded.giver.union, role=Role.BUYER)
            let_constraints_speak()

    def test_no_county_gets_on_the_list(self, traded: Traded) -> None:
        run("UPDATE organisations_county SET listed = false WHERE code = '610828'")
        refused("append-only", "UPDATE organisations_county SET listed = true WHERE NOT listed")


class TestAccreditations:
    """What counts as an assistance product: no row makes one, and an old one does not go on."""

    def held(self) -> Accreditation:
        return Accreditation.objects.get(product=product(DATES), state="valid")

    @pytest.mark.parametrize(
        "changes", [{"state": "valid"}, {"state": "public_notice"}, {"state": "applied", "valid_to": "2099-01-01"}]
    )
    def test_none_begins_as_valid(self, traded: Traded, changes: dict[str, Any]) -> None:
        mine = {
            "number": "RD-0",
            "product_id": product(PLAIN_MILLET).pk,
            "valid_from": None,
            "valid_to": None,
        } | changes
        copy_refused("begins as an application", ("accreditation_accreditation", self.held().pk, mine))

    def test_nor_does_an_application_become_valid_step_by_step_unless_the_county_is_said_to_have_decided(
        self, traded: Traded
    ) -> None:
        mine = {"number": "RD-0", "product_id": product(PLAIN_MILLET).pk, "valid_from": None, "valid_to": None}
        number = copied("accreditation_accreditation", self.held().pk, state="applied", **mine)
        for state in ("town_review", "sector_review", "county_decision", "public_notice"):
            run("UPDATE accreditation_accreditation SET state = %s WHERE id = %s", state, number)
        words, today = "The accreditation RD-0 is not what the log says of it", timezone.localdate()
        update = (
            "UPDATE accreditation_accreditation SET state = 'valid', valid_from = %s, valid_to = %s WHERE id = %s",
            today, today + timedelta(days=9), number,
        )  # fmt: skip
        refused(words, *update)
        record("accreditation.valid", {"number": "RD-0"}, subject=f"product:{mine['product_id']}")
        refused(words, *update)

    @pytest.mark.parametrize(
        "change",
        ["state = 'suspended'", "state = 'revoked'", "valid_to = valid_to + 900", "valid_from = valid_from - 900",
         "county_id = '610831'", "producer_id = producer_id + 1", "number = 'RD-0'"],
    )  # fmt: skip
    def test_a_valid_one_stays_as_the_log_says(self, traded: Traded, change: str) -> None:
        refused(
            "is not what the log says of it",
            f"UPDATE accreditation_accreditation SET {change} WHERE id = %s",
            self.held().pk,
        )

    def test_it_speaks_for_no_other_product(self, traded: Traded) -> None:
        update = "UPDATE accreditation_accreditation SET product_id = %s WHERE id = %s"
        refused("is not what the log says of it", update, product(PLAIN_MILLET).pk, self.held().pk)

    def test_none_is_taken_away(self, traded: Traded) -> None:
        refused(
            "and is kept: DELETE is refused", "DELETE FROM accreditation_accreditation WHERE id = %s", self.held().pk
        )

    @pytest.mark.parametrize(
        "statement",
        ["UPDATE accreditation_accreditation SET valid_from = (now() AT TIME ZONE 'Asia/Shanghai')::date + 1 WHERE product_id = %s",
         "UPDATE organisations_county SET listed = false WHERE code = (SELECT county_id FROM catalogue_product WHERE id = %s)",
         "UPDATE organisations_organisation SET good_standing = false WHERE id ="
         " (SELECT producer_id FROM accreditation_accreditation WHERE product_id = %s)"],
        ids=["not begun", "county not listed", "producer suspended"],
    )  # fmt: skip
    def test_what_the_rule_would_not_count_is_not_decided_as_assistance_goods(
        self, traded: Traded, statement: str
    ) -> None:
        """A judgement of another day, or of a lying engine, whose number still stands in the table."""
        run(statement, product(DATES).pk)
        purchase_refused("is no assistance product: it has no accreditation that holds", traded.waiting)

    def test_nor_what_another_seller_sells(self, traded: Traded) -> None:
        other = Partner.objects.exclude(pk=traded.line(DATES).partner_id)[0]
        purchase_refused("is no assistance product", traded.waiting, lines={"partner_id": other.pk})


class TestClasses:
    """Equivalence is by published determinations, which are what the log has."""

    @pytest.mark.parametrize(
        "said", [{"class": "grain.millet", "content": 500}, {"class": "honey.bee", "content": 499}]
    )
    def test_a_product_that_comes_in_another_class_or_size_than_it_was_listed_in(
        self, traded: Traded, said: dict[str, Any]
    ) -> None:
        """Ordinary honey among goods of which no assistance product is on offer."""
        plain = product(PLAIN_MILLET)
        honey = CommodityClass.objects.get(code="honey.bee")
        changes = {"upc": "NEW-1", "slug": "new-1", "commodity_class_id": honey.pk, "net_content": 500}
        with pytest.raises(DatabaseError, match="comes into its class without an entry"), transaction.atomic():
            new = copied("catalogue_product", plain.pk, **changes)
            record("offer.listed", {"product": new} | said, subject=f"product:{new}")
            let_constraints_speak()

    def test_a_determination_that_the_log_words_otherwise(self, traded: Traded) -> None:
        operator = User.objects.get(username="operator")
        target = CommodityClass.objects.get(code="honey.bee")
        made = classify(operator, product(PLAIN_MILLET), target, Marks(2_000, "", ""), "看错了")
        body = {
            "number": "PD-0",
            "product": made.product_id,
            "before": made.before,
            "after": made.after,
            "ground": "看错了",
        }
        for kind, said in (("product.noted", body), ("product.determined", body | {"after": made.before})):
            entry = record(kind, said, subject=f"product:{made.product_id}")
            changes = {"number": "PD-0", "entry_id": entry.pk, "undoes_id": None}
            copy_refused("is not what its log entry says", ("catalogue_determination", made.pk, changes))

"""Ways round the rule, tried one after the other by somebody with a shell, the app's password and everything in this repository.

What each group tries is said by its name; what the database cannot know is found by replay, which the last group shows. Ways that
go through our own verbs are tried in tests/programmes/test_ways_round.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from marketplace.demo import cast
from marketplace.evidence.actions import record
from marketplace.fulfilment.models import Loss, Parcel
from marketplace.ledger.actions import account, open_purse, post
from marketplace.ledger.models import Account, AccountKind, PurseKind, PursePurpose
from marketplace.organisations.errors import Refusals
from marketplace.organisations.models import Membership, Organisation, Role, User
from marketplace.shop.catalogue.models import CommodityClass
from marketplace.shop.determinations import Marks, classify
from marketplace.shop.order.models import Order
from marketplace.shop.partner.models import Partner
from procurement.priority import rule
from procurement.priority.actions import ask_exception, grant_exception
from procurement.priority.models import Decision, Judgement, PriorityException, Release, UnionYear
from procurement.priority.replay import differs
from suppliers.accreditation.models import Accreditation
from tests import house
from tests.invariants.raw_sql import bought_by_hand, copied, copy_refused, purchase_refused, refused, run
from tests.invariants.traded import Traded
from tests.world import (
    DATES,
    MOONCAKES,
    YUYANG,
    Side,
    approved,
    bring,
    let_constraints_speak,
    placed,
    product,
    side,
    supplier_orders,
)

PLAIN_MILLET = cast.BLOCKED  # ordinary, while four producers offer enough of theirs


class TestTheYear:
    """Clause 3: what a union may still buy is what it decided, less what it lost, and no figure that anybody writes."""

    @pytest.mark.parametrize(
        "change",
        [
            "assistance = 10^12",
            "ordinary = 0",
            "gift_year = 2019",
            "union_id = union_id + 1",
            "assistance = assistance + 1",
        ],
    )
    def test_its_figures_are_nobodys_to_write(self, traded: Traded, change: str) -> None:
        refused("priority_unionyear is append-only", f"UPDATE priority_unionyear SET {change}")

    def test_nor_to_begin_anew(self, traded: Traded) -> None:
        refused("permission denied", "DELETE FROM priority_unionyear")
        refused("permission denied|must be owner", "TRUNCATE priority_unionyear")
        year = UnionYear.objects.get(union=traded.giver.union)
        copy_refused("append-only", ("priority_unionyear", year.pk, {"gift_year": 2019, "assistance": 10**12}))
        copy_refused("one_row_per_union_and_year", ("priority_unionyear", year.pk, {"assistance": 0, "ordinary": 0}))

    def test_the_function_that_writes_them_is_not_the_apps_to_call(self, traded: Traded) -> None:
        refused("permission denied", "SELECT year_moved(%s, 2026, 1000000, 0)", traded.giver.union.pk)

    def test_they_follow_what_is_written_by_hand_too(self, traded: Traded) -> None:
        before = UnionYear.objects.get(union=traded.giver.union)
        bought_by_hand(traded.order)
        after = UnionYear.objects.get(union=traded.giver.union)
        sums = {"assistance": 0, "other": 0}
        for decision in Decision.objects.filter(order=traded.order):
            sums["assistance" if decision.outcome == "assistance" else "other"] += decision.amount
        assert after.assistance - before.assistance == sums["assistance"]
        assert after.ordinary - before.ordinary == sums["other"] == 32_400

    def test_ordinary_goods_beyond_the_share_are_not_written_whatever_the_judgement_says(
        self, traded: Traded, monkeypatch
    ) -> None:
        with_a_kind_judge(monkeypatch)
        with pytest.raises(DatabaseError, match="more ordinary goods than its share"), transaction.atomic():
            placed(traded.giver, [MOONCAKES], heads=30, title="过量", prefix="Z")

    def test_nor_while_something_is_to_be_made_good(self, traded: Traded, monkeypatch) -> None:
        with_a_kind_judge(monkeypatch)
        run("UPDATE priority_unionyear SET make_good_due = true WHERE union_id = %s", traded.giver.union.pk)
        with pytest.raises(DatabaseError, match="Something is to be made good first"), transaction.atomic():
            bought_by_hand(traded.order)

    def test_money_that_ordinary_goods_rest_on_stays_set_aside(self, traded: Traded) -> None:
        """purse.released is what the upper union's own verb posts; here anybody does, without asking it."""
        reserve = Account.objects.get(pk=traded.giver.reserve.account_id)
        general = Account.objects.get(pk=traded.giver.general.account_id)
        placed(traded.giver, [MOONCAKES], heads=spare_cakes(traded.giver), title="到顶", prefix="T")
        with pytest.raises(DatabaseError, match="more ordinary goods than its share"), transaction.atomic():
            legs = {reserve: -reserve.balance, general: reserve.balance}
            post("by-hand", "purse.released", "test", legs, union=traded.giver.union)
            let_constraints_speak()

    def test_lost_assistance_goods_do_not_release_ordinary_ones(self, traded: Traded) -> None:
        """Equal in money, and still not the same line."""
        parcel = Parcel.objects.filter(supplier_order__order=traded.waiting).order_by("pk").first()
        cakes, dates = traded.decision(MOONCAKES), Decision.objects.get(order=traded.waiting)
        with pytest.raises(DatabaseError, match="is of covered goods for"), transaction.atomic():
            loss = Loss.objects.create(
                supplier_order=parcel.supplier_order, union=parcel.union, producer=parcel.producer, kind="cancelled",
                by="union", reason="not_needed", parcels=1, amount=3_000, reported_by=traded.giver.buyer,
            )  # fmt: skip
            Parcel.objects.filter(pk=parcel.pk).update(state="cancelled", loss=loss)
            for decision in (cakes, dates):
                assert decision.unit_price in (10_800, 3_000)
            Release.objects.create(
                decision=cakes, loss=loss, union=cakes.union, gift_year=cakes.gift_year, quantity=1, amount=10_800
            )
            let_constraints_speak()

    @pytest.mark.parametrize("due", [False, True])
    def test_assistance_goods_are_not_given_up_by_hand_below_the_share(self, traded: Traded, due: bool) -> None:
        """Nor under the word that something is due: what producers did not lose is nothing to be made good."""
        giver = traded.giver
        more = placed(giver, [DATES], heads=20, title="多", prefix="V")
        placed(giver, [MOONCAKES], heads=spare_cakes(giver), title="到顶", prefix="W")
        (supplier_order,) = supplier_orders(more)
        parcels = Parcel.objects.filter(supplier_order=supplier_order)
        decision = Decision.objects.get(order=more)
        run("UPDATE priority_unionyear SET make_good_due = %s WHERE union_id = %s", due, giver.union.pk)
        with pytest.raises(DatabaseError, match="more ordinary goods than its share"), transaction.atomic():
            loss = Loss.objects.create(
                supplier_order=supplier_order, union=giver.union, producer=supplier_order.producer, kind="cancelled",
                by="union", reason="not_needed", parcels=20, amount=60_000, reported_by=giver.buyer,
            )  # fmt: skip
            parcels.update(state="cancelled", loss=loss)
            Release.objects.create(
                decision=decision,
                loss=loss,
                union=giver.union,
                gift_year=decision.gift_year,
                quantity=20,
                amount=60_000,
            )
            let_constraints_speak()


class TestExceptions:
    """Leave comes from above, and stays as it was given."""

    def asked(self, giver: Side, quantity: int = 5) -> PriorityException:
        day = timezone.localdate()
        return ask_exception(
            giver.buyer, giver.union, product(PLAIN_MILLET), grounds="x", quantity=quantity, valid_from=day,
            valid_to=day + timedelta(days=30),
        )  # fmt: skip

    def granted(self, giver: Side, quantity: int = 5) -> PriorityException:
        exception = self.asked(giver, quantity)
        grant_exception(User.objects.get(username=cast.UNION_OFFICER), exception)
        return exception

    def test_the_control_one_that_was_granted_lets_pass(self, traded: Traded) -> None:
        self.granted(traded.giver)
        order = placed(traded.giver, [PLAIN_MILLET], heads=5, title="例外", prefix="E")
        let_constraints_speak()
        assert [d.outcome for d in order.decisions.all()] == ["exception"]

    @pytest.mark.parametrize("changes", [{"state": "granted"}, {"used": 1}])
    def test_it_does_not_begin_granted_or_used(self, traded: Traded, changes: dict[str, Any]) -> None:
        copy_refused(
            "append-only", ("priority_priorityexception", self.asked(traded.giver).pk, {"number": "EX-0"} | changes)
        )

    @pytest.mark.parametrize(
        "change",
        ["quantity = 500", "waives_share = true", "valid_to = valid_to + 900", "valid_from = valid_from - 900",
         "product_id = product_id + 1", "union_id = union_id + 1", "number = 'EX-0'"],
    )  # fmt: skip
    def test_it_stays_as_it_was_granted(self, traded: Traded, change: str) -> None:
        exception = self.granted(traded.giver)
        refused("append-only", f"UPDATE priority_priorityexception SET {change} WHERE id = %s", exception.pk)

    def test_what_is_used_stays_used(self, traded: Traded) -> None:
        exception = self.granted(traded.giver)
        placed(traded.giver, [PLAIN_MILLET], heads=5, title="例外", prefix="E")
        update = "UPDATE priority_priorityexception SET used = %s WHERE id = %s"
        for used in (0, 4):
            refused("is not what was decided under it", update, used, exception.pk)

    def test_nobody_grants_their_own_unions(self, traded: Traded) -> None:
        giver = traded.giver
        officer = User.objects.get(username=cast.UNION_OFFICER)
        above = Organisation.objects.get(code=cast.CITY_UNION)
        update = "UPDATE priority_priorityexception SET state = 'granted', decided_by_id = %s, decided_for_id = %s WHERE id = %s"
        words = "is granted by an officer of a union above"
        refused(words, update, giver.approver.pk, above.pk, self.asked(giver).pk)
        refused(words, update, officer.pk, side(YUYANG).union.pk, self.asked(giver).pk)
        refused(words, update, None, None, self.asked(giver).pk)
        Membership.objects.create(user=officer, organisation=giver.union, role=Role.BUYER)
        refused(words, update, officer.pk, above.pk, self.asked(giver).pk)

    def test_an_exception_decision_uses_it_up(self, traded: Traded) -> None:
        self.granted(traded.giver)
        order = placed(traded.giver, [PLAIN_MILLET], heads=3, title="例外", prefix="E")
        purchase_refused("is not what was decided under it", order)


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


class TestSessions:
    """What a session may set, shadow, copy, defer or own."""

    def test_a_temporary_table_is_not_taken_for_the_real_one(self, traded: Traded) -> None:
        """A purse that the rule does not cover, a decision that fits: seen by nobody but the session that made them."""
        line = traded.line(DATES)
        with pytest.raises(DatabaseError, match="has no allowing decision"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(
                    "CREATE TEMPORARY TABLE ledger_purse ON COMMIT DROP AS SELECT * FROM public.ledger_purse"
                )
                cursor.execute("UPDATE pg_temp.ledger_purse SET covered = false")
            copied("order_line", line.pk)
            let_constraints_speak()

    def test_nor_is_a_temporary_year_or_judgement(self, traded: Traded) -> None:
        with pytest.raises(DatabaseError, match="is not what was judged of"), transaction.atomic():
            with connection.cursor() as cursor:
                for table in ("priority_judgement", "order_order", "priority_unionyear"):
                    cursor.execute(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP AS TABLE public.{table}")
                cursor.execute("UPDATE pg_temp.priority_judgement SET allowed = true, input = '{}', output = '{}'")
            copied("public.priority_decision", traded.decision(DATES).pk, ref="again")

    def test_every_function_of_ours_looks_names_up_in_public_first(self, world_database: house.Database) -> None:
        """They are pinned after each `migrate`, whoever made them."""
        with psycopg.connect(world_database.owner_url) as owner:
            loose = owner.execute(
                "SELECT f.oid::regprocedure::text FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang"
                " WHERE f.pronamespace = 'public'::regnamespace AND f.proowner = current_user::regrole"
                " AND l.lanname IN ('plpgsql', 'sql')"
                " AND NOT coalesce(f.proconfig, '{}') @> ARRAY['search_path=public, pg_temp']"
            ).fetchall()
        assert loose == []

    @pytest.mark.parametrize(
        ("words", "statement"),
        [
            ("permission denied", "SET session_replication_role = replica"),
            ("permission denied", "SET ROLE mall_owner"),
            ("permission denied", "SET SESSION AUTHORIZATION mall_owner"),
            ("must be owner", "ALTER TABLE order_line DISABLE TRIGGER ALL"),
            ("must be owner", "ALTER TABLE priority_decision DROP CONSTRAINT certified"),
            ("must be owner", "DROP TRIGGER line_decided ON order_line"),
            ("must be owner", "ALTER FUNCTION check_judged(bigint, boolean) RESET search_path"),
            ("permission denied", "CREATE FUNCTION public.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz'"),
            ("must be owner|permission denied", "CREATE OR REPLACE FUNCTION check_line_decided(checked bigint) RETURNS void"
             " LANGUAGE sql AS 'SELECT NULL::void'"),
            ("must be owner|permission denied", "CREATE RULE quiet AS ON INSERT TO priority_decision DO INSTEAD NOTHING"),
            ("must be owner|permission denied", "CREATE TRIGGER mine BEFORE INSERT ON order_line FOR EACH ROW"
             " EXECUTE FUNCTION refuse_change()"),
            ("must be owner", "CREATE TABLE pg_temp.mine () INHERITS (order_line)"),
            ("permission denied", "CREATE TABLE public.mine ()"),
            ("permission denied", "CREATE SCHEMA mine"),
            ("must be owner|permission denied", "ALTER TABLE order_line ENABLE ROW LEVEL SECURITY"),
            ("permission denied", "COPY order_line FROM PROGRAM 'true'"),
            ("permission denied", "SELECT setval(pg_get_serial_sequence('evidence_entry', 'id'), 1)"),
            ("permission denied", "MERGE INTO priority_decision d USING priority_release r ON d.id = r.decision_id"
             " WHEN MATCHED THEN UPDATE SET quantity = 0"),
            ("permission denied", "INSERT INTO priority_decision SELECT * FROM priority_decision ON CONFLICT (id)"
             " DO UPDATE SET quantity = 0"),
        ],
        ids=lambda value: value.split()[0] + " " + value.split()[1] if " " in value else value,
    )  # fmt: skip
    def test_what_a_session_may_not(self, traded: Traded, words: str, statement: str) -> None:
        refused(words, statement)

    def test_copy_goes_no_other_way_than_insert(self, traded: Traded) -> None:
        """Lines read out and copied in again under other numbers."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT column_name FROM information_schema.columns WHERE table_name = 'order_line' AND"
                           " table_schema = 'public' AND column_name <> 'id' ORDER BY ordinal_position")  # fmt: skip
            columns = ", ".join(name for (name,) in cursor.fetchall())
            with cursor.connection.cursor().copy(
                f"COPY (SELECT {columns} FROM order_line WHERE id = {traded.line(DATES).pk}) TO STDOUT"
            ) as out:
                rows = b"".join(bytes(block) for block in out)
        with (
            pytest.raises(psycopg.DatabaseError, match="has no allowing decision"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            with cursor.connection.cursor().copy(f"COPY order_line ({columns}) FROM STDIN") as into:
                into.write(rows)
            cursor.connection.execute("SET CONSTRAINTS ALL IMMEDIATE")


def with_a_kind_judge(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on this process's engine allows everything: what somebody with a shell can do to their own process."""
    strict = rule.judge

    def kind(gift: rule.Gift) -> rule.Judgement:
        told = strict(gift)
        lines = tuple(
            replace(d, outcome=rule.NO_EQUIVALENT, allowed=d.allowed + d.blocked, blocked=0) if d.blocked else d
            for d in told.lines
        )
        return replace(told, allowed=True, violations=(), lines=lines)

    monkeypatch.setattr(rule, "judge", kind)


def spare_cakes(giver: Side) -> int:
    """Heads for whom the year still allows mooncakes."""
    from procurement.compliance.queries import statement

    said = statement(giver.union, timezone.localdate().year)
    return (said.ordinary_limit - said.ordinary) // 10_800


class TestWhatOnlyReplayFinds:
    """A database cannot judge. Whoever makes the engine lie is refused where money and share are concerned, and found by replay."""

    def test_a_lying_engine_is_found_by_the_bytes_that_it_left(self, traded: Traded, monkeypatch) -> None:
        with pytest.raises(Refusals):
            placed(traded.giver, [PLAIN_MILLET], heads=2, title="先试", prefix="X")
        with_a_kind_judge(monkeypatch)
        order = placed(traded.giver, [PLAIN_MILLET], heads=2, title="骗过", prefix="Y")
        let_constraints_speak()
        monkeypatch.undo()
        judgement = Judgement.objects.get(decisions__order=order)
        assert differs(judgement) == "the output differs"
        honest = Judgement.objects.exclude(pk=judgement.pk)
        assert {differs(j) for j in honest} == {""}


def test_the_control_all_that_was_traded_stands(traded: Traded) -> None:
    """The union of these tests bought what it did by the verbs alone."""
    assert Order.objects.filter(union=traded.giver.union).count() == 2
    assert bring(traded.waiting, traded.giver.buyer, "sent").pk
    assert approved(traded.giver, [DATES], title="还能买", prefix="OK").pk

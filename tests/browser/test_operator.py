"""Two operators: a policy drafted by one and confirmed by the other, failed work tried again, a colleague invited."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from marketplace.demo import cast
from marketplace.organisations.models import Organisation, User
from marketplace.signin.second_factor import code_at, this_period
from marketplace.steps.actions import run_all_due
from marketplace.steps.models import Step, StepState
from procurement.policy.models import Policy
from procurement.policy.queries import in_force
from tests.browser.people import DESK_IN_ENGLISH, PHONE, View, follow, press, shows, sign_in
from tests.world import DATES, YANTA, YUYANG, placed, side

ELSEWHERE = "U-XA-BQ"  # a union of which no other path needs its buyer


def write_draft(page, site: str, version: str, begins: str) -> None:
    """From the day's page to the draft that waits for a second person; one figure of the rules that hold is changed."""
    page.goto(f"{site}/operate/")
    follow(page, "a[href$='/operate/policies/']")
    follow(page, "main a[href$='/policies/new/']")
    page.fill("input[name=version]", version)
    page.fill("input[name=begins]", begins)
    page.fill("input[name=source]", "陕工发〔2027〕9号（演示）")
    page.fill("input[name=minimum_share_bp]", "62.5")
    follow(page, "main form button.button-primary")


def test_a_policy_is_drafted_by_one_and_confirmed_by_another(site, window) -> None:
    first, second = window(PHONE), window(DESK_IN_ENGLISH)
    sign_in(first, site, "operator")
    sign_in(second, site, "operator.second")
    today = timezone.localdate()
    for writer, view, reader, its_view, version, days in (
        (first, PHONE, second, DESK_IN_ENGLISH, "SN-2027-A", 300),
        (second, DESK_IN_ENGLISH, first, PHONE, "SN-2027-B", 400),
    ):
        begins = today + timedelta(days=days)
        write_draft(writer, site, version, begins.isoformat())
        shows(
            writer,
            view.words("草案已保存，由另一名运营人员审阅批准", "A second operator reads and approves it"),
            version,
        )
        assert writer.locator("form[action$='/approve/']").count() == 0
        reader.goto(f"{site}/operate/")
        follow(reader, "main a[href*='/operate/policies/']", has_text=its_view.words("起生效", "in force from"))
        shows(
            reader, version, its_view.words("62.5%", "At least 62.5 % of a union's gifts"), "陕工发〔2027〕9号（演示）"
        )
        press(reader, "/approve/")
        shows(
            reader, its_view.words("已批准，自首日起生效，不再更改", "Approved. It comes into force on its first day")
        )
        assert reader.locator("main form").count() == 0
        assert in_force("61", begins) == Policy.objects.get(version=version)


def failed_step(union: str) -> Step:
    """The step that lets a producer see an order has failed for good."""
    placed(side(union), [DATES], 2)
    step = Step.objects.filter(kind="supplier_order.send", state=StepState.DUE).latest("id")
    Step.objects.filter(pk=step.pk).update(state=StepState.FAILED, attempts=8, reason="connection refused")
    run_all_due()
    return step


def try_again(page, site: str, view: View, union: str) -> None:
    step = failed_step(union)
    page.goto(f"{site}/operate/")
    follow(page, "main a[href*='/operate/steps/?state=failed']")
    shows(page, "connection refused")
    with page.expect_navigation():
        page.locator("form", has=page.locator(f"input[name=step][value='{step.pk}']")).locator("button").click()
    shows(page, view.words("已重试 1 个步骤", "1 step is tried again."))
    run_all_due()
    page.goto(f"{site}/operate/steps/?q={step.cause}&kind={step.kind}")
    rows = page.locator("main tbody tr").all_inner_texts()
    assert [view.words("已完成", "Done") in row for row in rows] == [True]


def test_failed_work_is_tried_again_and_colleagues_are_invited(site, window) -> None:
    page = window(PHONE)
    sign_in(page, site, "operator")
    in_english = window(DESK_IN_ENGLISH, like=page)
    try_again(page, site, PHONE, YANTA)
    try_again(in_english, site, DESK_IN_ENGLISH, YUYANG)

    # The one invites from a phone for a union, the other at the desk for the platform itself; both are taken.
    invite(page, site, PHONE, f"/accounts/people/{ELSEWHERE}/", "buyer", window(DESK_IN_ENGLISH), DESK_IN_ENGLISH)
    invite(in_english, site, DESK_IN_ENGLISH, "/accounts/people/", "operator", window(PHONE), PHONE)


def invite(page, site: str, view: View, where: str, role: str, invited, its_view: View) -> None:
    """Make an invitation, and take it as somebody who was never here; the end is the new colleague's own day."""
    page.goto(f"{site}{where}")
    page.select_option("form[data-keep=invite] select[name=role]", role)
    page.fill("form[data-keep=invite] input[name=note]", "新同事")
    follow(page, "form[data-keep=invite] button.button-primary")
    shows(page, view.words("邀请已生成", "The invitation is made"))
    invited.goto(page.locator("#invitation-link").inner_text())
    username = f"new.{role}"
    for name, value in (
        ("display_name", "钱小满"), ("username", username), ("password", "yulin-8-millet"), ("again", "yulin-8-millet"),
    ):  # fmt: skip
        invited.fill(f"#invitation-form input[name={name}]", value)
    follow(invited, "#invitation-form button.button-primary")
    if role == "operator":
        secret = invited.locator("code.code-secret").inner_text().replace(" ", "")
        invited.fill("#code-form input[name=code]", code_at(secret, this_period()))
        follow(invited, "#code-form button.button-primary")
        assert invited.locator(".code-list li").count() == 10
        follow(invited, "main a.button-primary")
    shows(invited, its_view.words("今日待办", "What to do today"))
    organisation = Organisation.objects.get(code=ELSEWHERE if role == "buyer" else cast.OPERATOR)
    assert [m.role for m in User.objects.get(username=username).memberships.filter(organisation=organisation)] == [role]

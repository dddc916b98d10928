"""Invented examples for the living page of components; nothing here is stored or sold."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms, template
from django.core.paginator import Page, Paginator
from django.template import Context
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.workspaces.listing import Empty, Filters, Listing, choice, day, words
from marketplace.workspaces.sheets import Column

from . import _labels, _product_art
from ._figures import OFFICE_ZONE
from .house import icon_names

register = template.Library()

START = datetime(2026, 8, 3, 9, 30, tzinfo=OFFICE_ZONE)

GOODS = (
    ("佳县油小米 2.5 kg", "grain.millet", "assistance", "榆林 佳县", 8900, "袋"),
    ("紫阳富硒绿茶 250 g", "tea.green", "assistance", "安康 紫阳县", 12800, "盒"),
    ("洛南核桃 1 kg", "nut.walnut", "assistance", "商洛 洛南县", 6800, "袋"),
    ("柞水黑木耳 300 g", "mushroom.ear", "assistance", "商洛 柞水县", 5600, "盒"),
    ("富平柿饼 1 kg", "fruit.persimmon", "assistance", "渭南 富平县", 7800, "箱"),
    ("中秋山货礼盒", "composite.box", "partial", "汉中 留坝县", 19900, "盒"),
    ("留坝土蜂蜜 500 g", "honey", "assistance", "汉中 留坝县", 9800, "瓶"),
    ("洛川苹果 5 kg", "fruit.apple", "ordinary", "延安 洛川县", 7600, "箱"),
)


class ExampleForm(forms.Form):
    """One field of each kind."""

    title = forms.CharField(label="方案名称", help_text="领取人会看到这个名称。", initial="2026 年中秋慰问")
    occasion = forms.ChoiceField(label="节日", choices=[("mid-autumn", "中秋"), ("spring", "春节"), ("dragon", "端午")])
    budget = forms.DecimalField(label="人均预算（元）", max_value=2200, decimal_places=2)
    note = forms.CharField(label="说明", widget=forms.Textarea, required=False)
    issue = forms.ChoiceField(
        label="发放方式",
        widget=forms.RadioSelect,
        choices=[("same", "每人同一份"), ("choose", "会员自选"), ("voucher", "提货凭证")],
        initial="same",
    )
    roster = forms.FileField(label="领取人名单", help_text="Excel 或 CSV，第一行为表头。")
    agreed = forms.BooleanField(label="已经集体研究并公示")


@register.simple_tag
def example_form(faulty: bool = False, prefix: str = "fresh") -> ExampleForm:
    """A fresh form, or one sent with faults."""
    if not faulty:
        return ExampleForm(prefix=prefix)
    return ExampleForm({"faulty-title": "", "faulty-budget": "2500", "faulty-issue": "same"}, prefix="faulty")


@register.simple_tag
def example_products() -> list[dict[str, Any]]:
    """Products for the card."""
    return [
        {
            "name": name,
            "commodity_class": code,
            "outcome": outcome,
            "county": county,
            "price": price,
            "unit": unit,
            "url": "#cards",
        }
        for name, code, outcome, county, price, unit in GOODS
    ]


@register.simple_tag
def example_motifs() -> list[str]:
    """Names of all illustrations."""
    return _product_art.motif_names()


@register.simple_tag
def example_icons() -> list[str]:
    """Names of all icons."""
    return icon_names()


@register.simple_tag
def example_outcomes() -> list[str]:
    """Codes of all rule outcomes."""
    return list(_labels.OUTCOMES)


@register.simple_tag
def example_states() -> list[str]:
    """Codes of states, one for each of the words and tones that there are."""
    return list({(str(label.words), label.tone): code for code, label in _labels.STATES.items()}.values())


@register.simple_tag
def example_table() -> dict[str, Any]:
    """Columns, rows and total for the table."""
    columns = [
        {"key": "name", "label": "供货单", "url": "url"},
        {"key": "producer", "label": "合作社"},
        {"key": "outcome", "label": "判定", "kind": "outcome"},
        {"key": "state", "label": "状态", "kind": "state"},
        {"key": "due", "label": "应交付", "kind": "date"},
        {"key": "parcels", "label": "包裹", "kind": "count"},
        {"key": "amount", "label": "金额", "kind": "money"},
    ]
    names = (
        ("SO-2026-0918", "佳县示例合作社", "assistance", "accepted"),
        ("SO-2026-0919", "紫阳示例茶业", "assistance", "in_transit"),
        ("SO-2026-0920", "留坝示例农场", "no_equivalent", "awaiting_approval"),
    )
    rows = [
        {
            "name": name,
            "url": "#tables",
            "producer": producer,
            "outcome": outcome,
            "state": state,
            "due": START + timedelta(days=40 + index),
            "parcels": 1200 - 371 * index,
            "amount": 10_680_000 - 3_214_550 * index,
        }
        for index, (name, producer, outcome, state) in enumerate(names)
    ]
    return {
        "columns": columns,
        "rows": rows,
        "total": {
            "name": "合计",
            "parcels": sum(row["parcels"] for row in rows),
            "amount": sum(row["amount"] for row in rows),
        },
    }


class ExampleFilters(Filters):
    """What the example of a list may be asked for."""

    q = words()
    since = day(gettext_lazy("From"))
    state = choice(
        gettext_lazy("State"), [("accepted", gettext_lazy("Accepted")), ("in_transit", gettext_lazy("On its way"))]
    )


@register.simple_tag(takes_context=True)
def example_listing(context: Context, empty: bool = False) -> Listing:
    """A list with filters, count, workbook, total and paging, or one with nothing in it yet."""
    table = example_table()
    columns = [
        Column(column["key"], column["label"], column.get("kind", "text"), column.get("url", ""))
        for column in table["columns"]
    ]
    return Listing(
        context["request"],
        [] if empty else table["rows"],
        columns,
        _("Supplier orders"),
        Empty(
            gettext_lazy("No orders yet"),
            gettext_lazy("An order appears here as soon as a union has placed it."),
            "truck",
        ),
        filters=None if empty else ExampleFilters(context["request"]),
        sums={} if empty else {"parcels": table["total"]["parcels"], "amount": table["total"]["amount"]},
        size=2,
    )


@register.simple_tag
def example_trail() -> list[dict[str, Any]]:
    """Entries for the timeline."""
    return [
        {
            "when": START,
            "title": "方案提交",
            "actor": "示例县总工会 王*",
            "text": "中秋慰问，1,286 人，人均 166.00 元。",
            "tone": "info",
        },
        {
            "when": START + timedelta(days=2, hours=5),
            "title": "优先采购判定：帮扶产品",
            "text": "3 行全部为帮扶产品，占比 62.4%。",
            "tone": "success",
            "mark": "9f2c41d07be35a8864e0c19a77f3bd21508e6f4a",
        },
        {
            "when": START + timedelta(days=3),
            "title": "例外申请被退回",
            "actor": "市总工会",
            "text": "同类产品数量充足。",
            "tone": "danger",
        },
        {"when": START + timedelta(days=5, hours=3), "title": "主席批准", "actor": "李*", "tone": "success"},
    ]


@register.simple_tag
def example_months() -> list[tuple[str, int, str]]:
    """Twelve months of shares in basis points for the column chart."""
    shares = (5200, 6100, 4300, 5000, 5600, 6400, 5800, 4700, 6900, 6200, 5400, 7100)
    return [(f"{month}月", share, "success" if share >= 5000 else "danger") for month, share in enumerate(shares, 1)]


@register.simple_tag
def example_counties() -> list[tuple[str, int]]:
    """Amounts per county in fen for the bar chart."""
    return [
        ("佳县", 38_240_000),
        ("紫阳县", 29_910_050),
        ("洛南县", 21_300_000),
        ("柞水县", 14_780_000),
        ("富平县", 9_020_000),
    ]


@register.simple_tag
def example_page() -> Page[int]:
    """A page in the middle of many."""
    return Paginator(range(12_480), 24).page(7)


@register.simple_tag
def example_errors() -> list[dict[str, str]]:
    """Faults with the rule and the way out."""
    return [
        {
            "sentence": _("Row 14: the phone number has 10 digits, 11 are needed."),
            "way": _("Correct the cell in the annotated workbook and upload it again."),
            "code": "roster.phone",
        },
        {
            "sentence": _("This plan would give 2,340.00 yuan per member this year; the cap is 2,200.00 yuan."),
            "way": _("Lower the gift by 140.00 yuan per member or move it to next year."),
            "code": "policy.cap",
        },
    ]


@register.simple_tag
def example_tones() -> list[str]:
    """Names of all tones."""
    return ["neutral", "brand", "success", "warning", "info", "exception", "danger"]


@register.simple_tag
def example_tiers() -> dict[str, dict[str, str]]:
    """The three tiers behind one product."""
    return {
        "enterprise": {"name": "陕西示例粮农集团", "detail": "签约、质检、集货、结算"},
        "producer": {"name": "佳县示例小米专业合作社", "detail": "认定号 610828-0037，订单收购"},
        "household": {"name": "46 户", "detail": "本批次收购 12,400 kg，户均增收 ¥3,180.00"},
    }


@register.simple_tag
def example_ways() -> list[str]:
    """Steps that an empty place teaches."""
    return [
        _("Choose the occasion and the money."),
        _("Upload the list of members."),
        _("Choose goods, assistance first."),
    ]


@register.simple_tag
def example_purposes() -> list[tuple[str, str]]:
    """Purposes for revealing personal data."""
    return [("delivery", _("Arrange a delivery")), ("complaint", _("Answer a complaint"))]

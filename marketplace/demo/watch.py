"""Watchdogs in the simulated year: a product put into the wrong class and put back, certificates objected to, bounds of classes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from django.utils import timezone

from marketplace.demo import cast
from marketplace.demo.story import Year
from marketplace.organisations.models import Organisation, OrganisationKind
from marketplace.shop.bounds import Limits, approve_bounds, propose_bounds
from marketplace.shop.catalogue.models import CommodityClass, Determination
from marketplace.shop.determinations import Marks, classify
from procurement.priority.models import Certificate
from procurement.watch.actions import File, open_challenge, reject, say, uphold
from procurement.watch.models import Challenge
from procurement.watch.parties import sellers_in

_HERB = "CY-HERB-150"
_PAPER = b"%PDF-1.4\n% made up for the demonstration\n"


def note_watch(year: Year) -> None:
    """Note what sellers and operators do about classes and certificates."""
    today = year.supply.today
    year.diary.note(today - timedelta(days=40), partial(_misplace, year), 9)
    year.diary.note(today - timedelta(days=90), partial(_object, year, "rejected"), 17)
    year.diary.note(today - timedelta(days=60), partial(_object, year, "upheld"), 17)
    year.diary.note(today - timedelta(days=6), partial(_object, year, ""), 17)
    year.diary.note(today - timedelta(days=2), partial(_bound, year, "date.red", True), 14)
    year.diary.note(today - timedelta(days=1), partial(_bound, year, "tea.green", False), 14)


def _misplace(year: Year) -> None:
    """An operator puts buckwheat tea beside buckwheat flour; its seller objects, and another operator agrees."""
    product = year.supply.offers[_HERB].product
    leaf = CommodityClass.objects.get(code="grain.buckwh")
    marks = Marks(product.net_content, product.grade, product.processing, product.dietary)
    made = classify(year.supply.people["operator"], product, leaf, marks, "以苦荞为原料，归入荞麦面")
    if made is not None:
        year.diary.note(timezone.localdate() + timedelta(days=2), partial(_object_to, year, made), 10)


def _object_to(year: Year, made: Determination) -> None:
    today = timezone.localdate()
    seller = Organisation.objects.get(code="T-CY")
    person = year.supply.people[cast.seller_login("T-CY")]
    words = "本品为炒制代用茶，供冲泡饮用，执行代用茶标准，与荞麦面不是同类商品。产品标准见附件。"
    challenge = open_challenge(person, seller, made, words, [File("产品执行标准.pdf", _PAPER)])
    operator, second = year.supply.people["operator"], year.supply.people["operator.second"]
    year.diary.note(today + timedelta(days=1), partial(say, operator, challenge, "请说明是否可作面食原料使用。"), 10)
    year.diary.note(today + timedelta(days=2), partial(say, person, challenge, "不可以，颗粒未磨粉。"), 10)
    reason = "经核对产品标准，本品为代用茶，原归类有误，予以恢复。"
    year.diary.note(today + timedelta(days=5), partial(uphold, second, challenge, reason), 10)


def _object(year: Year, outcome: str) -> None:
    """A producer of its class objects to one of the certificates of the last days, if there is one."""
    now = timezone.now()
    recent = Certificate.objects.filter(at__gt=now - timedelta(days=14), challenges=None).select_related("union")
    for certificate in recent.select_related("commodity_class").order_by("-id")[:20]:
        producers = sellers_in([certificate.commodity_class]).filter(kind=OrganisationKind.PRODUCER)
        seller = producers.order_by("pk").first()
        if seller is not None:
            person = year.supply.people[cast.seller_login(seller.code)]
            words = "我社同类产品当时有现货，可按期送达，请核对未列为可替代的原因。"
            _answer(year, open_challenge(person, seller, certificate, words), certificate, outcome)
            return


def _answer(year: Year, challenge: Challenge, certificate: Certificate, outcome: str) -> None:
    today = timezone.localdate()
    buyer = year.buyer(certificate.union.code)
    year.diary.note(
        today + timedelta(days=1), partial(say, buyer, challenge, "下单时系统所列候选及不符条件见证明。"), 11
    )
    verbs = {
        "upheld": (uphold, "当时该产品有货，运费登记有误，致其报价超出价格区间。"),
        "rejected": (reject, "经核对，该产品当时不送达收货地区，证明无误。"),
    }
    if outcome:
        verb, reason = verbs[outcome]
        officer = year.supply.people["operator.second"]
        year.diary.note(today + timedelta(days=4), partial(verb, officer, challenge, reason), 15)


def _bound(year: Year, code: str, agreed: bool) -> None:
    leaf = CommodityClass.objects.get(code=code)
    limits = Limits(100, 5_000, ("特级", "一级", "二级"))
    proposed = propose_bounds(year.supply.people["operator"], leaf, limits, "市场常见包装；散装大包不与小包装比较")
    if agreed:
        approve_bounds(year.supply.people["operator.second"], proposed)

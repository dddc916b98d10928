"""Template words of the shop window and the trace pages: product cards, and QR codes drawn on the server."""

from __future__ import annotations

from functools import lru_cache

import segno
from django import template
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from marketplace.workspaces.storefront.facets import Facets
from marketplace.workspaces.storefront.queries import Card

register = template.Library()


@register.simple_tag
def product_card(card: Card) -> SafeString:
    """A product's card. It is drawn of nothing but the card and the language, so that the same one is drawn once."""
    return _drawn(card, get_language())


@lru_cache(maxsize=2048)
def _drawn(card: Card, _language: str | None) -> SafeString:
    return render_to_string("components/product_card.html", {"product": card})


@register.simple_tag
def facet_choices(facets: Facets) -> SafeString:
    """What the catalogue can be narrowed by. The same counts are the same object, in one language: they are drawn once."""
    return _drawn_choices(facets)


@lru_cache(maxsize=64)
def _drawn_choices(facets: Facets) -> SafeString:
    return render_to_string("storefront/_facets.html", {"groups": facets.groups})


@register.simple_tag
def qr(address: str) -> SafeString:
    """The QR code of an address, black on white with its quiet zone whatever the page's colours; hidden from screen readers.

    Give the address as a link beside it. The mask is fixed, since choosing the best one costs four times the rest.
    """
    code = segno.make(address, error="m", mask=3, boost_error=False)
    drawn = code.svg_inline(border=3, light="#fff", omitsize=True, svgclass="qr", lineclass=None)
    return mark_safe(drawn.replace("<svg", '<svg aria-hidden="true" focusable="false"', 1))

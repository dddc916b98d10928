"""What the catalogue's verbs refuse."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class NotALeaf(HouseError):
    """A product in a group of classes."""

    code = "not_a_leaf"
    sentence = _(
        "“%(name)s” is a group of classes. Products are compared within a class at the end of the tree: choose one of those."
    )


class ContentMissing(HouseError):
    """A classified product whose price cannot be compared."""

    code = "content_missing"
    sentence = _(
        "Enter the net content of one sales unit: without it no price per kilogram, litre or piece can be compared."
    )


class GroundMissing(HouseError):
    """A determination without a ground."""

    code = "ground_missing"
    sentence = _("Write the ground of the determination: sellers may challenge it, and auditors read it.")

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


class MarkTooLong(HouseError):
    """A grade, processing or dietary mark that is a sentence."""

    code = "mark_too_long"
    sentence = _(
        "“%(mark)s” is longer than the %(most)s characters that a grade, a processing or a dietary mark may have: "
        "shorten it, or part several by commas."
    )


class BoundsEmpty(HouseError):
    """Bounds that bound nothing."""

    code = "bounds_empty"
    sentence = _(
        "These bounds for “%(name)s” say nothing: give a range of contents, grades, processings or dietary marks that count."
    )


class BoundsInsideOut(HouseError):
    """A smallest content above the largest."""

    code = "bounds_inside_out"
    sentence = _("The smallest content (%(least)s) is larger than the largest (%(most)s): exchange them.")


class BoundsWait(HouseError):
    """Another proposal for the class waits."""

    code = "bounds_wait"
    sentence = _(
        "Bounds for “%(name)s” are proposed already and wait for a second operator: let them be decided before others are proposed."
    )


class BoundsOwn(HouseError):
    """Whoever proposed bounds wants to set them in force."""

    code = "bounds_own"
    sentence = _("You proposed these bounds for “%(name)s” yourself: another operator has to look at them.")


class BoundsDecided(HouseError):
    """Bounds that are no proposal any more."""

    code = "bounds_decided"
    sentence = _("These bounds for “%(name)s” were decided meanwhile: open the class again to see how.")

"""What listing goods, pricing them and showing them refuses."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from marketplace.organisations.errors import HouseError


class Nameless(HouseError):
    """Goods without a name."""

    code = "goods_nameless"
    sentence = _("Give the goods the name that stands on the package.")


class ListedBefore(HouseError):
    """The same goods once more."""

    code = "listed_before"
    sentence = _(
        "You have “%(name)s” in this class and size already, as %(sku)s: open that one and change its price there."
    )


class NotInStanding(HouseError):
    """A producer who may sell nothing new."""

    code = "not_in_standing"
    sentence = _(
        "%(producer)s is out of good standing, so nothing of it comes on offer. Ask the operator what has to be put right."
    )


class LicenceWrong(HouseError):
    """A licence number that cannot be one."""

    code = "licence_wrong"
    sentence = "%(problem)s"


class OthersLicence(HouseError):
    """Another producer's licence."""

    code = "others_licence"
    sentence = _(
        "The licence %(number)s stands on goods of another producer. Enter the licence of whoever packs these goods for you only "
        "if it is yours; otherwise leave the field empty and ask the operator."
    )


class NowhereDelivered(HouseError):
    """An offer that nobody can have."""

    code = "nowhere_delivered"
    sentence = _("Name at least one region to which you deliver, with the days that it takes and the freight.")


class RegionUnknown(HouseError):
    """A region that has no name here."""

    code = "region_unknown"
    sentence = _("“%(region)s” is no region to which goods are delivered here. Choose one from the list.")


class RegionTwice(HouseError):
    """Two freights for one region."""

    code = "region_twice"
    sentence = _("“%(region)s” is named twice: keep one line with its days and freight.")


class DaysWrong(HouseError):
    """A delivery that takes no time, or for ever."""

    code = "days_wrong"
    sentence = _("Delivery to “%(region)s” takes from 1 to %(most)s days.")


class PriceMissing(HouseError):
    """Goods for nothing."""

    code = "price_missing"
    sentence = _("Enter the price of one sales unit in yuan, above zero and at most %(most)s.")


class MinimumWrong(HouseError):
    """A smallest order of nothing."""

    code = "minimum_wrong"
    sentence = _("The smallest order is at least one unit and at most %(most)s.")


class ReasonMissing(HouseError):
    """A price outside the band without a reason."""

    code = "price_reason_missing"
    sentence = _(
        "This price is outside the band of its class: from %(least)s to %(most)s a unit of this size. Change it, or write the "
        "reason: then it stands once the province enterprise or the operator has agreed."
    )


class PriceUnchanged(HouseError):
    """The price that stands already, or waits already."""

    code = "price_unchanged"
    sentence = _("%(price)s is the price already, or waits already for a second person. Nothing was changed.")


class BoxPrice(HouseError):
    """The price of a mixed box, which its parts make up."""

    code = "box_price"
    sentence = _("“%(name)s” is a mixed box: its price is that of its parts. Ask the operator to change both together.")


class PriceDecided(HouseError):
    """A request that waits no more."""

    code = "price_decided"
    sentence = _("This price of “%(name)s” waits no more: it was decided or replaced meanwhile.")


class OwnPrice(HouseError):
    """Whoever asked for a price, or another of the producer, wants to agree."""

    code = "own_price"
    sentence = _(
        "A price of “%(name)s” outside the band needs a person who is not of %(producer)s and did not ask for it."
    )


class GroundOfRefusalMissing(HouseError):
    """A price refused without a word."""

    code = "price_refusal_ground_missing"
    sentence = _("Write to the producer why the price is refused.")


class PriceNotAgreed(HouseError):
    """Goods whose price nobody has agreed to."""

    code = "price_not_agreed"
    sentence = _(
        "“%(name)s” cannot be on offer: its price is outside the band of its class, and no second person has agreed to it."
    )


class PhotoTooLarge(HouseError):
    """A file that nobody needs that large."""

    code = "photo_too_large"
    sentence = _("“%(name)s” is larger than %(most)s MB. Take the photo with a lower resolution, or send it smaller.")


class NoPhoto(HouseError):
    """A file that does not hold a picture."""

    code = "no_photo"
    sentence = _(
        "“%(name)s” is no JPEG, PNG or WebP picture inside, or it is damaged, whatever its name says. Take the photo again or save "
        "it as JPEG."
    )


class PhotoTooManyPixels(HouseError):
    """A picture that unfolds to more than any phone takes."""

    code = "photo_too_many_pixels"
    sentence = _("“%(name)s” has more than %(most)s million pixels. Send it smaller.")


class PhotoTooSmall(HouseError):
    """A picture on which nothing is seen."""

    code = "photo_too_small"
    sentence = _(
        "“%(name)s” is smaller than %(least)s pixels on one side: on a page nothing would be seen. Send a larger one."
    )


class PhotosEnough(HouseError):
    """More pictures than anybody looks at."""

    code = "photos_enough"
    sentence = _("A product has at most %(most)s photos.")

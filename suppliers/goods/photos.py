"""Photographs of goods. Nothing of what was sent is kept but its pixels: each file is decoded, made smaller and encoded anew.

So a file that is something else besides a picture is not handed out by us, and the place where a phone took it stays unknown.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePath

from django.db import transaction
from PIL import Image, ImageOps

from marketplace.evidence.actions import record
from marketplace.organisations.errors import HouseError, Refusals
from marketplace.organisations.models import Role, User
from marketplace.organisations.queries import require
from marketplace.shop.catalogue.models import Product
from marketplace.shop.partner.models import StockRecord
from suppliers.goods.errors import NoPhoto, PhotosEnough, PhotoTooLarge, PhotoTooManyPixels, PhotoTooSmall
from suppliers.goods.models import Photo

MAX_BYTES = 12 * 1024 * 1024
MAX_PHOTOS = 6
LEAST_SIDE = 240
_MILLION = 1_000_000
_MAX_PIXELS = 50 * _MILLION
_SIDE = 1_600
_QUALITY = 82
_FORMATS = ("JPEG", "PNG", "WEBP")
# What Pillow raises for files that are damaged, or made to be.
_DAMAGED = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, OverflowError, MemoryError)


@dataclass(frozen=True)
class Prepared:
    """A photograph as the shop shows it: JPEG bytes, their hex SHA-256, and its sides in pixels."""

    content: bytes
    sha256: str
    width: int
    height: int


def prepared(file_name: str, content: bytes) -> Prepared:
    """The picture in a file, upright, at most 1,600 pixels long, on white, without metadata.

    The number of pixels is read from the head of the file, before any of them is unfolded. Raises PhotoTooLarge, NoPhoto,
    PhotoTooManyPixels, PhotoTooSmall.
    """
    name = PurePath(file_name).name[:200]
    if len(content) > MAX_BYTES:
        raise PhotoTooLarge(name=name, most=MAX_BYTES // 1024 // 1024)
    try:
        with Image.open(BytesIO(content), formats=_FORMATS) as image:
            _refuse_size(image, name)
            image.draft("RGB", (_SIDE, _SIDE))  # a large JPEG is unfolded at a half or a quarter at once
            return _encoded(_upright(image))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PhotoTooManyPixels(name=name, most=_MAX_PIXELS // _MILLION) from error
    except _DAMAGED as error:
        raise NoPhoto(name=name) from error


def _refuse_size(image: Image.Image, name: str) -> None:
    width, height = image.size
    if width * height > _MAX_PIXELS:
        raise PhotoTooManyPixels(name=name, most=_MAX_PIXELS // _MILLION)
    if min(width, height) < LEAST_SIDE:
        raise PhotoTooSmall(name=name, least=LEAST_SIDE)


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    turned = ImageOps.exif_transpose(image) or image
    turned.thumbnail((_SIDE, _SIDE))
    return turned


def _encoded(picture: Image.Image) -> Prepared:
    """On a new white sheet, which has none of the metadata of the file."""
    sheet = Image.new("RGB", picture.size, "white")
    if picture.has_transparency_data:
        clear = picture.convert("RGBA")
        sheet.paste(clear, mask=clear.getchannel("A"))
    else:
        sheet.paste(picture.convert("RGB"))
    out = BytesIO()
    sheet.save(out, "JPEG", quality=_QUALITY, optimize=True, progressive=True)
    content = out.getvalue()
    return Prepared(content, hashlib.sha256(content).hexdigest(), *sheet.size)


def prepared_all(files: list[tuple[str, bytes]], faults: list[HouseError]) -> list[Prepared]:
    """All the photographs that are some; what is wrong with the others is added to `faults`."""
    found = []
    if len(files) > MAX_PHOTOS:
        faults.append(PhotosEnough(most=MAX_PHOTOS))
    for name, content in files[:MAX_PHOTOS]:
        try:
            found.append(prepared(name, content))
        except HouseError as error:
            faults.append(error)
    return found


def add_photos(actor: User, offer: StockRecord, files: list[tuple[str, bytes]]) -> list[Photo]:
    """Show the goods by these files (name, bytes), or none of them. The same picture again changes nothing.

    Raises NotAllowed, or Refusals with every fault.
    """
    require(actor, Role.PRODUCER, offer.partner.organisation)
    faults: list[HouseError] = []
    pictures = prepared_all(files, faults)
    with transaction.atomic():
        product = Product.objects.select_for_update(of=("self",), no_key=True).get(pk=offer.product_id)
        kept = set(Photo.objects.filter(product=product).values_list("sha256", flat=True))
        if len(kept | {one.sha256 for one in pictures}) > MAX_PHOTOS and not faults:
            faults.append(PhotosEnough(most=MAX_PHOTOS))
        if faults:
            raise Refusals(faults)
        return keep_photos(actor, product, [one for one in pictures if one.sha256 not in kept])


def keep_photos(actor: User, product: Product, pictures: list[Prepared]) -> list[Photo]:
    """Within a verb that has asked whether this person may: the photographs and an entry for them."""
    once = {one.sha256: one for one in pictures}.values()
    kept = Photo.objects.bulk_create(
        Photo(
            product=product,
            content=one.content,
            sha256=one.sha256,
            width=one.width,
            height=one.height,
            added_by=actor,
        )
        for one in once
    )
    if kept:
        body = {"product": product.pk, "sha256": [one.sha256 for one in kept]}
        record("product.photos", body, subject=f"product:{product.pk}")
    return kept

"""Photographs: real files, made here. What is kept is pixels alone; what is none, or too much of one, is refused with a sentence."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from marketplace.organisations.errors import HouseError, NotAllowed, Refusals
from marketplace.organisations.models import User
from marketplace.shop.partner.models import StockRecord
from suppliers.goods.models import Photo
from suppliers.goods.photos import MAX_BYTES, add_photos, prepared
from tests.invariants.raw_sql import refused

PLACE = "N38-01-E110-29"


def picture(width: int = 400, height: int = 300, kind: str = "JPEG", mode: str = "RGB", **options: Any) -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), 200 if mode in "LP" else 0).save(out, kind, **options)
    return out.getvalue()


def with_place(orientation: int = 1) -> bytes:
    """As a phone writes it: turned, with the place and the device."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x010E] = orientation, "Phone", PLACE
    exif.get_ifd(0x8825)[1] = "N"
    return picture(exif=exif.tobytes(), comment=PLACE.encode())


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(side: int) -> bytes:
    """A PNG of a few bytes whose head promises side × side pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def opened(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "RGB"), ("JPEG", "CMYK"), ("JPEG", "L"), ("PNG", "RGBA"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGB")]
)  # fmt: skip
def test_every_kind_becomes_a_jpeg(kind: str, mode: str) -> None:
    found = prepared("a", picture(kind=kind, mode=mode))
    image = opened(found.content)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (400, 300))
    assert (found.width, found.height) == (400, 300)


def test_a_large_one_is_made_smaller_and_a_small_one_stays() -> None:
    assert opened(prepared("a.jpg", picture(4_000, 3_000)).content).size == (1_600, 1_200)
    assert opened(prepared("a.jpg", picture(300, 240)).content).size == (300, 240)


def test_where_and_by_what_it_was_taken_is_gone() -> None:
    taken = with_place()
    assert PLACE.encode() in taken
    found = prepared("a.jpg", taken)
    image = opened(found.content)
    assert (dict(image.getexif()), {"comment", "exif", "icc_profile"} & image.info.keys()) == ({}, set())
    assert PLACE.encode() not in found.content
    assert b"Phone" not in found.content


def test_it_stands_upright() -> None:
    assert opened(prepared("a.jpg", with_place(orientation=6)).content).size == (300, 400)


def test_what_shines_through_is_white() -> None:
    image = opened(prepared("a.png", picture(kind="PNG", mode="RGBA")).content)
    assert image.getpixel((10, 10)) == (255, 255, 255)


def test_what_is_appended_to_a_picture_is_not_handed_out() -> None:
    found = prepared("a.jpg", picture() + b"<script>alert(1)</script>")
    assert b"script" not in found.content


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "no_photo"),
        (b"%PDF-1.7", "no_photo"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no_photo"),
        (picture(kind="GIF", mode="P"), "no_photo"),
        (picture(kind="TIFF"), "no_photo"),
        (picture(kind="JPEG")[:200], "no_photo"),
        (picture(kind="PNG")[:-30], "no_photo"),
        (b"\xff\xd8\xff" + b"\0" * 900, "no_photo"),
        (bomb(300), "no_photo"),
        (bomb(8_000), "photo_too_many_pixels"),
        (bomb(60_000), "photo_too_many_pixels"),
        (picture(239, 600), "photo_too_small"),
        (picture() + b"\0" * MAX_BYTES, "photo_too_large"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_no_photograph_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(HouseError) as found:
        prepared("../枣.jpg", content)
    assert found.value.code == code
    assert "“枣.jpg”" in str(found.value)


class TestKept:
    """On a product of the producer, once each, at most six."""

    @pytest.fixture
    def offer(self, world: None) -> StockRecord:
        return StockRecord.objects.select_related("partner__organisation", "product").get(partner_sku="JX-DATE-1000")

    @pytest.fixture
    def grower(self, world: None) -> User:
        return User.objects.get(username="p-jx")

    def test_the_same_picture_twice_is_kept_once(self, offer: StockRecord, grower: User) -> None:
        first = ("a.jpg", picture())
        assert len(add_photos(grower, offer, [first, ("b.jpg", picture(500, 300)), first])) == 2
        assert add_photos(grower, offer, [first]) == []
        assert Photo.objects.filter(product=offer.product).count() == 2

    def test_none_is_kept_when_one_is_wrong_and_all_faults_are_told(self, offer: StockRecord, grower: User) -> None:
        files = [("a.jpg", picture()), ("b.jpg", b"x"), ("c.jpg", picture(100, 100))]
        with pytest.raises(Refusals) as refusals:
            add_photos(grower, offer, files)
        assert [one.code for one in refusals.value.refusals] == ["no_photo", "photo_too_small"]
        assert not Photo.objects.filter(product=offer.product).exists()

    def test_at_most_six(self, offer: StockRecord, grower: User) -> None:
        add_photos(grower, offer, [("a.jpg", picture(400 + number, 300)) for number in range(6)])
        with pytest.raises(Refusals) as refusals:
            add_photos(grower, offer, [("a.jpg", picture(900, 300))])
        assert [one.code for one in refusals.value.refusals] == ["photos_enough"]

    def test_not_by_another_producer_and_never_changed(self, offer: StockRecord, grower: User) -> None:
        with pytest.raises(NotAllowed):
            add_photos(User.objects.get(username="p-zs"), offer, [("a.jpg", picture())])
        (kept,) = add_photos(grower, offer, [("a.jpg", picture())])
        refused("permission denied|append-only", "UPDATE goods_photo SET content = '' WHERE id = %s", kept.pk)

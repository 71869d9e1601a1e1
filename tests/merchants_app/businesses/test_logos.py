"""Logos: what is taken, what is kept of it, what is refused in which words, and how they are served."""

import struct
import zlib
from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from PIL import Image

from merchants_app.businesses.logos import WrongLogo, as_shown, digest_of, drawn_anew
from merchants_app.businesses.money_rules import change_settings
from merchants_app.models import AuditEntry, Logo, Merchant
from tests.pictures import picture
from tests.strangers.world import own


def shown(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_whatever_is_sent_becomes_a_png(kind: str) -> None:
    image = shown(drawn_anew(picture(kind)))
    assert (image.format, image.size) == ("PNG", (64, 48))
    assert all(abs(a - b) < 12 for a, b in zip(image.convert("RGB").getpixel((9, 9)), (10, 200, 30), strict=True))


def test_a_large_one_is_made_smaller_and_keeps_its_shape_and_its_transparency() -> None:
    image = shown(drawn_anew(picture(size=(2000, 500), color=(1, 2, 3, 0))))
    assert image.size == (512, 128)
    assert image.convert("RGBA").getpixel((5, 5))[3] == 0


def test_a_photo_fits_too() -> None:
    noise = Image.effect_noise((900, 900), 90).convert("RGB")
    file = BytesIO()
    noise.save(file, format="JPEG", quality=40)
    kept = drawn_anew(file.getvalue())
    assert len(kept) <= 100 * 1024
    assert len(as_shown(kept)) <= 2 * 1024
    assert shown(as_shown(kept)).width >= 48


def test_pages_are_sent_a_small_one_and_so_are_those_of_logos_from_before(mia: Merchant, client: Client) -> None:
    change_settings(merchant=mia, logo=drawn_anew(picture(size=(2000, 500))), actor="mia@example.com")
    kept = Logo.objects.get(merchant=mia)
    address = f"/logos/{kept.digest}.png"
    first = client.get(address).content
    assert shown(first).size == (80, 20)
    assert shown(kept.png).size == (512, 128)
    Logo.objects.filter(pk=mia.pk).update(shown=b"", shown_of="")
    for _ in range(2):  # drawn, and as it was kept by that
        assert client.get(address).content == first
    kept.refresh_from_db()
    assert (bytes(kept.shown), kept.shown_of) == (first, kept.digest)


def test_a_picture_that_the_former_release_keeps_is_not_shown_as_the_one_before(mia: Merchant, client: Client) -> None:
    """While both run: it writes the picture and its digest, and knows of nothing else."""
    change_settings(merchant=mia, logo=drawn_anew(picture(size=(64, 48))), actor="mia@example.com")
    another = drawn_anew(picture(size=(48, 64)))
    digest = digest_of(another, merchant=mia)
    Logo.objects.filter(pk=mia.pk).update(png=another, digest=digest)
    assert shown(client.get(f"/logos/{digest}.png").content).size == (48, 64)


def test_nothing_of_what_stood_beside_the_colours_is_kept() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    exif[0x0112] = 6  # lies on its side
    png = drawn_anew(picture("JPEG", exif=exif))
    assert b"taken at home" not in png
    assert shown(png).size == (48, 64)


def test_odd_words_about_a_photo_are_refused_too() -> None:
    """It lies on its side, and its description is a number, which Pillow writes back as text while it turns it."""
    lies, described = struct.pack("<HHIHH", 0x0112, 3, 1, 6, 0), struct.pack("<HHIf", 0x010E, 11, 1, 1.5)
    exif = b"Exif\0\0II*\0" + struct.pack("<IH", 8, 2) + described + lies + bytes(4)
    with pytest.raises(WrongLogo, match="no PNG, JPEG or WebP that can be read"):
        drawn_anew(picture("JPEG", exif=exif))


def bomb() -> bytes:
    """A head that announces 30,000 × 30,000 pixels, in 100 bytes."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        (b"<?xml version='1.0'?><SVG xmlns='x'><script>1</script></SVG>", "An SVG can hold scripts"),
        (b"", "This is no PNG, JPEG or WebP"),
        (b"GIF89a" + b"\0" * 40, "This is no PNG, JPEG or WebP"),
        (picture("GIF"), "This is no PNG, JPEG or WebP"),
        (picture()[:60], "This is no PNG, JPEG or WebP"),
        (picture("JPEG")[:200], "This is no PNG, JPEG or WebP"),
        (bomb(), "more than 10 million pixels"),
        (picture(size=(4000, 2501)), "more than 10 million pixels"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 512_000, "larger than 500 KB"),
    ],
    ids=["svg", "nothing", "half a gif", "gif", "half a png", "half a jpeg", "bomb", "too many pixels", "too long"],
)
def test_what_is_refused_is_told_in_a_sentence(sent: bytes, sentence: str) -> None:
    with pytest.raises(WrongLogo) as refusal:
        drawn_anew(sent)
    assert sentence in refusal.value.detail
    assert refusal.value.attr == "logo"


def test_two_businesses_with_the_same_picture_have_an_address_each(mia: Merchant, otto: Merchant) -> None:
    for merchant in (mia, otto):
        change_settings(merchant=merchant, logo=drawn_anew(picture()), actor="mia@example.com")
    for merchant in (mia, otto):
        merchant.refresh_from_db()
    assert mia.logo_digest != otto.logo_digest
    change_settings(merchant=mia, logo=b"", actor="mia@example.com")
    mia.refresh_from_db()
    assert mia.logo_digest == ""
    assert [logo.merchant for logo in own(Logo)] == [otto]
    lines = [entry.detail["logo_digest"] for entry in own(AuditEntry).filter(merchant=mia).order_by("id")]
    assert [line.split(" → ")[0][:7] for line in lines] == ["none", "picture"]


def test_the_same_picture_again_changes_nothing(mia: Merchant) -> None:
    for _ in range(2):
        change_settings(merchant=mia, logo=drawn_anew(picture()), actor="mia@example.com")
    assert own(AuditEntry).filter(action="settings.changed").count() == 1


def test_the_database_keeps_no_large_one(mia: Merchant) -> None:
    with pytest.raises(IntegrityError, match="logos_are_small"), transaction.atomic():
        Logo.objects.create(merchant=mia, digest="0" * 64, png=b"0" * 102_401)

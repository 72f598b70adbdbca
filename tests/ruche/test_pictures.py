"""Pictures are decoded elsewhere, under limits, and come out without a word about their author."""

import io
import os
import resource
import secrets
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ruche.core import darkroom, pictures
from ruche.core.pictures import (
    PictureRefused,
    keep_picture,
    picture_folder,
    picture_path,
    remove_picture_files,
    tokens_kept_before,
)

TOKEN = "a" * 22
# What a bomb may take from the server's own process.
MEMORY_KB = 100_000
REFUSED_WITHIN_S = 2


def encoded(image, kind, **options):
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def keep(data, token=TOKEN):
    return keep_picture(io.BytesIO(data), token)


def kept_bytes(token=TOKEN):
    return b"".join(path.read_bytes() for path in sorted(picture_folder(token).iterdir()))


def reopened(width, token=TOKEN):
    with Image.open(picture_path(token, width)) as image:
        image.load()
        return image


def chunk(kind, data):
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)


def a_png(width, height, *extra, rows=1000):
    """A PNG that says it is that large, with the pixels of a few rows."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * rows * 1000)
    return b"".join(
        [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header), *extra, chunk(b"IDAT", pixels),
         chunk(b"IEND", b"")]
    )  # fmt: skip


def a_jpeg_that_tells_everything():
    """With GPS, author, camera, orientation, thumbnail, XMP, IPTC and a comment."""
    exif = Image.Exif()
    exif[0x010E] = "MOUCHARD description"
    exif[0x013B] = "MOUCHARD auteur"
    exif[0x0110] = "MOUCHARD appareil"
    exif[0x0112] = 6
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (48.0, 23.0, 24.0), 3: "W", 4: (4.0, 29.0, 10.0), 29: "MOUCHARD"}
    )
    return encoded(
        Image.linear_gradient("L").resize((1200, 800)).convert("RGB"),
        "JPEG",
        exif=exif,
        xmp=b"<x:xmpmeta>MOUCHARD</x:xmpmeta>",
        comment=b"MOUCHARD",
        quality=90,
    )


def a_long_animation(kind, frames=1200):
    first, *others = [
        Image.new("RGB", (8, 8), (n * 37 % 256, n * 91 % 256, n * 53 % 256)) for n in range(frames)
    ]
    return encoded(first, kind, save_all=True, append_images=others, duration=10)


# --- Refused ------------------------------------------------------------------


BOMBS = {
    "50 000 on 50 000 pixels": lambda: a_png(50_000, 50_000),
    "one pixel wide": lambda: a_png(1, 100_000_000),
    "longer than any screen": lambda: a_png(30_000, 10),
    "a profile of 200 MB": lambda: a_png(
        300, 300, chunk(b"iCCP", b"x\0\0" + zlib.compress(b"\0" * 200_000_000))
    ),
    "texts of 2 GB": lambda: a_png(
        300, 300, *[chunk(b"iTXt", b"x\0\1\0\0\0" + zlib.compress(b"\0" * 50_000_000))] * 40
    ),
    "a thousand GIF frames": lambda: a_long_animation("GIF"),
    "a thousand WebP frames": lambda: a_long_animation("WEBP"),
    "a thousand PNG frames": lambda: a_long_animation("PNG"),
}


def _spent_s() -> float:
    """Seconds of a processor: of this process and of those it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_quickly_and_takes_no_memory(name):
    data = BOMBS[name]()
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    # What the machine spends on it: how long that takes depends on who else is at work.
    before_s = _spent_s()
    with pytest.raises(PictureRefused):
        keep(data)
    took_s = _spent_s() - before_s

    assert took_s < REFUSED_WITHIN_S
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < MEMORY_KB
    assert not picture_folder(TOKEN).exists()


FORBIDDEN = {
    "SVG": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "HTML": b"<!DOCTYPE html><script>alert(1)</script>",
    "XML": b"<?xml version='1.0'?><x/>",
    "PDF": b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj",
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "ZIP": b"PK\x03\x04" + b"\0" * 100,
    "HEIC": b"\0\0\0\x18ftypheic" + b"\0" * 100,
    "a film": b"\0\0\0\x18ftypisom" + b"\0" * 100,
    "text": b"Bonjour",
    "nothing": b"",
    "PSD": b"8BPS\0\1" + b"\0" * 100,
    "TIFF": encoded(Image.new("RGB", (10, 10)), "TIFF"),
    "BMP": encoded(Image.new("RGB", (10, 10)), "BMP"),
    "AVIF": encoded(Image.new("RGB", (10, 10)), "AVIF"),
}


@pytest.mark.parametrize("name", FORBIDDEN)
def test_what_is_no_photo_is_refused_with_a_sentence(name):
    with pytest.raises(PictureRefused) as refused:
        keep(FORBIDDEN[name])

    assert str(refused.value).endswith(".")
    assert not picture_folder(TOKEN).exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_file_is_refused(kind):
    noise = Image.effect_noise((400, 300), 60).convert("RGB")
    data = encoded(noise, kind)

    with pytest.raises(PictureRefused):
        keep(data[: len(data) // 2])

    assert list(picture_folder(TOKEN).parent.iterdir()) == []


def test_more_than_15_MB_are_refused_without_being_decoded():
    started = time.perf_counter()

    with pytest.raises(PictureRefused, match="15 Mo"):
        keep(b"\xff\xd8\xff" + b"\0" * darkroom.MAX_UPLOAD_BYTES)

    assert time.perf_counter() - started < 0.5


def test_heic_is_refused_with_what_to_do():
    with pytest.raises(PictureRefused, match="Le plus compatible"):
        keep(FORBIDDEN["HEIC"])


@pytest.mark.parametrize("token", ["", "..", "../../etc/passwd1234", "a/b" * 6, ".a" * 9, "é" * 20])
def test_a_token_that_is_none_of_ours_names_no_folder(token):
    with pytest.raises(ValueError, match="no token"):
        picture_path(token, 480)


def test_the_other_process_is_not_believed(monkeypatch, tmp_path):
    """A decoder that was taken over may write what it wants: it must be WebP to be kept."""
    program = tmp_path / "taken_over.py"
    program.write_text(
        "import sys, json, os\n"
        "folder = sys.argv[2]\n"
        "open(os.path.join(folder, '300.webp'), 'w').write('<script>alert(1)</script>')\n"
        "print(json.dumps({'width': 300, 'height': 200, 'widths': [300]}))\n"
    )
    monkeypatch.setattr(darkroom, "__file__", str(program))

    with pytest.raises(PictureRefused):
        keep(b"anything")

    assert not picture_folder(TOKEN).exists()


@pytest.mark.parametrize(
    "program",
    [
        "import time; time.sleep(60)",
        "import os; os.abort()",
        "print('no JSON')",
        'print(\'{"width": 1, "height": 1, "widths": []}\')',
    ],
)
def test_a_decoder_that_hangs_or_dies_is_a_refusal(monkeypatch, tmp_path, program):
    (tmp_path / "program.py").write_text(program)
    monkeypatch.setattr(darkroom, "__file__", str(tmp_path / "program.py"))
    monkeypatch.setattr("ruche.core.pictures.TIMEOUT_S", 1)

    with pytest.raises(PictureRefused):
        keep(b"anything")

    assert not picture_folder(TOKEN).exists()


def test_a_decoder_that_never_ends_is_stopped_by_its_own_limit(monkeypatch, tmp_path):
    (tmp_path / "program.py").write_text(
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    )
    monkeypatch.setattr(darkroom, "__file__", str(tmp_path / "program.py"))
    monkeypatch.setattr(pictures, "TIMEOUT_S", 60)

    with pytest.raises(PictureRefused, match="trop grande"):
        keep(b"anything")


def test_the_program_limits_itself():
    asked = subprocess.run(
        [
            sys.executable,
            "-c",
            "import resource, ruche.core.darkroom as d; d.limit_oneself();"
            "print(resource.getrlimit(resource.RLIMIT_AS)[1],"
            " resource.getrlimit(resource.RLIMIT_CPU)[1],"
            " resource.getrlimit(resource.RLIMIT_FSIZE)[1])",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=settings.BASE_DIR,
    )

    assert asked.stdout.split() == [
        str(limit) for limit in (darkroom.MEMORY_BYTES, darkroom.CPU_S, darkroom.FILE_BYTES)
    ]


def test_more_pictures_than_the_line_holds_are_sent_back_at_once(monkeypatch):
    monkeypatch.setattr(pictures, "_line", threading.BoundedSemaphore(1))
    held = []

    with pictures._a_place():
        started = time.perf_counter()
        with pytest.raises(PictureRefused, match="en même temps"):
            keep(encoded(Image.new("RGB", (50, 40)), "PNG"))
        held.append(time.perf_counter() - started)

    assert held[0] < 1
    assert keep(encoded(Image.new("RGB", (50, 40)), "PNG")).width == 50


# --- Kept ---------------------------------------------------------------------


def test_nothing_of_what_the_camera_knew_is_left():
    data = a_jpeg_that_tells_everything()
    assert data.count(b"MOUCHARD") >= 5

    kept = keep(data)

    output = kept_bytes()
    for trace in (b"MOUCHARD", b"Exif", b"EXIF", b"XMP", b"xmpmeta", b"ICCP", b"GPS", b"Adobe"):
        assert trace not in output
    for width in kept.widths:
        image = reopened(width)
        assert not image.getexif()
        assert not set(image.info) - {"background", "duration", "timestamp", "loop"}


def test_texts_and_profiles_of_other_formats_are_dropped_too():
    texts = PngInfo()
    texts.add_itxt("XML:com.adobe.xmp", "MOUCHARD")
    texts.add_text("Author", "MOUCHARD")
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.new("RGB", (64, 64), "red")

    keep(encoded(image, "PNG", pnginfo=texts, icc_profile=profile), "png-" + TOKEN)
    keep(encoded(image, "WEBP", xmp=b"MOUCHARD", icc_profile=profile), "webp-" + TOKEN)

    for token in ("png-" + TOKEN, "webp-" + TOKEN):
        assert b"MOUCHARD" not in kept_bytes(token)
        assert b"ICCP" not in kept_bytes(token)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_stands_upright(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    upright = Image.new("RGB", (200, 100), "white")
    upright.paste("red", (0, 0, 100, 50))
    turned_back = {
        1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4
    }[orientation]  # fmt: skip
    stored = upright if turned_back is None else upright.transpose(Image.Transpose(turned_back))

    kept = keep(encoded(stored, "PNG", exif=exif))

    image = reopened(kept.width).convert("RGB")
    assert image.size == (200, 100)
    assert image.getpixel((10, 10))[1] < 60
    assert image.getpixel((190, 90))[1] > 200


def test_sizes_are_never_larger_than_the_picture():
    assert keep(encoded(Image.new("RGB", (300, 200)), "PNG"), "s" + TOKEN).widths == [300]
    assert keep(encoded(Image.new("RGB", (1000, 500)), "PNG"), "m" + TOKEN).widths == [
        480, 960, 1000,
    ]  # fmt: skip
    large = keep(encoded(Image.new("RGB", (4000, 2000)), "JPEG"), "l" + TOKEN)
    assert (large.width, large.height, large.widths) == (1600, 800, [480, 960, 1600])
    assert reopened(480, "l" + TOKEN).size == (480, 240)


def test_a_long_screenshot_keeps_its_shape():
    kept = keep(encoded(Image.new("RGB", (1080, 12_000)), "PNG"))

    assert (kept.width, kept.height) == (720, 8000)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixels_is_kept(mode):
    image = Image.new(mode, (50, 40))
    kind = "JPEG" if mode == "CMYK" else "PNG"

    assert keep(encoded(image, kind)).widths == [50]


def test_transparency_is_kept():
    keep(encoded(Image.new("RGBA", (50, 40), (255, 0, 0, 0)), "PNG"))

    assert reopened(50).mode == "RGBA"


def test_another_colour_space_becomes_srgb():
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    image = Image.new("RGB", (50, 40), (200, 30, 30))

    # A profile that does not fit its pixels is passed by, not a reason to refuse.
    assert keep(encoded(image, "PNG", icc_profile=profile.tobytes())).width == 50


def test_the_first_image_of_a_short_animation_is_kept():
    keep(a_long_animation("GIF", frames=3))

    assert getattr(reopened(8), "n_frames", 1) == 1


@pytest.mark.parametrize("tail", [b"<script>alert(1)</script>", b"PK\x03\x04MOUCHARD"])
def test_what_hangs_behind_a_picture_is_dropped(tail):
    keep(encoded(Image.new("RGB", (50, 40)), "JPEG") + tail)

    assert tail not in kept_bytes()


LARGEST = (7000, 7000)
LARGEST_PICTURES = {
    "transparent": lambda: encoded(Image.new("RGBA", LARGEST, (1, 2, 3, 128)), "PNG"),
    # As much detail as fits in 15 MB, in the form that takes longest to read.
    "progressive": lambda: encoded(
        Image.effect_noise((1400, 1400), 60).resize(LARGEST).convert("RGB"),
        "JPEG",
        quality=80,
        progressive=True,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGEST_PICTURES)
def test_the_largest_picture_is_kept_within_its_limits(name):
    data = LARGEST_PICTURES[name]()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)

    kept = keep(data)

    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    took_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    assert kept.widths == [480, 960, 1600]
    assert 0 < took_s < darkroom.CPU_S


def test_a_photo_weighs_little():
    noise = Image.effect_noise((800, 600), 40).resize((4000, 3000)).convert("RGB")

    keep(encoded(noise, "JPEG", quality=95))

    assert picture_path(TOKEN, 960).stat().st_size < 300_000


# --- Files --------------------------------------------------------------------


def test_files_are_removed_and_old_ones_are_found():
    keep(encoded(Image.new("RGB", (50, 40)), "PNG"))
    folder = picture_folder(TOKEN)
    half_made = folder.parent / f".{secrets.token_hex(8)}"
    half_made.mkdir()
    long_ago = time.time() - 7200
    os.utime(half_made, (long_ago, long_ago))

    assert list(tokens_kept_before(time.time() - 3600)) == []
    assert not half_made.exists()

    os.utime(folder, (long_ago, long_ago))
    assert list(tokens_kept_before(time.time() - 3600)) == [TOKEN]
    remove_picture_files(TOKEN)
    remove_picture_files(TOKEN)
    assert not folder.exists()


def test_no_file_can_be_run_or_read_by_others():
    keep(encoded(Image.new("RGB", (50, 40)), "PNG"))

    assert Path(picture_folder(TOKEN)).stat().st_mode & 0o077 == 0


def test_pictures_are_developed_behind_the_pages():
    """At the lowest priorities: twelve uploads at once leave the machine to who reads."""
    said = subprocess.run(
        [sys.executable, "-c", "import darkroom, os; darkroom.limit_oneself(); print(os.nice(0))"],
        cwd=Path(darkroom.__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert int(said.stdout) >= min(19, os.nice(0) + darkroom.NICE)

"""
Where pictures are developed: a program of its own, under limits, that knows Pillow alone.

Started by ``ruche.core.pictures`` and by nothing else:

    python -I -S darkroom.py <folder of Pillow> <folder to write in>  < picture  > answer

The answer is one line of JSON: ``{"width", "height", "widths"}`` or
``{"refused": reason}``. Whatever else happens is a refusal for the caller.
Sources: safety.md P105, P121, S-058, S-059.
"""

import contextlib
import io
import json
import os
import resource
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

MAX_UPLOAD_BYTES = 15_000_000
MAX_PIXELS = 50_000_000
MAX_SIDE = 20_000
MAX_FRAMES = 500
MAX_PROFILE_BYTES = 1_000_000
WIDTHS = (480, 960, 1600)
# A long picture keeps its shape up to here; WebP ends at 16,383.
MAX_HEIGHT = 8_000
QUALITY = 78
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")

# 50 million pixels with transparency take 400 MB while they are made smaller.
MEMORY_BYTES = 768 * 1024 * 1024
CPU_S = 8
NICE = 15
FILE_BYTES = 8_000_000

_ORIENTATION = 0x0112
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")
_TURNED = (5, 6, 7, 8)
_FRAME = b"\x21\xf9\x04"


class Refused(Exception):
    """``args[0]`` is the reason, a word that ``pictures`` turns into a sentence."""


def limit_oneself() -> None:
    # Pages come first: what they leave is enough for a picture.
    os.nice(NICE)
    for name, most in (
        ("RLIMIT_AS", MEMORY_BYTES),
        ("RLIMIT_CPU", CPU_S),
        ("RLIMIT_FSIZE", FILE_BYTES),
        ("RLIMIT_NOFILE", 32),
        ("RLIMIT_NPROC", 0),
        ("RLIMIT_CORE", 0),
    ):
        try:
            resource.setrlimit(getattr(resource, name), (most, most))
        except (AttributeError, ValueError, OSError):
            # Not every system knows every limit; the caller's clock always runs.
            continue


def develop(data: bytes, folder: str) -> dict[str, Any]:
    """Write ``<width>.webp`` for each width into ``folder``; return what was kept."""
    if len(data) > MAX_UPLOAD_BYTES:
        raise Refused("heavy")
    image, orientation, profile = _opened(data)
    image = _small(image, turned=orientation in _TURNED)
    image = _in_srgb(image, profile)
    image = _upright(image, orientation)
    # The encoder copies what it finds here: profile, comment, XMP.
    image.info = {}
    widths = sorted({width for width in WIDTHS if width < image.width} | {image.width})
    for width in widths:
        _keep(image, width, os.path.join(folder, f"{width}.webp"))
    return {"width": image.width, "height": image.height, "widths": widths}


def _opened(data: bytes) -> "tuple[Picture, int, bytes]":
    from PIL import Image

    # Our own look at the size comes before Pillow's, which only warns.
    Image.MAX_IMAGE_PIXELS = None
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC:
        raise Refused("heic")
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.UnidentifiedImageError:
        raise Refused("kind") from None
    width, height = image.size
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise Refused("large")
    # Frames are counted without being read; the first one alone is.
    frames = data.count(_FRAME) if image.format == "GIF" else getattr(image, "n_frames", 1)
    if image.format != "MPO" and frames > MAX_FRAMES:
        raise Refused("frames")
    try:
        orientation = int(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        orientation = 1
    profile = image.info.get("icc_profile") or b""
    return image, orientation, profile if len(profile) <= MAX_PROFILE_BYTES else b""


def _small(image: "Picture", *, turned: bool) -> "Picture":
    """Make it fit, before anything that costs by the pixel."""
    if image.mode == "P" or (image.mode in ("L", "RGB", "1") and "transparency" in image.info):
        image = image.convert("RGBA")
    elif image.mode in ("I;16", "I;16B", "I", "F"):
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    elif image.mode == "1":
        image = image.convert("L")
    box = (MAX_HEIGHT, WIDTHS[-1]) if turned else (WIDTHS[-1], MAX_HEIGHT)
    image.thumbnail(box, reducing_gap=2.0)
    # A picture that was small enough has not been read to its end yet.
    image.load()
    return image


def _in_srgb(image: "Picture", profile: bytes) -> "Picture":
    from PIL import ImageCms

    alpha = image.getchannel("A") if image.mode in ("RGBA", "LA", "PA") else None
    colours = image.convert({"RGBA": "RGB", "LA": "L", "PA": "RGB"}.get(image.mode, image.mode))
    if profile:
        # A profile that cannot be read is one that nobody saw.
        with contextlib.suppress(ImageCms.PyCMSError, OSError, ValueError, TypeError):
            seen = ImageCms.profileToProfile(
                colours,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
            colours = seen or colours
    colours = colours.convert("RGB")
    if alpha is not None and alpha.getextrema() != (255, 255):
        colours.putalpha(alpha)
    return colours


def _upright(image: "Picture", orientation: int) -> "Picture":
    from PIL.Image import Transpose

    turn = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }.get(orientation)
    return image if turn is None else image.transpose(turn)


def _keep(image: "Picture", width: int, path: str) -> None:
    if width != image.width:
        height = max(1, round(image.height * width / image.width))
        image = image.resize((width, height), reducing_gap=2.0)
    with open(path, "xb") as file:
        image.save(file, "WEBP", quality=QUALITY, method=4, exif=b"", xmp=b"", icc_profile=b"")
        file.flush()
        os.fsync(file.fileno())


def main() -> None:
    limit_oneself()
    pillow, folder = sys.argv[1:]
    sys.path.append(pillow)
    try:
        answer = develop(sys.stdin.buffer.read(MAX_UPLOAD_BYTES + 1), folder)
    except Refused as refused:
        answer = {"refused": refused.args[0]}
    except MemoryError:
        answer = {"refused": "large"}
    except Exception:
        # Decoders raise anything at all on a broken file.
        answer = {"refused": "broken"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()

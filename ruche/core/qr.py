"""QR codes as SVG, without any style the page's policy would refuse."""

import segno
from django.utils.safestring import SafeString, mark_safe

# Modules of white around the code. Source: ISO/IEC 18004, 4 modules.
QUIET_ZONE = 4


def matrix_of(address: str) -> list[list[bool]]:
    """Return the dark modules of the code for ``address``, without quiet zone."""
    code = segno.make(address, error="m", micro=False)
    return [[bool(module) for module in row] for row in code.matrix]


def svg_of(address: str) -> SafeString:
    """
    Return the code for ``address`` as inline SVG.

    Decorative for screen readers: the page writes the address beside it.
    Black on white whatever the theme, for a camera must read it.
    """
    matrix = matrix_of(address)
    size = len(matrix) + 2 * QUIET_ZONE
    dark = "".join(
        f"M{x + QUIET_ZONE} {y + QUIET_ZONE}h1v1h-1z"
        for y, row in enumerate(matrix)
        for x, module in enumerate(row)
        if module
    )
    return mark_safe(  # noqa: S308 - made here from numbers alone
        f'<svg class="qr" viewBox="0 0 {size} {size}" width="240" height="240"'
        ' aria-hidden="true" focusable="false" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{dark}"/></svg>'
    )

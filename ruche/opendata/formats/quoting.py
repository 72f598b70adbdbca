"""JSON that may stand inside HTML."""

import json
from typing import Any

# As Django's json_script does: nothing of it can end the element.
_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def json_for_html(document: Any) -> str:
    return json.dumps(document, ensure_ascii=False).translate(_ESCAPES)

"""
Short Markdown in, sanitised HTML out. What is stored was made here and nowhere else.

Sanitising is always the last step; nothing transforms the text after it.
Sources: safety.md P104-P120, S-040, S-055; CommonMark 0.31.
"""

import html
import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token

# Characters of a note as typed. Actions refuse more; the functions here stay linear beyond it.
MAX_SOURCE_CHARS = 5_000
MAX_MENTIONS = 20
MAX_HASHTAGS = 20

# What turns the direction of the text around, and what no text needs.
_CONTROLS = re.compile(
    "[\u202a-\u202e\u2066-\u2069\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufff9-\ufffb]"
)

_SCHEMES = {"http", "https", "mailto"}
_TAGS = {"a", "blockquote", "br", "code", "del", "em", "li", "ol", "p", "pre", "strong", "ul"}
# "*": by default any tag would keep `lang` and `title`.
_ATTRIBUTES: dict[str, set[str]] = {"a": {"href"}, "ol": {"start"}, "*": set()}
_REL = "nofollow noopener noreferrer"

# Addresses, mail addresses, mentions and hashtags in one pass. Every repetition
# is bounded or runs over one class of characters, so that no text makes it go back.
_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,48}[A-Za-z0-9_])?"
_DOMAIN = r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}(?::[0-9]{1,5})?"
_MARKS = re.compile(
    rf"(?P<url>(?<![\w@])https?://[^\s<>\"]{{1,2000}})"
    rf"|(?P<mail>(?<![\w.+-])[A-Za-z0-9_.+-]{{1,64}}@{_DOMAIN}(?![\w@]))"
    rf"|(?P<mention>(?<![\w@/.#])@{_NAME}(?:@{_DOMAIN})?(?![\w@]))"
    r"|(?P<hashtag>(?<![\w&/#])#(?P<tag>\w{1,80})(?!\w))"
)


@dataclass(frozen=True)
class Rendered:
    """
    ``html`` is safe to show as it is. ``mentions`` are the names that were
    resolved (``name`` or ``name@domain``, small letters), ``hashtags`` the
    words without their sign, small letters; each once, in the order of the text.
    """

    html: str
    mentions: tuple[str, ...]
    hashtags: tuple[str, ...]


def without_controls(text: str) -> str:
    """Drop control characters and those that reorder text: names and words cannot disguise."""
    return _CONTROLS.sub("", text)


def render_note(
    source: str,
    *,
    resolve_mention: Callable[[str], str | None],
    hashtag_url: Callable[[str], str],
) -> Rendered:
    """
    Render the Markdown of a note.

    Paragraphs, emphasis, lists, quotes, code, links and line breaks; no HTML,
    no picture; a heading is a paragraph in bold. ``resolve_mention`` gets
    ``name`` or ``name@domain`` in small letters and returns an address, or
    None for somebody unknown, who stays text. Marks are found in text alone,
    never in code or in a link.
    """
    writer = _Writer(resolve_mention, hashtag_url)
    tokens = _markdown.parse(without_controls(source))
    for place, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.type = token.type.replace("heading", "paragraph")
            token.tag = "p"
        elif token.type == "inline":
            token.children = writer.marked(_honest_links(token.children or []))
            if tokens[place - 1].markup.startswith("#"):
                token.children = [*_STRONG[:1], *token.children, *_STRONG[1:]]
    markup = _markdown.renderer.render(tokens, _markdown.options, {})
    return Rendered(_clean(markup, local=True), tuple(writer.mentions), tuple(writer.hashtags))


def sanitise_remote(markup: str) -> str:
    """Return what another server sent, under the same allow-list, with absolute links alone."""
    # Twice: taking a control character away may make a word of two halves.
    return _clean(_clean(markup, local=False), local=False)


def excerpt(markup: str, length: int) -> str:
    """Return at most ``length`` characters of plain text, cut between words."""
    spaced = re.sub(r"<(?:/p|br|/li|/pre|/blockquote)[^<>]*>", " ", markup)
    text = " ".join(html.unescape(nh3.clean(spaced, tags=set())).split())
    if len(text) <= length:
        return text
    cut = text[: max(length - 1, 0)]
    words, space, _ = text[:length].rpartition(" ")
    return (words if space and len(words) * 2 > len(cut) else cut).rstrip(" ,;:.") + "…"


def plain_text(markup: str) -> str:
    """Return the words of sanitised HTML, a line for each paragraph: for mails and calendars."""
    lines = re.sub(r"<br\s*/?>|</(?:p|li|blockquote|pre|h[1-6])>", "\n", markup)
    words = html.unescape(nh3.clean(lines, tags=set()))
    return re.sub(r"[ \t]*\n\s*\n?", "\n", words).strip()


def _clean(markup: str, *, local: bool) -> str:
    cleaner = _local_cleaner if local else _remote_cleaner
    return cleaner.clean(without_controls(markup)).strip()


def _is_address(url: str) -> bool:
    scheme, colon, rest = url.strip().partition(":")
    if not colon or scheme.lower() not in _SCHEMES:
        return False
    return scheme.lower() == "mailto" or rest.startswith("//")


def _keep_attribute(*, local: bool) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        if attribute == "href":
            within = local and re.match(r"/(?![/\\])", value) is not None
            return value if within or _is_address(value) else None
        if attribute == "start":
            return value if value.isascii() and value.isdigit() and len(value) < 7 else None
        return value

    return keep


def _cleaner(*, local: bool) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        allowed_classes={"a": {"mention", "hashtag"}},
        attribute_filter=_keep_attribute(local=local),
        url_schemes=_SCHEMES,
        link_rel=_REL,
    )


_local_cleaner = _cleaner(local=True)
_remote_cleaner = _cleaner(local=False)

_STRONG = [Token("strong_open", "strong", 1), Token("strong_close", "strong", -1)]

_markdown = MarkdownIt("commonmark", {"html": False, "breaks": True, "linkify": False}).disable(
    # Indented text is no code, "---" under a word no title, and a definition
    # elsewhere in the text no way to hide where a link leads.
    ["html_block", "html_inline", "image", "lheading", "hr", "code", "reference"]
)
_markdown.validateLink = _is_address  # type: ignore[method-assign]


def _honest_links(children: list[Token]) -> list[Token]:
    """Show the true address of a link whose words pretend to be another one."""
    honest: list[Token] = []
    opened: int | None = None
    for token in children:
        honest.append(token)
        if token.type == "link_open":
            opened = len(honest) - 1
        elif token.type == "link_close" and opened is not None:
            address = str(honest[opened].attrs.get("href", ""))
            words = "".join(inner.content for inner in honest[opened:])
            if _pretends(words, address):
                honest[opened + 1 :] = [_text(address), token]
            opened = None
    return honest


def _pretends(words: str, address: str) -> bool:
    said = re.match(r"\s*(?:https?://)?((?:[\w-]{1,63}\.){1,8}[a-z]{2,24})(?=[/:?#\s]|\Z)", words)
    if said is None:
        return False
    try:
        host = urlsplit(address).hostname or ""
    except ValueError:
        return True
    return host.removeprefix("www.") != said[1].lower().removeprefix("www.")


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link(address: str, words: str, kind: str = "") -> list[Token]:
    attributes: dict[str, str | int | float] = {"href": address}
    if kind:
        attributes["class"] = kind
    return [
        Token("link_open", "a", 1, attrs=attributes),
        _text(words),
        Token("link_close", "a", -1),
    ]


class _Writer:
    """Turns the marks of one note into links, and remembers them."""

    def __init__(
        self, resolve_mention: Callable[[str], str | None], hashtag_url: Callable[[str], str]
    ) -> None:
        self.resolve_mention = resolve_mention
        self.hashtag_url = hashtag_url
        self.hashtags: dict[str, str] = {}
        self.mentions: dict[str, str] = {}
        self.asked: dict[str, str | None] = {}

    def marked(self, children: Sequence[Token]) -> list[Token]:
        written: list[Token] = []
        within_link = 0
        for token in children:
            within_link += (token.type == "link_open") - (token.type == "link_close")
            if token.type == "text" and not within_link:
                written += self._text(token.content)
            else:
                written.append(token)
        return written

    def _text(self, content: str) -> list[Token]:
        written: list[Token] = []
        start = 0
        for found in _MARKS.finditer(content):
            link, end = self._mark(found)
            if link:
                written += [_text(content[start : found.start()]), *link]
                start = end
        return [*written, _text(content[start:])]

    def _mark(self, found: re.Match[str]) -> tuple[list[Token], int]:
        words = found[0]
        if found["url"]:
            words = _without_end_marks(words)
            address = _markdown.normalizeLink(words)
            try:
                has_host = bool(urlsplit(address).hostname)
            except ValueError:
                has_host = False
            return (_link(address, words) if has_host else []), found.start() + len(words)
        if found["mail"]:
            return _link(f"mailto:{words}", words), found.end()
        if found["mention"]:
            url = self._mention(words[1:].lower())
            return (_link(url, words, "mention") if url else []), found.end()
        url = self._hashtag(found["tag"])
        return (_link(url, words, "hashtag") if url else []), found.end()

    def _mention(self, name: str) -> str | None:
        if name not in self.asked and len(self.asked) < MAX_MENTIONS:
            self.asked[name] = self.resolve_mention(name)
        url = self.asked.get(name)
        if url:
            self.mentions[name] = url
        return url

    def _hashtag(self, word: str) -> str | None:
        name = unicodedata.normalize("NFC", word).lower()
        if name.isdigit() or (name not in self.hashtags and len(self.hashtags) >= MAX_HASHTAGS):
            return None
        return self.hashtags.setdefault(name, self.hashtag_url(name))


def _without_end_marks(url: str) -> str:
    """Leave the full stop or the bracket that closes the sentence out of the address."""
    kept = url.rstrip(".,;:!?'’»*_~|")
    while kept.endswith(")") and kept.count(")") > kept.count("("):
        kept = kept[:-1].rstrip(".,;:!?'’»*_~|")
    return kept

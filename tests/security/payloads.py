"""Ways in which a text tries to become a script: shapes of elements, attributes, addresses and Markdown, each in several dresses."""

from collections.abc import Iterator
from itertools import product
from typing import Final

CODE: Final = "window.__ran=1"
ELEMENTS: Final = (
    "<script>{code}</script>", "<ScRiPt >{code}</ScRiPt>", "<script/x>{code}</script>", "<script>{code}//", "<script src=data:,{code}></script>",
    "<img src=x onerror={code}>", "<img src=x onerror='{code}'>", "<img/src/onerror={code}>", "<IMG SRC=x ONERROR=\"{code}\">", "<img src=x\nonerror={code}>",
    "<svg onload={code}>", "<svg><script>{code}</script></svg>", "<svg/onload={code}//", "<svg><animate onbegin={code} attributeName=x dur=1s>",
    "<svg><set onbegin={code} attributename=x>", "<svg><a xlink:href='javascript:{code}'><text y=20>x</text></a></svg>",
    "<body onload={code}>", "<body onpageshow={code}>", "<iframe src='javascript:{code}'></iframe>", "<iframe srcdoc='<script>{code}</script>'></iframe>",
    "<iframe onload={code}></iframe>", "<object data='javascript:{code}'></object>", "<embed src='javascript:{code}'>", "<details open ontoggle={code}>x</details>",
    "<video><source onerror={code}></video>", "<audio src=x onerror={code}></audio>", "<input autofocus onfocus={code}>", "<select autofocus onfocus={code}>",
    "<textarea autofocus onfocus={code}>", "<marquee onstart={code}>x</marquee>", "<a href='javascript:{code}'>press</a>", "<a href='java\tscript:{code}'>press</a>",
    "<a href=' javascript:{code}'>press</a>", "<a href='&#106;avascript:{code}'>press</a>", "<a href='data:text/html,<script>{code}</script>'>press</a>",
    "<form action='javascript:{code}'><button>x</button></form>", "<button formaction='javascript:{code}'>x</button>", "<math href='javascript:{code}'>x</math>",
    "<base href='javascript:{code}//'>", "<link rel=stylesheet href='javascript:{code}'>", "<meta http-equiv=refresh content='0;url=javascript:{code}'>",
    "<style>@import 'javascript:{code}';</style>", "<div style=\"background:url('javascript:{code}')\">x</div>", "<div style='width:expression({code})'>x</div>",
    "<p onmouseover={code} style='position:fixed;inset:0'>x</p>", "<template><script>{code}</script></template>", "<noscript><p title='</noscript><img src=x onerror={code}>'>",
    "<xss onclick={code} tabindex=1 autofocus onfocus={code}>x</xss>", "<table background='javascript:{code}'></table>", "<isindex action='javascript:{code}'>",
    "<keygen autofocus onfocus={code}>", "<dialog open onclose={code}>x</dialog>", "<img srcset='x' onerror={code}>", "<image src=x onerror={code}>", "<img src='x' onerror='{code}' / >", "<svg><foreignObject><iframe onload={code}></iframe></foreignObject></svg>",
)  # fmt: skip
BREAKOUTS: Final = (
    "\"><img src=x onerror={code}>", "'><img src=x onerror={code}>", "\" onfocus={code} autofocus x=\"", "' onfocus={code} autofocus x='", "--><script>{code}</script>",
    "]]><script>{code}</script>", "</title><script>{code}</script>", "</textarea><script>{code}</script>", "</script><script>{code}</script>", "</style><script>{code}</script>",
    "\\\"><script>{code}</script>", "{{constructor.constructor('{code}')()}}", "{% raw %}<script>{code}</script>", "${{{code}}}", "`-{code}-`", "';{code}//", "\";{code}//",
    "&lt;script&gt;{code}&lt;/script&gt;", "&#60;script&#62;{code}&#60;/script&#62;", "%3Cscript%3E{code}%3C/script%3E", "\u003cscript\u003e{code}\u003c/script\u003e",
)  # fmt: skip
MARKDOWN: Final = (
    "[press](javascript:{code})", "[press](JaVaScRiPt:{code})", "[press](javascript&colon;{code})", "[press](data:text/html;base64,PHNjcmlwdD4=)", "[press]( javascript:{code})",
    "![x](javascript:{code})", "![x](x\"onerror=\"{code})", "![x' onerror='{code}](x)", "<javascript:{code}>", "[x]: javascript:{code}\n\n[x]", "[press](vbscript:{code})",
    "**<img src=x onerror={code}>**", "`<script>{code}</script>`", "```html\n<script>{code}</script>\n```", "> <script>{code}</script>", "# <script>{code}</script>",
    "| <script>{code}</script> |\n|---|\n| x |", "- <img src=x onerror={code}>", "@<script>{code}</script>", "INC0000001<script>{code}</script>", "[a](<javascript:{code}>)",
    "[a](//evil.test \"onmouseover={code}\")", "![a](/attachments/x\" onload=\"{code})", "<a href=\"javascript&#x3a;{code}\">x</a>", "http://x.test/\"onmouseover=\"{code}",
)  # fmt: skip
DRESSES: Final = ("{}", "before {} after", "\n\n{}\n\n")


def payloads() -> Iterator[str]:
    """Yield each once."""
    seen = set()
    for shape, dress in product((*ELEMENTS, *BREAKOUTS, *MARKDOWN), DRESSES):
        text = dress.replace("{}", shape.replace("{code}", CODE))
        if text not in seen:
            seen.add(text)
            yield text

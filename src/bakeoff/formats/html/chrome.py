"""Finds what stands around the content of a page: menus, banners about cookies, tables of contents, permalinks.

Takes a parsed page. Knows no text format. Whatever holds a level-1 heading or most of the text is never such a part.
"""

import re
from collections.abc import Iterator, Sequence

from bs4 import Tag

from bakeoff.formats import markup

_HOLDERS = list(
    ["div", "section", "aside", "ul", "ol", "p", "form", "span", "a", "header", "td", "tr", "small", "strong", "label"]
)
_NAVIGATION = re.compile(
    r"(?:^|-)(?:nav|navs|navbar|navigation|navigator|menubar|breadcrumbs?|toc|table-of-contents|pagination|pager|"
    r"paginator|prev-next|skip|skiplink|sitemap|footer|site-header|page-header|masthead|topbar|social|share|sharing|"
    r"newsletter|subscribe|search|searchbox|searchform|edit-this-page|edit-page|last-updated|source-file|related-posts|"
    r"linenos?|linenumbers?|line-numbers?|gutter|headerlink|viewcode-link|viewcode-back|math-jax-preview|copybtn|clipboard)(?:-|$)"
)
_CONSENT = re.compile(
    r"consent|gdpr|ccpa|onetrust|cookiebot|cookielaw|(?:^|-)cc-(?:window|banner)|"
    r"cookies?-?(?:banner|bar|notice|popup|modal|dialog|overlay|message|warning|law|alert|disclaimer|info|policy-banner)"
)
_AGREE = re.compile(
    r"(?:i )?(?:accept|agree|allow|ok(?:ay)?\b|got it|reject|decline|understand|deny|akzeptieren|alle akzeptieren|"
    r"zustimmen|accepter|tout accepter|aceptar|accetta|godta|acceptera|akkoord)",
    re.IGNORECASE,
)
_COOKIES = re.compile(r"\bcookies?\b", re.IGNORECASE)
_SIDEBAR = re.compile(r"(?:^|-)(?:sidebar|side-?nav|sidenav|sphinxsidebar)(?:-|$)")
_PERMALINK = frozenset(["link", "permalink", "anchor", "#"])
_ASIDE_LINK = re.compile(
    r"(?:skip|jump) to (?:main |the )?(?:content|main|navigation)\b.*|"
    r"(?:edit|improve|view|show|suggest edits? (?:to|on)) (?:this|on|the|page)\b.{0,30}|(?:view |show |page )+source|"
    r"\[?(?:source|src|docs)\]?|(?:opens|opens in) (?:a )?new (?:tab|window)|back to top|↑.*|↩.*",
    re.IGNORECASE,
)
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_MOST = 0.5  # of the page's text: a part that holds more than this is content, whatever it is called


def without_chrome(body: Tag) -> None:
    """Removes what is no content. Of a page with a main part, that stays, with asides and sections."""
    tags = [tag for tag in body.descendants if isinstance(tag, Tag)]
    for link in tags:
        if link.name == "a" and _is_link_aside(link):
            link.extract()
    named = [tag for tag in tags if tag.name in _HOLDERS and _is_named_chrome(tag)]
    suspects = [*_consent_banners(body, tags), *named]
    total = _size(body) if suspects else 0
    for tag in suspects:
        if _may_go(tag, total):
            tag.extract()
    mains = [tag for tag in tags if _is_main(tag)]
    main = mains[0] if mains and not any(tag.find_parent(_is_main) is None for tag in mains[1:]) else None
    if main is not None and main is not body and (_has_heading(main) or 2 * _size(main) > _size(body)):
        _keep_only(main, body)


def _has_heading(main: Tag) -> bool:
    return any(isinstance(tag, Tag) and tag.name in ("h1", "h2", "h3") for tag in main.descendants)


def _keep_only(main: Tag, body: Tag) -> None:
    """Removes what stands outside the main part, except asides and sections."""
    inner = main
    while inner is not body and inner.parent is not None:
        for beside in [*inner.previous_siblings, *inner.next_siblings]:
            if not (isinstance(beside, Tag) and beside.name in ("aside", "section", "article")):
                beside.extract()
        inner = inner.parent


def _is_main(tag: Tag) -> bool:
    return tag.name == "main" or tag.get("role") == "main"


def _is_link_aside(tag: Tag) -> bool:
    """Whether this is a link to the place where it stands, to the page's source, or past its menus."""
    words = markup.one_line(re.sub("[\u200b\u200c\u200d\ufe0e\ufe0f]", "", tag.get_text()))
    target = str(tag.get("href") or "")
    if "#" in target and not tag.find(["img", "svg", "math"]) and not any(map(str.isalnum, words)):
        return bool(words) or target.startswith("#")
    names = " ".join(_names(tag))
    if words.casefold() in _PERMALINK and ("anchor" in names or "permalink" in names or "hash-link" in names):
        return True
    return len(words) < 60 and _ASIDE_LINK.fullmatch(words) is not None


def _is_named_chrome(tag: Tag) -> bool:
    """Whether the name of the part says that it is no content."""
    if "class" not in tag.attrs and "id" not in tag.attrs:
        return False
    names = _names(tag)
    if any(map(_NAVIGATION.search, names)) or any(map(_CONSENT.search, names)):
        return True
    return any(map(_SIDEBAR.search, names)) and (not tag.find_parent(_is_main) or _link_share(tag) > _MOST)


def _may_go(tag: Tag, total: int) -> bool:
    """Whether the part is small, or made of links, and holds nothing that only content holds."""
    if any(_holds_content(inner) for inner in tag.descendants if isinstance(inner, Tag)):
        return False
    return _size(tag) <= _MOST * total or _link_share(tag) > 0.6 or any(map(_CONSENT.search, _names(tag)))


def _holds_content(tag: Tag) -> bool:
    return tag.name in ("main", "h1", "article") or tag.get("role") in ("main", "tab", "tabpanel", "tablist")


def _consent_banners(body: Tag, tags: Sequence[Tag]) -> Iterator[Tag]:
    """The smallest parts of the page that speak of cookies and have a button to accept them."""
    for button in tags:
        if button.name in ("button", "a") and _AGREE.match(markup.one_line(button.get_text())):
            for part in button.parents:
                text = part.get_text() if part is not body else ""
                if not text or len(text) > 1500 or part.find(["h1", "h2", "table", "pre"]):
                    break
                if part.name in ("div", "section", "aside", "form") and _COOKIES.search(text):
                    yield part
                    break


def _names(tag: Tag) -> list[str]:
    """Its classes and its id in lower case, with hyphens between their words."""
    names = [*(str(name) for name in tag.get_attribute_list("class") if name), str(tag.get("id") or "")]
    return [re.sub(r"[_\W]+", "-", _CAMEL.sub("-", name)).lower() for name in names if name]


def _size(tag: Tag) -> int:
    return len(markup.one_line(tag.get_text(" ")))


def _link_share(tag: Tag) -> float:
    size = _size(tag)
    return sum(_size(link) for link in tag.find_all("a")) / size if size else 1.0

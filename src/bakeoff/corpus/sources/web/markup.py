"""What HTML and XML of a site say, for a process of its own: links of a page, addresses in a sitemap.

Takes bytes, gives texts as they stand there. Knows no site: which of them are followed is decided elsewhere.
"""

from lxml import etree

from bakeoff.errors import InputError


def hrefs_in(charset: str, content: bytes) -> tuple[list[str], list[str], list[str]]:
    """The bases, the links and the canonical addresses of a page, in order. `charset` is a name of Python's, or ''."""
    parser = etree.HTMLParser(encoding=charset or None, no_network=True, recover=True, huge_tree=False)
    try:
        tree = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return [], [], []
    if tree is None:
        return [], [], []
    ways = ("//base/@href", "//a/@href | //area/@href", "//link[@rel='canonical']/@href")
    bases, links, canonical = ([str(href) for href in tree.xpath(way)] for way in ways)
    return bases, links, canonical


def places_in(name: str, content: bytes) -> tuple[bool, list[str]]:
    """Whether a sitemap is an index of others, and the addresses in it. Raises InputError if it is neither."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise InputError(f"it is no XML ({error})"[:200]) from error
    places = [str(one.text or "").strip() for one in root.iterfind("{*}*/{*}loc")]
    begins = etree.QName(root).localname
    if begins not in ("sitemapindex", "urlset"):
        raise InputError(f"it begins with <{begins}>, not with <urlset> or <sitemapindex>")
    return begins == "sitemapindex", places

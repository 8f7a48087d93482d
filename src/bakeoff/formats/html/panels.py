"""Shows what a page hides until a reader clicks: panels of accordions and tabs, with the words on their buttons.

Takes a parsed page and changes it. Dialogs and menus stay hidden.
"""

import re
from collections.abc import Iterator, Sequence

from bs4 import BeautifulSoup, Tag

from bakeoff.formats import markup

_PANEL = re.compile(
    r"(?:^|[-_ ])(?:panel|tab-?pane|tab-?content|tabbed-block|collapse|collapsible|accordion|answer|faq|details)",
    re.IGNORECASE,
)
_TOGGLE = re.compile(r"accordion|collapsible|collapse|faq|question|toggle|expand|summary", re.IGNORECASE)
_OTHER = re.compile(r"modal|dialog|popup|overlay|tooltip|navbar|menu|drawer|cookie|consent", re.IGNORECASE)
_WORDLESS = frozenset(
    [
        "menu",
        "close",
        "search",
        "copy",
        "toggle navigation",
        "toggle menu",
        "show more",
        "show less",
        "read more",
        "more",
        "less",
        "expand",
        "collapse",
        "expand all",
        "collapse all",
        "next",
        "previous",
        "submit",
        "send",
        "share",
        "print",
        "open",
        "+",
        "-",
        "×",
    ]
)
_HIDING = re.compile(r"(?:display\s*:\s*none|visibility\s*:\s*hidden)\s*;?", re.IGNORECASE)
_TARGETS = ("aria-controls", "data-bs-target", "data-target", "href")


def show_panels(page: BeautifulSoup) -> None:
    """Puts the words of tabs before their panels, keeps buttons that open a panel, and shows all panels."""
    tags = [tag for tag in page.descendants if isinstance(tag, Tag)]
    if not any(map(_may_hide, tags)):
        return
    by_id = {str(tag["id"]): tag for tag in tags if "id" in tag.attrs}
    _label_tabs(page, tags, by_id)
    controlled: set[int] = set()
    for button in tags:
        if button.name not in ("button", "a", "label", "summary"):
            continue
        panel = _controlled(button, by_id)
        if panel is not None and (button.name == "button" or button.has_attr("aria-expanded") or _is_toggle(button)):
            controlled.add(id(panel))
    for button in tags:
        if button.name == "button" and _is_toggle(button):
            controlled.update(id(panel) for panel in _after(button))
            button.name = "span" if button.find_parent(["h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"]) else "p"
    for tag in filter(_is_hidden, tags):
        if _is_panel(tag) or (id(tag) in controlled and not _OTHER.search(_named(tag))):
            _show(tag)


def _may_hide(tag: Tag) -> bool:
    return (
        tag.name in ("button", "label")
        or "tab" in str(tag.get("id") or tag.get("class") or "")
        or "role" in tag.attrs
        or _is_hidden(tag)
    )


def _is_hidden(tag: Tag) -> bool:
    attributes = tag.attrs
    return (
        "hidden" in attributes
        or attributes.get("aria-hidden") == "true"
        or ("style" in attributes and _HIDING.search(str(attributes["style"])) is not None)
    )


def _show(tag: Tag) -> None:
    for name in ("hidden", "aria-hidden"):
        del tag[name]
    if tag.get("style"):
        tag["style"] = _HIDING.sub("", str(tag["style"]))


def _is_panel(tag: Tag) -> bool:
    """Whether the element opens by its role or name, or holds a formula that is shown as a picture."""
    if tag.get("role") in ("tabpanel", "region") or tag.get("hidden") == "until-found":
        return True
    if tag.name in ("div", "section", "dd", "p", "ul", "ol", "li", "article"):
        return _PANEL.search(_named(tag)) is not None and not _OTHER.search(_named(tag))
    return tag.name == "span" and tag.find("math") is not None


def _is_toggle(button: Tag) -> bool:
    """Whether the words of the button say what the panel below it is about."""
    words = markup.one_line(button.get_text())
    if not any(map(str.isalnum, words)) or words.casefold() in _WORDLESS or _OTHER.search(_named(button)):
        return False
    heading = button.find_parent(["h1", "h2", "h3", "h4", "h5", "h6", "dt", "summary"])
    return bool(
        (heading and markup.one_line(heading.get_text()) == words)
        or words.endswith(("?", "？"))
        or _TOGGLE.search(_named(button))
        or "collapse" in (button.get("data-bs-toggle"), button.get("data-toggle"))
        or button.has_attr("aria-expanded")
        or button.get("role") == "tab"
    )


def _after(button: Tag) -> Iterator[Tag]:
    """The element that follows the button, or the heading that holds it."""
    holder = button.find_parent(["h1", "h2", "h3", "h4", "h5", "h6", "dt"]) or button
    following = holder.find_next_sibling()
    if isinstance(following, Tag):
        yield following


def _controlled(button: Tag, by_id: dict[str, Tag]) -> Tag | None:
    for name in (name for name in _TARGETS if name in button.attrs):
        target = str(button.get(name) or "").removeprefix("#")
        if target in by_id and (name != "href" or str(button.get(name)).startswith("#")):
            return by_id[target]
    return None


def _label_tabs(page: BeautifulSoup, tags: Sequence[Tag], by_id: dict[str, Tag]) -> None:
    """Moves the words of each tab to the beginning of its panel."""
    groups: dict[int, tuple[Tag, list[Tag]]] = {}
    for tab in filter(_is_tab, tags):
        bar = tab.find_parent(role="tablist") or tab.find_parent(["ul", "ol"]) or tab.parent
        if bar is not None:
            groups.setdefault(id(bar), (bar, []))[1].append(tab)
    for bar in (tag for tag in tags if "tabbed-labels" in tag.get_attribute_list("class")):
        groups[id(bar)] = (bar, bar.find_all("label"))
    for bar in tags:
        if bar.name in ("ul", "ol") and id(bar) not in groups and (links := _tab_links(bar, by_id)):
            groups[id(bar)] = (bar, links)
    for bar, tabs in groups.values():
        panels = _panels(bar, tabs, by_id)
        if panels:
            for tab, panel in zip(tabs, panels, strict=True):
                label = page.new_tag("p")
                label.string = markup.one_line(tab.get_text())
                panel.insert(0, label)
                _show(panel)
            bar.extract()


def _tab_links(bar: Tag, by_id: dict[str, Tag]) -> list[Tag]:
    """The links of a list, if each opens a part of the page, and some are hidden or the list is called tabs."""
    items = bar.find_all("li", recursive=False)
    links = [link for item in items if isinstance(link := item.find("a", href=True), Tag)]
    panels = [panel for link in links if (panel := _controlled(link, by_id)) is not None]
    if len(links) < 2 or not len(items) == len(links) == len(panels) == len({id(panel) for panel in panels}):
        return []
    names = _named(bar) + (f" {_named(bar.parent)}" if bar.parent is not None else "")
    return links if any(map(_is_hidden, panels)) or re.search(r"(?:^|[-_ ])tabs?(?:[-_ ]|$)", names) else []


def _is_tab(tag: Tag) -> bool:
    return tag.get("role") == "tab" or "tab" in (tag.get("data-bs-toggle"), tag.get("data-toggle"))


def _panels(bar: Tag, tabs: list[Tag], by_id: dict[str, Tag]) -> list[Tag]:
    """The panel of each tab: by id, else as many panels as follow. Empty if they do not match."""
    named = [_controlled(tab, by_id) or _labelled(tab, bar) for tab in tabs]
    found = [panel for panel in named if panel is not None]
    if len(found) == len(tabs) and len({id(panel) for panel in found}) == len(tabs):
        return found
    following = bar.find_all_next(
        lambda tag: tag.get("role") == "tabpanel" or "tabbed-block" in (tag.get("class") or []), limit=len(tabs)
    )
    return following if len(following) == len(tabs) else []


def _labelled(tab: Tag, bar: Tag) -> Tag | None:
    panel = bar.find_next(attrs={"aria-labelledby": tab["id"]}) if tab.get("id") else None
    return panel if isinstance(panel, Tag) else None


def _named(tag: Tag) -> str:
    return " ".join([*(str(name) for name in tag.get_attribute_list("class") if name), str(tag.get("id") or "")])

"""What a reader of a page sees is read: panels, ticks, formulas, addresses; no menus and no struck text."""

import pytest

from bakeoff.formats.parse import parse


def read(body: str) -> str:
    """The text of a page with this body."""
    (part,) = parse("page.html", f"<html><head><title>P</title></head><body>{body}</body></html>".encode()).parts
    return part.text


def rows(*cells: str) -> str:
    """A table with a header and one row for each cell."""
    return "<table><tr><th>Part</th><th>In it</th></tr>" + "".join(f"<tr><td>x</td>{cell}</tr>" for cell in cells)


@pytest.mark.parametrize(
    "old",
    [
        "<del>9 kg</del>",
        "<s>9 kg</s>",
        "<strike>9 kg</strike>",
        '<span style="text-decoration: line-through">9 kg</span>',
        '<span class="strikethrough">9 kg</span>',
    ],
)
def test_deleted_text_does_not_stand_beside_its_replacement(old: str) -> None:
    """In paragraphs, list items and cells."""
    assert read(f"<p>Weight: {old} <ins>7 kg</ins></p>") == "Weight: 7 kg"
    assert read(f"<ul><li>{old}</li><li>7 kg</li></ul>") == "- 7 kg"
    assert "9 kg" not in read(f"<table><tr><th>a</th><th>b</th></tr><tr><td>{old} 7 kg</td><td>1</td></tr></table>")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("lasts 10<sup>5</sup> hours", "lasts 10⁵ hours"),
        ("10<sup>-3</sup>", "10⁻³"),
        ("20 m<sup>2</sup>", "20 m²"),
        ("for 18 weeks<sup>2</sup>.", "for 18 weeks²."),
        ('for 18 weeks<sup><a href="#fn">2</a></sup>.', "for 18 weeks²."),
        ("<sup>2</sup> In France.", "² In France."),
        ("18 weeks<sup>b</sup>", "18 weeks^b"),
        ("18 weeks<sup>1,2</sup>", "18 weeks^(1,2)"),
        ("the 1<sup>st</sup> and Acme<sup>TM</sup>", "the 1st and AcmeTM"),
        ("2<sup>1</sup>/<sub>2</sub> cups", "2 1/2 cups"),
        ("H<sub>2</sub>O, log<sub>2</sub>8", "H2O, log₂8"),
        ("as shown<sup>[4]</sup>", "as shown[4]"),
    ],
)
def test_raised_figures_do_not_join_the_number_before_them(html: str, text: str) -> None:
    """Powers and footnote marks are written as such; ordinals and formulas of chemistry as people write them."""
    assert read(f"<p>{html}</p>") == text


ACCORDIONS = [
    "<h3><button>{q}</button></h3><div>{a}</div>",
    '<button class="accordion">{q}</button><div class="panel" style="display:none">{a}</div>',
    '<dl><dt><button aria-expanded="false" aria-controls="a1">{q}</button></dt><dd id="a1" hidden>{a}</dd></dl>',
    '<h2><button data-bs-toggle="collapse" data-bs-target="#c">{q}</button></h2><div id="c" class="collapse">{a}</div>',
    '<button>{q}</button><div hidden="until-found">{a}</div>',
    "<details><summary>{q}</summary>{a}</details>",
]


@pytest.mark.parametrize("accordion", ACCORDIONS)
def test_the_questions_of_an_accordion_stand_before_their_answers(accordion: str) -> None:
    """However its buttons and panels are made."""
    text = read("<h1>Help</h1>" + accordion.format(q="How heavy is it?", a="<p>7 kg.</p>"))
    assert text.index("How heavy is it?") < text.index("7 kg.")


TABS = [
    '<div role="tablist"><button role="tab" id="t1" aria-controls="p1">{0}</button><button role="tab" id="t2" '
    'aria-controls="p2">{1}</button></div><div role="tabpanel" id="p1">{2}</div>'
    '<div role="tabpanel" id="p2" hidden>{3}</div>',
    '<ul role="tablist"><li role="tab">{0}</li><li role="tab">{1}</li></ul><div><div role="tabpanel">{2}</div>'
    '<div role="tabpanel" hidden>{3}</div></div>',
    '<ul class="nav nav-tabs"><li><a data-toggle="tab" href="#a">{0}</a></li><li><a data-toggle="tab" '
    'href="#b">{1}</a></li></ul><div id="a" class="tab-pane">{2}</div>'
    '<div id="b" class="tab-pane" style="display: none">{3}</div>',
    '<div id="tabs"><ul><li><a href="#a">{0}</a></li><li><a href="#b">{1}</a></li></ul><div id="a">{2}</div>'
    '<div id="b" style="display:none">{3}</div></div>',
    '<div class="tabbed-labels"><label>{0}</label><label>{1}</label></div><div class="tabbed-content">'
    '<div class="tabbed-block">{2}</div><div class="tabbed-block">{3}</div></div>',
]


@pytest.mark.parametrize("tabs", TABS)
def test_each_tab_stands_before_its_panel(tabs: str) -> None:
    """Also where the panel is hidden until it is chosen."""
    text = read("<h1>Install</h1>" + tabs.format("Mac", "Linux", "<p>Open the disk.</p>", "<p>Run make.</p>"))
    assert text == "# Install\n\nMac\n\nOpen the disk.\n\nLinux\n\nRun make."


@pytest.mark.parametrize(
    "hidden",
    [
        "<p hidden>9 kg</p>",
        '<p style="display:none">9 kg</p>',
        '<div role="dialog" hidden>9 kg</div>',
        '<div class="modal" id="m" hidden aria-labelledby="q">9 kg</div>',
        "<button>Copy</button>",
    ],
)
def test_what_nobody_can_open_stays_hidden(hidden: str) -> None:
    """Dialogs, templates and plain hidden text are no content."""
    assert read(f"<h1>Help</h1><p>7 kg</p>{hidden}") == "# Help\n\n7 kg"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('<td><img src="a.png" alt="Included"></td>', "Included"),
        ('<td><svg aria-label="Included"><path/></svg></td>', "Included"),
        ('<td><svg role="img"><title>Included</title></svg></td>', "Included"),
        ('<td><span role="img" aria-label="Included">●</span></td>', "Included"),
        ('<td><i class="fa fa-check" aria-hidden="true"></i></td>', "✓"),
        ('<td><i class="bi bi-x fa-times" aria-hidden="true"></i></td>', "✗"),
        ('<td><input type="checkbox" checked disabled></td>', "[x]"),
        ('<td><input type="checkbox" disabled></td>', "[ ]"),
        ('<td><input type="text" value="K-7" readonly></td>', "K-7"),
    ],
)
def test_a_cell_says_what_its_picture_or_tick_says(cell: str, text: str) -> None:
    """By its alternative text or label, else as a tick or a cross."""
    assert f"| x | {text} |" in read(rows(cell, "<td>other</td>"))


def test_pictures_in_the_text_are_read_by_their_words() -> None:
    """Not those that only name a file, a logo or a badge."""
    html = '<p>Turn <img src="a.svg" alt="the red knob">.</p><img src="l" alt="Acme logo"><img src="x" alt="x.png">'
    assert read(html + '<img src="https://img.shields.io/badge/v" alt="Version 2">') == "Turn the red knob."


@pytest.mark.parametrize(
    ("math", "text"),
    [
        ("<math><mn>17</mn></math>", "17"),
        ("<math><mfrac><mn>1</mn><mn>2</mn></mfrac></math>", "1/2"),
        ("<math><msup><mi>x</mi><mn>2</mn></msup><mo>+</mo><msqrt><mi>y</mi></msqrt></math>", "x^2+√y"),
        (
            '<math><semantics><mi>x</mi><annotation encoding="application/x-tex">x_1</annotation></semantics></math>',
            "x_1",
        ),
        ('<span style="display:none"><math alttext="{\\displaystyle y=2}"><mi>y</mi></math></span>', "y=2"),
        ('<script type="math/tex">a+b</script>', "a+b"),
    ],
)
def test_formulas_are_read(math: str, text: str) -> None:
    """As the TeX that they were made from, or sign by sign."""
    assert read(f"<p>It is {math} in all.</p>") == f"It is {text} in all."


@pytest.mark.parametrize(
    ("link", "text"),
    [
        ('<a href="mailto:info@shop.example?subject=Hi">Mail us</a>', "Mail us (info@shop.example)"),
        ('<a href="tel:+4420123">Call</a>', "Call (+4420123)"),
        ('<a href="tel:+4420123">+44 20 123</a>', "+44 20 123"),
        ('<a href="mailto:info@shop.example">info@shop.example</a>', "info@shop.example"),
        ('<a href="https://www.status.example/">our status page</a>', "our status page (status.example)"),
        ('<a href="https://shop.example/a/b/c?d=1">here</a>', "here (https://shop.example/a/b/c?d=1)"),
        ('<a href="https://shop.example/a/b/c?d=1">the terms of 2024</a>', "the terms of 2024"),
        ('<a href="/terms">terms</a>', "terms"),
    ],
)
def test_an_address_that_stands_only_in_a_link_is_read(link: str, text: str) -> None:
    """Mail addresses, telephone numbers and web addresses that a person would say; not long ones beside words."""
    assert read(f"<p>{link}</p>") == text


@pytest.mark.parametrize(
    "chrome",
    [
        '<div class="navbar"><a href="/">Home</a></div>',
        '<ul class="breadcrumb"><li><a href="/">Home</a></li></ul>',
        '<div id="cookie-banner">We use cookies. <button>Accept all</button></div>',
        '<div class="x7"><p>This site uses cookies.</p><a href="#">Got it</a></div>',
        '<div id="onetrust-banner-sdk">We value your privacy</div>',
        '<div class="site-footer">© Shop</div>',
        '<div class="tableOfContents_bq"><a href="#a">On this page</a></div>',
        '<a class="skip" href="#main">Skip to main content</a>',
        '<a href="https://git.example/edit">Edit this page</a>',
        '<div class="sidebar"><a href="/b">Other</a></div>',
    ],
)
def test_what_stands_around_the_content_is_left_out(chrome: str) -> None:
    """In plain divs too, with and without a main part."""
    content = "<h1>Oven</h1><p>It weighs 7 kg and is delivered to the door.</p>"
    expected = "# Oven\n\nIt weighs 7 kg and is delivered to the door."
    assert read(f"{chrome}<div>{content}</div>{chrome}") == expected
    assert read(f"{chrome}<main>{content}</main><div>Keys: s to search</div>") == expected


def test_a_sidebar_in_the_main_part_is_content_unless_it_is_made_of_links() -> None:
    """Notes beside a text are called so too."""
    links = '<aside id="right-sidebar"><p>On this page</p><a href="#a">The weight of the oven</a></aside>'
    note = '<aside class="sidebar"><p>Weigh it first.</p></aside>'
    assert read(f"<main><h1>Oven</h1>{links}{note}<p>7 kg</p></main>") == "# Oven\n\nWeigh it first.\n\n7 kg"


def test_a_page_about_cookies_and_a_wrapper_with_a_misleading_name_are_content() -> None:
    """What holds the heading or most of the text is never chrome."""
    text = read('<div class="has-sidebar page-with-footer"><h1>Cookies</h1><p>We use cookies to log in.</p></div>')
    assert text == "# Cookies\n\nWe use cookies to log in."
    assert "Soup 5" in read('<h1>Menu</h1><p>Today</p><div class="menu"><p>Soup 5</p></div>')


def test_asides_beside_the_main_part_are_read() -> None:
    """They may hold how to reach the shop."""
    assert (
        read("<main><h1>Oven</h1><p>7 kg.</p></main><aside><p>Call 123.</p></aside>") == "# Oven\n\n7 kg.\n\nCall 123."
    )


@pytest.mark.parametrize(
    "link",
    [
        '<a class="headerlink" href="#i">¶</a>',
        '<a class="hash-link" href="#i">\u200b</a>',
        '<a href="#i" class="anchor"><span>#</span></a>',
        '<a class="viewcode" href="src.html">[source]</a>',
    ],
)
def test_permalinks_and_links_to_the_source_are_left_out(link: str) -> None:
    """Of pages that Sphinx, MkDocs and Docusaurus make."""
    assert read(f"<h2>Install{link}</h2><p>Run it.</p>") == "## Install\n\nRun it."


@pytest.mark.parametrize(
    "code",
    [
        "<pre>make a<br>make b</pre>",
        "<pre>make a\nmake b</pre>",
        '<pre><code><span class="line">make a</span><span class="line">make b</span></code></pre>',
        '<pre><span class="token-line">make a<br></span><span class="token-line">make b<br></span></pre>',
        "<pre><div>make a</div><div>make b</div></pre>",
        "<pre><code>make a</code><code>make b</code></pre>",
        "<pre><ol><li>make a</li><li>make b</li></ol></pre>",
        '<pre><span class="line">make a</span>\n<span class="line">make b</span></pre>',
        '<pre><span class="linenos">1</span>make a\n<span class="linenos">2</span>make b<button>Copy</button></pre>',
    ],
)
def test_each_line_of_code_stays_on_its_own_line(code: str) -> None:
    """However the page marks its lines; line numbers and buttons are no code."""
    assert read(code) == "```\nmake a\nmake b\n```"


def test_a_term_whose_definition_is_a_list_is_kept() -> None:
    """So that the list says what it is about."""
    text = read("<dl><dt>Not covered:</dt><dd><ul><li>scratches</li><li>rust</li></ul></dd></dl>")
    assert text.startswith("- Not covered:\n") and "- scratches" in text


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div><span>Warranty</span><span>24 months</span></div>", "Warranty 24 months"),
        ('<div><b class="name">Colour</b><b class="value">red</b></div>', "Colour red"),
        ("<p><span>War</span><span>ranty</span></p>", "Warranty"),
        ("<p>K<span>1</span><span>2a</span></p>", "K12a"),
        ("<p><code><span>x</span><span>1</span></code></p>", "x1"),
    ],
)
def test_a_label_and_its_value_do_not_run_together(html: str, text: str) -> None:
    """Where a style sets them apart; but a word in pieces stays one word."""
    assert read(html) == text


def test_elements_that_are_a_table_by_their_roles_are_one() -> None:
    """Values stand below their names."""
    row = '<div role="row"><span role="{0}">{1}</span><span role="{0}">{2}</span></div>'
    html = f'<div role="table">{row.format("columnheader", "Model", "Months")}{row.format("cell", "K1", "24")}</div>'
    assert read(html) == "| Model | Months |\n| --- | --- |\n| K1 | 24 |"


def test_what_the_style_sheet_of_the_page_strikes_out_is_not_valid() -> None:
    """Not what it strikes out on small screens only."""
    struck = "{ text-decoration: line-through }"
    style = f"<style>/* a */ .was, p > b.old {struck} @media print {{ .new {struck} }}</style>"
    prices = '<p>Price <span class="was">£199</span> <span class="new">£149</span></p>'
    assert read(f"<html><head>{style}</head><body>{prices}</body>") == "Price £149"


def test_items_keep_the_numbers_they_show() -> None:
    """Set one by one, or counted downwards."""
    assert read("<ol><li>a</li><li value=9>b</li><li>c</li></ol>") == "1. a\n9. b\n10. c"
    assert read("<ol reversed><li>a</li><li>b</li></ol>") == "2. a\n1. b"


def test_a_title_over_the_whole_table_is_no_header() -> None:
    """The row below it names the columns."""
    html = "<table><tr><th colspan=2>Prices 2024<tr><th>Model<th>Price<tr><td>K1<td>5</table>"
    assert read(html) == "Prices 2024:\n\n| Model | Price |\n| --- | --- |\n| K1 | 5 |"

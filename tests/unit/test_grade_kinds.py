"""What tells answers apart, and what people write for the same: symbols, versions, units, bounds, languages."""

import pytest

from bakeoff.grading.grade import grade


def verdict(answer: str, accepted: str, kind: str = "") -> str:
    return grade(answer, [accepted] if accepted else [], kind).verdict


WRONG = {
    "identifiers": [("-S", "-s"), ("6, 7, 8, 9", "6, 7, 8")],
    "decades and zones": [("1970", "the 1970s"), ("8:00 UTC+3", "8:00 UTC+1"), ("8:00 GMT+2", "8:00 GMT")],
    "symbols": [
        ("C", "C#"), ("C#", "C++"), ("AB+", "AB−"), ("≥ 5 kg", "≤ 5 kg"), ("chmod -w", "chmod +w"), ("G#", "G"),
        ("x < 3", "x > 3"), ("Notepad", "Notepad++"),
    ],
    "versions": [
        ("Node 18.20", "Node 18.2"), ("version 1.10", "version 1.1"), ("section 7.30", "section 7.3"),
        ("TLS 1.1 and 1.2", "TLS 1.2"), ("It needs firmware 4.10.", "firmware 4.1"), ("HTTP/1.1 and HTTP/2",
        "HTTP/2"),
        ("2.0.10", "2.0.1"),
    ],
    "letters": [
        ("B", "A"), ("Hepatitis", "Hepatitis B"), ("vitamin C", "vitamin A"), ("Gate D", "Gate A"), ("A or B", "B"),
        ("The answer is C.", "A"),
    ],
    "fractions and powers": [("1½ days", "2 days"), ("¼ hour", "4 hours"), ("103", "10³"), ("3¾ years", "3 years")],
    "currencies": [
        ("¥20", "$20"), ("₹99", "€99"), ("NZ$5", "US$5"), ("CHF 30", "$30"), ("C$20", "US$20"), ("300 kronor",
        "£300"),
    ],
    "case of units": [
        ("20 Mb", "20 MB"), ("5 MB/s", "5 Mbps"), ("3 mPa", "3 MPa"), ("2 mW", "2 MW"), ("4 Mm", "4 mm"), ("8 Gb",
        "8 GB"),
    ],
    "case of words": [
        ("Write to us for details.", "US"), ("It is sold in Oslo.", "IT"), ("You may open it.", "May"),
        ("The price rose again.", "Rose"), ("Nobody knows who did.", "WHO"),
    ],
    "letters that are marks": [("ひわ", "びわ"), ("ハン", "パン"), ("मुंबा", "मुंबई")],
    "negations": [
        ("anything but green", "green"), ("It is far from green", "green"), ("Oslo? No, Bergen.", "Oslo"),
        ("It is non-toxic", "toxic"), ("lead-free", "lead"), ("It is hardly green", "green"), ("gluten free bread",
        "gluten"),
        ("by no means green", "green"), ("everything but steel", "steel"), ("It lacks a handle", "handle"),
    ],
    "negations in other languages": [
        ("Sie ist nicht rot", "rot"), ("Kein Holz, sondern Metall.", "Holz"), ("Il n'est pas vert", "vert"),
        ("Il n'est plus vert.", "vert"), ("No es rojo.", "rojo"), ("Non è verde", "verde"), ("Het is niet groen",
        "groen"),
        ("Он не синий.", "синий"), ("青ではなく赤です。", "青"), ("总部不在北京。", "北京"), ("대구가 아닙니다",
        "대구"),
    ],
    "bounds": [
        ("less than 30 days", "30 days"), ("before 2019", "2019"), ("16 or younger", "at least 16"),
        ("no fewer than 5", "no more than 5"), ("fewer than 100", "100"), ("older than 16", "under 16"), ("> 10 m",
        "< 10 m"),
        ("after 1 May 2025", "before 1 May 2025"),
    ],
    "two units": [("6 weeks or 6 months", "6 weeks")],
    "time zones": [("15:00 GMT", "15:00 CET"), ("9am PST", "9am EST"), ("3pm PT", "3pm ET")],
    "telephone": [("+1 425 555 0100", "+1 415 555 0100"), ("+44 20 7946 0081", "+44 20 7946 0018")],
    "points and per mille": [("3%", "3 percentage points"), ("3‰", "3%")],
    "further items": [
        ("black, white, silver", "black, white"), ("ham, egg and also fish", "ham, egg"),
        ("1. apple\n2. pear\n3. fig", "apple, pear"),
    ],
    "numbers in scripts without blanks": [("保証期間は12年です。", "2年"), ("費用は30000円です。", "3000円")],
}  # fmt: skip
RIGHT = {
    "amounts in words": [("three fifths", "60%"), ("two thirds", "2/3"), ("one eighth", "12.5%"), ("50%", "half")],
    "dates and times in words": [
        ("the fourth of May 2023", "4 May 2023"), ("the seventies", "1970s"), ("8 in the evening", "8 pm"),
        ("18.15 Uhr", "18:15"), ("13:00 UTC+1", "12:00 UTC"),
    ],
    "units again": [
        ("3000 kg", "3 t"), ("25 basis points", "0.25 percentage points"),
        ("6 degrees below zero", "-6 °C"), ("a fortnight", "14 days"), ("250 kroner", "kr 250"),
        ("800 x 600 pixels", "800x600"), ("2.5e6", "2.5 million"), ("二年", "2年"), ("費用は三百円です。", "300円"),
    ],
    "names": [("Chapter 6", "chapter VI"), ("Saint Malo", "St. Malo"), ("E flat", "E♭"), ("in may", "May")],
    "markup": [("<answer>Turin</answer>", "Turin"), ("$\\boxed{19}$", "19")],
    "symbols": [
        ("It is written in C++.", "C++"), ("O negative", "O-"), ("an F sharp", "F#"), ("Add --force to it.",
        "--force"),
        ("It uses .NET 8.", ".NET"), ("less than 10 m", "< 10 m"), ("at most 2 kg", "≤ 2 kg"),
    ],
    "versions": [("You need Node 18.2.", "Node 18.2"), ("Firmware v4.1", "firmware 4.1"), ("2.0.1", "v2.0.1")],
    "letters": [
        ("B", "B"), ("Option B: Rome", "B"), ("The answer is B", "B"), ("(A)", "A"), ("a)", "A"),
        ("The hepatitis B vaccine", "hepatitis B"), ("It's grade A.", "Grade A"),
    ],
    "fractions and powers": [
        ("¼ hour", "15 minutes"), ("2½ hours", "150 minutes"), ("10^9", "10⁹"), ("1,000", "10³"), ("¾ cup",
        "3/4 cup"),
    ],
    "currencies": [
        ("CAD 20", "C$20"), ("50 Swiss francs", "CHF 50"), ("Rs 1,000", "₹1000"), ("200 PLN", "zł 200"),
        ("5000 yen", "¥5,000"),
        ("GBP", "pound"),
    ],
    "units": [("100 Mbit/s", "100 Mbps"), ("1 MB", "8 Mb"), ("5 gigabytes", "5 GB"), ("25 m2", "25 m²")],
    "case of words": [("It is sold in the US.", "US"), ("In the U.S. only", "US"), ("It opens in May.", "May")],
    "scripts without blanks": [
        ("本店は神戸にあります。", "神戸"), ("保証期間は2年間です。", "2年"), ("고객 센터는 부산에 있습니다", "부산"),
        ("费用是300元。", "300元"), ("退货期限为30天。", "30天"), ("总部位于北京市。", "北京"), ("2021年4月7日",
        "7 April 2021"),
    ],
    "negations of something else": [
        ("It isn't red, it's green.", "green"), ("Nobody but Anna Berg may enter.", "Anna Berg"),
        ("No plastic, only steel.", "steel"), ("Not only is it green, it blinks.", "green"),
    ],
    "percent and fractions": [
        ("0.3", "30%"), ("1 out of 5", "20%"), ("three in four", "75%"), ("half", "50%"), ("30 %", "0.3"), ("0.2%",
        "2‰"),
    ],
    "separators": [
        ("2.500,75 €", "€2,500.75"), ("2 500 000", "2500000"), ("2'500 CHF", "2500 CHF"), ("12 500 €", "12500 €"),
        ("2.500.000", "2500000"), ("25,00,000", "2500000"), ("1,2", "1 and 2"), ("2,4,6", "2, 4 and 6"),
    ],
    "scales": [
        ("$2.5M", "$2,500,000"), ("£2m", "£2 million"), ("a thousand", "1000"), ("25 lakh", "2500000"), ("€500k",
        "500000 €"),
        ("$4.2bn", "$4.2 billion"), ("5万", "50000"),
    ],
    "dates": [
        ("07-Apr-2021", "7 April 2021"), ("2021-04", "April 2021"), ("20210407", "2021-04-07"), ("7. April 2021",
        "7 April 2021"),
        ("7 avril 2021", "7 April 2021"), ("7 de abril de 2021", "7 April 2021"), ("5. März 2021", "5 March 2021"),
    ],
    "clocks": [
        ("8h30", "8:30"), ("half past eight", "8:30"), ("quarter to nine", "8:45"), ("ten past six", "6:10"),
        ("11:00 CET", "10:00 UTC"),
    ],
    "ordinals": [("thirty-second", "32nd"), ("fifteenth", "15th"), ("fortieth", "40th")],
    "bounds": [
        ("16 or over", "at least 16"), ("greater than 100", "more than 100"), ("more than 5 kg", "greater than 5 kg"),
        ("over 5 kg", "exceeding 5 kg"), ("less than 5 cm", "smaller than 5 cm"),
        ("larger than 5 m", "bigger than 5 m"), ("8 or fewer", "up to 8"),
        ("up to 14 days", "14 days"),
        ("at most 5", "no more than 5"),
    ],
    "rates": [("2 times per week", "twice a week")],
    "telephone": [("030 1234567", "+49 30 1234567"), ("+1 (415) 555-0100", "+1 415 555 0100")],
    "lists": [("1) pear\n2) plum\n3) fig", "fig, pear and plum"), ("Marks and Spencer", "Marks & Spencer")],
    "places": [("The plant is in Lyon, France.", "Lyon, France"), ("Porto, Portugal", "Porto")],
    "signs only": [("✅", "✅"), ("<=", "<="), ("The operator is ==.", "==")],
    "addresses": [
        ("See lamp.example/terms for it.", "https://lamp.example/terms"),
        ("At https://lamp.example/terms, section 2.", "lamp.example/terms"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("answer", "accepted"), [pair for pairs in WRONG.values() for pair in pairs])
def test_what_tells_answers_apart_is_kept(answer: str, accepted: str) -> None:
    """Another symbol, version, letter, unit, bound, zone or mark, a denial and a further item make an answer wrong."""
    assert verdict(answer, accepted) == "wrong"


@pytest.mark.parametrize(("answer", "accepted"), [pair for pairs in RIGHT.values() for pair in pairs])
def test_what_people_write_for_the_same_is_read(answer: str, accepted: str) -> None:
    """The usual spellings of numbers, amounts, dates, times and names in several languages are read."""
    assert verdict(answer, accepted) == "right"


@pytest.mark.parametrize(
    ("answer", "accepted", "kind"),
    [
        ("3.10", "3.1", ""),
        ("It used to be green but is now blue.", "green", ""),
        ("Anna Berg and Per Lie", "Anna Berg", "name"),
        ("It moved from Lyon to Nice.", "Lyon", ""),
        ("$50", "A$50", ""),
        ("8:30 pm", "8:30", ""),
        ("1.500", "1500", ""),
        ("The Hearth 2 has 12 months and the Hearth 3 has 24 months.", "24 months", "numeric"),
        ("It depends on the region, but it works.", "yes", "yesno"),
        ("Lamps", "Lamp", ""),
        ("4legs", "4", "numeric"),
        ("It warns below 20 %.", "20%", "numeric"),
        ("almost 12", "12", ""),
        ("It arrives the next day if you order before 15:00.", "3 pm", ""),
        ("npm/lamp-api", "@lamp/api", ""),
        ("Cut the current at the board.", "switch off the power at the fuse box", "phrase"),
        ("It would be mistaken to say teal.", "teal", ""),
        ("$0.75", "75 cents", ""),
        ("Teal is ruled out.", "teal", ""),
        ("Eva Holm did not attend.", "Eva Holm", "name"),
        ("Eva Holm's sister", "Eva Holm", "name"),
        ("the predecessor of Eva Holm", "Eva Holm", "name"),
        ("synthetic leather", "leather", ""),
        ("Turin/Milan", "Turin", ""),
        ("Is it Turin?", "Turin", ""),
        ("Turin; no, Milan.", "Turin", ""),
        ("New Hampton", "Hampton", ""),
        ("Pixel 8 Pro", "Pixel 8", ""),
        ("blue-grey", "blue", ""),
        ("either tea or coffee", "tea; coffee", "list"),
        ("Eva Lie and Jo Holm", "Eva Holm and Jo Lie", ""),
        ("18 months, or rather 24.", "18 months", ""),
        ("It used to be 18 months, now 24.", "18 months", ""),
        ("4.97 miles", "8 km", ""),
        ("30 days", "one month", ""),
        ("£120 per year", "£10 per month", ""),
        ("at most 49", "fewer than 50", ""),
        ("from 2026", "until 2026", ""),
        ("version 6", "version 6.0", ""),
        ("It costs nothing.", "free", ""),
        ("chmod g-w", "chmod g+w", ""),
        ("accountid", "accountId", ""),
        ("It is hazardous.", "yes", "yesno"),
        ("The pond is covered with ice.", "ICE", ""),
        ("Lane Rob", "Rob Lane", "name"),
        ("by the end of May 2025", "31 May 2025", ""),
        ("near Turin", "Turin", ""),
        ("0.4 mm", "±0.4 mm", ""),
        ("+3.5 °C", "±3.5 °C", ""),
        ("It is voluntary.", "no", "yesno"),
        ("It is not unusual that the ferry is late.", "the ferry", ""),
        ("It is not without reason called the Red Lamp.", "the Red Lamp", ""),
        ("Not far from the pier.", "the pier", ""),
        ("It is not unlikely that it takes 24 months.", "24 months", ""),
        ("It is not impossible.", "no", "yesno"),
        ("anti-slip", "slip", ""),
        ("It lies behind the boathouse.", "the boathouse", ""),
        ("Norwegian", "Norway", ""),
        ("the Spanish", "Spain", ""),
        ("dryness", "dry", ""),
        ("red", "redness", ""),
        ("bus", "buses", ""),
        ("/etc/host", "/etc/hosts", ""),
        ("Set max_token to 512.", "max_tokens", ""),
        ("user_id", "userId", ""),
        ("--follow-tag", "--follow-tags", ""),
        ("config.setting", "config.settings", ""),
        ("knives", "knife", ""),
        ("It used to be 443.", "443", ""),
        ("NHS", "Northern Harbour Society", "name"),
        ("Northern Harbour Society", "NHS", ""),
        ("NHS Wharf", "Northern Harbour Society Wharf", ""),
        ("Rescue Boat 14", "RB-14", ""),
        ("LT-7", "Lamp Tower 7", ""),
        ("It burns other fuels, such as coconut oil or whale oil.", "coconut", ""),
        ("From 4 % to 6 %.", "2 percentage points", ""),
        ("It dropped by 4 %.", "-4 %", ""),
        ("The box is silent on that.", "", "unanswerable"),
    ],
)
def test_what_rules_cannot_decide_is_unsure(answer: str, accepted: str, kind: str) -> None:
    """A reading that could be meant either way is neither right nor wrong, and the reason is said."""
    assert verdict(answer, accepted, kind) == "unsure"
    assert grade(answer, [accepted] if accepted else [], kind).reason


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("It is not the ferry.", "the ferry"),
        ("It is usually not the ferry but the tram.", "the ferry"),
        ("Denmark", "Norway"),
        ("the French", "Spain"),
        ("dress", "dry"),
        ("bush", "buses"),
        ("7 May", "5 May"),
        ("June 5", "5 May"),
        ("NHC", "Northern Harbour Society"),
        ("Rescue Boat 15", "RB-14"),
        ("RC-14", "RB-14"),
    ],
)
def test_single_denials_other_peoples_and_other_codes_are_wrong(answer: str, accepted: str) -> None:
    """What makes a double negation, a form of the word or a designation unsure does not make these so."""
    assert verdict(answer, accepted) == "wrong"


@pytest.mark.parametrize("name", ["Adams", "Williams", "Peters"])
def test_a_name_keeps_its_final_s(name: str) -> None:
    """Adam is not Adams, while a lamp may be called lamps."""
    assert verdict(name[:-1], name, "name") == "wrong"
    assert verdict(f"Ms {name} wrote it.", name, "name") == "right"
    assert verdict("lamps", "lamp") == "right"
    assert verdict("new", "news") == "wrong"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("According to the terms, yes.", "yes"),
        ("The handbook says no.", "no"),
        ("That's wrong.", "no"),
        ("It is prohibited.", "no"),
        ("A. The product does not have an API, but there is a library.", "no"),
        ("The feature is unsupported.", "no"),
        ("This is out of the question.", "no"),
        ("No worries, you can cancel.", "yes"),
        ("There is no restriction, so you can cancel.", "yes"),
        ("Ja, jederzeit.", "yes"),
        ("Non, c'est interdit.", "no"),
        ("いいえ、できません。", "no"),
    ],
)
def test_yes_and_no_in_other_words(answer: str, says: str) -> None:
    """A yes or no is found after a lead-in, in other languages, and where the word 'not' is missing."""
    assert verdict(answer, says, "yesno") == "right"
    assert verdict(answer, "yes" if says == "no" else "no", "yesno") == "wrong"


@pytest.mark.parametrize(
    "answer",
    [
        "Ich weiß es nicht.", "Keine Angabe.", "Das geht aus den Unterlagen nicht hervor.", "No lo sé.",
        "El documento no lo menciona.", "Cette information ne figure pas dans les documents.", "Non lo so.",
        "Não sei.",
        "Het staat niet in de documenten.", "Det vet jeg ikke.", "Nie wiem.", "Не знаю.", "わかりません。",
        "その情報は文書に記載されていません。", "文档中没有提到。", "모르겠습니다.", "ไม่ทราบ", "لا أعرف.",
        "मुझे नहीं पता।",
        "NOT SPECIFIED", "I DON'T KNOW.", "Don't know, sorry.", "Dunno.",
    ],
)  # fmt: skip
def test_refusals_in_other_languages_and_in_capitals(answer: str) -> None:
    """They decline: right without an accepted answer, wrong with one."""
    assert verdict(answer, "") == "right"
    assert verdict(answer, "Anna Berg") == "wrong"


@pytest.mark.parametrize(
    "answer", ["Ich weiß, dass es Anna gehört.", "C'est Anna.", "アンナです。", "Ich weiß nicht, aber es war 2014."]
)
def test_answers_in_other_languages_are_no_refusals(answer: str) -> None:
    """Nor is a guess after a refusal."""
    assert verdict(answer, "") in ("wrong", "unsure")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("lost_card", "right"),
        ("Lost card.", "right"),
        ("Label: lost card", "right"),
        ("The intent is lost_card.", "right"),
        ("lost card replacement", "wrong"),
        ("I have a lost card, what now? card_arrival", "wrong"),
    ],
)
def test_a_label_is_the_whole_answer(answer: str, expected: str) -> None:
    """A longer label or a quoted question that contains the label is wrong."""
    assert verdict(answer, "lost card", "label") == expected


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("the lamp shade", "lamp"),
        ("a rope ladder", "rope"),
        ("They sell cheese graters.", "cheese"),
        ("Replace the pump cover.", "pump"),
        ("door sensor cable", "door sensor"),
        ("Lamp shade", "Lamp"),
        ("bi-weekly", "weekly"),
        ("twice-monthly", "monthly"),
        ("Turin, Texas", "Turin"),
        ("It is in Lisbon, Ohio.", "Lisbon"),
        ("Turin (USA)", "Turin"),
        ("Lisbon, New York", "Lisbon"),
        ("6 weeks or more", "6 weeks"),
        ("6 weeks", "6 weeks or more"),
        ("8 GB+", "8 GB"),
        ("8 GB", "8 GB+"),
        ("30+", "30"),
        ("30", "30+"),
        ("6+ weeks", "6 weeks"),
        ("30 or fewer", "30"),
        ("33 %", "1 in 3"),
        ("1 in 3", "33 %"),
    ],
)
def test_the_accepted_words_may_be_a_part_of_something_else(answer: str, accepted: str) -> None:
    """First parts of compounds, words behind a prefix, places of other regions and open bounds are unsure."""
    assert verdict(answer, accepted) == "unsure"


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("The lamp hangs in the hall.", "lamp"),
        ("The lamp lights the hall.", "lamp"),
        ("Use the rope carefully.", "rope"),
        ("a wool fabric", "wool"),
        ("the deluxe plan", "deluxe"),
        ("a green lamp", "green"),
        ("an electric heater", "electric"),
        ("the filter, cover and seal", "filter, cover and seal"),
        ("Weekly, on Mondays", "weekly"),
        ("Turin, Italy", "Turin"),
        ("Lisbon, Ohio", "Lisbon, Ohio"),
        ("30 or more", "30+"),
        ("at least 8 GB", "8 GB+"),
        ("18 or older", "18+"),
        ("6+ weeks", "at least 6 weeks"),
        ("Node 18 or later", "Node 18+"),
        ("It is 6 weeks, or more precisely 42 days.", "6 weeks"),
        ("20 %", "1 in 5"),
        ("1 in 5", "20 %"),
        ("one out of five", "1 in 5"),
        ("0.2", "one in five"),
        ("40 percent of them", "2 in 5"),
    ],
)
def test_ordinary_answers_beside_them_are_right(answer: str, accepted: str) -> None:
    """A verb, an adverb or the kind of thing after the word, its country and equal bounds and shares do no harm."""
    assert verdict(answer, accepted) == "right"


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [("10 %", "1 in 5"), ("1 in 50", "1 in 5"), ("5", "1 in 5"), ("pre-2019", "2019"), ("post-2019", "2019")],
)
def test_other_odds_and_years_behind_a_prefix_are_wrong(answer: str, accepted: str) -> None:
    """Another share is wrong in either form, and so is the time before or after a year."""
    assert verdict(answer, accepted) == "wrong"


@pytest.mark.parametrize(
    "accepted", ["triggers-pending", "update-initramfs -u", "a2enmod ssl", "press the green button"]
)
def test_nothing_but_an_amount_is_no_other_wording_of_something_else(accepted: str) -> None:
    """A constant "The answer is 90 days." is wrong for a command; beside words that may say how long it is not."""
    assert verdict("The answer is 90 days.", accepted) == "wrong" and verdict("90 days", accepted) == "wrong"


@pytest.mark.parametrize(
    "accepted", ["until the end of the season", "a quarter of a year", "for the whole lifetime", "as long as needed"]
)
def test_an_amount_may_be_another_wording_of_an_accepted_span(accepted: str) -> None:
    """Words for times and amounts could be the same amount."""
    assert verdict("The answer is 90 days.", accepted) == "unsure"


@pytest.mark.parametrize("name", ["Colin Watson", "Theodore Y. Ts'o", "Anna Berg"])
def test_an_address_behind_a_name_is_no_part_of_it(name: str) -> None:
    """With or without brackets; a further name is one."""
    for address in ("cjwatson@debian.org", "<cjwatson@debian.org>", "https://example.org/watson", "www.example.org"):
        assert verdict(f"maintainer: {name} {address}", name) == "right"
        assert verdict(f"{name} {address}", name) == "right"
    assert verdict(f"maintainer: {name} Smith", name) == "unsure"


def test_no_text_is_no_answer() -> None:
    """Right where there is none, wrong where there is one."""
    assert grade("", []).verdict == "right" and grade("", ["90 days"]).verdict == "wrong"
    assert grade(" ", []).rule == "declined"


@pytest.mark.parametrize("written", ["64B", "64 B", "It is 64B long."])
def test_bytes_may_be_written_with_a_letter(written: str) -> None:
    """Where the other side speaks of bytes. Elsewhere the letter stands for a billion."""
    assert verdict(written, "64 bytes") == "right"
    assert verdict("65B", "64 bytes") == "wrong" and verdict("64B", "64 bits") == "wrong"
    assert verdict("64 billion", "64B") == "right" and verdict("64 billion", "64 bytes") == "wrong"


@pytest.mark.parametrize("unseen", ["\u200b ", "\u00ad ", " \ufeff", "\u200e \u200f", "\u2060 "])
def test_what_nobody_sees_changes_no_grade(unseen: str) -> None:
    """Copied from a page or a spreadsheet. A space without width also parts a figure and its unit."""
    assert verdict("24 months", f"24{unseen}months") == "right" == verdict(f"24{unseen}months", "24 months")
    assert verdict("24 months", "24\u200bmonths") == "right"


@pytest.mark.parametrize(
    "answer", ["There is no charge.", "It has no fee.", "It does not expire.", "There are no risks."]
)
def test_what_is_denied_may_be_the_opposite_of_what_was_asked(answer: str) -> None:
    """'There is no charge' says yes to 'Is it free?' and no to 'Is there a fee?', and the question is not known."""
    assert verdict(answer, "no", "yesno") == "unsure" == verdict(answer, "yes", "yesno")
    assert verdict(f"No. {answer}", "no", "yesno") == "right" and verdict(f"Yes. {answer}", "no", "yesno") == "wrong"


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("twice a year", "every 6 months"),
        ("every six months", "It is tested twice a year."),
        ("weekly", "once a week"),
        ("every 7 days", "weekly"),
        ("quarterly", "4 times a year"),
        ("every other week", "fortnightly"),
        ("twice a year", "semi-annually"),
        ("every 2 hours", "12 times a day"),
        ("once a day", "Backups run daily."),
    ],
)
def test_how_often_may_be_said_by_a_count_or_by_a_span(accepted: str, answer: str) -> None:
    assert verdict(answer, accepted) == "right"


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("twice a year", "every 5 months"),
        ("twice a year", "not every 6 months"),
        ("daily", "5 euros per day"),
        ("monthly", "every 4 weeks"),
        ("weekly", "daily"),
        ("weekly", "weekly or daily, as you like"),
        ("every 0 days", "daily"),
    ],
)
def test_another_frequency_or_a_rate_of_money_is_not_right(accepted: str, answer: str) -> None:
    """A month is no fixed number of weeks."""
    assert verdict(answer, accepted) != "right"


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("git push", "Run `git push`."),
        ("git push", "First type git push to send it."),
        ("git push", "sudo git push"),
        ("docker compose up", "Docker compose up"),
        ("`mytool list`", "Type mytool list in a terminal."),
        ("kubectl get pods -n apps", "kubectl get pods -n apps"),
        ("low battery", "It means the battery is low."),
        ("EU citizens", "citizens of the EU"),
        ("the back of the hub", "It is on the hub's back."),
        ("Anna Berg", "Anna M. Berg"),
        ("#help-desk", "Ask in help-desk."),
        ("logs-*", "The index is `logs-*`."),
    ],
)
def test_a_command_or_the_same_words_in_another_order_are_right(accepted: str, answer: str) -> None:
    assert verdict(answer, accepted) == "right"


@pytest.mark.parametrize(
    ("accepted", "answer"),
    [
        ("mytool list", "mytool vault credentials list"),
        ("mytool list", "mytool list --all"),
        ("`mytool list`", "list mytool"),
        ("kubectl get pods", "kubectl delete pods && kubectl get nodes"),
        ("kubectl get pods", "get pods with kubectl"),
        ("helm rollback", "helm uninstall --no-rollback"),
        ("helm rollback", "helm history rollback"),
        ("git push", "git push --force"),
        ("git push", "git pull then push"),
        ("terraform plan", "terraform destroy plan"),
        ("docker compose up", "docker compose down up"),
        ("systemctl stop nginx", "stop and start nginx with systemctl"),
        ("brew install gnupg", "brew install --cask gnupg"),
        ("drop table users", "create table users, drop nothing"),
        ("staging to production", "production to staging"),
        ("merge before deploy", "deploy before merge"),
        ("allow then deny", "deny then allow"),
        ("tech lead", "lead tech support"),
        ("tech lead", "your lead or a tech"),
        ("kitchen lamp", "kitchen table lamp"),
        ("Platform Engineering", "the Platform Reliability Engineering team"),
        ("logs-*", "logs"),
    ],
)
def test_other_words_between_another_direction_and_longer_commands_are_unsure(accepted: str, answer: str) -> None:
    assert verdict(answer, accepted) == "unsure"


@pytest.mark.parametrize("answer", ["#on-call", "`#desk-reports`"])
def test_another_channel_is_wrong(answer: str) -> None:
    assert verdict(answer, "#help-desk") == "wrong"

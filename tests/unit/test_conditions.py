"""What a condition denies ('if the port is not set, 8000'), the answer does not deny; refusals and negations stay."""

import pytest

from bakeoff.grading.abstention import is_abstention, mentions_declining
from bakeoff.grading.grade import grade

DEFAULTS = [
    ("If the region is not specified, the default region us-east-1 is used.", "us-east-1"),
    ("us-east-1 is used if the region is not specified.", "us-east-1"),
    ("If the port is not specified, port 8000 is used.", "8000"),
    ("If the port is not specified port 8000 is used.", "8000"),
    ("If you do not specify a port, port 8000 is used.", "8000"),
    ("Unless a port is specified, 8000 is used.", "8000"),
    ("If the port is missing, 8000 is used.", "8000"),
    ("When not specified, the timeout is 30 seconds.", "30 seconds"),
    ("As long as the region is not specified, the nearest one is used.", "the nearest one"),
    ("In case the region is not specified, it takes the nearest one.", "the nearest one"),
    ("Where the region is not specified, the nearest one is used.", "the nearest one"),
    ("If the answer is not found in the cache, the resolver asks the root server.", "the root server"),
    ("If the file does not contain a header, the first row is used.", "the first row"),
    ("The shell returns 127 if the command is not found in the path.", "127"),
    ("If not specified, restic will ask for the password.", "restic will ask for the password"),
    ("Options that are not specified take their default values.", "default values"),
    ("always if not specified", "always"),
    ("Wenn die Region nicht angegeben ist, wird Frankfurt verwendet.", "Frankfurt"),
    ("Falls nicht angegeben, wird Frankfurt verwendet.", "Frankfurt"),
    ("Frankfurt wird verwendet, wenn die Region nicht angegeben ist.", "Frankfurt"),
    ("Si la région n'est pas précisée, la région Paris est utilisée.", "Paris"),
    ("Si no se especifica la región, se usa la región de Madrid.", "Madrid"),
    ("如果未指定区域，则使用东京。", "东京"),
    ("地域が指定されていない場合、東京が使われます。", "東京"),
]


@pytest.mark.parametrize(("answer", "accepted"), DEFAULTS)
def test_a_default_is_an_answer(answer: str, accepted: str) -> None:
    """What is used where nothing is specified is stated, not declined."""
    assert not is_abstention(answer) and not mentions_declining(answer)
    assert grade(answer, [accepted]).verdict == "right"
    assert grade(answer, ["1969 or so"]).rule != "declined"


@pytest.mark.parametrize(
    "answer",
    [
        "Als de regio niet is opgegeven, wordt de dichtstbijzijnde gebruikt.",
        "Se non è specificato, si usa la regione più vicina.",
        "Se a região não for especificada, usa-se a mais próxima.",
        "Если регион не указан, используется ближайший.",
        "Якщо регіон не вказано, використовується найближчий.",
        "Jeśli region nie jest podany, używany jest najbliższy.",
        "Pokud region není uveden, použije se nejbližší.",
        "Om regionen inte anges används den närmaste.",
        "Hvis regionen ikke er angitt, brukes den nærmeste.",
        "Hvis regionen ikke er angivet, bruges den nærmeste.",
        "Jos aluetta ei ole mainittu, käytetään lähintä.",
        "지역이 명시되지 않은 경우 가장 가까운 지역이 사용됩니다.",
        "หากไม่ได้ระบุภูมิภาค จะใช้ภูมิภาคที่ใกล้ที่สุด",
        "إذا لم يتم تحديد المنطقة، تستخدم أقرب منطقة.",
        "यदि क्षेत्र निर्दिष्ट नहीं है, तो निकटतम क्षेत्र का उपयोग होता है।",
        "Bölge belirtilmemiş ise en yakın bölge kullanılır.",
    ],
)
def test_a_default_is_an_answer_in_every_language(answer: str) -> None:
    """The words that open or close a condition stand in the files of the languages."""
    assert not is_abstention(answer) and not mentions_declining(answer)


@pytest.mark.parametrize(
    "answer",
    [
        "The region is not specified in the passages.",
        "If the documents do not say, I cannot answer.",
        "I cannot answer if the documents do not say.",
        "If the documents do not mention it, please contact support.",
        "If the price is not mentioned in the passages, it is unknown.",
        "If it is not in the documents, no answer is possible.",
        "If you need the price, it is not specified.",
        "I am not sure if the region is specified.",
        "The documents do not mention what happens if the port is not specified.",
        "What happens if the port is not specified is not mentioned.",
        "When it was released is not specified in the documents.",
        "Where it was made is not mentioned.",
        "Hearth 3 is sold in shops, but if it is waterproof is not mentioned.",
        "There are several options, where the default is not specified.",
        "If you mean the Hearth 2 it is not mentioned in the passages.",
        "There is no information about the port if it is not specified.",
        "When asked about the price, the documents do not say.",
        "Since the documents do not mention it, no answer can be given.",
        "While the passage mentions the Hearth 3, the price is not mentioned.",
        "The text mentions when it opened but the price is not mentioned.",
        "The price is a detail that is not specified in the passage.",
        "Wenn die Dokumente es nicht erwähnen, kann ich die Frage nicht beantworten.",
        "Wenn es nicht angegeben ist, wenden Sie sich an den Support.",
        "Si les documents ne le précisent pas, je ne peux pas répondre.",
        "El precio no se especifica en los documentos.",
        "如果文档未提及，我无法回答。",
    ],
)
def test_a_refusal_with_a_condition_stays_a_refusal(answer: str) -> None:
    """The main clause refuses, or refers to somebody."""
    assert is_abstention(answer)
    assert grade(answer, ["us-east-1"]).verdict == "wrong"


@pytest.mark.parametrize(
    ("answer", "accepted", "verdict"),
    [
        ("If a request does not return any data within five minutes, restic retries it.", "five minutes", "right"),
        ("If you do not reply within 30 days, the case is closed.", "30 days", "right"),
        ("The case is closed if you do not reply within 30 days.", "30 days", "right"),
        ("If nothing arrives within 30 days, the case is closed.", "30 days", "right"),
        ("Wenn Sie nicht innerhalb von 30 Tagen antworten, wird der Fall geschlossen.", "30 Tage", "right"),
        ("Si vous ne répondez pas dans les 30 jours, le dossier est clos.", "30 jours", "right"),
        ("Если вы не ответите в течение 30 дней, дело закрывается.", "30 дней", "right"),
        ("Requests that do not finish within 30 seconds are aborted.", "30 seconds", "unsure"),
        ("If it is not Paris, it is Lyon.", "Paris", "unsure"),
        ("If you do not set the port to 8000, it fails.", "8000", "unsure"),
        ("If --password-file is not specified, restic asks.", "--password-file", "unsure"),
        ("If the port is set, port 9000 is used.", "9000", "unsure"),
        ("If the part is not available, delivery takes 3 weeks.", "3 weeks", "unsure"),
        ("If nothing is specified, 8000 is used.", "8000", "right"),
        ("During probation, two weeks.", "two weeks", "unsure"),
        ("We do not ship within 30 days.", "30 days", "wrong"),
        ("When it comes to the warranty, it is not 24 months.", "24 months", "wrong"),
        ("It is not 30 days if you are a member.", "30 days", "wrong"),
        ("If the port is not specified, port 8000 is not used.", "8000", "wrong"),
        ("Es sind nicht 30 Tage, wenn Sie Mitglied sind.", "30 Tage", "wrong"),
    ],
)
def test_a_negation_in_a_condition_does_not_deny_the_answer(answer: str, accepted: str, verdict: str) -> None:
    """A time limit of what is denied is right, another word there is unsure; a negation of the answer stays one."""
    assert grade(answer, [accepted]).verdict == verdict

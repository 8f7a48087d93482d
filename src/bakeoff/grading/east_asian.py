"""Writes figures with Chinese, Japanese, Korean and Thai units as the other rules read them: 3年 as '3 years'.

5万 becomes 50000. Takes and gives text. Knows nothing about answers.
"""

import re
from decimal import Decimal

from bakeoff.grading.long_figures import shortened
from bakeoff.writing.scripts import HAS_NO_BLANKS, NO_BLANKS

_DATE = re.compile(r"(\d{4}) ?[年년] ?(\d{1,2}) ?[月월](?: ?(\d{1,2}) ?[日号號일])?")
_SCALED = re.compile(r"(\d[\d,]*(?:\.\d+)?) ?(万|萬|만|億|亿|억|千|천)")
_SCALES = {"万": 10**4, "萬": 10**4, "만": 10**4, "億": 10**8, "亿": 10**8, "억": 10**8, "千": 1000, "천": 1000}
# fmt: off
_UNITS = {
    "年間": "years", "年": "years", "년간": "years", "년": "years",
    "ヶ月間": "months", "か月間": "months", "ヶ月": "months", "カ月": "months", "か月": "months", "个月": "months",
    "個月": "months", "개월": "months",
    "週間": "weeks", "周": "weeks", "週": "weeks", "주일": "weeks", "주": "weeks",
    "営業日": "working days", "工作日": "working days", "영업일": "working days",
    "日間": "days", "日": "days", "天": "days", "일간": "days", "일": "days",
    "時間": "hours", "小时": "hours", "小時": "hours", "시간": "hours",
    "分間": "minutes", "分钟": "minutes", "分鐘": "minutes", "分": "minutes", "분": "minutes",
    "秒": "seconds", "초": "seconds",
    "円": "JPY", "日元": "JPY", "元": "CNY", "人民币": "CNY", "원": "KRW", "ドル": "USD", "美元": "USD", "달러": "USD",
    "วันทำการ": "working days", "วินาที": "seconds", "นาที": "minutes", "ชั่วโมง": "hours", "วัน": "days",
    "สัปดาห์": "weeks", "เดือน": "months", "ปี": "years", "บาท": "THB", "วัตต์": "W", "ลิตร": "l", "กรัม": "g",
    "กิโลกรัม": "kg", "เมตร": "m", "ワット": "W", "瓦": "W", "와트": "W", "リットル": "l", "升": "l", "리터": "l",
    "グラム": "g", "キログラム": "kg", "克": "g", "公斤": "kg", "千克": "kg", "그램": "g", "킬로그램": "kg",
    "メートル": "m", "米": "m", "미터": "m",
    "ユーロ": "EUR", "欧元": "EUR", "유로": "EUR", "パーセント": "%", "퍼센트": "%",
}
# fmt: on
_WITH_UNIT = re.compile(rf"(\d) ?({'|'.join(sorted(_UNITS, key=len, reverse=True))})")
_DIGITS = {"〇": 0, "零": 0, "两": 2, "兩": 2} | {sign: i for i, sign in enumerate("一二三四五六七八九", 1)}
_TENS = {"十": 10, "百": 100, "千": 1000}
# Numbers in Chinese letters, before a unit only. 十分 is also 'enough'.
_IN_LETTERS = re.compile(
    rf"(?<![{''.join(_DIGITS)}{''.join(_TENS)}第])([{''.join(_DIGITS)}{''.join(_TENS)}]+)(万|萬|億|亿)?"
    rf"(?=(?:{'|'.join(sorted((u for u in _UNITS if u not in '分周週'), key=len, reverse=True))}))"
)
_BESIDE_FIGURES = re.compile(rf"(?<=[{NO_BLANKS}])(?=[\d$€£¥])|(?<=[\d%])(?=[{NO_BLANKS}])")


def east_asian_figures(text: str) -> str:
    """The text with dates, scales and units after figures in Latin letters, and blanks around figures."""
    if not HAS_NO_BLANKS.search(text):
        return text
    text = shortened(_IN_LETTERS.sub(lambda m: f"{_figure_of(m[1])}{m[2] or ''}", text))
    text = _DATE.sub(lambda m: f" {m[1]}-{int(m[2]):02d}" + (f"-{int(m[3]):02d} " if m[3] else " "), text)
    text = _SCALED.sub(lambda m: f"{Decimal(m[1].replace(',', '')) * _SCALES[m[2]]:f}", text)
    text = _WITH_UNIT.sub(lambda m: f"{m[1]} {_UNITS[m[2]]} ", text)
    return _BESIDE_FIGURES.sub(" ", text)


def _figure_of(letters: str) -> str:
    """The figure of a number in Chinese letters below 10,000: 二十四, 一百, or digit by digit 二〇二四."""
    if not any(letter in _TENS for letter in letters):
        return "".join(str(_DIGITS[letter]) for letter in letters).lstrip("0") or "0"
    total = digit = 0
    for letter in letters:
        if letter in _TENS:
            total, digit = total + (digit or 1) * _TENS[letter], 0
        else:
            digit = _DIGITS[letter]
    return str(total + digit)

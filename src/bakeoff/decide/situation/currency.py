"""In which currency amounts are shown, if the profile gives some in another one.

Takes a `Profile`, gives one sentence. All arithmetic is in US dollars; the rates are the profile's.
"""

from bakeoff.decide.situation.prices import CURRENCY, Price
from bakeoff.decide.situation.profile import Profile
from bakeoff.sentences import listed


def currency_note(profile: Profile) -> str:
    """That amounts are US dollars, and by which rates others were converted; empty if all are in US dollars.

    The rates are those of the currencies that the profile's value and prices use, each price with its date and source.
    """
    used = [profile.value.currency] if profile.value else []
    used += [price.currency for price in profile.prices.values()]
    foreign = sorted({currency for currency in used if currency != CURRENCY})
    if not foreign:
        return ""
    rates = listed(f"{profile.usd_of(currency):g} {CURRENCY} per {currency}" for currency in foreign)
    dated = [_dated(name, price) for name, price in profile.prices.items() if price.currency in foreign]
    prices = f" Prices converted: {listed(dated)}." if dated else ""
    return (
        f"All amounts are in US dollars. The profile's amounts in {listed(foreign)} were converted at its own rate: "
        f"{rates}.{prices}"
    )


def _dated(name: str, price: Price) -> str:
    about = ", ".join(filter(None, (str(price.date or ""), price.source)))
    return f"{name} {price.amount:g} {price.currency}" + (f" ({about})" if about else "")

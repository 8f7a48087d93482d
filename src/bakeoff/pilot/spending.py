"""A run's paid calls: whose they are, what they cost by the configuration, and the ledger in the run's folder.

Takes a configuration, gives prices and a ledger. Knows no protocol. `estimate.py` says before a run what it may cost.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.recipe import Recipe
from bakeoff.decide.cost.payment import token_price
from bakeoff.decide.situation.profile import Profile
from bakeoff.errors import ConfigError
from bakeoff.measure.comparison import AskedModel
from bakeoff.models.settings import ApiModel, ModelSettings, TokenPrice
from bakeoff.models.spending.ledger import Ledger, ledger
from bakeoff.models.spending.prices import PriceOf, is_paid
from bakeoff.models.spending.rows import Budget, Spending
from bakeoff.runs.config import Config
from bakeoff.runs.folder import RunFolder, write_record
from bakeoff.runs.race import racers_of
from bakeoff.sentences import counted, listed
from bakeoff.sentences import usd as dollars

GIVE_A_PRICE = (
    "give each of them a price in `models:`, for example  price: {input_tokens: 0.15, output_tokens: 0.60}  (US "
    "dollars per million tokens; output_tokens: 0 for an embedder) or a name that genai-prices knows"
)


def prices_of(profile: Profile) -> PriceOf:
    """The price of a model's tokens: by its settings, else by the profile. Each model is looked up once."""
    known: dict[str, TokenPrice | None] = {}

    def price_of(model: ApiModel) -> TokenPrice | None:
        price = model.price
        key = f"{model.label} {price}"
        if key not in known:
            asked = AskedModel(
                name=model.model, label=model.label, location=model.location, host=model.host, price=price
            )
            known[key] = token_price(asked, profile)
        return known[key]

    return price_of


def own_name(recipe: Recipe) -> str:
    """What the server that a contender asks by settings of its own is called among models."""
    return f"options of {recipe.spec.name}"


def paid_models(config: Config) -> dict[str, ApiModel]:
    """The models that this run pays for, by their names in `models:` ('judge' for a judge without one).

    With the servers that contenders ask by settings of their own.
    """
    recipes = asking_recipes(config)
    names = [recipe.spec.model for recipe in recipes if recipe.asks_model]
    names += [recipe.embedder for recipe in recipes if recipe.embedder]
    names += [one.spec.retrieval.reranker for one in recipes if one.retrieves and one.reranker]
    own = {own_name(recipe): server for recipe in recipes if (server := recipe.own_server)}
    names += [config.style.embedder] if config.style and config.style.examples else []
    used: dict[str, ModelSettings] = {
        **{name: config.models[name] for name in names if name in config.models},
        **own,
    }
    if config.judge is not None:
        used.setdefault(config.grading.judge if isinstance(config.grading.judge, str) else "judge", config.judge)
    servers = {name: model if isinstance(model, ApiModel) else model.answered_by for name, model in used.items()}
    return {name: server for name, server in servers.items() if server is not None and is_paid(server)}


def asking_recipes(config: Config) -> list[Recipe]:
    """The recipes of all contenders, and of those that start in races."""
    racing = [racer.recipe for racers in racers_of(config).values() for racer in racers]
    return [*make_recipes(config.specs, config.imports_from), *racing]


def check_prices(
    budget: Budget | None, models: Mapping[str, ApiModel], price_of: PriceOf, option: str = "budget.usd"
) -> None:
    """Raises ConfigError where the budget is in US dollars and the price of a paid model is not known.

    `option` is how the budget is given.
    """
    if budget is None or budget.usd is None:
        return
    unknown = [f"'{name}' ({model.label})" for name, model in models.items() if price_of(model) is None]
    if unknown:
        raise ConfigError(
            f"{option} is {dollars(budget.usd)}, but nothing says what the tokens of {listed(unknown)} cost.",
            GIVE_A_PRICE if option == "--usd" else f"{GIVE_A_PRICE}; or set only budget.calls",
        )


def pays(config: Config) -> bool:
    """Whether a run with this configuration pays for a model."""
    return bool(paid_models(config))


@contextmanager
def kept(account: Ledger, folder: RunFolder, tell: Callable[[str], None] = lambda line: None) -> Iterator[None]:
    """Keeps the ledger in the run's folder, and writes spending.json at the end. Says what was spent before."""
    before = account.keep_in(folder.root)
    if before.total.calls:
        tell(f"note: {spent_line(before)}")
    try:
        yield
    finally:
        write_spending(folder)


def write_spending(folder: RunFolder) -> None:
    """Writes spending.json: what has been spent so far. Nothing if the run pays for no model."""
    current = ledger()
    if current is not None and current.is_kept:
        write_record(folder.spending_path, current.spending())


def spent_line(spending: Spending) -> str:
    """What has been spent, in one sentence.

    >>> spent_line(Spending())
    'Spent so far: 0\\u202fUSD on 0 calls.'
    """
    total = spending.total
    unknown = ""
    if total.unknown:
        most = f", at most {dollars(total.unknown_usd)}" if total.unknown_usd else ""
        unknown = f"; {counted(total.unknown, 'of them has', 'of them have')} an unknown outcome{most}"
    price = f" (without {listed(spending.unpriced)}, whose price is not known)" if spending.unpriced else ""
    return f"Spent so far: {dollars(total.usd)}{price} on {counted(total.calls, 'call')}{unknown}."

"""Contenders in bakeoff.yaml: recipes with settings that override the run's defaults. Every mistake is named."""

from pathlib import Path

import pytest

from bakeoff.catalogue import RECIPES
from bakeoff.contenders.load import make_recipes, standard_entrants
from bakeoff.contenders.recipe import Recipe
from bakeoff.errors import ConfigError
from bakeoff.imports import imported
from bakeoff.runs.config import load_config, validate

MINIMAL = "name: pilot\ndocuments: docs\nquestions: [questions.csv]\n"
LARGE = "models: {large: {api: openai, base_url: 'https://llm.example/v1', model: big, context_tokens: 128000}}\n"


def config(folder: Path, text: str):
    (folder / "bakeoff.yaml").write_text(MINIMAL + text)
    return load_config(folder / "bakeoff.yaml")


def recipes(folder: Path, text: str) -> dict[str, Recipe]:
    loaded = config(folder, text)
    return {recipe.spec.name: recipe for recipe in make_recipes(loaded.specs, loaded.imports_from)}


def test_a_contender_differs_from_its_recipe_in_what_it_gives(tmp_path):
    """Model and number of passages are its own. Everything else is the run's default."""
    text = LARGE + "retrieval: {chunk_tokens: 64}\n"
    text += "contenders: [rag, {name: rag-large, like: rag, model: large, retrieval: {k: 8}}]\n"
    plain, large = config(tmp_path, text).specs
    assert (plain.model, plain.retrieval.k) == ("generator", 3)
    assert (large.recipe, large.model, large.retrieval.k, large.retrieval.chunk_tokens) == ("rag", "large", 8, 64)


def test_a_contender_may_be_like_one_above(tmp_path):
    """It inherits what that one changed."""
    wide, finer = (
        "{name: wide, like: rag, retrieval: {k: 8}}",
        "{name: finer, like: wide, retrieval: {chunk_tokens: 32}}",
    )
    text = f"contenders: [{wide}, {finer}]\n"
    assert config(tmp_path, text).specs[1].retrieval.model_dump(include={"k", "chunk_tokens"}) == {
        "k": 8,
        "chunk_tokens": 32,
    }


def test_a_mapping_without_a_name_is_named_by_its_recipe(tmp_path):
    """Overriding a setting of a recipe needs no new name."""
    (spec,) = config(tmp_path, "contenders: [{like: tuned, tuning: {epochs: 2}}]\n").specs
    assert (spec.name, spec.tuning.epochs) == ("tuned", 2)


@pytest.mark.parametrize(
    ("contenders", "named"),
    [
        ("[ragg]", "there is no recipe 'ragg' (did you mean 'rag'?). Recipes: base, rag"),
        ("[{name: a, like: nothing}]", "there is no recipe 'nothing'"),
        ("[rag, rag]", "entry 2 ('rag'): there are two contenders with this name"),
        ("[rag, {name: rag, like: base}]", "two contenders with this name"),
        ("[{like: rag, model: big}]", "'model' names the model 'big', which is not in `models:`"),
        ("[{like: rag, retrieval: {embedder: e5}}]", "'retrieval.embedder' names the model 'e5'"),
        ("[{like: rag, retrieval: {k: 0}}]", "'retrieval.k'"),
        ("[{like: rag, retrieval: {kk: 3}}]", "unknown key 'retrieval.kk'"),
        ("[{like: rag, tuning: 3}]", "'contenders.0.tuning'"),
        ("[{like: rag, options: {speed: 3}}]", "unknown option 'speed' of the recipe 'rag'; allowed: rewrite"),
        ("[{like: drqa, options: {epoch: 3}}]", "unknown option 'epoch' of the recipe 'drqa' (did you mean 'epochs'?)"),
        (
            "[{like: tuned, tuning: {epoch: 3}}]",
            "'tuning.epoch' (did you mean 'tuning.epochs'?); allowed: method, rank",
        ),
        ("[{like: tuned, tuning: {preferences: pairs.jsonl}}]", "as in {files: pairs.jsonl}"),
        ("[{like: drqa, tuning: {epochs: 2}}]", "the recipe 'drqa' does not use 'tuning.epochs'; of tuning it uses"),
        ("[{like: label-head, tuning: {rank: 2}}]", "the recipe 'label-head' does not use 'tuning.rank'"),
        ("[{like: extract, presentation: fixed}]", "the recipe 'extract' does not use 'presentation'"),
        ("[{like: base, retrieval: {k: 3}}]", "the recipe 'base' does not use 'retrieval.k'"),
        ("[{like: extract, model: generator}]", "the recipe 'extract' does not use 'model'"),
        ("[{name: ../up, like: rag}]", "cannot be used as a file name"),
        ("[tuned, rag, {like: router, parts: {near: gone}}]", "the part 'near: gone'"),
        ("[tuned, router]", "the run lacks a contender that retrieves"),
        ("[rag, {name: RAG, like: rag}]", "two contenders with this name ('rag' and 'RAG'"),
        ("[rag, {name: rag.dev, like: base}]", "the name ends in '.dev'"),
        ("[{like: rag, parts: {near: rag}}]", "'rag' has no parts"),
        ("[tuned, rag, {like: router, parts: {neer: tuned}}]", "parts.neer is unknown; its roles are near, far"),
        ("[tuned, rag, {like: router, parts: {far: router}}]", "sends questions to itself"),
        ("[tuned, {name: t2, like: tuned}, rag, {like: router, parts: {near: [tuned, t2]}}]", "name one contender for"),
        ("[rag, router]", "the run lacks a fine-tuned contender"),
        ("[no_such_module.Thing]", "'no_such_module.Thing' cannot be imported"),
        ("[json.JSONDecoder]", "has no method answer(questions)"),
    ],
)
def test_each_mistake_is_named(tmp_path, contenders, named):
    """The value found, what is allowed, and what to do."""
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, f"contenders: {contenders}\n")
    assert named in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("contenders: [{like: drqa, tuning: {epochs: 2}}]\n", "write options: {epochs: 2}"),
        ("contenders: [{like: base, tuning: {rank: 2}}]\n", "whose recipe uses it (tuned, hybrid)"),
        ("contenders: [base, {like: drqa}]\ntuning: {epochs: 2}\n", "{like: drqa, options: {epochs: ...}}"),
        ("contenders: [rag, {name: rag-2, like: rag}, rag]\n", "for example `name: rag-3`"),
    ],
)
def test_the_remedy_says_where_a_setting_belongs(tmp_path, text, remedy):
    """In the recipe's own options, or to a recipe that uses it; a name that is taken gets a free one."""
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text)
    assert remedy in str(caught.value.remedy)


def test_every_recipe_says_which_settings_it_uses(tmp_path):
    """Else a setting that it ignores would be no error. A run's own `tuning` are defaults, which none needs to use."""
    kinds = {name: imported(path, None, name) for name, path in RECIPES.items()}
    assert [name for name, kind in kinds.items() if kind.uses is None] == []
    assert (
        config(tmp_path, "contenders: [base, {like: rag, tuning: {epochs: null}}]\ntuning: {rank: 9}\n").tuning.rank
        == 9
    )


def test_a_model_named_twice_is_refused(tmp_path):
    """Like any duplicate key."""
    with pytest.raises(ConfigError, match="the key 'large' is given a second time"):
        config(tmp_path, "models:\n  large: a/b\n  large: c/d\n")


def test_the_old_way_to_name_a_server_is_told_the_new_one(tmp_path):
    """'openai:URL#MODEL' was a string. A model behind a server is now a mapping."""
    with pytest.raises(ConfigError, match="write a model behind a server as"):
        config(tmp_path, "models: {generator: 'openai:http://localhost:8000/v1#m'}\n")


@pytest.mark.parametrize(("key", "value"), [("engine", "openvino"), ("max_new_tokens", "16")])
def test_keys_that_moved_are_told_where_to(tmp_path, key, value):
    """`models:` holds names of models now: an old key there is not taken for one."""
    with pytest.raises(ConfigError, match=f"'{key}' is not the name of a model here; write it as"):
        config(tmp_path, f"models: {{{key}: {value}}}\n")


def test_contenders_share_what_can_be_shared(tmp_path):
    """One index for settings that differ only in k; one tuned model for one training."""
    text = (
        "contenders: [rag, {name: wide, like: rag, retrieval: {k: 8}},"
        " {name: fine, like: rag, retrieval: {chunk_tokens: 32}},"
        " tuned, {name: tuned-again, like: tuned}, {name: tuned-r64, like: tuned, tuning: {rank: 64}}]\n"
    )
    made = recipes(tmp_path, text)
    assert made["rag"].index == made["wide"].index != made["fine"].index
    assert made["tuned"].adapter == made["tuned-again"].adapter != made["tuned-r64"].adapter


def test_how_long_answers_may_be_changes_no_closed_book_training(tmp_path):
    """It does change how many passages fit beside the answer, and so what a model is tuned to read."""
    text = (
        "contenders: [tuned, {name: long, like: tuned, generation: {max_new_tokens: 90}},"
        " hybrid, {name: long-hybrid, like: hybrid, generation: {max_new_tokens: 90}}]\n"
    )
    made = recipes(tmp_path, text)
    assert made["tuned"].adapter == made["long"].adapter
    assert made["hybrid"].adapter != made["long-hybrid"].adapter


def test_a_router_goes_on_with_the_parts_that_could_be_built(tmp_path):
    """It is left out only where none of a kind is left."""
    text = "contenders: [tuned, rag, {name: rag-2, like: rag, retrieval: {k: 5}}, router]\n"
    router = recipes(tmp_path, text)["router"]
    assert router.lost({"rag": "no room"}) is None
    assert router.behind() == ("tuned", "rag-2")
    assert "no weights" in recipes(tmp_path, text)["router"].lost({"tuned": "no weights"})


def test_a_router_takes_a_tuned_contender_not_any_that_learns_facts(tmp_path):
    """What keeps questions in a table is no tuned model."""
    (tmp_path / "tables.py").write_text(
        "from bakeoff.contenders.rag import Rag\nclass Table(Rag):\n    learns_facts = True\n    retrieves = False\n"
    )
    text = "contenders: [{name: table, like: tables.Table}, tuned, rag, router]\n"
    assert recipes(tmp_path, text)["router"].nears == ("tuned",)


def test_the_axes_say_where_a_contender_stands_in_the_grid(tmp_path):
    """Two by two for each model. Contenders outside the grid have no axes."""
    text = LARGE + "contenders: [base, rag, tuned, hybrid, extract, {name: base-large, like: base, model: large}]\n"
    loaded = config(tmp_path, text)
    entrants = {name: recipe.entrant(loaded.models) for name, recipe in recipes(tmp_path, text).items()}
    axes = {name: entrant.axes for name, entrant in entrants.items()}
    retrieval = "retrieval (128 tokens, k 3)"
    assert (axes["base"].tuning, axes["base"].knowledge) == ("", "")
    assert (axes["rag"].tuning, axes["rag"].knowledge) == ("", retrieval)
    assert (axes["tuned"].tuning, axes["tuned"].knowledge) == ("fine-tuned", "")
    assert (axes["hybrid"].tuning, axes["hybrid"].knowledge) == ("fine-tuned", retrieval)
    assert axes["extract"] is None
    assert axes["base-large"].model == "large"
    assert [name for name, entrant in entrants.items() if entrant.is_baseline] == ["base", "base-large"]
    assert entrants["base-large"].model.location == "internet" and entrants["extract"].model is None


def test_a_class_of_ones_own_may_lie_beside_the_configuration(tmp_path):
    """No PYTHONPATH is needed. Your own recipe works like any other."""
    (tmp_path / "our_contenders.py").write_text(
        "from bakeoff.contenders.rag import Rag\n"
        "class Parrot:\n    def answer(self, questions):\n        return []\n"
        "class OurRag(Rag):\n    title = 'Our RAG'\n"
    )
    text = "contenders: [our_contenders.Parrot, {name: ours, like: our_contenders.OurRag, retrieval: {k: 1}}]\n"
    made = recipes(tmp_path, text)
    assert made["our_contenders.Parrot"].entrant({}).axes is None
    assert made["ours"].title == "Our RAG" and made["ours"].index == "embedder-128"


def test_installed_packages_add_recipes_by_entry_point(tmp_path, monkeypatch):
    """The group is bakeoff.contenders; the name is used as any recipe's."""
    from importlib.metadata import EntryPoint

    from bakeoff.contenders import spec

    point = EntryPoint("their-rag", "bakeoff.contenders.rag:Rag", "bakeoff.contenders")
    monkeypatch.setattr(spec.metadata, "entry_points", lambda group: [point] if group == point.group else [])
    spec._installed.cache_clear()
    try:
        assert recipes(tmp_path, "contenders: [their-rag]\n")["their-rag"].retrieves
    finally:
        spec._installed.cache_clear()


def test_every_recipe_describes_itself():
    """Title, summary and days of work, which advice and reports use."""
    entrants = standard_entrants()
    assert [entrant.name for entrant in entrants] == [
        "base", "rag", "tuned", "hybrid", "extract", "faq", "router", "cascade", "long-context",
    ]  # fmt: skip
    assert all(entrant.title and entrant.summary and entrant.days.setup > 0 for entrant in entrants)


SECRET = "SENTINEL0123456789"


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (f"base_url: 'https://u:{SECRET}@h.example/v1'", "must hold no user or password"),
        (f"base_url: 'https://u:{SECRET}/x@h.example/v1'", "is not the address of a server"),
        (f"base_url: 'htp://u:{SECRET}@h.example/v1'", "must hold no user or password"),
        (f"base_url: 'https://[u:{SECRET}@h.example/v1'", "must hold no user or password"),
        (f"base_url: 'https://h.example:{SECRET}/v1'", "'https://h.example/v1' is not the address"),
        (f"base_url: 'https://h.example/v1?api-key={SECRET}'", r"no query \('\?'\) or fragment"),
        (f"base_url: 'https://h.example/v1#{SECRET}'", "or fragment"),
        (f"base_url: sk-{SECRET}", "is not the address"),
        (f"base_url: ['https://u:{SECRET}@h.example']", "base_url"),
        (f"base_url: 'https://h.example/v1', key_env: sk-proj-{SECRET}", "never the key itself"),
        (f"base_url: 'https://h.example/v1', key_env: gsk_{SECRET}", "never the key itself"),
        (f"base_url: 'https://h.example/v1', key_env: '{SECRET}abcdef'", "never the key itself"),
        (f"base_url: 'https://h.example/v1', key_env: ['{SECRET}']", "key_env"),
        (f"base_url: 'https://h.example/v1', key_env: '9{SECRET}'", "never the key itself"),
        (f"base_url: 'https://h.example/v1', key: {SECRET}", "unknown key 'models.large.api.key'"),
    ],
)
def test_no_secret_of_a_model_is_shown(tmp_path, model, words):
    """A password, a query or a key where none may stand: the error says so, and holds nothing of it."""
    with pytest.raises(ConfigError, match=words) as caught:
        config(tmp_path, f"models: {{large: {{api: openai, model: big, {model}}}}}\n")
    assert SECRET not in str(caught.value) and SECRET not in repr(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        f"models: {{large: 'openai:https://u:{SECRET}@h.example/v1#m'}}\n",
        f"models: [{{api: openai, base_url: 'https://u:{SECRET}@h.example/v1', key_env: {SECRET}}}]\n",
        f"models: 'https://u:{SECRET}@h.example/v1'\n",
        f"models: {{large: {{base_url: 'https://u:{SECRET}@h.example/v1' key_env: {SECRET}}}}}\n",
        f"contenders: [{{like: rag, retrieval: {{k: 'https://u:{SECRET}@h.example/v1'}}}}]\n",
        f"contenders: [{{like: rag, retrieval: {{k: 'https://h.example/v1?key={SECRET}'}}}}]\n",
        f"contenders: [{{like: rag, retrieval: {{k: {{base_url: 'https://u:{SECRET}@h.example/v1'}}}}}}]\n",
    ],
)
def test_no_secret_is_shown_wherever_it_stands(tmp_path, text):
    """An address with a password in the wrong place of the configuration."""
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("name", ["OPENAI_API_KEY", "_key2", "COMPANY_LLM_KEY_FOR_PRODUCTION_2", "hf_token"])
def test_names_of_variables_are_taken(tmp_path, name):
    """Letters, digits and underscores, however long."""
    loaded = config(tmp_path, f"models: {{a: {{api: openai, model: m, base_url: 'https://h/v1', key_env: {name}}}}}\n")
    assert loaded.models["a"].key_env == name


SERVER = "{api: openai, base_url: 'https://h/v1', model: m}"


@pytest.mark.parametrize(
    "models",
    [
        f"{{one: {SERVER}, two: {SERVER}}}",
        "{one: org/model, two: {name: org/model, engine: auto}}",
        "{generator: org/model, two: org/model}",
        f"{{generator: {SERVER}, embedder: {SERVER}}}",
        "{one: {api: openai, base_url: 'https://h/v1', model: m}, two: "
        "{api: openai, base_url: 'https://h/v1/', model: m, retries: 4}}",
    ],
)
def test_the_same_model_under_two_names_is_refused(tmp_path, models):
    """Two names would be measured and reported as two models."""
    with pytest.raises(ConfigError, match=r"'\w+' and '\w+' are the same model with the same settings"):
        config(tmp_path, f"models: {models}\n")


@pytest.mark.parametrize(
    "models",
    [
        "{small: HuggingFaceTB/SmolLM2-135M-Instruct, mini: sentence-transformers/all-MiniLM-L6-v2}",
        "{one: org/model, two: {name: org/model, engine: openvino}}",
        f"{{one: {SERVER}, two: {{api: openai, base_url: 'https://h/v1', model: m, temperature: 1}}}}",
    ],
)
def test_a_default_and_other_settings_are_no_second_name(tmp_path, models):
    """Neither for what was written, nor for what a run's folder then holds, which names the defaults as well."""
    loaded = config(tmp_path, f"models: {models}\n")
    assert validate(loaded.model_dump(mode="json")).models == loaded.models

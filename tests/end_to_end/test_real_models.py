"""The whole way with real models on small data: every contender of the grid, trained and measured."""

import pytest

from bakeoff.catalogue import STANDARD
from tests.end_to_end.small import make

pytestmark = pytest.mark.models

EPOCHS = {"tuned": 3, "hybrid": 1}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One run of all contenders with the default models."""
    from bakeoff.pilot.run import run

    folder = tmp_path_factory.mktemp("planets")
    config = make(
        folder,
        generation={"max_new_tokens": 12},
        general="builtin",
        models={},
        contenders=[{"like": name, "tuning": {"epochs": EPOCHS.get(name)}} for name in STANDARD],
    )
    return run(config, runs=folder / "runs")


def test_every_contender_is_measured(finished):
    """All contenders (the corpus fits the context), eight measures, no failed answer."""
    contenders = finished.comparison.measures
    assert set(contenders) | set(finished.comparison.skipped) == set(STANDARD)
    for name, measures in contenders.items():
        assert measures["errors"].value == 0.0, name
        assert measures["latency_ms"].value > 0, name
        assert measures["setup_s"].value > 0, name


def test_what_reads_beats_what_does_not_on_facts_nobody_can_know(finished):
    """The planets are invented: without passages and without training nothing can be known about them."""
    assert finished.measure("extract", "accuracy") > finished.measure("base", "accuracy")
    slices = {name: measures["accuracy"].slices for name, measures in finished.comparison.measures.items()}
    assert max(slices["rag"]["unseen"].value, slices["hybrid"]["unseen"].value) > slices["base"]["unseen"].value


def test_the_base_model_keeps_its_general_knowledge_and_retention_is_held_against_it(finished):
    """Retention is 1 for the base model by definition, and measured for the tuned one."""
    assert finished.measure("base", "retention") == pytest.approx(1.0)
    assert finished.measure("tuned", "retention") is not None


def test_rag_answers_cite_chunks_of_the_documents(finished):
    """Every answer with retrieval shows what it read; one without shows nothing."""
    assert all(answer.citations for answer in finished.answers("rag"))
    assert not any(answer.citations for answer in finished.answers("base"))
    cited = finished.answers("rag")[0].citations[0].chunk
    assert cited.text and cited.source.endswith(".md")


def test_the_router_says_where_it_sent_each_question(finished):
    """Every routed answer names one of the two contenders behind it."""
    assert {answer.route for answer in finished.answers("router")} <= {"tuned", "rag", "hybrid"}


def test_the_tuned_model_is_opened_with_the_template_it_was_trained_with(finished):
    """Another template is refused."""
    from bakeoff.contenders.world import WorldFolder
    from bakeoff.errors import RunFolderError

    config = finished.folder.config()
    world = WorldFolder(finished.folder.world, config.models)
    built = world.built("tuned")
    template = world.adapter_folder(_adapter_of(built)) / "template.txt"
    before = template.read_text()
    template.write_text(config.prompts.grounded.fingerprint)
    with pytest.raises(RunFolderError, match="another prompt template"):
        world.open("tuned")
    template.write_text(before)


def _adapter_of(built):
    from bakeoff.contenders.load import make_recipe

    return make_recipe(built.spec).adapter

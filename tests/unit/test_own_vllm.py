"""Engine `vllm`: Bakeoff starts the server itself. A stand-in for the command runs as a real process."""

import gc
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from bakeoff.contenders.kept_models import _key
from bakeoff.contenders.load import make_recipes
from bakeoff.contenders.spec import Spec
from bakeoff.errors import ConfigError, EngineGoneError, ModelUnavailableError
from bakeoff.models.embed import load_embedder
from bakeoff.models.engines import vllm_process, vllm_servers
from bakeoff.models.engines.vllm_failures import why_it_ended
from bakeoff.models.engines.vllm_own import OwnVllmGenerator, rank_of
from bakeoff.models.engines.vllm_process import Wanted, arguments, highest_rank
from bakeoff.models.engines.vllm_servers import SERVERS, VllmServers
from bakeoff.models.load import load_generator
from bakeoff.models.memory import make_room_to_train
from bakeoff.models.probe import probe
from bakeoff.models.providers.adapters import adapter_name
from bakeoff.models.rerank import check_reranker
from bakeoff.models.settings import LocalModel
from bakeoff.models.vllm_options import VllmOptions
from bakeoff.pilot.asking import is_spread
from bakeoff.pilot.run import run
from bakeoff.records import Completion, GenerationSettings, Message, Prompt
from tests.end_to_end.small import make
from tests.fake_api import FakeApi
from tests.stand_in_vllm import StandIn
from tests.unit.tiny_model import write_tiny_model

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc to see which processes run")
FEW = GenerationSettings(max_new_tokens=500)
PROMPT = Prompt(messages=(Message(role="user", content="2+2?"),))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.fixture(scope="module")
def adapter(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An adapter of rank 2 for the tiny model."""
    return _adapter(tiny, tmp_path_factory.mktemp("adapters"), 2)


def _adapter(tiny: Path, folder: Path, rank: int) -> Path:
    peft = pytest.importorskip("peft")
    from transformers import LlamaForCausalLM

    settings = peft.LoraConfig(r=rank, target_modules=["q_proj"], task_type="CAUSAL_LM")
    peft.get_peft_model(LlamaForCausalLM.from_pretrained(tiny), settings).save_pretrained(folder / f"rank{rank}")
    return folder / f"rank{rank}"


@pytest.fixture
def vllm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandIn]:
    folder = tmp_path / "bin"
    folder.mkdir()
    stand_in = StandIn(folder, monkeypatch)
    yield stand_in
    gc.collect()
    SERVERS.stop_idle()
    assert stand_in.ended()


def local(folder: Path, **options: Any) -> LocalModel:
    return LocalModel(name=str(folder), engine="vllm", vllm=VllmOptions(**options) if options else None)


def asked(generator: Any) -> Completion:
    return generator.generate([PROMPT], FEW)[0]  # type: ignore[no-any-return]


def test_one_server_answers_for_a_model_and_its_adapters_and_ends_with_them(
    vllm: StandIn, tiny: Path, adapter: Path
) -> None:
    """It is started once, as a group of processes, and stopped when the last generator is gone."""
    vllm.does(delay_s=0.5)
    base, tuned = load_generator(local(tiny)), load_generator(local(tiny), adapter)
    assert asked(base).text.startswith(f"{tiny} ") and asked(tuned).text.startswith(f"{adapter_name(adapter)} ")
    (start,) = vllm.starts
    assert len(vllm.running) == 2
    *pieces, last = tuned.stream(PROMPT, FEW)
    assert isinstance(last, Completion) and "".join(map(str, pieces)) == asked(tuned).text
    del base
    gc.collect()
    assert len(vllm.running) == 2 and asked(tuned).error is None
    del tuned
    gc.collect()
    assert vllm.ended() and len(vllm.starts) == 1
    env = start["env"]
    assert env["VLLM_NO_USAGE_STATS"] == env["DO_NOT_TRACK"] == env["HF_HUB_OFFLINE"] == "1"
    assert env["VLLM_ALLOW_RUNTIME_LORA_UPDATING"] == "True" and len(env["VLLM_API_KEY"]) > 30


def test_the_key_is_new_for_each_start_and_stands_nowhere_else(vllm: StandIn, tiny: Path) -> None:
    """Neither in the arguments, which every user of the machine can list, nor in this process's environment."""
    for _ in range(2):
        generator = load_generator(local(tiny))
        del generator
        gc.collect()
    keys = [start["env"]["VLLM_API_KEY"] for start in vllm.starts]
    assert len({*keys}) == 2
    assert not any(key in json.dumps(start["argv"]) for key in keys for start in vllm.starts)
    assert not {*keys} & {*os.environ.values()}


def test_nobody_without_the_key_is_answered(vllm: StandIn, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is asked with its own key, whatever VLLM_API_KEY is here."""
    monkeypatch.setenv("VLLM_API_KEY", "that-of-another-server")
    generator = load_generator(local(tiny))
    assert asked(generator).error is None
    assert vllm.starts[0]["env"]["VLLM_API_KEY"] != "that-of-another-server"


def test_what_vllm_is_started_with(tmp_path: Path) -> None:
    """Its own names, on this machine only, and no sampling settings of the model's own."""
    wanted = Wanted(
        tmp_path, "org/m", VllmOptions(max_model_len=512, dtype="float16", tensor_parallel_size=2), 1024, rank=20
    )
    assert arguments(wanted, 8001, highest_rank(20, "org/m")) == [
        *("serve", str(tmp_path), "--host", "127.0.0.1", "--port", "8001", "--served-model-name", "org/m"),
        *("--max-model-len", "512", "--dtype", "float16", "--generation-config", "vllm"),
        *("--gpu-memory-utilization", "0.9", "--tensor-parallel-size", "2", "--disable-uvicorn-access-log"),
        *("--enable-lora", "--max-lora-rank", "32"),
    ]
    assert "--enable-lora" not in arguments(wanted, 8001, 0)
    with pytest.raises(ModelUnavailableError, match="rank 600, and vLLM takes ranks up to 512"):
        highest_rank(600, "org/m")


def test_the_rank_of_an_adapter_is_its_highest(tmp_path: Path) -> None:
    """A pattern may give some layers a higher one."""
    (tmp_path / "adapter_config.json").write_text('{"r": 8, "rank_pattern": {"q_proj": 48}}')
    assert rank_of(tmp_path) == 48


def test_an_adapter_of_a_higher_rank_has_the_server_started_again(
    vllm: StandIn, tiny: Path, adapter: Path, tmp_path: Path
) -> None:
    """Once, for the higher rank; it then answers for both."""
    low = load_generator(local(tiny), adapter)
    high_adapter = _adapter(tiny, tmp_path, 24)
    high = load_generator(local(tiny), high_adapter)
    assert asked(low).text.startswith(adapter_name(adapter)) and asked(high).text.startswith(adapter_name(high_adapter))
    ranks = [start["argv"][start["argv"].index("--max-lora-rank") + 1] for start in vllm.starts]
    assert ranks == ["16", "32"] and len(vllm.running) == 2


def test_a_whole_tuned_model_has_a_server_of_its_own(vllm: StandIn, tiny: Path, tmp_path: Path) -> None:
    """Their shares do not fit beside each other: one stops for the other, and starts again when it is asked."""
    whole = write_tiny_model(tmp_path / "whole", num_hidden_layers=1)
    base = load_generator(local(tiny))
    tuned = load_generator(local(tiny), whole)
    assert [start["argv"][1] for start in vllm.starts] == [str(tiny), str(whole)]
    assert len(vllm.running) == 2 and asked(tuned).error is None
    assert asked(base).error is None and len(vllm.starts) == 3 and len(vllm.running) == 2


def test_servers_whose_shares_fit_run_side_by_side(vllm: StandIn, tiny: Path, tmp_path: Path) -> None:
    """The shares of the GPU's memory decide; a third one stops that which was used longest ago."""
    folders = [tiny, *(write_tiny_model(tmp_path / name, num_hidden_layers=1) for name in "ab")]
    first, second = (load_generator(local(folder, gpu_memory_utilization=0.45)) for folder in folders[:2])
    assert len(vllm.running) == 4
    asked(first)
    third = load_generator(local(folders[2], gpu_memory_utilization=0.45))
    assert len(vllm.running) == 4
    asked(first)
    assert len(vllm.starts) == 3  # the first was used last, so the second is the one that was stopped
    asked(second)
    assert len(vllm.starts) == 4 and third.name == str(folders[2])


def test_its_prompts_are_kept_apart(vllm: StandIn, tiny: Path) -> None:
    generator = load_generator(local(tiny))
    assert isinstance(generator, OwnVllmGenerator) and generator._asks is not None
    assert generator._asks[1]._keeps_apart


def test_two_servers_of_one_folder_have_each_a_log_of_its_own(vllm: StandIn, tiny: Path) -> None:
    """The last lines of a log say why its server ended: of another one they would say something else."""
    some = [load_generator(local(tiny, gpu_memory_utilization=share)) for share in (0.3, 0.4)]
    assert len(vllm.running) == 4 and all(asked(one).error is None for one in some)
    (folder,) = vllm.command.parent.rglob("cache/vllm")
    assert len(list(folder.glob("*.log"))) == 2


def test_two_that_do_not_fit_and_are_asked_at_once_are_an_error(
    vllm: StandIn, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not a wait without end: a stream that nobody reads on holds its server."""
    monkeypatch.setattr(vllm_servers, "LONGEST_WAIT_S", 0.3)
    other = write_tiny_model(tmp_path / "other", num_hidden_layers=1)
    first = load_generator(local(tiny))
    stream = iter(first.stream(PROMPT, FEW))
    next(stream)
    with pytest.raises(ModelUnavailableError, match="asked at the same time") as caught:
        load_generator(local(other))
    assert "gpu_memory_utilization" in caught.value.remedy
    stream.close()  # type: ignore[attr-defined]
    assert asked(load_generator(local(other))).error is None


def test_a_training_gets_the_memory_and_the_server_comes_back(vllm: StandIn, tiny: Path) -> None:
    """What trains stops it; who still holds the model gets a new server with the next question."""
    generator = load_generator(local(tiny))
    make_room_to_train()
    assert vllm.ended()
    assert asked(generator).error is None and len(vllm.starts) == 2


def test_a_server_that_dies_while_it_answers_is_one_error(vllm: StandIn, tiny: Path) -> None:
    """With the reason from its log, not one for each question; the next question starts it again."""
    vllm.does(dies_at=3)
    generator = load_generator(local(tiny))
    with pytest.raises(ModelUnavailableError, match="ended while it was answering: the GPU has not enough memory") as e:
        generator.generate([PROMPT] * 8, FEW)
    assert "CUDA out of memory" in e.value.message and ".log" in e.value.remedy
    assert vllm.ended()
    vllm.does()
    assert asked(generator).error is None and len(vllm.starts) == 2


def test_a_stream_whose_server_dies_says_why(vllm: StandIn, tiny: Path) -> None:
    """As a batch does."""
    vllm.does(dies_at=1)
    generator = load_generator(local(tiny))
    with pytest.raises(ModelUnavailableError, match="ended while it was answering"):
        list(generator.stream(PROMPT, FEW))


@pytest.mark.parametrize(
    ("says", "message", "remedy"),
    [
        (
            "ValueError: Free memory on device cuda:0 (3.25/23.43 GiB) on startup is less than desired GPU memory "
            "utilization (0.9, 21.1 GiB). Decrease GPU memory utilization or reduce GPU memory used by other "
            "processes.\nRuntimeError: Engine core initialization failed. See root cause above.",
            r"less of the GPU's memory is free than it is to take \(ValueError: Free memory",
            "lower vllm.gpu_memory_utilization",
        ),
        (
            "ValueError: The model's max seq len (131072) is larger than the maximum number of tokens that can be "
            "stored in KV cache (58496).",
            "context does not fit",
            "vllm.max_model_len",
        ),
        (
            "ValueError: To serve at least one request with the models's max seq len (131072), (4.11 GiB KV cache is "
            "needed, which is larger than the available KV cache memory (4.0 GiB).",
            "context does not fit",
            "vllm.max_model_len",
        ),
        ("torch.OutOfMemoryError: CUDA out of memory.", "not enough memory", "smaller model"),
        (
            "ValueError: Model architectures ['FooForCausalLM'] are not supported for now.",
            "does not know this kind of model",
            "engine: transformers",
        ),
        ("vllm: error: unrecognized arguments: --generation-config vllm", "does not know an option", "pip install -U"),
        ("RuntimeError: Failed to infer device type", "finds no GPU", "nvidia-smi"),
        ("KeyError: 'something new'", "while it was loading: KeyError: 'something new'", "read its log"),
    ],
)
def test_why_a_server_does_not_start(says: str, message: str, remedy: str, vllm: StandIn, tiny: Path) -> None:
    """One message with what its log says, and what to do."""
    vllm.does(says=says)
    with pytest.raises(ModelUnavailableError, match=message) as caught:
        load_generator(local(tiny))
    assert remedy in caught.value.remedy and "root cause" not in caught.value.message
    assert len(vllm.starts) == 1 and vllm.ended()


def test_a_log_that_cannot_be_read_is_no_second_error(tmp_path: Path) -> None:
    """The exit status is what is known then."""
    assert "exit status 137" in why_it_ended(tmp_path / "none.log", "m", 137, "while it was loading").message


def test_a_taken_port_is_tried_again_with_another(vllm: StandIn, tiny: Path) -> None:
    """Another program may take it between the choice and the start."""
    vllm.does(says="OSError: [Errno 98] Address already in use", times=1)
    assert asked(load_generator(local(tiny))).error is None
    ports = [start["argv"][start["argv"].index("--port") + 1] for start in vllm.starts]
    assert len(ports) == len({*ports}) == 2


def test_another_server_at_its_port_is_never_asked(vllm: StandIn, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is healthy long before vLLM finds out that the port is taken: a vLLM of somebody else, say."""
    free = vllm_process._free_port
    theirs = {"data": [{"id": "somebody's model"}]}
    with FakeApi(known={"/health": {}, "/version": {}, "/v1/models": theirs}) as other:
        ports = iter([int(other.url.split(":")[2].split("/")[0])])
        monkeypatch.setattr(vllm_process, "_free_port", lambda: next(ports, None) or free())
        vllm.does(delay_s=1.0)
        generator = load_generator(local(tiny))
        assert asked(generator).error is None and len(vllm.starts) == 2
        assert not [one for one in other.requests if one.path == "/v1/completions"]


def test_a_server_that_is_never_ready_is_stopped(vllm: StandIn, tiny: Path) -> None:
    """After the time that it may take."""
    vllm.does(never=True)
    with pytest.raises(ModelUnavailableError, match=r"not ready after 4 s. .*loading weights") as caught:
        load_generator(local(tiny, start_timeout_s=4.0))
    assert "start_timeout_s" in caught.value.remedy and vllm.ended()


def test_it_says_that_it_is_waiting(
    vllm: StandIn, tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Weights may load for minutes."""
    monkeypatch.setattr(vllm_process, "TELL_EVERY_S", 0.2)
    vllm.does(delay_s=4.0)
    load_generator(local(tiny))
    assert "vLLM is still loading" in caplog.text and "loading weights" in caplog.text and "has loaded" in caplog.text


def test_without_vllm_a_run_stops_before_it_begins(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message says how to install it; nothing is started."""
    monkeypatch.setenv("PATH", "/nowhere")
    for attempt in (probe, load_generator):
        with pytest.raises(ModelUnavailableError, match="no command 'vllm'") as caught:
            attempt(local(tiny))  # type: ignore[operator]
        assert "pip install vllm" in caught.value.remedy and "command:" in caught.value.remedy


def test_a_command_elsewhere_is_named(vllm: StandIn, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """vLLM pins its own torch, so it mostly has an environment of its own."""
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert asked(load_generator(local(tiny, command=str(vllm.command)))).error is None


PROGRAM = """
    import sys, time
    from pathlib import Path
    from bakeoff.models.load import load_generator
    from bakeoff.models.settings import LocalModel
    kept = load_generator(LocalModel(name={name!r}, engine="vllm"))
    print("ready", flush=True)
    if {waits}: time.sleep(600)
"""


def _parent(tiny: Path, waits: bool) -> subprocess.Popen[str]:
    program = textwrap.dedent(PROGRAM.format(name=str(tiny), waits=waits))
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None and parent.stdout.readline() == "ready\n"
    return parent


def test_logs_are_for_their_owner_and_for_a_week(vllm: StandIn, tiny: Path) -> None:
    """vLLM may write prompts into them."""
    folder = vllm.command.parent / "cache" / "vllm"
    folder.mkdir(parents=True)
    old, recent = folder / "old.log", folder / "recent.log"
    for log, days in ((old, 8), (recent, 6)):
        log.write_text("")
        os.utime(log, (time.time() - days * 86_400,) * 2)
    kept = load_generator(local(tiny))
    assert not old.exists() and recent.exists()
    (new,) = (log for log in folder.glob("*.log") if log != recent)
    assert "loading weights" in new.read_text() and not new.stat().st_mode & 0o077
    assert kept.name == str(tiny)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_server_outlives_its_parent(number: signal.Signals, vllm: StandIn, tiny: Path) -> None:
    """Killed or stopped, the parent takes the server and its worker along."""
    parent = _parent(tiny, waits=True)
    assert len(vllm.running) == 2
    parent.send_signal(number)
    parent.wait(30)
    assert vllm.ended()


def test_the_end_of_the_process_stops_it(vllm: StandIn, tiny: Path) -> None:
    """Also where nobody lets go of the generator."""
    assert _parent(tiny, waits=False).wait(30) == 0
    assert vllm.ended()


def test_the_server_ends_where_what_watches_it_is_killed(vllm: StandIn, tiny: Path) -> None:
    """The watching process is no weak point: Linux kills the server with it."""
    generator = load_generator(local(tiny))
    server, worker = vllm.starts[0]["pids"]
    watch = int(Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[1])
    os.kill(watch, signal.SIGKILL)
    end = time.monotonic() + 10
    while server in vllm.running and time.monotonic() < end:
        time.sleep(0.05)
    assert server not in vllm.running
    os.kill(worker, signal.SIGKILL)  # real workers look after their parent themselves
    assert generator.name == str(tiny)


def test_threads_share_one_start(vllm: StandIn, tiny: Path) -> None:
    """Those who ask while it starts wait for it."""
    vllm.does(delay_s=0.5)
    made: list[Any] = []
    threads = [threading.Thread(target=lambda: made.append(load_generator(local(tiny)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4 and len(vllm.starts) == 1


def test_servers_of_several_sets_do_not_mix(vllm: StandIn, tiny: Path) -> None:
    """What one set stops is its own."""
    mine = VllmServers()
    generator = OwnVllmGenerator(tiny, "m", VllmOptions(), servers=mine)
    SERVERS.stop_idle()
    assert len(vllm.running) == 2 and asked(generator).text.startswith("m ")
    mine.stop_idle()
    assert vllm.ended()


def test_answers_are_kept_by_the_version_of_vllm_and_not_by_how_it_is_run(vllm: StandIn, tiny: Path) -> None:
    """Another version, number format or context answers otherwise; another share of the memory does not."""
    generator = load_generator(local(tiny))
    assert generator.engine_version == "vllm 0.0.stand-in"  # type: ignore[attr-defined]
    key = _key(generator, local(tiny), [])
    assert key == _key(generator, local(tiny, gpu_memory_utilization=0.5, concurrency=4), [])
    assert key != _key(generator, local(tiny, dtype="float16"), [])
    generator.engine_version = "vllm 0.1"  # type: ignore[attr-defined]
    assert key != _key(generator, local(tiny), [])


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"name": "m", "vllm": {"dtype": "float16"}}, "set engine: vllm"),
        ({"name": "m", "engine": "vllm", "vllm": {"gpu_memory_utilization": 1.2}}, "less than or equal to 1"),
        ({"name": "m", "engine": "vllm", "vllm": {"max_lora_rank": 8}}, "Extra inputs"),
        (
            {"name": "m", "engine": "vllm", "answered_by": {"api": "openai", "base_url": "http://h", "model": "m"}},
            "engine vllm runs the model here",
        ),
    ],
)
def test_settings_that_do_not_fit(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        LocalModel.model_validate(settings)


def test_only_models_that_write_answers_are_on_vllm(tiny: Path) -> None:
    """An embedder, a reranker and a model without weights say what to do instead. Nothing is started."""
    for load in (load_embedder, check_reranker):
        with pytest.raises(ConfigError, match="engine: vllm, which is for models that write answers"):
            load(local(tiny))  # type: ignore[operator]
    with pytest.raises(ConfigError, match="has no weights that a vLLM server could load"):
        load_generator(LocalModel(name="scripted", engine="vllm"))


def test_it_answers_here_with_as_many_questions_at_once_as_the_options_say(tiny: Path) -> None:
    """No server of somebody else's: nothing leaves the machine, and nothing is paid by the token."""
    settings = local(tiny, concurrency=7)
    assert (settings.location, settings.concurrency, settings.price, settings.host) == ("here", 7, None, "")


def test_workers_do_not_ask_it(tiny: Path) -> None:
    """Each would start a server of its own, and the GPU's memory is for one."""
    (recipe,) = make_recipes([Spec(name="base", recipe="base")])
    assert not is_spread(recipe, {"generator": local(tiny)})
    assert is_spread(recipe, {"generator": LocalModel(name=str(tiny))})


def test_a_run_with_a_tuned_contender(vllm: StandIn, tiny: Path, tmp_path: Path) -> None:
    """Contenders share the server, a training gets it out of the way, and nothing runs after the end.

    What needs the probability of each token is left out before anything is asked for it.
    """
    generator = {"name": str(tiny), "engine": "vllm", "vllm": {"concurrency": 4}}
    path = make(
        tmp_path,
        models={"generator": generator, "embedder": "hash"},
        contenders=["base", "rag", "tuned", "rag-token"],
        tuning={"epochs": 1, "examples": 4, "rank": 2},
        generation={"max_new_tokens": 12},
    )
    finished = run(path, runs=tmp_path / "runs")
    assert {name: len(finished.folder.answers(name)) for name in ("base", "rag", "tuned")}
    for name in ("base", "rag", "tuned"):
        answers = finished.folder.answers(name)
        assert answers and all(answer.error is None for answer in answers)
    left_out = str(finished.folder.comparison().model_dump())
    assert f"which the vLLM server of {tiny} does not show" in left_out
    del finished
    gc.collect()
    assert vllm.ended()
    assert len(vllm.starts) == 2  # before and after the training


def test_a_run_whose_server_dies_goes_on_where_it_stopped(vllm: StandIn, tiny: Path, tmp_path: Path) -> None:
    """One message; what was answered is not asked again."""
    generator = {"name": str(tiny), "engine": "vllm", "vllm": {"concurrency": 1}}
    path = make(
        tmp_path,
        models={"generator": generator, "embedder": "hash"},
        contenders=["base", "rag"],
        generation={"max_new_tokens": 12},
        measuring={"batch_size": 1},
    )
    vllm.does(dies_at=12)
    with pytest.raises(EngineGoneError, match="ended while it was answering"):
        run(path, runs=tmp_path / "runs")
    gc.collect()
    vllm.does()
    finished = run(path, runs=tmp_path / "runs", resume=True)
    assert all(answer.error is None for name in ("base", "rag") for answer in finished.folder.answers(name))

"""Pulling models from a hub: what is fetched, what is not, and whatever goes wrong on the way."""

from __future__ import annotations

import json
import random
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from robot_voice.errors import ModelError
from robot_voice.models import pull
from robot_voice.models.hub import Hub
from robot_voice.models.lock import LOCK, read_lock
from robot_voice.models.manifest import load_manifest
from robot_voice.models.registry import available, find_model
from robot_voice.models.store import Store

from .hub import FakeHub, Fault, Refusal
from .hub_faults import NAME, SIZE, WAYS, Try, hub_with_a_model, model, models_folder, start_pull

REPOSITORY = load_manifest().entry(NAME).repository


@pytest.fixture(autouse=True)
def _no_other_hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No token, no hub of the owner's; and the library as if nobody had forbidden the network,
    which ``asr.whisper`` does when another test imports it."""
    from huggingface_hub import constants
    from huggingface_hub.utils import close_session

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(tmp_path / "no-token"))
    for name in ("HF_ENDPOINT", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    yield
    close_session()


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with hub_with_a_model() as fake:
        yield fake


@pytest.fixture
def one(hub: FakeHub, tmp_path: Path) -> Try:
    return Try.at(hub, models_folder(tmp_path))


# --- all is well ---------------------------------------------------------------


def test_a_model_comes_whole_with_its_lock(one: Try) -> None:
    done = one.pull()
    assert done.fetched
    assert one.wrong() == []
    assert sorted(file.name for file in done.path.iterdir()) == sorted(
        [LOCK, "config.json", "model.bin", "tokenizer.json", "vocabulary.txt"]
    )
    lock = read_lock(done.path)
    assert lock is not None
    assert (lock.source, lock.kind, lock.repository) == ("hub", "asr", REPOSITORY)
    assert lock.commit == lock.revision == load_manifest().entry(NAME).revision
    assert find_model("asr", NAME, None).path == done.path
    assert not (done.path.parent / ".staging" / NAME).exists()


def test_nothing_is_asked_but_the_model(one: Try, hub: FakeHub) -> None:
    """No telemetry, no lists, no other files."""
    one.pull()
    wanted = ("model.bin", "config.json", "tokenizer.json", "vocabulary.txt")
    assert len([path for path in hub.requests if "/api/" in path]) == 1
    assert all(path.endswith((*wanted, "revision/" + one_revision())) for path in hub.requests)
    assert {headers["user-agent"].split("/")[0] for headers in hub.headers} == {"robot-voice"}


def one_revision() -> str:
    return load_manifest().entry(NAME).revision


def test_a_model_that_is_there_is_not_fetched_again(one: Try, hub: FakeHub) -> None:
    one.pull()
    hub.requests.clear()
    assert not one.pull().fetched
    assert hub.requests == []


def test_a_damaged_file_alone_is_fetched_again(one: Try, hub: FakeHub) -> None:
    folder = one.pull().path
    (folder / "config.json").write_text("[]\n")
    hub.sent = 0
    assert one.pull().fetched
    assert one.wrong() == []
    assert hub.sent == 0  # the small file is no large one; model.bin was kept


def test_a_branch_is_pinned_by_the_first_pull(hub: FakeHub, tmp_path: Path) -> None:
    """A repair fetches the commit that was there, even if the branch has moved on."""
    manifest = load_manifest()
    entry = manifest.entry(NAME).model_copy(update={"revision": "main"})
    one = Try(hub, Store(tmp_path, margin=0), manifest.model_copy(update={"models": {NAME: entry}}))
    folder = one.pull().path
    locked = read_lock(folder)
    assert locked is not None
    assert (locked.revision, locked.commit) == ("main", hub.commit(REPOSITORY))
    (folder / "model.bin").unlink()
    hub.requests.clear()
    one.pull()
    assert hub.requests[0].endswith(f"/revision/{locked.commit}")
    assert one.wrong() == []


def test_another_commit_than_asked(one: Try, hub: FakeHub) -> None:
    hub.answers_commit = "0" * 40
    assert "answered with another commit" in one.failure()


def test_an_empty_file(one: Try, hub: FakeHub) -> None:
    hub.repositories[REPOSITORY] = {**model(), "config.json": b""}
    assert one.failure() == ""
    assert one.wrong() == []


def test_the_token_goes_to_the_owners_hub_only(
    hub: FakeHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    Hub(hub.url).listing(REPOSITORY, "main")
    assert "authorization" not in hub.headers[-1]
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    Hub().listing(REPOSITORY, "main")
    assert hub.headers[-1]["authorization"] == "Bearer hf_secret"


# --- it ends too early -----------------------------------------------------------


def test_a_cut_download_is_continued_by_the_next_pull(one: Try, hub: FakeHub) -> None:
    hub.faults.append(Fault("cut", 700_000, times=100))
    complaint = one.failure()
    assert "goes on from what is there" in complaint
    assert not one.store.folder(NAME).exists()
    assert NAME not in available("asr")
    hub.faults.clear()
    hub.sent = 0
    one.pull()
    assert one.wrong() == []
    assert hub.sent < SIZE - 600_000 + 30_000
    assert any(headers.get("range") == "bytes=700000-" for headers in hub.headers)


def test_a_hub_that_cannot_continue_is_asked_for_all(one: Try, hub: FakeHub) -> None:
    hub.ignores_ranges = True
    hub.faults.append(Fault("cut", 500_000))
    one.pull()
    assert one.wrong() == []
    asked = [path for path in hub.requests if "/cdn/" in path and path.endswith("model.bin")]
    assert len(asked) == 2


def test_another_part_than_asked_is_not_taken(one: Try, hub: FakeHub) -> None:
    """Not even at first: the file begins anew, instead of growing wrong and being found out."""
    hub.faults.append(Fault("cut", 500_000))
    hub.answers_range_from = 100
    told: list[str] = []
    asking = Hub(hub.url, pause=0.0, say=told.append)
    planned = pull.plan(NAME, one.manifest, one.store, asking, lambda *_: None)
    assert pull.fetch(planned, one.store, asking, lambda *_: None).fetched
    assert one.wrong() == []
    assert any("another part of the file" in text for text in told)
    assert not any("wrong bytes" in text or "longer" in text for text in told)


def test_a_part_longer_than_the_file_is_no_obstacle(one: Try, hub: FakeHub) -> None:
    hub.faults.append(Fault("cut", 500_000, times=100))
    one.failure()
    hub.faults.clear()
    [part] = (one.store.root / ".staging" / NAME / "parts").iterdir()
    part.write_bytes(part.read_bytes() + bytes(SIZE))
    one.pull()
    assert one.wrong() == []


def test_another_commit_leaves_nothing_of_the_first(one: Try, hub: FakeHub) -> None:
    hub.faults.append(Fault("cut", 500_000, times=100))
    one.failure()
    hub.faults.clear()
    hub.repositories[REPOSITORY] = model(seed=2)
    (one.store.root / ".staging" / NAME / "model" / "old.txt").write_text("of another commit")
    folder = one.pull().path
    assert one.wrong() == []
    assert {file.name for file in folder.iterdir()} == {LOCK, *model()} - {"README.md"}


def test_a_connection_that_falls_silent(one: Try, hub: FakeHub) -> None:
    """Half open, as after a robot has left the wireless network: no end, no error, no bytes."""
    released = threading.Event()
    hub.faults.append(Fault("call", 400_000, hook=lambda: released.wait(20)))
    told: list[str] = []
    patient = Hub(hub.url, pause=0.0, silence=0.3, say=told.append)
    planned = pull.plan(NAME, one.manifest, one.store, patient, lambda *_: None)
    assert pull.fetch(planned, one.store, patient, lambda *_: None).fetched
    released.set()
    assert one.wrong() == []
    assert "the connection broke (ReadTimeout)" in told[0]


def test_interrupted_by_ctrl_c(hub: FakeHub, tmp_path: Path) -> None:
    reached, released = threading.Event(), threading.Event()

    def stop() -> None:
        reached.set()
        released.wait(20)

    hub.faults.append(Fault("call", 600_000, hook=stop))
    process = start_pull(hub, tmp_path)
    assert reached.wait(30)
    process.send_signal(signal.SIGINT)
    text = process.communicate(timeout=20)[1]
    released.set()
    assert process.returncode == 130
    assert "goes on from here" in text
    assert "Traceback" not in text
    again = Try.at(hub, models_folder(tmp_path))
    assert again.pull().fetched
    assert again.wrong() == []


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("way", WAYS)
def test_faults(way: str, seed: int, tmp_path: Path) -> None:
    """A sample of what ``scripts.bench.hub`` does in full."""
    assert WAYS[way](random.Random(f"{way} {seed}"), tmp_path) == []


# --- the hub refuses -------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        (Refusal("/api/", 401), "the hub refuses it (HTTP 401)"),
        (Refusal("/api/", 403), "the hub refuses it (HTTP 403)"),
        (Refusal("/api/", 401, {"X-Error-Code": "GatedRepo"}), "set HF_TOKEN"),
        (Refusal("/resolve/", 403, {"X-Error-Code": "GatedRepo"}), "set HF_TOKEN"),
        (Refusal("/api/", 404, {"X-Error-Code": "RepoNotFound"}), "no such repository"),
        (Refusal("/api/", 404, {"X-Error-Code": "RevisionNotFound"}), "no such repository, rev"),
        (Refusal("model.bin", 404, {"X-Error-Code": "EntryNotFound"}), "revision or file"),
        (Refusal("/api/", 500), "answered HTTP 500; try again later"),
        (Refusal("/cdn/", 503), "answered HTTP 503; try again later"),
        (Refusal("/api/", 200), "does not answer as a model hub does"),
    ],
)
def test_refusals(refusal: Refusal, words: str, one: Try, hub: FakeHub) -> None:
    hub.refusals.append(refusal)
    assert words in one.failure()
    assert not one.store.folder(NAME).exists()
    hub.refusals.clear()
    assert one.failure() == ""


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("path", ["/api/", "/cdn/"])
def test_a_busy_hub_is_asked_again(path: str, status: int, one: Try, hub: FakeHub) -> None:
    hub.refusals.append(Refusal(path, status, {"Retry-After": "0"}, times=1))
    assert one.failure() == ""
    assert one.wrong() == []


def test_a_file_that_is_not_there_any_more(one: Try, hub: FakeHub) -> None:
    files = dict(model())
    del files["vocabulary.txt"]
    hub.repositories[REPOSITORY] = files
    assert "has no file vocabulary.txt" in one.failure()
    assert hub.sent == 0


def test_a_repository_that_holds_something_else(one: Try, hub: FakeHub) -> None:
    """The hashes are right, but it is no Whisper model: that is not put into place either."""
    hub.repositories[REPOSITORY] = {**model(), "model.bin": bytes(20_000)}
    assert "not a Whisper model" in one.failure()
    assert not one.store.folder(NAME).exists()


@pytest.mark.parametrize("path", ["../../evil", "/etc/evil", "a\\..\\b", "."])
def test_a_path_that_leads_out_of_the_folder(path: str, one: Try, hub: FakeHub) -> None:
    hub.repositories[REPOSITORY] = {**model(), path: b"x"}
    assert "does not answer as a model hub does" in one.failure()


def test_no_network(tmp_path: Path) -> None:
    with FakeHub({}).running() as gone:
        address = gone.url
    with pytest.raises(ModelError, match=r"cannot be reached .* Is there a network here\?"):
        Hub(address, pause=0.0).listing(REPOSITORY, "main")


def test_offline_by_the_owners_wish(hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> None:
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE forbids downloads"):
        Hub(hub.url).listing(REPOSITORY, "main")


@pytest.mark.parametrize("address", ["nonsense", "ftp://x", "http://", "http://[::1"])
def test_an_address_that_is_none(address: str) -> None:
    with pytest.raises(ModelError):
        Hub(address, pause=0.0).listing(REPOSITORY, "main")


# --- the folder refuses ----------------------------------------------------------


def test_too_little_room_is_told_before_anything_is_fetched(hub: FakeHub, tmp_path: Path) -> None:
    one = Try(hub, Store(tmp_path / "models", margin=1 << 60), load_manifest())
    assert "not enough room" in one.failure()
    assert hub.sent == 0


def test_a_folder_that_cannot_be_written(hub: FakeHub) -> None:
    """Below /proc nobody makes folders, root neither."""
    one = Try.at(hub, Path("/proc/robot-voice/models"))
    assert "/proc/robot-voice" in one.failure()


def test_a_file_where_the_folder_should_be(hub: FakeHub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("")
    assert "Not a directory" in Try.at(hub, tmp_path / "models").failure()


def test_what_the_owner_put_there_is_left_alone(one: Try, hub: FakeHub) -> None:
    mine = one.store.folder(NAME)
    mine.mkdir(parents=True)
    (mine / "notes.txt").write_text("mine")
    assert "not from `pull`" in one.failure()
    assert (mine / "notes.txt").read_text() == "mine"
    assert hub.requests == []


def test_a_damaged_lock(one: Try) -> None:
    folder = one.pull().path
    (folder / LOCK).write_text(json.dumps({"format": 1}))
    assert "model.lock.json: damaged" in one.failure()


def test_an_unknown_name(one: Try, hub: FakeHub) -> None:
    with pytest.raises(ModelError, match='Did you mean "whisper-small"'):
        pull.plan("wisper-small", load_manifest(), one.store, Hub(hub.url), lambda *_: None)

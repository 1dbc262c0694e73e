"""The manifest, and what is done with models that are here: import, verify, remove, choose."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from robot_voice import paths
from robot_voice.errors import ModelError
from robot_voice.models.importing import Imported, bring_in, recognise
from robot_voice.models.lock import LOCK, Lock, LockedFile, damage, git_sha1, read_lock, sha256
from robot_voice.models.manifest import Machine, Manifest, load_manifest, suggest
from robot_voice.models.registry import available, find_model
from robot_voice.models.store import Store
from robot_voice.models.verify import SUMS, read_sums, starter_damage, verify
from scripts.starter.sums import sums

GGUF = b"GGUF\x03\x00\x00\x00" + bytes(range(256))
WHISPER = b"\x06\x00\x00\x00\x0c\x00WhisperSpec\x00" + bytes(1000)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """The owner's own models folder, as everything else finds it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    store = Store(margin=0)
    assert tmp_path in store.root.parents
    return store


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A USB stick."""
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def whisper(folder: Path, weights: bytes = WHISPER) -> Path:
    folder.mkdir(parents=True)
    for name in ("config.json", "tokenizer.json", "vocabulary.txt"):
        (folder / name).write_text("{}")
    (folder / "model.bin").write_bytes(weights)
    (folder / "README.md").write_text("not part of it")
    return folder


def silent(what: str, done: int, total: int) -> None:
    """Nobody watches."""


def take(source: Path, store: Store, name: str = "") -> list[Imported]:
    return [bring_in(found, store, silent) for found in recognise(source, name)]


def refused(source: Path, store: Store, name: str = "") -> str:
    with pytest.raises(ModelError) as caught:
        take(source, store, name)
    return str(caught.value)


# --- the manifest ----------------------------------------------------------------


def test_the_manifest_names_what_was_promised() -> None:
    manifest = load_manifest()
    assert set(manifest.profiles) == {"pi", "laptop", "desktop", "jetson-cpu"}
    assert {entry.kind for entry in manifest.models.values()} == {
        *("asr", "llm", "tts", "embedding", "turn", "guard")
    }
    for profile in manifest.profiles.values():
        entries = [manifest.entry(name) for name in profile.models]
        assert sorted(entry.kind for entry in entries) == ["asr", "llm"]
        assert sum(entry.ram_mb for entry in entries) + 500 < profile.ram_mb
    for name, entry in manifest.models.items():
        llama = name.startswith("llama")
        assert manifest.licences[entry.licence].accept or not llama


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"licence": "none"}, "no licence 'none'"),
        ({"kind": "video"}, "kind"),
        ({"repository": "https://x"}, "repository"),
        ({"files": []}, "files"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_manifest_with_a_mistake(change: dict[str, object], words: str, tmp_path: Path) -> None:
    entry = load_manifest().entry("whisper-tiny").model_dump(mode="json") | change
    lines = [f"{key} = {json.dumps(value)}" for key, value in entry.items()]
    licence = '[licences.mit]\ntitle = "MIT"\nurl = "https://x"'
    file = tmp_path / "manifest.toml"
    file.write_text("\n".join(["[profiles]", licence, "[models.x]", *lines]))
    with pytest.raises(ModelError) as caught:
        load_manifest(file)
    assert words in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    ("machine", "profile"),
    [
        (Machine(4_000, 4, jetson=False), "pi"),
        (Machine(8_000, 4, jetson=False), "laptop"),
        (Machine(16_000, 2, jetson=False), "laptop"),
        (Machine(32_000, 16, jetson=False), "desktop"),
        (Machine(8_000, 6, jetson=True), "jetson-cpu"),
        (Machine(4_000, 4, jetson=True), "pi"),
        (Machine(1_000, 4, jetson=False), None),
        (Machine(64_000, 1, jetson=False), None),
    ],
)
def test_the_profile_of_a_machine(machine: Machine, profile: str | None) -> None:
    assert suggest(load_manifest(), machine) == profile


def test_this_machine_can_be_described() -> None:
    assert "cores" in str(Machine.here())
    assert isinstance(load_manifest(), Manifest)


# --- locks -----------------------------------------------------------------------


def test_hashes(tmp_path: Path) -> None:
    """Of the empty file, as `sha256sum` and `git hash-object` give them."""
    file = tmp_path / "empty"
    file.touch()
    assert sha256(file).startswith("e3b0c44298fc1c14")
    assert git_sha1(file) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


@pytest.mark.parametrize("path", ["", "/x", "../x", "a/../b", "a\\b", "."])
def test_a_lock_cannot_name_a_file_elsewhere(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        LockedFile(path=path, size=0, sha256="0" * 64)


def test_damage_is_told_file_by_file(store: Store, stick: Path) -> None:
    folder = take(whisper(stick / "w"), store)[0].path
    lock = read_lock(folder)
    assert lock is not None
    assert list(damage(folder, lock)) == []
    (folder / "model.bin").write_bytes(WHISPER[:-1] + b"x")
    (folder / "config.json").unlink()
    (folder / "tokenizer.json").write_text("{")
    assert sorted(damage(folder, lock)) == [
        "config.json: missing",
        "model.bin: damaged (its SHA-256 is another)",
        "tokenizer.json: 1 bytes instead of 2",
    ]


# --- import ----------------------------------------------------------------------


def test_a_whisper_folder(store: Store, stick: Path) -> None:
    [done] = take(whisper(stick / "My Whisper (small)"), store)
    assert (done.name, done.checked) == ("my-whisper-small", False)
    assert {file.name for file in done.path.iterdir()} == {
        *("model.bin", "config.json", "tokenizer.json", "vocabulary.txt", LOCK)
    }
    assert find_model("asr", done.name, None).path == done.path
    lock = read_lock(done.path)
    assert lock is not None
    assert (lock.source, lock.kind) == ("import", "asr")


def test_a_gguf(store: Store, stick: Path) -> None:
    (stick / "Chat.Q4_K_M.gguf").write_bytes(GGUF)
    [done] = take(stick / "Chat.Q4_K_M.gguf", store)
    assert done.name == "chat.q4_k_m"
    assert find_model("llm", done.name, None).path == done.path / "Chat.Q4_K_M.gguf"
    [other] = take(stick, store, name="other")
    assert find_model("llm", "other", None).weights.parent == other.path


def test_a_gguf_in_parts(store: Store, stick: Path) -> None:
    for part in (1, 2):
        (stick / f"big-0000{part}-of-00002.gguf").write_bytes(GGUF * part)
    [done] = take(stick / "big-00001-of-00002.gguf", store)
    assert (done.name, find_model("llm", "big", None).size) == ("big", 3 * len(GGUF))
    (stick / "big-00002-of-00002.gguf").unlink()
    assert "big-00002-of-00002.gguf" in refused(stick, store, "again")
    assert "again" not in store.names()


def test_the_whole_folder_of_another_robot(store: Store, stick: Path) -> None:
    """With locks, so what was damaged on the way is found out."""
    take(whisper(stick / "w"), store)
    (stick / "c.gguf").write_bytes(GGUF)
    take(stick / "c.gguf", store)
    copy = stick / "models"
    shutil.copytree(store.root, copy)
    there = Store(stick / "there", margin=0)
    assert [(one.name, one.checked) for one in take(copy, there)] == [("c", True), ("w", True)]
    shutil.rmtree(there.root)
    (copy / "w" / "model.bin").write_bytes(WHISPER[::-1])
    assert "model.bin: damaged" in refused(copy, there)
    assert there.names() == ["c"]


def test_links_are_followed(store: Store, stick: Path) -> None:
    """As in the cache of the hub's own library."""
    (stick / "blob").write_bytes(GGUF)
    (stick / "x.gguf").symlink_to("blob")
    [done] = take(stick / "x.gguf", store)
    assert not (done.path / "blob").is_symlink()
    assert sha256(next(done.path.glob("*.gguf"))) == sha256(stick / "blob")


def test_the_same_again_is_no_mistake_but_another_is(store: Store, stick: Path) -> None:
    source = whisper(stick / "w")
    first = take(source, store)
    assert take(source, store) == first
    (source / "model.bin").write_bytes(WHISPER + b"more")
    assert "remove w" in refused(source, store)
    assert take(source, store, name="w2")[0].name == "w2"


def test_no_room(stick: Path, tmp_path: Path) -> None:
    (stick / "c.gguf").write_bytes(GGUF)
    small = Store(tmp_path / "small", margin=1 << 60)
    assert "not enough room" in refused(stick / "c.gguf", small)
    assert small.names() == []


Make = Callable[[Path], object]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda at: at.mkdir(), "no model is recognised"),
        (lambda at: at.write_text("text"), "no model is recognised"),
        (lambda at: None, "there is nothing here"),
        (lambda at: whisper(at, b"PK\x03\x04"), "not a Whisper model"),
        (lambda at: whisper(at, b"version https://git-lfs.github.com"), "git lfs pull"),
    ],
)
def test_what_is_no_model(make: Make, words: str, store: Store, stick: Path) -> None:
    make(stick / "x")
    assert words in refused(stick / "x", store)
    assert store.names() == []


def test_a_name_that_is_none(store: Store, stick: Path) -> None:
    (stick / "c.gguf").write_bytes(GGUF)
    for name in ("../x", "A B", ".hidden", "x" * 65):
        assert "cannot be a model's name" in refused(stick / "c.gguf", store, name)
    (stick / "모델.gguf").write_bytes(GGUF)
    assert "--name" in refused(stick / "모델.gguf", store)


def test_one_name_for_two(store: Store, stick: Path) -> None:
    whisper(stick / "a")
    whisper(stick / "b")
    assert "holds 2 models" in refused(stick, store, "x")


# --- verify ----------------------------------------------------------------------


def test_verify(store: Store, stick: Path) -> None:
    take(whisper(stick / "good"), store)
    bad = take(whisper(stick / "bad"), store)[0].path
    (bad / "model.bin").write_bytes(b"")
    whisper(store.root / "By Hand")
    whisper(store.root / "torn")
    (store.root / "torn" / LOCK).write_text("{")
    found = {finding.name: finding for finding in verify((), store, silent)}
    assert {name: finding.status for name, finding in found.items() if name != "starter"} == {
        "good": "ok",
        "bad": "damaged",
        "By Hand": "unknown",
        "torn": "damaged",
    }
    assert "import it again" in found["bad"].mend
    assert [one.status for one in verify(["good"], store, silent)] == ["ok"]
    with pytest.raises(ModelError, match="no such model"):
        list(verify(["nothing"], store, silent))


def test_the_starter_is_what_it_was_committed_as() -> None:
    """If this fails after the starter has changed: python -m scripts.starter.sums"""
    folder = paths.starter_models()
    assert list(starter_damage(folder)) == []
    assert (folder / SUMS).read_text("utf-8") == sums(folder)


def test_a_damaged_starter(tmp_path: Path) -> None:
    whisper(tmp_path / "asr")
    (tmp_path / SUMS).write_text(sums(tmp_path))
    assert list(starter_damage(tmp_path)) == []
    (tmp_path / "asr" / "model.bin").write_bytes(b"")
    (tmp_path / "asr" / "config.json").unlink()
    assert len(list(starter_damage(tmp_path))) == 2
    (tmp_path / SUMS).write_text("nonsense")
    assert "not a list of SHA-256 hashes" in next(starter_damage(tmp_path))
    with pytest.raises(ModelError, match="cannot be read"):
        read_sums(tmp_path / "none")


# --- choosing and removing -------------------------------------------------------


def test_auto_is_the_starter_until_something_is_chosen(store: Store, stick: Path) -> None:
    assert find_model("asr", "auto", None).is_starter
    assert find_model("asr", "auto", None).name == "starter"
    take(whisper(stick / "w"), store)
    assert find_model("asr", "auto", None).is_starter
    store.choose({"asr": "w"})
    found = find_model("asr", "auto", Path("/somewhere"))
    assert (found.name, found.path, found.is_starter) == ("w", store.root / "w", False)
    assert find_model("llm", "auto", None).is_starter
    assert find_model("asr", "starter", None).is_starter


def test_a_choice_is_forgotten_with_its_model(store: Store, stick: Path) -> None:
    take(whisper(stick / "w"), store)
    take(whisper(stick / "v"), store)
    store.choose({"asr": "w", "llm": "c"})
    assert store.remove("w") > len(WHISPER)
    assert store.chosen() == {"llm": "c"}
    assert store.names() == ["v"]
    assert find_model("asr", "auto", None).is_starter
    assert find_model("llm", "auto", None).is_starter  # there never was a "c"
    with pytest.raises(ModelError, match="no such model"):
        store.remove("w")
    with pytest.raises(ModelError, match="cannot be a model's name"):
        store.remove("../data")


def test_a_damaged_choice(store: Store) -> None:
    store.root.mkdir(parents=True)
    (store.root / "chosen.json").write_text("{")
    with pytest.raises(ModelError, match=r"chosen\.json: damaged"):
        find_model("asr", "auto", None)


def test_a_gguf_that_is_not_for_talking_is_not_offered(store: Store) -> None:
    folder = store.root / "guard"
    folder.mkdir(parents=True)
    (folder / "g.gguf").write_bytes(GGUF)
    assert "guard" in available("llm")
    file = LockedFile(path="g.gguf", size=len(GGUF), sha256=sha256(folder / "g.gguf"))
    lock = Lock(name="guard", kind="guard", source="hub", files=(file,))
    (folder / LOCK).write_text(lock.model_dump_json())
    assert "guard" not in available("llm")

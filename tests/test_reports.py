"""What hurt somebody: filed with consent or without, kept safe, and never said again."""

from __future__ import annotations

import json
import logging
import random
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from robot_voice.commands.reports import app
from robot_voice.errors import EngineError
from robot_voice.reports import Report, ReportStore, reports_path
from robot_voice.safety.suppress import form

DAY = 86_400.0
AGES = 30_000
"""Days: what is set aside has the disk's time, not the tests'."""
NOW = 1_800_000_000.0
SAID = "한심하네 Nobody wants 당신을 around."
USER = "그말은 상처가 됐어, please stop"
REPORT = Report(NOW, "ko", SAID, USER, "demeaning", {"hurt": 0.625, "bad": float("nan")})


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "reports.db"


def store_at(path: Path, clock: Clock | None = None, **given: Any) -> ReportStore:
    return ReportStore(path, **{"retention_days": 30, **given}, clock=clock or Clock())


def suppresses(store: ReportStore, text: str) -> bool:
    return store.digest(form(text)) in store.suppressed()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def words(*texts: str) -> list[bytes]:
    """What must not be found: every word, as SQLite would write it."""
    return [
        word.encode(code)
        for text in texts
        for word in text.split()
        for code in ("utf-8", "utf-16-le")
    ]


# --- the form ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Nobody likes you.", "  nobody LIKES\tyou!!! "),
        ("넌 정말 바보야.", "넌정말바보야"),
        ("넌 정말 바보야.", "넌 \u200b정말 바보야…"),
        ("You’re no use", "Youre no use 🙂"),
        ("ＹＯＵ", "you"),
    ],
)
def test_the_same_sentence_in_other_clothes(one: str, other: str) -> None:
    assert form(one) == form(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [("You are bad.", "You are not bad."), ("Take 5.", "Take 6."), ("हाल", "हल")],
)
def test_another_sentence(one: str, other: str) -> None:
    assert form(one) != form(other)


@pytest.mark.parametrize("text", ["", " ", "?!…", "🙂 – «»"])
def test_without_letters_there_is_no_form(text: str) -> None:
    assert form(text) == ""


# --- filing --------------------------------------------------------------------


def test_without_consent_no_word_is_kept(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = ReportStore(path, retention_days=30, clock=Clock())
    number = store.file(REPORT)
    assert number == 1
    (filed,) = store.reports()
    assert (filed.said, filed.user) == (None, None)
    assert (filed.at, filed.language) == ("2027-01-15T08:00:00+00:00", "ko")
    assert (filed.category, filed.scores) == ("demeaning", {"hurt": 0.625})
    assert filed.hash == store.digest(form(SAID)).hex()
    held = everything_in(path.parent)
    assert b"demeaning" in held
    for word in words(SAID, USER, form(SAID)):
        assert word not in held
    assert not caplog.records


def test_with_consent_both_texts_are(path: Path) -> None:
    store = store_at(path, keep_text=True)
    store.file(REPORT)
    (filed,) = store_at(path).reports()
    assert (filed.said, filed.user) == (SAID, USER)


def test_broken_text_is_kept_as_far_as_it_goes(path: Path) -> None:
    store = store_at(path, keep_text=True)
    assert store.file(Report(NOW, "en", "bad \udcff\x00 word", "no\ud800")) == 1
    assert store.resolve(1, "odd \udcff")
    report = store.get(1)
    assert report is not None
    assert (report.said, report.user, report.note) == ("bad ?\x00 word", "no?", "odd ?")
    assert suppresses(store, "bad \udcff\x00 word")


def test_only_the_owner_can_read_it(path: Path) -> None:
    store = store_at(path)
    assert not path.parent.exists()  # nothing to keep yet
    assert store.suppressed() == frozenset()
    assert not path.parent.exists()
    store.file(REPORT)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    path.chmod(0o644)
    store.file(REPORT)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["reports.db"]


def test_the_salt_is_this_installations_own(tmp_path: Path) -> None:
    one, other = store_at(tmp_path / "1" / "r.db"), store_at(tmp_path / "2" / "r.db")
    before = one.digest("x")
    assert one.file(REPORT) == 1
    assert one.digest("x") == before
    assert one.digest("x") == store_at(tmp_path / "1" / "r.db").digest("x") != other.digest("x")


# --- suppression and age -------------------------------------------------------


def test_what_hurt_is_suppressed_in_any_clothes(path: Path) -> None:
    store = store_at(path)
    assert not store.suppressed()
    store.file(REPORT)
    assert suppresses(store, f"  {SAID.upper()}!!")
    assert not suppresses(store, "Somebody else's sentence.")
    assert suppresses(store_at(path), SAID)


def test_a_sentence_without_letters_is_not_suppressed(path: Path) -> None:
    store = store_at(path)
    assert store.file(Report(NOW, "en", "…!", "that hurt")) == 1
    assert not store.suppressed()


def test_it_stays_suppressed_after_the_report_is_gone(path: Path) -> None:
    clock = Clock()
    store = store_at(path, clock, keep_text=True)
    store.file(REPORT)
    clock.now += 29 * DAY
    store.file(Report(clock.now, "en", "Another one.", "ouch"))
    assert [report.id for report in store.reports()] == [1, 2]
    clock.now += 2 * DAY
    store = store_at(path, clock)  # removed at opening
    assert [report.id for report in store.reports(resolved=True)] == [2]
    held = everything_in(path.parent)
    assert not any(word in held for word in words(SAID, USER))
    assert suppresses(store, SAID)
    assert store.delete(1)  # of which nothing else is left
    assert not suppresses(store, SAID)
    assert suppresses(store, "another one")


def test_filing_removes_the_old(path: Path) -> None:
    clock = Clock()
    store = store_at(path, clock, retention_days=1)
    store.file(REPORT)
    clock.now += 1.5 * DAY
    assert store.file(Report(clock.now, "en", "Another one.", "ouch")) == 2
    assert [report.id for report in store.reports()] == [2]


def test_a_reader_keeps_to_the_robots_retention(path: Path) -> None:
    clock = Clock()
    store_at(path, clock, retention_days=100).file(REPORT)
    clock.now += 99 * DAY
    assert len(ReportStore(path, clock=clock).reports()) == 1
    clock.now += 2 * DAY
    assert len(ReportStore(path, clock=clock).reports()) == 0


def test_resolving(path: Path) -> None:
    store = store_at(path)
    store.file(REPORT)
    assert not store.resolve(2)
    assert store.resolve(1, "talked with her")
    assert store.reports() == []
    (report,) = store.reports(resolved=True)
    assert (report.resolved, report.note) == ("2027-01-15T08:00:00+00:00", "talked with her")
    assert suppresses(store, SAID)


def test_deleting_lifts_it_when_nobody_else_complained(path: Path) -> None:
    store = store_at(path, keep_text=True)
    assert [store.file(REPORT), store.file(REPORT)] == [1, 2]
    assert store.delete(1)
    assert not store.delete(1)
    assert suppresses(store, SAID)
    assert store.delete(2)
    assert not suppresses(store, SAID)
    assert not any(word in everything_in(path.parent) for word in words(SAID, USER))
    assert store.file(REPORT) == 3  # numbers are not given twice


def test_deleting_all(path: Path) -> None:
    clock = Clock()
    store = store_at(path, clock)
    store.file(REPORT)
    clock.now += 31 * DAY
    store.file(Report(clock.now, "en", "Another one.", "ouch"))
    assert store.delete_all() == 2
    assert store.delete_all() == 0
    assert not store.suppressed()
    assert store.reports(resolved=True) == []


def test_words_are_forgotten_and_what_hurt_is_not_said_again(path: Path) -> None:
    store = store_at(path, keep_text=True)
    store.forget_texts()  # nothing yet
    assert not path.parent.exists()
    filler = "".join(chr(0xAC00 + number % 11_000) for number in range(3000))
    for number in range(9):  # of many sizes, so that rows move about in the file
        store.file(Report(NOW, "ko", f"{SAID} {filler[: 300 * number]}", USER, "demeaning"))
    store.delete(4)
    path.with_name("reports.db.corrupt").write_text(USER, encoding="utf-8")
    store.resolve(1, "talked with her")
    size = path.stat().st_size
    store_at(path).forget_texts()
    assert path.stat().st_size < size / 2  # written anew: no unused part is left
    held = everything_in(path.parent)
    assert not any(word in held for word in words(SAID, USER, filler[300:330]))
    reports = store.reports(resolved=True)
    assert [(report.said, report.user) for report in reports] == [(None, None)] * 8
    assert (reports[0].category, reports[0].note) == ("demeaning", "talked with her")
    assert suppresses(store, SAID)
    assert store.file(REPORT) == 10


def test_words_of_a_damaged_file_are_forgotten(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(whole(path.parent))
    (path.parent / "whole.db").unlink()
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE", b"CREATE TABEL"))
    assert any(word in everything_in(path.parent) for word in words(USER))
    store_at(path).forget_texts()
    assert not any(word in everything_in(path.parent) for word in words(SAID, USER))


def test_words_that_cannot_be_forgotten_are_told(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(EngineError, match="cannot be used"):
        store_at(path).forget_texts()


# --- trouble -------------------------------------------------------------------


def whole(folder: Path) -> bytes:
    """A sound file with one report."""
    path = folder / "whole.db"
    store_at(path, keep_text=True).file(REPORT)
    return path.read_bytes()


def damaged_inside(content: bytes) -> bytes:
    """The header and the tables' names are as they were."""
    return content[:4096] + b"\xa5" * (len(content) - 4096)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda content: content[: len(content) // 2],
    "no database": lambda content: b"{}" * 500,
    "random inside": damaged_inside,
    "zeroes": lambda content: bytes(len(content)),
    "zeroes at the end": lambda content: content[:-4096] + bytes(4096),
    "a later format": lambda content: content[:60] + b"\0\0\0\2" + content[64:],
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_set_aside(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    content = DAMAGES[name](whole(tmp_path))
    path.parent.mkdir()
    path.write_bytes(content)
    path.with_name("reports.db-journal").write_bytes(b"left behind")
    store = store_at(path, retention_days=AGES)
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "it is now reports.db.corrupt" in caplog.text
    assert path.with_name("reports.db.corrupt").read_bytes() == content
    assert store.file(REPORT) == 1
    assert suppresses(store_at(path, retention_days=AGES), SAID)
    assert store.delete_all() == 1
    assert [file.name for file in path.parent.iterdir()] == ["reports.db"]


def test_somebody_elses_database_is_set_aside(path: Path) -> None:
    path.parent.mkdir()
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE cats (name)")
    other.close()
    assert store_at(path, retention_days=AGES).file(REPORT) == 1
    assert path.with_name("reports.db.corrupt").exists()


def test_damage_while_the_robot_runs(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = store_at(path)
    store.file(REPORT)
    digest = store.digest("x")
    path.write_bytes(b"nothing of ours" * 1000)
    assert store.file(REPORT) == 1
    assert "it is now reports.db.corrupt" in caplog.text
    assert store.digest("x") == digest


def test_what_was_set_aside_does_not_outlive_its_time(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"nothing of ours" * 1000)
    written = path.stat().st_mtime
    clock = Clock(written + 29 * DAY)
    store = store_at(path, clock)
    aside = path.with_name("reports.db.corrupt")
    assert aside.exists()
    clock.now += 2 * DAY
    store.file(Report(clock.now, "en", SAID, USER))
    assert not aside.exists()


def test_a_file_that_is_gone_is_begun_anew(path: Path) -> None:
    store = store_at(path)
    store.file(REPORT)
    digest = store.digest("x")
    path.unlink()
    assert store.file(REPORT) == 1
    assert store.digest("x") == digest


def test_a_folder_that_cannot_be_costs_the_report_and_one_warning(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.write_text("in the way")
    store = store_at(path)
    assert store.file(REPORT) is None
    assert suppresses(store, SAID)
    assert store.file(REPORT) is None
    assert len(caplog.records) == 1
    assert "Nobody" not in caplog.text
    with pytest.raises(EngineError, match="cannot be used"):
        store.reports()
    path.parent.unlink()
    assert store.file(Report(NOW, "en", "Another one.", "ouch")) == 1
    assert suppresses(store, SAID)
    assert suppresses(store, "Another one.")


def test_what_was_suppressed_stays_so_when_the_file_cannot_be_read(path: Path) -> None:
    store = store_at(path)
    store.file(REPORT)
    assert suppresses(store, SAID)
    path.unlink()
    path.mkdir(mode=0o755)
    assert suppresses(store, SAID)
    assert stat.S_IMODE(path.stat().st_mode) == 0o755


FULL_DISK = """
import logging, resource, sys
from pathlib import Path
from robot_voice.safety.suppress import form
from robot_voice.reports import Report, ReportStore

logging.basicConfig(format="warned: %(message)s")
store = ReportStore(Path(sys.argv[1]), keep_text=True, retention_days=30, clock=lambda: 1.8e9)
assert store.file(Report(1.8e9, "en", "short", "ouch")) == 1
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for _ in range(3):
    assert store.file(Report(1.8e9, "en", "long " * 20_000, "ouch")) is None
    assert store.digest(form("long " * 20_000)) in store.suppressed()
assert [report.said for report in store.reports()] == ["short"]
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
assert store.file(Report(1.8e9, "en", "long " * 20_000, "ouch")) == 2
"""


@pytest.mark.parametrize("limit", [512, 4096, 30_000, 60_000])
def test_a_full_disk_costs_the_report_only(path: Path, limit: int) -> None:
    """A limit on file sizes fails a write half-way, as a full disk does."""
    command = [sys.executable, "-c", FULL_DISK, str(path), str(limit)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    assert result.stderr.count("warned: ") == 1
    assert [file.name for file in path.parent.iterdir()] == ["reports.db"]


FILE_WITHOUT_END = """
import sys
from pathlib import Path
from robot_voice.reports import Report, ReportStore

store = ReportStore(Path(sys.argv[1]), keep_text=True, retention_days=30, clock=lambda: 1.8e9)
for number in range(1, int(sys.argv[2]) + 1):
    print(store.file(Report(1.8e9, "en", f"{number} " + "x" * 50_000, "ouch")), flush=True)
"""


def killed_while_it_files(path: Path, reports: int) -> int:
    """Kill a process that files without end; the last report that it said was kept."""
    command = [sys.executable, "-c", FILE_WITHOUT_END, str(path), "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(reports):
            process.stdout.readline()
        process.kill()
        rest = process.stdout.read().split("\n")[:-1]
    return int(rest[-1]) if rest else reports


def test_killed_in_mid_write_it_keeps_what_was_filed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    dice = random.Random(7)
    for attempt in range(5):
        path = tmp_path / str(attempt) / "reports.db"
        done = killed_while_it_files(path, reports=dice.randrange(1, 12))
        store = store_at(path)
        numbers = [report.id for report in store.reports()]
        assert numbers in (list(range(1, done + 1)), list(range(1, done + 2)))
        assert len(store.suppressed()) == len(numbers)
        assert store.file(REPORT) == len(numbers) + 1
        assert [file.name for file in path.parent.iterdir()] == ["reports.db"]
    assert not caplog.records


def test_two_processes_at_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    command = [sys.executable, "-c", FILE_WITHOUT_END, str(path), "25"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        owner = store_at(path)
        ours = [owner.file(Report(NOW, "en", f"here {number}", "ouch")) for number in range(25)]
        assert owner.resolve(1)
        theirs = [1, *map(int, process.stdout.read().split())]
    assert process.returncode == 0
    assert None not in ours
    assert sorted([*theirs, *(number or 0 for number in ours)]) == list(range(1, 51))
    assert len(owner.reports()) == 49
    assert len(owner.suppressed()) == 50
    assert not caplog.records


# --- the command line ----------------------------------------------------------


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert reports_path().is_relative_to(tmp_path)
    return reports_path()


def do(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def told(result: Result) -> str:
    """What it writes, out of its frame."""
    return " ".join(result.output.replace("│", " ").split())


def read(*arguments: object) -> Any:
    """The JSON that a command writes."""
    result = do(*arguments, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


@pytest.fixture
def filed(state: Path) -> Path:
    """Two reports, one with the words, of today: the commands go by the real clock."""
    today = 4_000_000_000.0
    store = ReportStore(state, keep_text=True, retention_days=30)
    store.file(Report(today, "ko", SAID, USER, "demeaning", {"hurt": 0.625}))
    ReportStore(state, retention_days=30).file(Report(today, "en", "Another one.", "ouch"))
    return state


def test_nothing_was_ever_filed(state: Path, tmp_path: Path) -> None:
    assert read("list") == {"reports": []}
    assert "There are no open reports." in do("list").output
    assert read("delete", "--all") == {"deleted": 0}
    for arguments in (["show", 1], ["resolve", 1], ["delete", 1]):
        result = do(*arguments)
        assert result.exit_code == 2
        assert "there is no report 1" in result.output
    assert read("export", tmp_path / "none.jsonl")["exported"] == 0
    assert not state.exists()


def test_listing_and_resolving(filed: Path) -> None:
    assert [report["id"] for report in read("list")["reports"]] == [1, 2]
    text = do("list").output
    assert f"demeaning: {SAID}" in text
    assert "nothing found: (words not kept)" in text
    assert read("resolve", 1, "--note", "talked") == {"resolved": 1}
    assert "Report 2 is resolved." in do("resolve", 2).output
    assert read("list") == {"reports": []}
    assert [report["note"] for report in read("list", "--all")["reports"]] == ["talked", ""]
    assert "resolved" in do("list", "--all").output


def test_showing(filed: Path) -> None:
    report = read("show", 1)
    assert (report["said"], report["user"], report["scores"]) == (SAID, USER, {"hurt": 0.625})
    text = do("show", 2).output
    assert "said: -" in text
    assert "language: en" in text


def test_exporting(filed: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    do("resolve", 1)
    assert f"2 reports written: {target}" in do("export", target).output
    lines = [json.loads(line) for line in target.read_text("utf-8").splitlines()]
    assert lines == read("list", "--all")["reports"]
    assert SAID in target.read_text("utf-8")
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    target.write_text("precious")
    result = do("export", target)
    assert result.exit_code == 2
    assert "not written over" in told(result)
    assert target.read_text() == "precious"
    result = do("export", tmp_path / "no" / "such.jsonl")
    assert result.exit_code == 2
    assert "cannot be written" in told(result)


def test_deleting_on_the_command_line(filed: Path) -> None:
    assert do("delete").exit_code == 2
    assert do("delete", 1, "--all").exit_code == 2
    assert read("delete", 1) == {"deleted": 1}
    assert do("delete", 1).exit_code == 2
    assert "1 reports deleted." in do("delete", "--all").output
    assert not ReportStore(filed).suppressed()


@pytest.mark.parametrize("number", [0, 2**63, "one"])
def test_no_such_number(filed: Path, number: object) -> None:
    assert do("show", number).exit_code == 2


def test_a_file_that_cannot_be_used(state: Path) -> None:
    state.mkdir(parents=True)
    for arguments in (["list"], ["show", 1], ["delete", "--all"]):
        assert isinstance(do(*arguments).exception, EngineError)

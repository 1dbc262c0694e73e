"""The configuration: where values come from, and what is said when they are wrong."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import BaseModel

from robot_voice import paths, schema
from robot_voice.config import Config
from robot_voice.errors import ConfigError
from robot_voice.settings import Origin, configurations, key_lines, load_config


@pytest.fixture(autouse=True)
def user_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Whatever the developer has configured does not count here."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    folder = tmp_path / "home" / "robot-voice"
    folder.mkdir(parents=True)
    return folder


def write(folder: Path, text: str | bytes, name: str = "mine.toml") -> Path:
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return file


def complaint(
    source: Path | str | None,
    overrides: Sequence[str] = (),
    environ: Mapping[str, str] | None = None,
) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(source, overrides, environ or {})
    return str(caught.value)


# --- what is wrong in a file ---------------------------------------------------


class Bad(NamedTuple):
    text: str
    line: int
    parts: Sequence[str]
    """What the message must contain, in this order."""


BAD = {
    "unknown key": Bad('[asr]\nmodle = "x"', 2, ["asr.modle", "no such key", '"model"']),
    "unknown table": Bad("[assr]\n", 1, ["assr", '"asr"']),
    "unknown table, nothing near": Bad("\n\n[zzz]\na = 1", 3, ["zzz", "mode, language"]),
    "key at the top that belongs in a table": Bad("warmth = 1", 1, ["warmth", '"tone.warmth"']),
    "key in the wrong table": Bad('[asr]\nvoices = "x"', 2, ["asr.voices", '"tts.voices"']),
    "key of no meaning": Bad("[cpu]\nqqq = 1", 2, ["cpu.qqq", "Keys here: threads"]),
    "hyphens": Bad("[asr]\nbeam-size = 1", 2, ["asr.beam-size", '"beam_size"']),
    "capitals": Bad("[ASR]\n", 1, ["ASR", '"asr"']),
    "quoted key": Bad('[llm]\n"max tokens" = 3', 2, ["llm.max tokens", '"max_tokens"']),
    "dotted key": Bad("mode = 'listen'\nasr.beem_size = 3", 2, ["asr.beem_size", '"beam_size"']),
    "dotted table": Bad("[asr.model]\nname = 'x'", 1, ["asr.model =", "expected text"]),
    "inline table": Bad("\nasr = { beam_size = 0 }", 2, ["asr.beam_size = 0", "from 1 to 10"]),
    "too large": Bad("[tone]\n# 5 is most\ndetail = 9", 3, ["tone.detail = 9", "from 1 to 5"]),
    "too small": Bad("[tone]\nwarmth = -0.1", 2, ["tone.warmth = -0.1", "from 0 to 1"]),
    "not above zero": Bad("[endpoint]\nunknown_seconds = 0", 2, ["above 0 and up to 60"]),
    "not a number": Bad("[tone]\nwarmth = nan", 2, ["tone.warmth", "a number from 0 to 1"]),
    "infinite": Bad("[tts]\nvolume = inf", 2, ["tts.volume", "a number from 0 to 1"]),
    "number in quotes": Bad('[asr]\nthreads = "4"', 2, ['asr.threads = "4"', "whole number"]),
    "fraction": Bad("[llm]\nseed = 1.5", 2, ["llm.seed = 1.5", "a whole number"]),
    "truth for a number": Bad("[tone]\nwarmth = true", 2, ["tone.warmth = true", "a number"]),
    "text for truth": Bad('[llm]\nrepack = "on"', 2, ['"on"', "expected true or false"]),
    "number for text": Bad("[persona]\nname = 7", 2, ["persona.name = 7", "text of 1 to 40"]),
    "empty text": Bad('[persona]\nname = ""', 2, ["text of 1 to 40 characters"]),
    "choice misspelt": Bad('[vad]\nengine = "silro"', 2, ['"webrtc"', 'mean "silero"']),
    "choice in capitals": Bad('[log]\nlevel = "INFO"', 2, ['"warning"', 'mean "info"']),
    "Korean choice": Bad('[tone]\nkorean_level = "해요"', 2, ['"합쇼체"', 'mean "해요체"']),
    "number not offered": Bad("[audio]\nblock_ms = 15", 2, ["one of 10, 20, 30"]),
    "either kind": Bad("[audio]\ninput = 1.5", 2, ["text, or a whole number"]),
    "choice or code": Bad('[language]\nreply = "english"', 2, ['"user", or a language code']),
    "value for a table": Bad("asr = 3", 1, ["asr = 3", "expected a table, [asr]"]),
    "table for a value": Bad("[mode]\n", 1, ["mode = {}", '"push-to-talk"']),
    "text for a list": Bad('[language]\nallowed = "en"', 2, ["expected a list"]),
    "empty list": Bad("[language]\nallowed = []", 2, ["a list of at least 1 item"]),
    "item of a long list": Bad(
        '[language]\nallowed = [\n  "en", # and\n  3,\n]', 2, ["language.allowed", "language code"]
    ),
    "after a long text": Bad(
        '[persona]\ndescription = """\n[asr]\nmodle = 1\n"""\nnamme = "x"', 6, ["persona.namme"]
    ),
    "own key": Bad('[tts.voices]\nenglish = "en"', 2, ["tts.voices.english", "language code"]),
    "value of an own key": Bad("[tts]\nvoices.ko = 3", 2, ["tts.voices.ko = 3", "to text"]),
    "default not allowed": Bad(
        '[language]\nreply = "ko"\nallowed = ["ko"]', 3, ["language", "default 'en' is not in"]
    ),
    "windows line ends": Bad("[asr]\r\n\r\nmodle = 1\r\n", 3, ["asr.modle"]),
    "no quotes": Bad("[asr]\nmodel = starter", 2, ["not TOML", "Text needs quotes"]),
    "no value": Bad("[asr]\nmodel =\n", 2, ["not TOML"]),
    "no bracket": Bad("\n[asr\nmodel = 1", 2, ["not TOML"]),
    "never closed": Bad('mode = "listen"\nlog = { level = "info"', 2, ["not TOML"]),
    "twice": Bad("[asr]\nbeam_size = 1\nbeam_size = 2", 3, ["not TOML", "overwrite"]),
    "endless number": Bad("[llm]\nseed = " + "9" * 5000, 2, ["not TOML"]),
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD.keys())
def test_a_mistake_is_named_with_its_place(bad: Bad, tmp_path: Path) -> None:
    file = write(tmp_path, bad.text)
    message = complaint(file)
    assert message.startswith(f"{file}:{bad.line}:"), message
    at = 0
    for part in bad.parts:
        assert part in message[at:], message
        at = message.index(part, at)


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    file = write(tmp_path, "mode = 1\n[tone]\ndetail = 9\nx = 1")
    message = complaint(file, ["asr.modle=x"], {"ROBOT_VOICE__LLM__SEED": "x"})
    assert [line.partition(": ")[0] for line in message.splitlines()] == [
        f"{file}:1",
        f"{file}:3",
        f"{file}:4",
        "option --set asr.modle=x",
        "environment variable ROBOT_VOICE__LLM__SEED",
    ]


def test_a_long_value_is_not_repeated_in_full(tmp_path: Path) -> None:
    file = write(tmp_path, f'[persona]\ndescription = "{"x" * 3000}"')
    assert len(complaint(file)) < 300


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    assert "no such file" in complaint(tmp_path / "none.toml")
    assert "korean-formal" in complaint(tmp_path / "none.toml")
    assert "directory" in complaint(tmp_path)
    file = write(tmp_path, b"mode = 'listen'\n# caf\xe9\n")
    assert complaint(file) == f"{file}:2: not UTF-8 text; save the file as UTF-8."
    deep = write(tmp_path, "a = " + "[" * 5000 + "]" * 5000)
    assert "nested too deeply" in complaint(deep)


def test_a_file_is_named_as_the_user_would(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "x = 1")
    monkeypatch.chdir(tmp_path)
    assert complaint("./mine.toml").startswith("mine.toml:1: ")
    assert complaint(tmp_path / "mine.toml").startswith("mine.toml:1: ")


def test_an_unknown_name_lists_the_known_ones() -> None:
    message = complaint("korean-formel")
    assert 'Did you mean "korean-formal"?' in message
    assert "low-power" in message


# --- what is wrong elsewhere ---------------------------------------------------


@pytest.mark.parametrize(
    ("override", "parts"),
    [
        ("asr.model", ["expected KEY=VALUE"]),
        ("=3", ["expected KEY=VALUE"]),
        ("asr..model=3", ["expected KEY=VALUE"]),
        ("a\nb=3", ["expected KEY=VALUE"]),
        ("asr.modle=x", ["asr.modle", "no such key", '"model"']),
        ("tone.detail=many", ['tone.detail = "many"', "from 1 to 5"]),
        ("persona.name=7", ["persona.name = 7", "expected text"]),
        ("asr.threads=2024-01-01", ["asr.threads", "a whole number"]),
        ("conversation.save_history=True", ["expected true or false"]),
        ("persona.name=\udcff", ["not UTF-8"]),
    ],
)
def test_a_wrong_option(override: str, parts: Sequence[str]) -> None:
    message = complaint(None, [override])
    assert all(part in message for part in parts), message


@pytest.mark.parametrize(
    ("name", "value", "parts"),
    [
        ("ROBOT_VOICE__ASR__MODLE", "x", ["asr.modle", '"model"']),
        ("ROBOT_VOICE__TONE__DETAIL", "9", ["tone.detail = 9", "from 1 to 5"]),
        ("ROBOT_VOICE__FOO", "1", ["foo: no such key"]),
        ("ROBOT_VOICE__", "1", ["no such key"]),
        ("ROBOT_VOICE__ASR", "1", ["expected a table, [asr]"]),
    ],
)
def test_a_wrong_variable(name: str, value: str, parts: Sequence[str]) -> None:
    message = complaint(None, environ={name: value})
    assert message.startswith(f"environment variable {name}: ")
    assert all(part in message for part in parts), message


# --- where values come from ----------------------------------------------------


def test_the_stronger_source_wins(tmp_path: Path) -> None:
    file = write(tmp_path, '[asr]\nmodel = "file"\nbeam_size = 2\n[tone]\ndetail = 3')
    environ = {"ROBOT_VOICE__ASR__MODEL": "variable", "ROBOT_VOICE__ASR__BEAM_SIZE": "4"}
    loaded = load_config(file, ["asr.model=option"], environ)
    assert (loaded.config.asr.model, loaded.config.asr.beam_size) == ("option", 4)
    assert (loaded.config.tone.detail, loaded.config.tone.warmth) == (3, Config().tone.warmth)
    assert loaded.origin(("asr", "model")) == Origin("option", "asr.model=option")
    assert str(loaded.origin(("asr", "beam_size"))).endswith("ROBOT_VOICE__ASR__BEAM_SIZE")
    assert str(loaded.origin(("tone", "detail"))) == f"{file}:5"
    assert str(loaded.origin(("tone", "warmth"))) == "default"


def test_the_last_option_wins() -> None:
    assert load_config(None, ["tone.detail=1", "tone.detail=4"], {}).config.tone.detail == 4


def test_a_stronger_source_mends_a_weaker_one(tmp_path: Path) -> None:
    file = write(tmp_path, "[tone]\ndetail = 9")
    assert load_config(file, ["tone.detail=5"], {}).config.tone.detail == 5


def test_tables_are_merged() -> None:
    environ = {"ROBOT_VOICE__TTS__VOICES__KO": "ko+f3", "robot_voice__tts__rate": "200"}
    tts = load_config(None, [], environ).config.tts
    assert tts.voices == {**Config().tts.voices, "ko": "ko+f3"}
    assert tts.rate == 200


def test_a_variable_for_a_key_beats_one_for_its_table() -> None:
    environ = {
        "ROBOT_VOICE__ASR__MODEL": "key",
        "ROBOT_VOICE__ASR": '{ model = "table", beam_size = 3 }',
    }
    asr = load_config(None, [], environ).config.asr
    assert (asr.model, asr.beam_size) == ("key", 3)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("base", "base"),
        ('"base"', "base"),
        ("~/models/a b.gguf", "~/models/a b.gguf"),
        ("/srv/x # y", "/srv/x # y"),
        ("a=b", "a=b"),
        ("", ""),
        ("2024-01-01", "2024-01-01"),
        ("[broken", "[broken"),
        ("x\ny = 1", "x\ny = 1"),
        ("'x'\ny = 1", "'x'\ny = 1"),
    ],
)
def test_text_needs_no_quotes_outside_of_files(text: str, value: str) -> None:
    assert load_config(None, [f"asr.model={text}"], {}).config.asr.model == value
    environ = {"ROBOT_VOICE__ASR__MODEL": text}
    assert load_config(None, [], environ).config.asr.model == value


def test_an_option_takes_any_toml_value() -> None:
    overrides = ['language.allowed=["ko", "ja"]', "language.default = ko", "audio.input=3"]
    config = load_config(None, overrides, {}).config
    assert config.language.allowed == ("ko", "ja")
    assert config.audio.input == 3


def test_other_variables_are_not_ours() -> None:
    assert load_config(None, [], {"ROBOT_VOICE_DEBUG": "1", "PATH": "x"}).config == Config()


def test_the_users_own_file_is_read_when_none_is_named(user_folders: Path) -> None:
    assert load_config(None, [], {}).file == paths.configs() / "default.toml"
    own = write(user_folders, "[tone]\ndetail = 5", "config.toml")
    loaded = load_config(None, [], {})
    assert (loaded.file, loaded.config.tone.detail) == (own, 5)
    assert load_config("default", [], {}).config == Config()


def test_the_user_may_add_names_and_replace_shipped_ones(user_folders: Path) -> None:
    write(user_folders, "[tone]\ndetail = 5", "low-power.toml")
    write(user_folders, "[tone]\ndetail = 4", "kitchen.toml")
    assert load_config("low-power", [], {}).config.tone.detail == 5
    assert load_config("kitchen", [], {}).config.tone.detail == 4


def test_a_mark_at_the_beginning_of_the_file_is_skipped(tmp_path: Path) -> None:
    file = write(tmp_path, b"\xef\xbb\xbfmode = 'push-to-talk'")
    assert load_config(file, [], {}).config.mode == "push-to-talk"


def test_relative_paths_start_where_they_are_written(tmp_path: Path) -> None:
    loaded = load_config(write(tmp_path, "[asr]\nmodel = 'x'"), ["llm.model=y"], {})
    assert loaded.base(("asr", "model")) == tmp_path
    assert loaded.base(("llm", "model")) is None
    assert loaded.base(("actions", "file")) is None


# --- lines ---------------------------------------------------------------------


def test_lines_of_keys() -> None:
    text = """\
# a comment
top = 1
"quoted key" = 2   # at 3

a.b . 'c d' = 3
[one]
x = { y = 1, z = { w = 2 } }
text = \"\"\"
[two]
x = 5
\"\"\"
list = [
  "[three]",
  # [four]
]
[ one . sub ]
k = '''
'''
[[array]]
n = 1
last = 1"""
    lines = {".".join(path): line for path, line in key_lines(text).items()}
    assert lines == {
        "top": 2,
        "quoted key": 3,
        "a": 5,
        "a.b": 5,
        "a.b.c d": 5,
        "one": 6,
        "one.x": 7,
        "one.x.y": 7,
        "one.x.z": 7,
        "one.x.z.w": 7,
        "one.text": 8,
        "one.list": 12,
        "one.sub": 16,
        "one.sub.k": 17,
        "array": 19,
    }


def test_every_value_of_a_file_has_a_line() -> None:
    for file in configurations().values():
        text = file.read_text()
        lines, tree = key_lines(text), tomllib.loads(text)
        for table, values in tree.items():
            for key in values if isinstance(values, dict) else ():
                assert text.splitlines()[lines[table, key] - 1].startswith(
                    (key, f"[{table}.{key}]")
                )


# --- the shipped files ---------------------------------------------------------

SHIPPED = [
    "default",
    "korean-formal",
    "korean-casual",
    "child-friendly",
    "low-power",
    "push-to-talk",
]


def test_the_shipped_configurations() -> None:
    assert sorted(configurations()) == sorted(SHIPPED)
    loaded = {name: load_config(name, [], {}).config for name in configurations()}
    assert loaded["default"] == Config()
    assert loaded["korean-formal"].tone.korean_level == "합쇼체"
    assert loaded["korean-casual"].tone.korean_level == "반말"
    assert loaded["child-friendly"].safety.sensitivity == "child"
    assert loaded["low-power"].vad.engine == "webrtc"
    assert loaded["push-to-talk"].mode == "push-to-talk"


@pytest.mark.parametrize("name", sorted(set(SHIPPED) - {"default"}))
def test_a_shipped_configuration_says_only_what_differs(name: str) -> None:
    loaded = load_config(name, [], {})
    changed, default = (config.model_dump(mode="json") for config in (loaded.config, Config()))
    same = [path for path in loaded.origins if _at(changed, path) == _at(default, path)]
    assert same == []


def _at(tree: object, path: Sequence[str]) -> object:
    for name in path:
        assert isinstance(tree, dict)
        tree = tree[name]
    return tree


def test_default_toml_is_the_schema() -> None:
    text = (paths.configs() / "default.toml").read_text()
    assert text == schema.default_toml()
    for setting in schema.settings().values():
        assert setting.help.splitlines()[0] in text
        unset = f"# {setting.path[-1]} = "
        assert f"\n{setting.path[-1]} = " in text or unset in text


def test_the_settings_are_the_model() -> None:
    def leaves(model: type[BaseModel], path: tuple[str, ...]) -> list[tuple[str, ...]]:
        found = []
        for name, field in model.model_fields.items():
            kind = field.annotation
            section = isinstance(kind, type) and issubclass(kind, BaseModel)
            here = (*path, name)
            found += leaves(kind, here) if section else [here]  # type: ignore[arg-type]
        return found

    assert sorted(schema.settings()) == sorted(leaves(Config, ()))
    assert all(setting.help and setting.expected for setting in schema.settings().values())


def test_a_configuration_survives_being_written() -> None:
    overrides = [
        'persona.name="a \\"b\\" \\\\ \\u007f 누리"',
        "tts.voices.de=de",
        "llm.repack=true",
    ]
    config = load_config(None, overrides, {}).config
    text = schema.to_toml(config, lambda setting: "a note")
    again = Config.model_validate(tomllib.loads(text))
    assert again == config

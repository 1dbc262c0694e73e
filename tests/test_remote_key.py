"""Where words and keys go that are meant for another machine, and where they do not."""

from __future__ import annotations

import logging
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from pydantic import ValidationError

from robot_voice.errors import ConfigError, LlmError
from robot_voice.llm.remote import KEY_VARIABLE, read_key
from robot_voice.llm_config import RemoteConfig
from tests.openai_server import FakeServer, ask, remote, reply

# --- where the words go --------------------------------------------------------------


def test_no_proxy_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with FakeServer(reply("Hi.")) as server:
        assert ask(remote(server.url)) == "Hi."


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for this machine that nobody knows, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("there is no openssl program to make a certificate with")
    pem, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", str(key), "-out", str(pem), "-days", "2", "-subj", "/CN=x"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True)
    return pem, key


def test_a_certificate_must_be_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pem, key = certificate(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pem, key)
    with FakeServer(reply("Hi."), tls=tls) as server:
        with pytest.raises(LlmError, match="does not trust its certificate"):
            ask(remote(server.url, "s3cret"))
        assert not server.asked
        monkeypatch.setenv("SSL_CERT_FILE", str(pem))
        assert ask(remote(server.url, "s3cret")) == "Hi."


def test_the_key_is_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with FakeServer(reply("On the roof.")) as server:
        llm = remote(server.url, "s3cret")
        ask(llm)
    assert server.asked[0]["authorization"] == "Bearer s3cret"
    assert "s3cret" not in caplog.text + repr(llm)
    caplog.set_level(logging.INFO)
    assert not any(word in caplog.text for word in ("kite", "roof"))


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://10.0.0.2:8080/v1", True),
        ("https://10.0.0.2/v1", False),
        ("http://127.0.0.1:8080/v1", False),
        ("http://[::1]:8080", False),
    ],
)
def test_a_key_in_the_clear_is_warned_of(
    url: str, warned: bool, caplog: pytest.LogCaptureFixture
) -> None:
    remote(url, "s3cret")
    assert ("can read the key" in caplog.text) is warned


def test_the_key_is_read_from_a_file_or_the_environment(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "key"
    file.write_text("from-file\n")
    file.chmod(0o600)
    environ = {KEY_VARIABLE: " from-environment "}
    assert read_key(file, environ) == "from-file"
    assert read_key(None, environ) == "from-environment"
    assert read_key(None, {}) == ""
    assert not caplog.text
    file.chmod(0o644)
    assert read_key(file, {}) == "from-file"
    assert "others on this machine may read it" in caplog.text
    assert "from-file" not in caplog.text


@pytest.mark.parametrize("text", ["", "two s3crets", "s3cret\r\nX-Other: 1", "s3crét", "s" * 9000])
def test_what_is_no_key_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text(text, "utf-8")
    with pytest.raises(ConfigError, match="holds no key") as caught:
        read_key(file, {})
    assert "s3cr" not in str(caught.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_key(tmp_path / "none", {})


@pytest.mark.parametrize(
    "url",
    [
        *("localhost:8080", "ftp://host/v1", "http://", "http:///v1", "http://host:port/v1"),
        *("http://me:s3cret@host/v1", "http://host/v1?key=s3cret", "http://host/v1#s3cret"),
        "http://two hosts/v1",
    ],
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="url must look like"):
        RemoteConfig(url=url)


def test_an_address_that_only_looks_like_one_is_refused() -> None:
    for url in ("http://host:99999/v1", "http://[:::]/v1"):
        with pytest.raises(ConfigError, match="is no address"):
            remote(url)

"""Talks to a model hub: which files a repository has, and one file at a time, whole and checked.

Through ``huggingface_hub``: its sessions (proxies, certificates), tokens, errors and back-off. Its
``hf_hub_download`` is not used, because since 1.0 it starts a cut download from nothing: whatever
a process had fetched is deleted when it ends. A robot fetches gigabytes over a poor line, so here
the bytes that came are kept, and asked for no second time (HTTP range requests, RFC 9110, 14).

Nothing is trusted but hashes: a file counts only if its SHA-256 (or, for small files that are not
in LFS, its Git name) is the one the hub's own metadata gives. Plain HTTP, which every mirror
speaks, is used also where the hub has the Xet protocol.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from robot_voice import __version__
from robot_voice.errors import ModelError

from .lock import RelativePath, Report, git_sha1, sha256

if TYPE_CHECKING:
    import httpx2

TRIES = 5
"""How often in a row a file may fail to grow before that is an error."""

WRONG = 2
"""How often a complete file may have wrong bytes: once may be an accident of a proxy."""

_LONGEST_PAUSE = 8.0
"""Seconds between tries; they double up to this, as in ``huggingface_hub``."""


class _Lfs(BaseModel):
    sha256: str = Field(pattern="^[0-9a-f]{64}$")


class RemoteFile(BaseModel):
    """A file as the hub's metadata describes it."""

    path: RelativePath = Field(alias="rfilename")
    size: int = Field(ge=0)
    blob_id: str = Field(alias="blobId", pattern="^[0-9a-f]{40}$")
    """Its name in Git: the SHA-1 of the content, or of the pointer if it is in LFS."""
    lfs: _Lfs | None = None

    def is_in(self, file: Path) -> str | None:
        """The SHA-256 of ``file`` if its content is what the hub has, else None."""
        if not file.is_file() or file.stat().st_size != self.size:
            return None
        if self.lfs is None:
            return sha256(file) if git_sha1(file) == self.blob_id else None
        digest = sha256(file)
        return digest if digest == self.lfs.sha256 else None


class Listing(BaseModel):
    """A repository at one commit."""

    commit: str = Field(alias="sha", pattern="^[0-9a-f]{40}$")
    files: list[RemoteFile] = Field(alias="siblings")


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub, or a mirror of one.

    ``endpoint`` is its address; empty for the one in the variable ``HF_ENDPOINT``, else the public
    hub. The owner's token (``HF_TOKEN``) goes to those two only, never to an endpoint given here.
    ``pause`` is the shortest wait between tries, ``silence`` how long no byte may come before a
    connection counts as cut; both in seconds.
    """

    endpoint: str = ""
    pause: float = 1.0
    silence: float = 30.0
    say: Callable[[str], None] = lambda text: None
    """Told of tries that failed."""

    def listing(self, repository: str, revision: str) -> Listing:
        """The files of a repository. Raises ``ModelError`` if the hub cannot or will not tell."""
        _prepare()
        from httpx2 import HTTPError, InvalidURL
        from huggingface_hub.errors import OfflineModeIsEnabled
        from huggingface_hub.utils import hf_raise_for_status, http_backoff

        url = f"{self._base()}/api/models/{repository}/revision/{revision}"
        try:
            with _telling(self.say):
                response = http_backoff(
                    "GET",
                    url,
                    params={"blobs": True},
                    headers=self._headers(),
                    timeout=self.silence,
                    max_retries=TRIES - 2,
                    base_wait_time=self.pause,
                )
            hf_raise_for_status(response)
            listing = Listing.model_validate_json(response.content)
        except (HTTPError, InvalidURL, OfflineModeIsEnabled) as error:
            raise self._failure(error, repository) from None
        except ValidationError as error:
            problem = error.errors(include_url=False)[0]["msg"]
            raise ModelError(
                f"{self._base()} does not answer as a model hub does ({problem}). Is the address "
                "of the mirror right (--mirror, HF_ENDPOINT)?"
            ) from None
        if _COMMIT.fullmatch(revision) and listing.commit != revision:
            raise ModelError(f"{url}: answered with another commit, {listing.commit}.")
        return listing

    def fetch(
        self, repository: str, commit: str, file: RemoteFile, part: Path, report: Report
    ) -> str:
        """Download a file into ``part``, going on from what is there; returns its SHA-256.

        Raises ``ModelError`` when the hub gives up or gives wrong bytes, ``OSError`` when the disk
        does. What came until then stays in ``part``, unless it is wrong.
        """
        _prepare()
        part.touch()
        failed = wrong = 0
        while True:
            had, problem = part.stat().st_size, ""
            if had != file.size:
                problem = self._go_on(repository, commit, file, part, report)
            size = part.stat().st_size
            if size == file.size:
                if digest := file.is_in(part):
                    return digest
                problem = "wrong bytes: its hash is not the one the hub gives"
            elif size > file.size:
                problem = "longer than the hub says"
            if size >= file.size:
                wrong += 1
                part.write_bytes(b"")
            problem = problem or "cut short"
            failed = 0 if size > had else failed + 1
            if failed >= TRIES or wrong >= WRONG:
                going_on = "begins it anew" if wrong >= WRONG else "goes on from what is there"
                raise ModelError(
                    f"{file.path} of {repository}: {problem}. Tried {max(failed, wrong)} times; "
                    f"the same command tries again, and {going_on}."
                )
            self.say(f"{file.path}: {problem}; trying again")
            time.sleep(min(_LONGEST_PAUSE, self.pause * 2**failed))

    def _go_on(
        self, repository: str, commit: str, file: RemoteFile, part: Path, report: Report
    ) -> str:
        """One request for what is missing. Returns why it ended too early, if the hub told."""
        from httpx2 import InvalidURL, RequestError, StreamError
        from huggingface_hub import hf_hub_url
        from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled
        from huggingface_hub.utils import hf_raise_for_status, http_stream_backoff

        url = hf_hub_url(repository, file.path, revision=commit, endpoint=self._base())
        had = part.stat().st_size
        # Compressed bytes could not be continued.
        headers = {**self._headers(), "Accept-Encoding": "identity"}
        if had:
            headers["Range"] = f"bytes={had}-"
        try:
            with (
                _telling(self.say),
                http_stream_backoff(
                    "GET",
                    url,
                    headers=headers,
                    timeout=self.silence,
                    max_retries=TRIES - 2,
                    base_wait_time=self.pause,
                    retry_on_exceptions=(),
                ) as response,
            ):
                if not had or response.status_code != 416:  # a part may be too long
                    hf_raise_for_status(response)
                if had and not _continues(response, had):
                    part.write_bytes(b"")
                    had = 0
                    if response.status_code != 200:
                        return "the hub answered with another part of the file"
                self._save(response, file, part, had, report)
        except (RequestError, StreamError) as error:
            return f"the connection broke ({type(error).__name__})"
        except (HfHubHTTPError, InvalidURL, OfflineModeIsEnabled) as error:
            raise self._failure(error, repository) from None
        return ""

    @staticmethod
    def _save(
        response: httpx2.Response, file: RemoteFile, part: Path, had: int, report: Report
    ) -> None:
        with part.open("ab") as stream:
            for chunk in response.iter_bytes():
                stream.write(chunk)
                had += len(chunk)
                report(file.path, had, file.size)
                if had > file.size:
                    return

    def _base(self) -> str:
        return (self.endpoint or os.environ.get("HF_ENDPOINT") or _PUBLIC).rstrip("/")

    def _headers(self) -> dict[str, str]:
        from huggingface_hub import get_token

        # Not the library's own headers: to write those it asks the hub, over the network, for a
        # list of programs to look for on this machine.
        headers = {"user-agent": f"robot-voice/{__version__}"}
        token = None if self.endpoint else get_token()
        return {**headers, "authorization": f"Bearer {token}"} if token else headers

    def _failure(self, error: Exception, repository: str) -> ModelError:
        """What an owner can do about it."""
        base = self._base()
        response = getattr(error, "response", None)
        status = getattr(response, "status_code", 0)
        kind = type(error).__name__
        page = f"{base}/{repository}"
        if kind == "OfflineModeIsEnabled":
            return ModelError("the variable HF_HUB_OFFLINE forbids downloads; unset it to pull.")
        if kind == "GatedRepoError":
            return ModelError(
                f"{repository}: its owners let only those in who have agreed to their terms. Agree "
                f"at {page}, make a token there (Settings, Access Tokens), and set HF_TOKEN."
            )
        if status in (401, 403):
            return ModelError(
                f"{repository}: the hub refuses it (HTTP {status}): it is private or gone, or the "
                "token in HF_TOKEN is wrong or may not read it."
            )
        if status == 404:
            return ModelError(
                f"{repository}: {base} has no such repository, revision or file. If this is a "
                "mirror, it may be incomplete; else the manifest of this version is out of date."
            )
        if status:
            return ModelError(f"{repository}: {base} answered HTTP {status}; try again later.")
        return ModelError(
            f"{base} cannot be reached ({kind}). Is there a network here? A mirror is named with "
            "--mirror URL; a robot without internet takes models from a USB stick: "
            "`robot-voice models import FOLDER`."
        )


_PUBLIC = "https://huggingface.co"
_COMMIT = re.compile("[0-9a-f]{40}")


def _prepare() -> None:
    """What the library reads when it is imported: no telemetry, and HTTP alone."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_HUB_DISABLE_XET"] = "1"


@contextmanager
def _telling(say: Callable[[str], None]) -> Iterator[None]:
    """Has the library's own warnings, that it waits and tries again, told in our way."""

    def tell(record: logging.LogRecord) -> bool:
        say(record.getMessage())
        return False

    logger = logging.getLogger("huggingface_hub.utils._http")
    logger.addFilter(tell)
    try:
        yield
    finally:
        logger.removeFilter(tell)


def _continues(response: httpx2.Response, had: int) -> bool:
    """Whether the answer begins with the byte that was asked for."""
    begins = response.headers.get("content-range", "").startswith(f"bytes {had}-")
    return response.status_code == 206 and begins

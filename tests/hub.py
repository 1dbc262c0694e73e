"""A model hub on this machine, with faults to order.

It speaks as much of the hub's HTTP interface as the model manager uses: a repository's metadata
with hashes (``/api/models/ID/revision/REVISION?blobs=true``) and its files
(``/ID/resolve/REVISION/PATH``), large ones by a redirect, with range requests (RFC 9110, 14).
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

Files = Mapping[str, bytes]

LARGE = 10_000
"""Bytes from which a file is in LFS here, so that tests are small."""

_BLOCK = 16_384


@dataclass
class Fault:
    """Something that goes wrong with the body of a large file.

    ``at`` is the byte of the file at which it does. ``cut`` ends the connection there, ``reset``
    too, without a goodbye; ``wrong`` inverts what follows; ``short`` says the file ends there, and
    ``long`` that more follows its end; ``call`` calls ``hook`` there, then goes on.
    """

    kind: Literal["cut", "reset", "wrong", "short", "long", "call"]
    at: int = 0
    times: int = 1
    """How many answers it strikes."""
    hook: Callable[[], object] = lambda: None


@dataclass
class Refusal:
    """An answer that is an error: to requests whose path matches."""

    path: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    times: int = 1000


class FakeHub:
    """``repositories`` maps an id to its files. ``requests`` are all that came, as METHOD PATH."""

    def __init__(self, repositories: Mapping[str, Files]) -> None:
        self.repositories = dict(repositories)
        self.faults: list[Fault] = []
        self.refusals: list[Refusal] = []
        self.requests: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        """Of those requests; the names in small letters."""
        self.sent = 0
        """Bytes of large files that left."""
        self.ignores_ranges = False
        self.answers_range_from: int | None = None
        """Instead of the byte that was asked for."""
        self.answers_commit = ""
        """Instead of the commit that was asked for; all commits hold the same here."""
        self._lock = threading.Lock()
        self._server = _Server(self)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextmanager
    def running(self) -> Iterator[FakeHub]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()

    def commit(self, repository: str) -> str:
        """What a commit is: a name for exactly this content."""
        digest = hashlib.sha1(usedforsecurity=False)
        for path, data in sorted(self.repositories[repository].items()):
            digest.update(path.encode() + hashlib.sha256(data).digest())
        return digest.hexdigest()

    def note(self, method: str, path: str, headers: Mapping[str, str]) -> None:
        with self._lock:
            self.requests.append(f"{method} {path}")
            self.headers.append(headers)

    def take_fault(self) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times > 0:
                    fault.times -= 1
                    return fault
        return None

    def take_refusal(self, path: str) -> Refusal | None:
        with self._lock:
            for refusal in self.refusals:
                if refusal.times > 0 and re.search(refusal.path, path):
                    refusal.times -= 1
                    return refusal
        return None

    def metadata(self, repository: str) -> dict[str, Any]:
        files = self.repositories[repository]
        siblings = [_sibling(path, data) for path, data in files.items()]
        return {"id": repository, "sha": self.commit(repository), "siblings": siblings}


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"rfilename": path, "size": len(data)}
    digest = hashlib.sha256(data).hexdigest()
    if len(data) >= LARGE:
        pointer = f"version https://git-lfs\noid sha256:{digest}\nsize {len(data)}\n".encode()
        entry["lfs"] = {"sha256": digest, "size": len(data), "pointerSize": len(pointer)}
        data = pointer
    entry["blobId"] = _git_name(data)
    return entry


def _git_name(data: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, hub: FakeHub) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.hub = hub

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what some tests are about; anything else is a mistake here."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, format: str, *args: Any) -> None:
        """Tests read ``FakeHub.requests``."""

    def do_GET(self) -> None:
        hub, path = self.server.hub, unquote(urlsplit(self.path).path)
        hub.note("GET", path, {key.lower(): value for key, value in self.headers.items()})
        if refusal := hub.take_refusal(path):
            self._answer(refusal.status, b"", refusal.headers)
        elif found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/([^/]+)", path):
            self._metadata(*found.groups())
        elif found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self._file(*found.groups())
        elif found := re.fullmatch(r"/cdn/([^/]+/[^/]+)/(.+)", path):
            self._large(hub.repositories[found[1]][found[2]])
        else:
            self._answer(404, b"")

    def _metadata(self, repository: str, revision: str) -> None:
        hub = self.server.hub
        if repository not in hub.repositories:
            self._answer(404, b"", {"X-Error-Code": "RepoNotFound"})
        elif revision not in ("main", hub.commit(repository)) and len(revision) != 40:
            self._answer(404, b"", {"X-Error-Code": "RevisionNotFound"})
        else:
            answer = hub.metadata(repository)
            if len(revision) == 40:
                answer["sha"] = hub.answers_commit or revision
            body = json.dumps(answer).encode()
            self._answer(200, body, {"Content-Type": "application/json"})

    def _file(self, repository: str, revision: str, path: str) -> None:
        hub = self.server.hub
        data = hub.repositories.get(repository, {}).get(path)
        if data is None:
            self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            return
        digest = hashlib.sha256(data).hexdigest()
        shared = {"X-Repo-Commit": hub.commit(repository)}
        if len(data) < LARGE:
            self._answer(200, data, {**shared, "ETag": f'"{digest[:40]}"'})
            return
        linked = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(data))}
        self._answer(302, b"", {**shared, **linked, "Location": f"/cdn/{repository}/{path}"})

    def _large(self, data: bytes) -> None:
        hub, first = self.server.hub, 0
        asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if asked and not hub.ignores_ranges:
            first = int(asked[1]) if hub.answers_range_from is None else hub.answers_range_from
            if first >= len(data):
                self._answer(416, b"", {"Content-Range": f"bytes */{len(data)}"})
                return
        fault = hub.take_fault()
        body, length = data[first:], len(data) - first
        if fault is not None and fault.kind == "short":
            length = max(0, fault.at - first)
            body = body[:length]
        elif fault is not None and fault.kind == "long":
            body += bytes(1000)
            length += 1000
        self.send_response(206 if first else 200)
        self.send_header("Content-Length", str(length))
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self._send(body, first, fault)

    def _send(self, body: bytes, first: int, fault: Fault | None) -> None:
        at = max(0, fault.at - first) if fault else len(body)
        if fault is None or fault.kind in ("short", "long"):
            self._write(body)
            return
        self._write(body[:at])
        if fault.kind == "call":
            fault.hook()
            self._write(body[at:])
        elif fault.kind == "wrong":
            self._write(bytes(byte ^ 0xFF for byte in body[at:]))
        else:
            if fault.kind == "reset":
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True

    def _write(self, data: bytes) -> None:
        for start in range(0, len(data), _BLOCK):
            self.wfile.write(data[start : start + _BLOCK])
            self.server.hub.sent += len(data[start : start + _BLOCK])
        self.wfile.flush()

    def _answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

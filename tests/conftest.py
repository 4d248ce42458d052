"""What tests of several folders share: a small data set in MNIST's format, IDX files made byte by byte, a server.

Hypothesis tries the same examples in every run, so that a change is judged by what it changed.
``RESCIRCUIT_EXAMPLES=new`` has it look for new ones.
"""

from __future__ import annotations

import gzip
import hashlib
import http.server
import os
import struct
import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import settings

from rescircuit.datasets import DATASETS, DatasetFile

settings.register_profile("the same examples", derandomize=True)
if os.environ.get("RESCIRCUIT_EXAMPLES") != "new":
    settings.load_profile("the same examples")

COUNTS = {"train": 30, "t10k": 20}


@pytest.fixture
def idx():
    """The bytes of an IDX file with these numbers; header fields may be forged."""

    def build(array, shape=None, kind=0x08, zeros=b"\0\0", axes=None):
        shape = array.shape if shape is None else shape
        header = zeros + bytes([kind, len(shape) if axes is None else axes])
        return header + struct.pack(f">{len(shape)}I", *shape) + np.asarray(array, np.uint8).tobytes()

    return build


@pytest.fixture
def contents(idx):
    """Names and unpacked contents of a small data set's files."""
    rng = np.random.default_rng(3)
    files = {}
    for part, count in COUNTS.items():
        files[f"{part}-images-idx3-ubyte.gz"] = idx(rng.integers(0, 256, (count, 28, 28)))
        files[f"{part}-labels-idx1-ubyte.gz"] = idx(rng.integers(0, 10, count))
    return files


@pytest.fixture
def small(contents, monkeypatch):
    """The catalogue's MNIST, with the small files in place of its own and no mirrors; in the catalogue too."""
    files = tuple(
        DatasetFile(name=name, size=len(content), sha256=hashlib.sha256(content).hexdigest())
        for name, content in contents.items()
    )
    dataset = replace(DATASETS["mnist"], files=files, mirrors=())
    monkeypatch.setitem(DATASETS, "mnist", dataset)
    return dataset


@pytest.fixture
def fill(contents):
    """Write the small data set's files to a folder, compressed or not."""

    def write(folder, compressed=True):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            if compressed:
                (folder / name).write_bytes(gzip.compress(content))
            else:
                (folder / name.removesuffix(".gz")).write_bytes(content)
        return folder

    return write


class Server:
    """Serves what is in `answers`; notes which paths were asked for."""

    def __init__(self):
        self.answers, self.asked = {}, []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append(self.path)
                answer = outer.answers.get(self.path)
                if answer is None:
                    self.send_error(404)
                elif callable(answer):
                    answer(self)
                else:
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, *_):
                """Say nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()


@pytest.fixture
def server(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    served = Server()
    yield served
    served.server.shutdown()
    served.server.server_close()

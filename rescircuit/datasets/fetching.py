"""Data sets from their public homes: several tried in turn, what they send limited, checked, and kept whole or not."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from rescircuit.datasets.catalogue import Dataset, DatasetFile
from rescircuit.datasets.folders import DATA_VARIABLE, WHOLE, FileState, check_dataset, check_file, data_folder
from rescircuit.errors import InputError, RescircuitError, shorten
from rescircuit.files import make_folder, write_atomically

__all__ = ["FetchError", "fetch_dataset"]

TIMEOUT = 30.0  # second, for each answer and each piece of one
_CHUNK = 1 << 16
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

Report = Callable[[str, float, float], None]


class FetchError(RescircuitError):
    """No home of a data set gave what it should."""


def fetch_dataset(
    dataset: Dataset,
    data_dir: str | Path | None = None,
    *,
    report: Report | None = None,
    timeout: float = TIMEOUT,
) -> tuple[FileState, ...]:
    """Bring the files of a data set to ``DATA_DIR/NAME/``, those aside that are there and whole.

    Each is written beside its place, checked, and put there by a rename: what is interrupted or wrong leaves nothing.

    Parameters
    ----------
    dataset : Dataset
    data_dir : path, optional
        See :func:`rescircuit.datasets.data_folder`.
    report : callable, optional
        Called with (what is under way, bytes done, bytes in all).
    timeout : float
        Seconds to wait for an answer, and for each piece of one.

    Returns
    -------
    tuple of FileState
        As :func:`rescircuit.datasets.check_dataset` finds them; all whole.

    Raises
    ------
    FetchError
        If no mirror can be reached, or none sends the right content.
    InputError
        If the folder cannot be written to.
    """
    folder = data_folder(data_dir) / dataset.name
    for file, found in zip(dataset.files, check_dataset(dataset, data_dir), strict=True):
        if found.state != WHOLE:
            _fetch(dataset, file, make_folder(folder), report or _silent, timeout)
    return check_dataset(dataset, data_dir)


def _fetch(dataset: Dataset, file: DatasetFile, folder: Path, report: Report, timeout: float) -> None:
    """One file, from the first mirror that has it."""
    failures = []
    for mirror in dataset.mirrors:

        def write(temporary: Path, address: str = mirror + file.name) -> None:
            _download(address, temporary, file, report, timeout)
            try:
                check_file(temporary, file)
            except InputError as error:
                raise FetchError(f"{error.required} was asked for, {error.got} came") from None

        try:
            write_atomically(folder / file.name, write)
        except FetchError as error:
            failures.append(f"{urlsplit(mirror).hostname}: {error}")
        else:
            return
    raise FetchError(
        f"{file.name} of {dataset.name} could not be fetched ({'; '.join(failures)}). If this machine has no network, "
        f"put the files of {dataset.name} from elsewhere into {folder}, or name their folder with --data-dir or "
        f"{DATA_VARIABLE}."
    )


def _download(address: str, path: Path, file: DatasetFile, report: Report, timeout: float) -> None:
    """Write what is at an address to a file, unless it is longer than the content can be."""
    most = file.size + 4096  # what gzip cannot make shorter it makes longer by a header and a little
    _check_address(address)
    with _answering():
        answer = urllib.request.build_opener(_Redirects).open(address, timeout=timeout)
    with answer:
        length = answer.headers.get("Content-Length", "")
        expected = int(length) if length.isascii() and length.isdigit() else 0
        if expected > most:
            raise FetchError(f"{expected} bytes announced, at most {most} expected")
        done = 0
        with path.open("wb") as out:
            while chunk := _piece(answer):
                done += len(chunk)
                if done > most:
                    raise FetchError(f"more than {most} bytes came")
                out.write(chunk)
                report(file.name, done, max(expected, done))
    if done < expected:
        raise FetchError(f"{done} bytes of {expected} came")


def _piece(answer: IO[bytes]) -> bytes:
    with _answering():
        return answer.read(_CHUNK)


@contextmanager
def _answering() -> Iterator[None]:
    """Within it, what networks do is the mirror's failure."""
    try:
        yield
    except FetchError:
        raise
    except urllib.error.URLError as error:  # HTTPError is one of them
        raise FetchError(shorten(str(error.reason))) from None
    except TimeoutError:
        raise FetchError("no answer in time") from None
    except (OSError, ValueError, http.client.HTTPException) as error:  # ValueError: an address that is none
        raise FetchError(shorten(str(error) or type(error).__name__)) from None


def _check_address(address: str) -> None:
    """Addresses are those of the catalogue, and where they send us on to: https, or this machine."""
    parts = urlsplit(address)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise FetchError(f"{parts.scheme} is not trusted, https is")


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows to trusted addresses only."""

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:
        _check_address(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _silent(*_: object) -> None:
    """Report nothing."""

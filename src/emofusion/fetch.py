"""Download a file from a server: with a check, with a progress bar, and resumed after an interruption."""

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from emofusion.disk import need_space
from emofusion.errors import EmofusionError

if TYPE_CHECKING:
    import requests

PAUSES = (1, 2, 4)  # seconds before each further attempt; counted anew whenever more has arrived than ever before
LONGEST_PAUSE = 60  # seconds; a server that asks for a longer pause gets this one
TIMEOUT = (20, 60)  # seconds to connect, and between two bytes
_CHUNK = 1 << 14  # bytes; a broken connection loses no more than this


def fetch(url: str, target: Path, known_hash: str | None = None, size: int | None = None) -> Path:
    """Download a file, and return `target`. An existing file with the right size and checksum is not downloaded again.

    After an interruption, the received part stays beside the target as `<name>.partial`. The next attempt requests only
    the rest (HTTP Range). Only one process at a time downloads into a folder.

    Args:
        url: address of the file.
        target: path of the file on this machine; its folder is created.
        known_hash: checksum of the file, `md5:…` or `sha256:…`; None: not checked.
        size: number of bytes of the file; None: not checked.

    Raises:
        EmofusionError: the file cannot be downloaded or written, or has another size or checksum. A file with another
            size or checksum is deleted. The message names the URL, and where to put the file by hand.
    """
    from requests import RequestException

    target = Path(target)
    partial = target.with_name(f"{target.name}.partial")
    by_hand = f"If it cannot be had from here, fetch it by hand and put it at {target.absolute()}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _one_process_at_a_time(target.parent):
            if target.is_file():
                if _difference(target, known_hash, size) is None:
                    return target
                if size is not None and target.stat().st_size != size:
                    target.replace(partial)  # most likely a copy that was cut short
            if size is not None:
                need_space(target, size - _size(partial))
            was_resumed = _size(partial) > 0
            _resume(url, partial)
            difference = _difference(partial, known_hash, size)
            if difference is not None and was_resumed:  # what was there before may be the wrong part
                partial.unlink()
                _resume(url, partial)
                difference = _difference(partial, known_hash, size)
            if difference is not None:
                partial.unlink()
                raise EmofusionError(
                    f"what {url} gave is not the file that it should be, and was removed: {difference}. Try again. "
                    f"{by_hand}."
                )
            partial.replace(target)
    except RequestException as error:
        kept = f" What has arrived is kept in {partial}." if partial.exists() else ""
        raise EmofusionError(f"cannot fetch {url}: {_reason(error)}. {by_hand}.{kept}") from error
    except OSError as error:
        raise EmofusionError(f"cannot write {target.absolute()}: {error.strerror or error}") from error
    return target


def file_hash(path: Path, algorithm: str) -> str:
    """The checksum of a file in hexadecimal digits; `algorithm` is one of `hashlib`, such as `md5`."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, algorithm).hexdigest()


def get_json(url: str) -> Any:
    """The JSON answer of a server's API. Raises `EmofusionError` where there is none."""
    import requests

    def ask() -> Any:
        answer = requests.get(url, timeout=TIMEOUT)
        answer.raise_for_status()
        return answer.json()

    try:
        return _patiently(ask)
    except requests.RequestException as error:
        raise EmofusionError(f"cannot look up {url}: {_reason(error)}") from error


def _difference(path: Path, known_hash: str | None, size: int | None) -> str | None:
    """How a file differs from the known size and checksum, in words; None where it does not."""
    if size is not None and path.stat().st_size != size:
        return f"it has {path.stat().st_size} bytes instead of {size}"
    if known_hash is not None:
        algorithm, _, expected = known_hash.partition(":")
        actual = file_hash(path, algorithm)
        if actual != expected.lower():
            return f"its {algorithm} is {actual} instead of {expected}"
    return None


def _resume(url: str, partial: Path) -> None:
    """Download the missing rest of `partial`, and append it. Try again when the connection breaks."""
    _patiently(lambda: _get_rest(url, partial), lambda: _size(partial))


def _patiently(ask: Callable[[], Any], arrived: Callable[[], int] = lambda: 0) -> Any:
    """What `ask` returns. It is called again when a request fails for a reason that may pass.

    arrived: returns how many bytes there are already. Attempts are counted anew when there are more than ever before.
    """
    import requests

    attempts, most = 0, arrived()
    while True:
        try:
            return ask()
        except requests.RequestException as error:
            answer = error.response
            if answer is not None and answer.status_code < 500 and answer.status_code != 429:
                raise  # another attempt would get the same answer
            attempts, most = (0, arrived()) if arrived() > most else (attempts, most)
            if attempts >= len(PAUSES):
                raise
            wanted = answer.headers.get("Retry-After", "") if answer is not None else ""
            time.sleep(max(PAUSES[attempts], min(int(wanted), LONGEST_PAUSE) if wanted.isdecimal() else 0))
            attempts += 1


def _size(path: Path) -> int:
    """The size of a file in bytes; 0 where there is none."""
    return path.stat().st_size if path.exists() else 0


def _get_rest(url: str, partial: Path) -> None:
    """Request the missing rest of `partial` once, and append the answer."""
    import requests
    from tqdm import tqdm

    start = _size(partial)
    # identity: a compressed answer could not be resumed
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT) as answer:
        if answer.status_code == 416:  # the file ends where `partial` ends, or before it
            if answer.headers.get("Content-Range") != f"bytes */{start}":
                partial.unlink()
                raise requests.ConnectionError("what had arrived was longer than the file", request=answer.request)
            return
        answer.raise_for_status()
        if answer.status_code == 206:
            if not answer.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
                raise requests.exceptions.InvalidHeader("the server sent another part of the file than was asked for")
            mode = "ab"
        else:  # a server that does not know Range sends the whole file
            mode, start = "wb", 0
        rest = int(answer.headers.get("Content-Length", 0))
        bar = tqdm(
            desc=partial.name.removesuffix(".partial"),
            total=start + rest if rest else None,
            initial=start,
            unit="B",
            unit_scale=True,
            mininterval=0.5,
        )
        with bar, partial.open(mode) as file:
            for chunk in answer.iter_content(_CHUNK):
                file.write(chunk)
                bar.update(len(chunk))


@contextmanager
def _one_process_at_a_time(folder: Path) -> Iterator[None]:
    """Wait until no other process downloads into the folder: two would write into the same partial file."""
    from filelock import FileLock

    with FileLock(folder / ".fetch.lock"):
        yield


def _reason(error: "requests.RequestException") -> str:
    """Why a request failed, in words."""
    import requests

    if error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout) or "timed out" in str(error):  # in the middle of a file, it is no `Timeout`
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError)):
        return str(error)
    if isinstance(error, requests.ConnectionError):
        return "no connection to the server"
    return str(error)

"""Fetching a file from a server: checked, with a progress bar, and carried on where an interruption left it."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emofusion.errors import EmofusionError

PAUSES = (1, 2, 4)  # seconds before each further try, counted anew whenever something arrived
_TIMEOUT = (20, 60)  # seconds to connect, and between two bytes


def fetch(url: str, target: Path, known_hash: str | None = None, size: int | None = None) -> Path:
    """Put what `url` gives at `target` and return it; a file that is there and is right is not fetched.

    `known_hash` is `md5:…` or `sha256:…`, `size` is in bytes. What has arrived is kept beside the target, as
    `<name>.partial`, over interruptions of the connection and of the process, and only the rest is asked for (HTTP
    Range). One process at a time fetches into a folder. Raises `EmofusionError` that names the URL and where to put
    the file by hand; a file with another size or checksum is removed.
    """
    import pooch
    from requests import RequestException

    target = Path(target)
    partial = target.with_name(f"{target.name}.partial")

    def download(url: str, output_file: str, _) -> None:
        _resume(url, partial)
        if size is not None and partial.stat().st_size != size:
            raise ValueError(f"it has {partial.stat().st_size} bytes instead of {size}")
        partial.replace(output_file)  # pooch checks it and gives it its name

    by_hand = f"If it cannot be had from here, fetch it by hand and put it at {target.absolute()}"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        pooch.get_logger().setLevel("WARNING")
        with _alone(target.parent):
            if target.is_file() and size is not None and target.stat().st_size != size:
                target.replace(partial)  # copied by hand and cut short, as likely as not
            pooch.retrieve(url, known_hash, target.name, target.parent, downloader=download)
    except RequestException as error:
        kept = f" What has arrived is kept in {partial}." if partial.exists() else ""
        raise EmofusionError(f"cannot fetch {url}: {_reason(error)}. {by_hand}.{kept}") from error
    except ValueError as error:
        partial.unlink(missing_ok=True)
        raise EmofusionError(
            f"what {url} gave is not the file that it should be, and was removed: {str(error).split('. ')[0]}. Try "
            f"again. {by_hand}."
        ) from error
    except OSError as error:
        raise EmofusionError(f"cannot write {target.absolute()}: {error.strerror or error}") from error
    return target


def get_json(url: str) -> dict:
    """What a server's API answers; raises `EmofusionError` that names the URL."""
    import requests

    try:
        answer = requests.get(url, timeout=_TIMEOUT)
        answer.raise_for_status()
        return answer.json()
    except requests.RequestException as error:
        raise EmofusionError(f"cannot look up {url}: {_reason(error)}") from error


def _resume(url: str, partial: Path) -> None:
    """Get what `partial` lacks, and try again when the connection breaks."""
    import requests

    tries = 0
    while True:
        before = partial.stat().st_size if partial.exists() else 0
        try:
            return _get_rest(url, partial)
        except requests.RequestException as error:
            status = error.response.status_code if error.response is not None else None
            if status and status < 500 and status != 429:  # it will be the same the next time
                raise
            after = partial.stat().st_size if partial.exists() else 0
            tries = 0 if after > before else tries
            if tries == len(PAUSES):
                raise
            if PAUSES:
                time.sleep(PAUSES[tries])
            tries += 1


def _get_rest(url: str, partial: Path) -> None:
    import requests
    from tqdm import tqdm

    have = partial.stat().st_size if partial.exists() else 0
    # identity: a compressed answer could not be carried on
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(url, headers=headers, stream=True, timeout=_TIMEOUT) as answer:
        if answer.status_code == 416:  # nothing lies behind what is here: it is whole, or something else
            if answer.headers.get("Content-Range") != f"bytes */{have}":
                partial.unlink()
                raise requests.ConnectionError("what had arrived was longer than the file", request=answer.request)
            return
        answer.raise_for_status()
        if answer.headers.get("Content-Range", "").startswith(f"bytes {have}-") and answer.status_code == 206:
            mode = "ab"
        else:  # a server that does not know Range sends all of it
            mode, have = "wb", 0
        rest = int(answer.headers.get("Content-Length", 0))
        bar = tqdm(
            desc=partial.name.removesuffix(".partial"),
            total=have + rest if rest else None,
            initial=have,
            unit="B",
            unit_scale=True,
            mininterval=0.5,
        )
        with bar, partial.open(mode) as file:
            for chunk in answer.iter_content(1 << 14):  # what a broken connection loses at most
                file.write(chunk)
                bar.update(len(chunk))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Wait until no other process fetches into the folder: two would write into one partial file."""
    with (folder / ".fetch.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _reason(error: Exception) -> str:
    import requests

    if getattr(error, "response", None) is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return "the server did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection broke"
    if isinstance(error, (requests.exceptions.SSLError, requests.exceptions.ProxyError)):
        return str(error)
    if isinstance(error, requests.ConnectionError):
        return "no connection to the server"
    return str(error)

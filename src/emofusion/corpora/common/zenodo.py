"""Download files of Zenodo records."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from emofusion.errors import EmofusionError
from emofusion.fetch import fetch, file_hash, get_json


class RecordFile(NamedTuple):
    """A file of a Zenodo record. Values that are None are looked up in the record."""

    record: int
    name: str
    size: int | None = None  # bytes
    md5: str | None = None


def fetch_files(url: str, files: Iterable[RecordFile], root: Path) -> list[dict[str, Any]]:
    """Download files into `root`, and return a receipt: `name`, `bytes`, `md5` and `source` of each file.

    An existing file is not downloaded again if its checksum is right, or if no checksum is known.

    Args:
        url: address of the server, such as https://zenodo.org.
        files: the files to download.
        root: the folder for the files.

    Raises:
        EmofusionError: a record cannot be looked up or lacks the file, or it cannot be fetched; see `fetch`.
    """
    url, root = url.rstrip("/"), Path(root)
    listings: dict[int, dict[str, tuple[int, str]]] = {}
    receipt = []
    for record, name, size, md5 in files:
        target, source = root / name, f"{url}/records/{record}/files/{name}?download=1"
        # incomplete downloads have another name, so without a checksum an existing file counts as complete
        if md5 or not target.is_file():
            if not md5:
                if record not in listings:
                    listings[record] = _listing(f"{url}/api/records/{record}", root)
                if name not in listings[record]:
                    raise EmofusionError(f"the record {url}/records/{record} has no file {name}")
                size, md5 = listings[record][name]
            fetch(source, target, f"md5:{md5}", size)
        facts = {"name": name, "bytes": target.stat().st_size, "md5": md5 or file_hash(target, "md5")}
        receipt.append(facts | {"source": source})
    return receipt


def _listing(url: str, root: Path) -> dict[str, tuple[int, str]]:
    """Bytes and md5 of each file of a record, by name."""
    try:
        answer = get_json(url)
    except EmofusionError as error:
        page = url.replace("/api/", "/")
        raise EmofusionError(
            f"{error}. You can also download the missing files by hand from {page} into {root.absolute()}."
        ) from error
    try:
        return {file["key"]: (file["size"], file["checksum"].removeprefix("md5:")) for file in answer["files"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise EmofusionError(
            f"{url} does not answer as Zenodo does: no list of files with size and checksum"
        ) from error

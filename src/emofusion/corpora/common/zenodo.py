"""Fetching RAVDESS from Zenodo, into the corpus's root."""

from pathlib import Path

from emofusion.corpora import ravdess
from emofusion.errors import EmofusionError
from emofusion.fetch import fetch, get_json

RAVDESS, TRACKING = 1188976, 3255102
# medium: (record, file, bytes, md5); what is None is looked up in the record
_FILES = {
    "audio": [(RAVDESS, "Audio_Speech_Actors_01-24.zip", 208_468_073, "bc696df654c87fed845eb13823edef8a")],
    "video": [(RAVDESS, f"Video_Speech_Actor_{actor:02d}.zip", None, None) for actor in range(1, 25)],
    "action_units": [(TRACKING, "FacialTracking_Actors_01-24.zip", None, None)],
}


def needed_files(media: list[str]) -> list[tuple[int, str, int | None, str | None]]:
    """The files (record, name, bytes or None, md5 or None) that hold the media (audio, video, action_units)."""
    return [file for medium in media for file in _FILES[medium]]


def download(settings: dict, media: list[str], root: Path) -> list[dict]:
    """Fetch the archives of those media that `root` lacks, and return a receipt as `download_record` does.

    `settings`: `url` of the server (https://zenodo.org), and optionally `known_files`, by name `size` (bytes) and `md5`
    that replace what is known here. A medium is there if one file of it is, in the tree or in an archive of
    another name than the records'; an archive with a record's name and the right checksum is not fetched again.
    """
    given = settings.get("known_files") or {}
    # these are judged by their checksum instead: one that was copied in part must not pass for its medium
    own = [name for files in _FILES.values() for _, name, *_ in files]
    lacking = [medium for medium in media if not ravdess.present(root, medium, own)]
    records: dict[int, list[dict]] = {}
    for record, name, size, md5 in needed_files(lacking):
        file = {"name": name, **given.get(name, {"size": size, "md5": md5})}
        records.setdefault(record, []).append(file)
    listed = [{"id": record, "files": files} for record, files in records.items()]
    return download_record({"url": settings["url"], "records": listed}, root)


def download_record(settings: dict, root: Path) -> list[dict]:
    """Fetch files of Zenodo records into `root` and return a receipt: `name`, `bytes`, `md5` and `source` of each.

    `settings`: `url`, and `records`, each with `id` and `files`, each of these with `name` and optionally `size`
    (bytes) and `md5`; what is not given is looked up in the record. Raises `EmofusionError` as `fetch` does, and where
    the record has no such file.
    """
    from pooch import file_hash

    url, root, receipt = settings["url"].rstrip("/"), Path(root), []
    for record in settings["records"]:
        facts = None
        for file in record["files"]:
            name, size, md5 = file["name"], file.get("size"), file.get("md5")
            target, source = root / name, f"{url}/records/{record['id']}/files/{name}?download=1"
            # without facts, a file that is there is taken for whole: what is not has another name
            if md5 or not target.is_file():
                if not md5:
                    facts = facts if facts is not None else _facts(f"{url}/api/records/{record['id']}", root)
                    if name not in facts:
                        raise EmofusionError(f"the record {url}/records/{record['id']} has no file {name}")
                    size, md5 = facts[name]
                fetch(source, target, f"md5:{md5}", size)
            done = {"name": name, "bytes": target.stat().st_size, "md5": md5 or file_hash(target, "md5")}
            receipt.append(done | {"source": source})
    return receipt


def _facts(url: str, root: Path) -> dict[str, tuple[int, str]]:
    """Bytes and md5 of each file of a record, by name."""
    try:
        answer = get_json(url)
    except EmofusionError as error:
        page = url.replace("/api/", "/")
        raise EmofusionError(f"{error}. Fetch by hand, from {page}, what {root.absolute()} lacks.") from error
    try:
        return {file["key"]: (file["size"], file["checksum"].removeprefix("md5:")) for file in answer["files"]}
    except (KeyError, TypeError, AttributeError) as error:
        raise EmofusionError(
            f"{url} does not answer as Zenodo does: no list of files with size and checksum"
        ) from error

"""Fetching from a server that breaks off, lies, or is not there."""

import hashlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from emofusion import disk
from emofusion import fetch as fetching
from emofusion.errors import EmofusionError
from emofusion.fetch import fetch, get_json

CONTENT = bytes(range(256)) * 4000  # about 1 MB
CHUNK = 1 << 15  # a broken connection may lose less than this
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"


@pytest.fixture
def url(server):
    server.files["/big.zip"] = CONTENT
    return f"{server.url}/big.zip"


@pytest.fixture
def target(tmp_path):
    return tmp_path / "data" / "big.zip"


def visible(target):
    return sorted(path.name for path in target.parent.iterdir() if not path.name.startswith("."))


def test_fetches_once(server, url, target):
    for _ in range(2):
        assert fetch(url, target, MD5, len(CONTENT)) == target
        assert target.read_bytes() == CONTENT
    assert server.asked == [("/big.zip", None)]
    assert visible(target) == ["big.zip"]


def test_two_that_fetch_one_file_wait_for_each_other(server, url, target):
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: fetch(url, target, MD5, len(CONTENT)), range(4))) == {target}
    assert target.read_bytes() == CONTENT
    assert server.asked == [("/big.zip", None)]


def test_a_file_with_another_checksum_is_fetched_again(server, url, target):
    target.parent.mkdir()
    target.write_bytes(CONTENT[::-1])
    fetch(url, target, MD5.upper().replace("MD5", "md5"), len(CONTENT))
    assert target.read_bytes() == CONTENT and visible(target) == ["big.zip"]


def test_without_known_facts(server, url, target):
    fetch(url, target)
    assert target.read_bytes() == CONTENT


def test_a_broken_connection_is_carried_on(server, url, target):
    server.cuts = [300_000, 200_000, 0, 100_000]
    fetch(url, target, MD5, len(CONTENT))
    assert target.read_bytes() == CONTENT
    starts = [int(wanted.strip("bytes=-")) for _, wanted in server.asked[1:]]
    assert len(starts) == 4
    for start, before, cut in zip(starts, [0, *starts], [300_000, 200_000, 0, 100_000], strict=False):
        assert 0 <= before + cut - start < CHUNK


def test_what_arrived_outlives_the_process(server, url, target, monkeypatch):
    server.cuts = [700_000]
    monkeypatch.setattr(fetching, "PAUSES", ())
    with pytest.raises(EmofusionError, match="the connection broke") as error:
        fetch(url, target, MD5, len(CONTENT))
    assert url in str(error.value) and str(target) in str(error.value) and "big.zip.partial" in str(error.value)
    assert visible(target) == ["big.zip.partial"]
    kept = (target.parent / "big.zip.partial").read_bytes()
    assert kept == CONTENT[: len(kept)] and 0 <= 700_000 - len(kept) < CHUNK
    fetch(url, target, MD5, len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert server.asked[1:] == [("/big.zip", f"bytes={len(kept)}-")]
    assert visible(target) == ["big.zip"]


def test_a_whole_partial_file_is_not_fetched(server, url, target):
    target.parent.mkdir()
    (target.parent / "big.zip.partial").write_bytes(CONTENT)
    fetch(url, target, MD5, len(CONTENT))
    assert server.asked == [("/big.zip", f"bytes={len(CONTENT)}-")]
    assert target.read_bytes() == CONTENT


def test_a_partial_file_of_something_longer_is_given_up(server, url, target):
    target.parent.mkdir()
    (target.parent / "big.zip.partial").write_bytes(CONTENT + b"more")
    fetch(url, target, MD5, len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert server.asked[-1] == ("/big.zip", None)


def test_a_copy_cut_short_is_carried_on(server, url, target):
    target.parent.mkdir()
    target.write_bytes(CONTENT[:1000])
    fetch(url, target, MD5, len(CONTENT))
    assert server.asked == [("/big.zip", "bytes=1000-")]
    assert target.read_bytes() == CONTENT


def test_a_server_without_range_sends_all_again(server, url, target):
    server.cuts, server.knows_range = [1000], False
    fetch(url, target, MD5, len(CONTENT))
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize(("known", "size"), [("md5:" + "0" * 32, None), ("sha256:" + "0" * 64, None), (None, 5)])
def test_what_is_not_as_expected_is_removed(server, url, target, known, size):
    with pytest.raises(EmofusionError, match="is not the file that it should be, and was removed") as error:
        fetch(url, target, known, size)
    assert url in str(error.value) and str(target) in str(error.value) and " instead of " in str(error.value)
    assert visible(target) == []


def test_a_file_that_is_not_there(server, target):
    with pytest.raises(EmofusionError, match=r"/other\.zip: the server answered 404 Not Found\. .* by hand"):
        fetch(f"{server.url}/other.zip", target, MD5)
    assert len(server.asked) == 1
    assert visible(target) == []


def test_a_busy_server_is_asked_again(server, url, target):
    server.statuses = [503, 429]
    fetch(url, target, MD5)
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_server_that_stays_busy_is_named_with_what_it_answered(server, url, target, status):
    server.statuses = [status] * 9
    with pytest.raises(EmofusionError, match=rf"big\.zip: the server answered {status} .* by hand"):
        fetch(url, target, MD5)
    assert len(server.asked) == 1 + len(fetching.PAUSES)
    server.statuses = [status] * 9
    with pytest.raises(EmofusionError, match=rf"cannot look up .*big\.zip: the server answered {status} "):
        get_json(url)


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_answer_that_will_not_change_is_not_asked_for_again(server, url, target, status):
    server.statuses = [status] * 9
    with pytest.raises(EmofusionError, match=rf"the server answered {status} "):
        fetch(url, target, MD5)
    assert len(server.asked) == 1 and visible(target) == []


@pytest.mark.parametrize(("asked", "slept"), [("7", 7), ("100000", 60), ("Wed, 21 Oct 2026 07:28:00 GMT", 0), ("", 0)])
def test_a_server_that_asks_for_a_pause_gets_it_within_reason(server, url, target, monkeypatch, asked, slept):
    pauses = []
    monkeypatch.setattr(fetching.time, "sleep", pauses.append)
    server.statuses, server.retry_after = [429], asked
    fetch(url, target, MD5)
    assert pauses == [slept] and target.read_bytes() == CONTENT


def test_a_look_up_is_tried_again(server):
    server.files["/api"] = b'{"size": 5}'
    server.statuses = [500, 429]
    assert get_json(f"{server.url}/api") == {"size": 5}


def test_a_server_that_stalls_is_asked_again_for_the_rest(server, url, target, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", (20, 1))
    server.cuts, server.stalls = [500_000], 1
    fetch(url, target, MD5, len(CONTENT))
    assert target.read_bytes() == CONTENT
    assert server.asked[1][1] in {f"bytes={500_000 - left}-" for left in range(CHUNK)}


def test_a_server_that_always_stalls_is_given_up(server, url, target, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", (20, 0.2))
    server.cuts, server.stalls = [0] * 9, 9
    with pytest.raises(EmofusionError, match="the server did not answer in time"):
        fetch(url, target, MD5, len(CONTENT))
    assert len(server.asked) == 1 + len(fetching.PAUSES)


def test_a_server_without_range_that_breaks_off_again_and_again_is_given_up(server, url, target):
    server.cuts, server.knows_range = [300_000, 100_000] * 20, False
    with pytest.raises(EmofusionError, match="the connection broke"):
        fetch(url, target, MD5, len(CONTENT))
    assert len(server.asked) <= 2 + len(fetching.PAUSES)


def test_another_part_than_was_asked_for_is_not_taken(server, url, target):
    server.cuts, server.shift = [300_000], 10
    with pytest.raises(EmofusionError, match="the server sent another part of the file than was asked for"):
        fetch(url, target)  # no checksum would notice it
    kept = (target.parent / "big.zip.partial").read_bytes()
    assert kept == CONTENT[: len(kept)]


@pytest.mark.parametrize("earlier", [b"<html>Sign in</html>", CONTENT[::-1]])
def test_a_wrong_part_of_an_earlier_try_is_replaced(server, url, target, earlier):
    target.parent.mkdir()
    (target.parent / "big.zip.partial").write_bytes(earlier)
    fetch(url, target, MD5, len(CONTENT))
    assert target.read_bytes() == CONTENT and visible(target) == ["big.zip"]
    assert server.asked[-1] == ("/big.zip", None)


def test_a_full_disk_is_found_before_anything_is_fetched(server, url, target, monkeypatch):
    monkeypatch.setattr(disk.shutil, "disk_usage", lambda path: Full)
    with pytest.raises(EmofusionError, match=r"the disk is full: .*big\.zip cannot be written\. 1\.0 MB are needed"):
        fetch(url, target, MD5, len(CONTENT))
    assert server.asked == []


class Full:
    total, used, free = 10**9, 10**9, 0


def test_no_server(server, url, target):
    server.stop()
    with pytest.raises(EmofusionError, match="no connection to the server") as error:
        fetch(url, target, MD5)
    assert url in str(error.value) and str(target) in str(error.value)
    with pytest.raises(EmofusionError, match=r"cannot look up .*/api: no connection"):
        get_json(f"{server.url}/api")


def test_a_folder_that_cannot_be_written(server, url, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EmofusionError, match=r"cannot write .*file/big\.zip"):
        fetch(url, tmp_path / "file" / "big.zip", MD5)


def test_an_answer_that_is_not_json(server, url):
    with pytest.raises(EmofusionError, match=r"cannot look up .*big\.zip"):
        get_json(url)

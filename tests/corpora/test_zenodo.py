"""RAVDESS from a server that answers as Zenodo does."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from emofusion.corpora.common.zenodo import RecordFile, fetch_files
from emofusion.corpora.demo.settings import DemoSettings
from emofusion.corpora.ravdess import Ravdess
from emofusion.corpora.ravdess.download import Download, download, needed_files
from emofusion.errors import EmofusionError

AUDIO = "Audio_Speech_Actors_01-24.zip"
VIDEO = [f"Video_Speech_Actor_{actor:02d}.zip" for actor in range(1, 25)]
TRACKING = "FacialTracking_Actors_01-24.zip"


@pytest.fixture
def zenodo(server, tmp_path, write_sound, pack):
    """The records 1188976 and 3255102, small; `facts` take back what is known of the real sound."""
    write_sound(tmp_path / "in" / "Actor_01" / "03-01-03-01-01-01-01.wav")
    pack(tmp_path / "in", tmp_path / AUDIO)
    files = {
        1188976: {AUDIO: (tmp_path / AUDIO).read_bytes()} | {name: name.encode() * 100 for name in VIDEO},
        3255102: {TRACKING: b"tracking" * 1000},
    }
    for record, contents in files.items():
        listed = [
            {"key": name, "size": len(content), "checksum": f"md5:{hashlib.md5(content).hexdigest()}"}
            for name, content in contents.items()
        ]
        server.files[f"/api/records/{record}"] = json.dumps({"id": record, "files": listed}).encode()
        server.files |= {f"/records/{record}/files/{name}": content for name, content in contents.items()}
    server.facts = {AUDIO: {}}
    return server


def paths(server):
    return [path for path, _ in server.asked]


def test_needed_files():
    assert needed_files(["audio"]) == [(1188976, AUDIO, 208_468_073, "bc696df654c87fed845eb13823edef8a")]
    assert [file.name for file in needed_files(["video"])] == VIDEO
    assert needed_files(["audio", "action_units"])[1][:2] == (3255102, TRACKING)


def test_fetches_what_lacks_and_nothing_again(zenodo, tmp_path):
    root = tmp_path / "ravdess"
    receipt = download(zenodo.url, zenodo.facts, ["audio", "action_units"], root)
    assert [line["name"] for line in receipt] == [AUDIO, TRACKING]
    for line in receipt:
        content = (root / line["name"]).read_bytes()
        assert (line["bytes"], line["md5"]) == (len(content), hashlib.md5(content).hexdigest())
        assert line["source"].startswith(zenodo.url) and line["source"].endswith(f"{line['name']}?download=1")
    Ravdess(root=str(root), media=["audio"]).check_present("ravdess")
    before = len(zenodo.asked)
    assert download(zenodo.url, zenodo.facts, ["audio", "action_units"], root) == receipt
    assert len(zenodo.asked) == before


def test_known_facts_need_no_look_up_but_are_checked(zenodo, tmp_path):
    with pytest.raises(EmofusionError, match="is not the file that it should be"):
        download(zenodo.url, {}, ["audio"], tmp_path / "ravdess")  # the real archive is another one
    assert paths(zenodo) == [f"/records/1188976/files/{AUDIO}"]


def test_facts_in_the_settings_are_enough(zenodo, tmp_path):
    content = zenodo.files[f"/records/1188976/files/{AUDIO}"]
    facts = {"size": len(content), "md5": hashlib.md5(content).hexdigest()}
    receipt = download(zenodo.url, {AUDIO: facts}, ["audio"], tmp_path / "ravdess")
    assert [line["md5"] for line in receipt] == [facts["md5"]]
    assert paths(zenodo) == [f"/records/1188976/files/{AUDIO}"]


def test_a_medium_that_is_there_is_not_fetched(zenodo, tmp_path, write_sound, write_video, pack):
    root = tmp_path / "ravdess"
    write_sound(root / "Actor_01" / "03-01-03-01-01-01-01.wav")
    write_video(tmp_path / "mine" / "02-01-03-01-01-01-01.mp4", sound=False)
    pack(tmp_path / "mine", root / "my_videos.tar")
    (root / "openface_au_mean.csv").write_text("clip\n")
    assert download(zenodo.url, zenodo.facts, ["audio", "video", "action_units"], root) == []
    assert zenodo.asked == []


def test_interrupted_between_archives(zenodo, tmp_path, write_video, pack):
    root = tmp_path / "ravdess"
    write_video(tmp_path / "mine" / "02-01-03-01-01-01-01.mp4", sound=False)
    pack(tmp_path / "mine", root / VIDEO[0])  # the first of 24 is there
    receipt = download(zenodo.url, zenodo.facts, ["video"], root)
    assert [line["name"] for line in receipt] == VIDEO
    assert paths(zenodo) == ["/api/records/1188976"] + [f"/records/1188976/files/{name}" for name in VIDEO[1:]]


def test_what_cannot_be_had(zenodo, tmp_path):
    with pytest.raises(EmofusionError, match=r"records/1188976 has no file other\.zip"):
        fetch_files(zenodo.url, [RecordFile(1188976, "other.zip")], tmp_path)
    with pytest.raises(EmofusionError, match=r"404.*by hand from .*/records/7 into"):
        fetch_files(zenodo.url, [RecordFile(7, "other.zip")], tmp_path)
    zenodo.files["/api/records/8"] = b'{"message": "moved"}'
    with pytest.raises(EmofusionError, match="does not answer as Zenodo does"):
        fetch_files(zenodo.url, [RecordFile(8, "other.zip")], tmp_path)
    assert not [path for path in Path(tmp_path).iterdir() if path.name == "other.zip"]


def test_a_corpus_says_what_fetches_it(zenodo, tmp_path):
    root = tmp_path / "ravdess"
    ravdess = Ravdess(root=str(root), download=True, zenodo=zenodo.url, known_files=zenodo.facts)
    fetching = ravdess.fetching("mine", "audio")
    assert fetching == Download(zenodo.url, zenodo.facts, str(root), ["audio"], "mine")
    assert fetching.label == "mine-audio"
    fetching.run(tmp_path / "stage")
    (line,) = json.loads((tmp_path / "stage" / "receipt.json").read_text())
    assert line["name"] == AUDIO and (root / AUDIO).is_file()
    assert [path.name for path in (tmp_path / "stage").iterdir()] == ["receipt.json"]
    for nothing in (replace(ravdess, download=False), replace(ravdess, demo=DemoSettings(layout="ravdess"))):
        assert nothing.fetching("mine", "audio") is None
    # how it is fetched does not decide what is read
    elsewhere = replace(ravdess, download=False, zenodo="https://example.org", known_files={})
    assert ravdess.for_medium("audio") == elsewhere.for_medium("audio")

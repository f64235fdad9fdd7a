"""One's own videos through the whole workflow: their sound, OpenFace's files of several faces, and what is left out."""

import re

import numpy as np
import pandas as pd
import pytest

from emofusion.features.action_units.columns import COLUMNS

OVERRIDE = [
    *("+corpus=[folder]", "protocol=speaker_independent", "protocol.corpora=[folder]", "protocol.number_of_folds=2"),
    *("protocol.validation=0", "speech=statistics", "emotions.classes=[happy,sad]", "face=action_units"),
    *("speech.training.epochs=1", "face.training.epochs=1", "speech.training.keep=last", "face.training.keep=last"),
    *("report.compare={}", "evaluation.samples=20", "evaluation.permutations=20"),
]


def write_units(path, value: float) -> None:
    """Three frames of one face, one of which is a failure, and one frame of another face."""
    frames = pd.DataFrame({"frame": [1, 2, 3, 1], " face_id": [0, 0, 0, 1], " confidence": [0.98, 0.98, 0.2, 0.98]})
    units = {f" {column}": [value, value, 99.0, 99.0] for column in COLUMNS}
    frames.assign(**{" success": 1}, **units).to_csv(path, index=False)


@pytest.fixture(scope="module")
def recorded(write_video, tmp_path_factory):
    """Four people whose names begin with numbers, in a table as a spreadsheet writes it."""
    folder, random = tmp_path_factory.mktemp("own"), np.random.default_rng(0)
    (folder / "units").mkdir()
    lines = ["Actor;Gender;Emotion;Video"]
    for person in range(1, 5):
        for number, emotion in enumerate(("happy", "sad")):
            name = f"{person:02}-{emotion} [é]"
            write_video(folder / f"{name}.mp4", random)
            write_units(folder / "units" / f"{name}.csv", person + number / 2)
            lines.append(f"{person};{'fm'[person % 2]};{emotion};{name}.mp4")
    (folder / "clips.csv").write_text("\ufeff" + "\n".join(lines), encoding="utf-8")
    return folder


def test_own_videos_from_table_to_report(recorded, workflow_in, repository, tmp_path):
    made = workflow_in(repository, tmp_path)
    override = [*OVERRIDE, f"corpora.folder.table={recorded}/clips.csv", f"face.features.table={recorded}/units"]
    (recorded / "units" / "04-sad [é].csv").rename(tmp_path / "away.csv")
    made.made(experiment="ravdess_openface", override=override)
    summary = (made / "reports/ravdess_openface/summary.md").read_text(encoding="utf-8")
    assert "face is missing for 1 of 8 test clips. The fusion of these clips rests on the other modalities" in summary
    assert "that have nothing to compute it from, so that the modality is missing there: 1." in summary
    failed = made.run(experiment="ravdess_openface", override=[*override, "fusion.missing=fail"])
    assert failed.returncode and "lack 1 of 8 test clips that another modality scored: 04-sad [é]" in failed.output
    advice = re.search(r"leave the clips out with (corpora\.folder\.exclude=\[.*\])", failed.output)[1]
    advice = advice.replace("]]'", "]]','nobody*'")  # a pattern that matches nothing
    output = made.made(experiment="ravdess_openface", override=[*override, advice])
    assert "corpora.folder.exclude: no file or clip that was read here matches 'nobody*'" in output
    summary = (made / "reports/ravdess_openface/summary.md").read_text(encoding="utf-8")
    assert "The pattern 'nobody*' in corpora.folder.exclude matches nothing" in summary
    assert re.search(r"Left out by corpora\.folder\.exclude: '04-sad .*' matches 1 file or clip\.", summary)
    assert "frames in which OpenFace found no face with a confidence of at least 0.7: 7, in 7 clips" in summary
    assert "rows of OpenFace that show another face than the one seen most often: 7, in 7 clips" in summary

    found = (made.folder / "results/features").glob("action_units-folder-*/features.npy")
    features = max(found, key=lambda path: path.stat().st_mtime_ns)
    rows = pd.read_parquet(features.with_name("rows.parquet"))
    units = dict(zip(rows["clip"], np.load(features)[:, 0].tolist(), strict=True))
    expected = {f"{n:02}-{e} [é]": n + k / 2 for n in range(1, 5) for k, e in enumerate(("happy", "sad"))}
    assert units == {clip: value for clip, value in expected.items() if clip != "04-sad [é]"}

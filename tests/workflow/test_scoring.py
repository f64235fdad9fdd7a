"""From the workflow to the use of its model: registered, and scored by commands, by MLflow and by its server."""

import base64
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import requests
import soundfile
from mlflow import MlflowClient
from PIL import Image

from emofusion.errors import EmofusionError
from emofusion.features.common.frames import Seen
from emofusion.features.common.sound.lengths import stated_seconds
from emofusion.live.inputs import SOUND, look
from emofusion.live.model import LiveModel
from emofusion.live.settings import LiveSettings
from emofusion.predictions.table import posteriors
from emofusion.recordings.pictures import decode_frames
from emofusion.reporting.rounding import percentage
from emofusion.scoring.recordings import Recording, look_at
from emofusion.scoring.scorer import POSTERIOR, Scorer
from emofusion.tables import PREDICTIONS, read_table

EMOTIONS, PEOPLE = ["neutral", "happy", "sad"], 6
OVERRIDE = [
    *("+corpus=[folder]", "protocol=speaker_independent", "protocol.corpora=[folder]", "protocol.number_of_folds=2"),
    *("protocol.enrolment.clips=2", "protocol.validation=0", "modalities=[speech,face,voice]", "+speech@voice=kernels"),
    *("speech=ensemble", "speech.ensemble=[statistics,cnn1d]", "voice.training.enrolment=2", "fusion=linear"),
    *("face=mobilenet", "face.network.weights=none", "face.features.size=32", "face.features.frames=2"),
    *("face.training.epochs=1", "face.training.unfreeze=[]", "face.training.keep=last"),
    *("report.compare={}", "published=none", "fusion.steps=4", "evaluation.samples=20", "evaluation.permutations=20"),
    f"emotions.classes=[{','.join(EMOTIONS)}]",
]


@pytest.fixture(scope="module")
def made(workflow_in, repository, write_video, tmp_path_factory):
    """Six people, four clips of each emotion; an ensemble, a frozen backbone, and kernels that ask for enrolment."""
    made = workflow_in(repository, tmp_path_factory.mktemp("scoring"))
    folder, random = made.folder / "data", np.random.default_rng(0)
    folder.mkdir()
    rows = []
    for person in range(PEOPLE):
        for number in range(4 * len(EMOTIONS)):
            emotion = EMOTIONS[number % len(EMOTIONS)]
            name = f"p{person}-{number}.mp4"
            write_video(folder / name, random, 30 * (number % 3), 200.0 * (1 + number % 3) + 5 * person)
            about = {"actor": f"p{person}", "gender": "fm"[person % 2], "emotion": emotion}
            rows.append(about | {"audio": name, "video": name})
    pd.DataFrame(rows).to_csv(folder / "clips.csv", index=False)
    made.override = [*OVERRIDE, f"corpora.folder.table={folder}/clips.csv"]
    made.said = made.made("register", experiment="ravdess_openface", override=made.override)
    made.model = made / "registered"
    return made


@pytest.fixture(scope="module")
def client(made):
    return MlflowClient(f"sqlite:///{made / 'mlflow.db'}")


@pytest.fixture(scope="module")
def model(client):
    """The folder of the registered model."""
    version = client.get_model_version("ravdess_openface", "1")
    path = client.get_model_version_download_uri(version.name, version.version)
    return path.removeprefix("file://")


@pytest.fixture(scope="module")
def scorer(model):
    return Scorer(f"{model}/artifacts/bundle")


def recording(made, clip: str) -> Recording:
    return Recording(clip, made.folder / "data" / f"{clip}.mp4", ("audio", "video"))


def clips_of(made, person: int) -> tuple[list[str], list[str]]:
    """The clips of a person that are for enrolment, in their order, and the others."""
    (path,) = (made / "split").glob("speaker_independent-voice-*/split.parquet")
    split = pd.read_parquet(path).drop_duplicates("clip")
    of_person = split[split["clip"].str.startswith(f"p{person}-")].sort_values("enrolment")
    asked = of_person["enrolment"] > 0
    return list(of_person.loc[asked, "clip"]), list(of_person.loc[~asked, "clip"])


def longest_clip(made) -> float:
    """The length of the longest recording in seconds, rounded up to a tenth."""
    return max(math.ceil(10 * stated_seconds(path)) / 10 for path in (made.folder / "data").glob("*.mp4"))


def command(made, *arguments: str, **given):
    code = "import sys; from emofusion.commands import main; sys.exit(main())"
    environment = made.environment() | {"EMOFUSION_RECORDINGS": ""}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        text=True,
        cwd=made.folder,
        env=environment,
        timeout=300,
        **given,
    )


def test_the_clips_of_a_fold_scored_by_its_networks_have_the_cached_posteriors(made, scorer):
    """Of an ensemble, of a frozen backbone with several frames, and of kernels on enrolled speakers."""
    tables = {
        name: read_table(next((made / kind).glob(f"{name}-*/predictions.parquet")), PREDICTIONS)
        for name, kind in (("speech", "ensemble"), ("face", "predictions"), ("voice", "predictions"))
    }
    for fold, table in tables["voice"][tables["voice"]["split"] == "test"].groupby("fold"):
        enrolled, clips = clips_of(made, int(table["clip"].iloc[0].partition("-")[0][1:]))
        asked = [recording(made, clip) for clip in enrolled]
        scores = scorer.score([recording(made, clip) for clip in clips], asked, workers=1, fold=int(fold))
        assert list(scores.fused["used"]) == ["speech face voice"] * len(clips)
        for name, cached in tables.items():
            ours = scores.modalities[name].set_index("name").loc[clips].filter(like=POSTERIOR).to_numpy()
            rows = cached[cached["split"] == "test"].set_index("clip").loc[clips].reset_index()
            assert np.abs(ours - posteriors(rows)).max() < 1e-6, name


def test_the_fused_posterior_is_the_calibrated_mean_of_the_modalities(made, scorer):
    asked, clips = clips_of(made, 0)
    scores = scorer.score([recording(made, clip) for clip in clips[:2]], [recording(made, clip) for clip in asked])
    parts = [scores.modalities[name].filter(like=POSTERIOR).to_numpy() for name in ("speech", "face", "voice")]
    mean = np.mean(parts, axis=0)
    rule, _ = scorer.rule.fitted(np.arange(3))
    tempered = mean ** (1 / rule.parameters["temperature"])
    expected = tempered / tempered.sum(axis=1, keepdims=True)
    assert np.abs(scores.fused.filter(like=POSTERIOR).to_numpy() - expected).max() < 1e-9
    assert list(scores.fused["emotion"]) == [EMOTIONS[row] for row in expected.argmax(axis=1)]


def test_a_model_in_memory_scores_as_the_command_does(made, scorer, model, tmp_path):
    """An ensemble and kernels on an enrolled speaker hear a file; a frozen backbone sees a frame; fusion joins them."""
    asked, (clip, *_) = clips_of(made, 1)
    enrolment = [recording(made, one) for one in asked]
    live = LiveModel(Path(model) / "artifacts/bundle", LiveSettings(), enrolment)
    assert live.most_seconds == min(4.0, longest_clip(made))
    assert not live.unusable and [one.name for one in live.modalities] == ["speech", "face", "voice"]
    frame = next(decode_frames(recording(made, clip).path)).to_image()
    frame.save(tmp_path / "frame.png")
    values = {one.key: one.heard(recording(made, clip).path) for one in live.inputs if one.medium == SOUND}
    seen = look(frame, live.inputs)
    values |= {one.key: one.seen([Seen(0.0, seen[one.frames.key])]) for one in live.inputs if one.frames is not None}
    found = {one.name: one.posterior(values) for one in live.modalities}
    both = [Recording("sound", recording(made, clip).path, ("audio",)), look_at(tmp_path / "frame.png")]
    scores = scorer.score(both, enrolment)
    expected = {
        name: table.filter(like=POSTERIOR).to_numpy()[0] for name, table in scores.modalities.items()
    }  # each modality has scored one of both
    for name, posterior in found.items():
        np.testing.assert_allclose(posterior, expected[name], atol=1e-6)
    fused = scores.fused.filter(like=POSTERIOR).to_numpy()
    np.testing.assert_allclose(live.fuse({"face": found["face"]}, None), fused[1], atol=1e-6)
    sound = {name: found[name] for name in ("speech", "voice")}
    np.testing.assert_allclose(live.fuse(sound, None), fused[0], atol=1e-6)
    only = live.fuse(found, (0.0, 1.0, 0.0))  # the whole weight
    np.testing.assert_allclose(only, live.fuse({"face": found["face"]}, None), atol=1e-6)
    with pytest.raises(EmofusionError, match="normalised for each speaker"):
        LiveModel(Path(model) / "artifacts/bundle", LiveSettings())


def test_the_same_report_is_registered_once(made, client):
    row = pd.read_csv(made / "reports/ravdess_openface/rules.csv").set_index("rule").loc["linear"]
    weights = " + ".join(f"0.333333 {name}" for name in ("speech", "face", "voice"))
    said = f"is registered. Its fusion rule is fusion.rule=linear (linear, {weights}): {percentage(row['accuracy'])} %"
    assert f"ravdess_openface, version 1, {said}" in made.said
    assert " of 60 test clips.\nThe headline's rule, fusion.rule=chosen (chosen on other folds: " in made.said
    assert "), is not registered. To register it, " in made.said and 'override="fusion.rule=chosen"\nScore' in made.said
    again = made.made("register", experiment="ravdess_openface", override=made.override)
    assert "ravdess_openface, version 1, is registered already" in again
    assert not list((made.folder / "results").glob("emofusion-register-*"))  # nothing is left behind
    (version,) = client.search_model_versions("name = 'ravdess_openface'")
    assert version.tags["emofusion.rule"] == "linear" and version.tags["emofusion.classes"] == "neutral happy sad"
    assert (made / "report" / version.tags["emofusion.report"]).is_dir()


def test_one_training_on_everybody_is_another_version(made, client, scorer):
    override = [*made.override, "registration.weights=all"]
    said = made.made("register", experiment="ravdess_openface", override=override)
    assert "ravdess_openface, version 2, is registered." in said
    version = client.get_model_version("ravdess_openface", "2")
    assert version.tags["emofusion.weights"] == "all" and "Weights: one further training" in version.description
    path = client.get_model_version_download_uri(version.name, version.version).removeprefix("file://")
    one = Scorer(f"{path}/artifacts/bundle")
    assert (one.bundle.folds, scorer.bundle.folds) == (1, 2)
    splits = [pd.read_parquet(path) for path in (made / "split").glob("everyone-*/split.parquet")]
    assert {len(split) for split in splits} == {12 * PEOPLE}
    for split in splits:  # of those who are tested in a fold, two clips are for enrolment
        assert dict(split["split"].value_counts()) == {"train": 10 * PEOPLE, "enrolment": 2 * PEOPLE}
    asked, clips = clips_of(made, 0)
    both = [
        model.score([recording(made, clip) for clip in clips[:3]], [recording(made, clip) for clip in asked])
        for model in (one, scorer)
    ]
    assert (both[0].fused["used"] == "speech face voice").all()
    for name in ("speech", "face", "voice"):
        ours, others = (scores.modalities[name].filter(like=POSTERIOR).to_numpy() for scores in both)
        # as logarithms, because the kernels are almost certain of their classes
        assert ours.sum(axis=1) == pytest.approx(1) and np.abs(np.log(ours) - np.log(others)).max() > 1e-3, name


def test_the_model_card_has_the_figures_of_the_report(made, client):
    version = client.get_model_version("ravdess_openface", "1")
    rules = pd.read_csv(made / "reports/ravdess_openface/rules.csv").set_index("rule")
    accuracy = f"{100 * rules.loc['linear', 'accuracy']:.2f}%"
    assert f"| {rules.loc['linear', 'label']}" in version.description and accuracy in version.description
    for said in ("60 test clips of 6 actors", "2 folds", "voice: voice-kernels", "| speech     | folder   | gender"):
        assert said in version.description
    assert "Voice is centred on 2 enrolment clips of each speaker" in version.description


def test_a_command_scores_a_folder_and_says_what_it_could_not_score(made, write_video, tmp_path):
    folder = tmp_path / "in"
    (folder / "deeper").mkdir(parents=True)
    random = np.random.default_rng(1)
    write_video(folder / "a.mp4", random)
    (folder / "deeper" / "b.wav").write_bytes(b"RIFF of nothing")
    (folder / "notes.txt").write_text("no recording")
    soundfile.write(folder / "long.wav", random.normal(0, 0.1, 20 * 16000), 16000)
    clips = [str(made.folder / "data" / f"{clip}.mp4") for clip in clips_of(made, 1)[0]]
    scored = ["score", str(folder), "--model", "models:/ravdess_openface/1"]
    refused = command(made, *scored)
    assert refused.returncode == 2 and "features of voice are normalised for each speaker" in refused.stderr
    assert "2 neutral clips of the speaker" in refused.stderr and refused.stderr.startswith("loading models:/")
    few = command(made, *scored, "--enrol", clips[0])
    assert few.returncode == 2 and few.stderr.endswith("with --enrol FILE…; there is 1\n")
    Image.fromarray(random.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(tmp_path / "picture.png")
    unheard = command(made, *scored, "--enrol", clips[0], str(tmp_path / "picture.png"))
    said = "picture.png (2) cannot be used for enrolment: it has no audio. Name another clip."
    assert unheard.returncode == 2 and said in unheard.stderr
    done = command(made, *scored, "--enrol", *clips, "--format", "jsonl", "--output", str(tmp_path / "out.parquet"))
    assert done.returncode == 1, done.stderr
    rows = {row["name"]: row for row in map(json.loads, done.stdout.splitlines())}
    good, bad = rows[str(folder / "a.mp4")], rows[str(folder / "deeper/b.wav")]
    assert len(rows) == 3 and good["used"] == "speech face voice" and (good["reason"], good["left_out"]) == ("", "")
    # what is behind the windows is not used silently
    ends = "ends of recordings, beyond the window of"
    ours = f"{longest_clip(made):g} s"  # the 1D-CNN's window follows the corpus, and the statistics have one of 4 s
    left_out = rows[str(folder / "long.wav")]["left_out"]
    assert left_out == f"speech: {ends} 4 s, {ends} {ours}; voice: {ends} 4 s"
    assert sum(value for name, value in good.items() if name.startswith(POSTERIOR)) == pytest.approx(1)
    assert bad["used"] == "" and "cannot be read as audio" in bad["reason"] and bad["posterior_sad"] is None
    written = pd.read_parquet(tmp_path / "out.parquet").set_index("name")
    assert written.loc[good["name"], "posterior_sad"] == pytest.approx(good["posterior_sad"], abs=1e-9)
    assert "1 of 3 recordings could not be scored" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["score", "absent.wav", "--model", "models:/ravdess_openface/1"], "absent.wav is not there"),
        (["score", "empty", "--model", "models:/ravdess_openface/1"], "empty has no recording"),
        (["score", "data", "--model", "models:/ravdess_openface/9"], "Register a model with: snakemake"),
        (["score", "data", "--model", "data"], "no model of MLflow is there"),
        (["score", "data", "--model", "models:/x/1", "--registry", "sqlite:///no.db"], "there is no registry"),
        (["serve", "--model", "models:/ravdess_openface/1", "--folder", "absent"], "--folder absent is no folder"),
    ],
)
def test_what_cannot_be_scored_is_told_in_one_line(made, arguments, said):
    (made.folder / "empty").mkdir(exist_ok=True)
    done = command(made, *arguments)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def sent(made):
    """Rows as a client sends them: a clip in base64, and two for enrolment."""

    def row(clip, **more):
        content = (made.folder / "data" / f"{clip}.mp4").read_bytes()
        return {"base64": base64.b64encode(content).decode(), "name": f"{clip}.mp4", **more}

    asked, (clip, *_) = clips_of(made, 2)
    return [row(clip, enrolment=False), *(row(name, enrolment=True) for name in asked)]


def test_mlflow_predicts_with_it(made, model, sent, scorer, tmp_path):
    (tmp_path / "in.json").write_text(json.dumps({"dataframe_records": sent}))
    arguments = ["-m", "mlflow", "models", "predict", "--model-uri", model, "--env-manager", "local"]
    arguments += ["--input-path", str(tmp_path / "in.json"), "--output-path", str(tmp_path / "out.json")]
    done = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, env=made.environment())
    assert done.returncode == 0, done.stderr
    (row,) = json.loads((tmp_path / "out.json").read_text())["predictions"]
    asked = [recording(made, one["name"].removesuffix(".mp4")) for one in sent[1:]]
    expected = scorer.score([recording(made, sent[0]["name"].removesuffix(".mp4"))], asked).fused.iloc[0]
    assert row["name"] == sent[0]["name"] and row["emotion"] == expected["emotion"]
    for name in EMOTIONS:
        assert row[POSTERIOR + name] == pytest.approx(expected[POSTERIOR + name], abs=1e-6)


def test_the_server_scores_what_is_sent_and_reads_no_path_outside_its_folder(
    made, model, sent, unused_port, wait_for, tmp_path
):
    (tmp_path / "open").mkdir()
    (tmp_path / "secret.wav").write_bytes(b"secret")
    code = "import sys; from emofusion.commands import main; sys.exit(main())"
    arguments = ["serve", "--model", model, "--port", str(unused_port), "--folder", str(tmp_path / "open")]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-c", code, *arguments, "--most-megabytes", "0.5"],
            stdout=log,
            stderr=log,
            env=made.environment(),
            start_new_session=True,
        )
    url = f"http://127.0.0.1:{unused_port}"

    def ask(rows):
        return requests.post(f"{url}/invocations", json={"dataframe_records": rows}, timeout=120)

    def answers():
        assert server.poll() is None, (tmp_path / "log").read_text()
        try:
            return requests.get(f"{url}/health", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False

    try:
        wait_for(answers, "the scoring server")
        (row,) = ask(sent).json()["predictions"]
        assert row["used"] == "speech face voice" and row["emotion"] in EMOTIONS
        odd = [
            ({"path": str(tmp_path / "secret.wav")}, "is not in the folder"),
            ({"path": "../secret.wav"}, "is not in the folder"),
            ({"path": "a\0.wav"}, "is no path of a file"),
            ({"base64": None, "name": "null"}, "has no recording: give one of"),
            ({"base64": 5, "name": "number"}, "is not base64"),
            ({"base64": "UklG", "bytes": "UklG", "name": "two"}, "has base64 and bytes: give one of"),
        ]
        rows = [sent[0], sent[0], sent[0] | {"name": "a." + "x" * 400}, sent[0] | {"name": "a.w\0av"}]
        bytes_only = {"bytes": sent[0]["base64"], "name": "bytes.mp4", "enrolment": False}
        rows = [*rows, bytes_only, *({"enrolment": False} | given for given, _ in odd)]
        found = ask([*rows, *sent[1:]]).json()["predictions"]
        assert len(found) == len(rows) and [one["emotion"] for one in found[:5]] == [row["emotion"]] * 5
        for one, (given, reason) in zip(found[5:], odd, strict=True):
            assert one["name"] == given.get("name", given.get("path")) and reason in one["reason"]
        refused = ask(sent[:2])
        assert refused.status_code == 400 and "stack_trace" not in refused.json()
        assert refused.json()["message"] == (
            "the model's features of voice are normalised for each speaker. Give 2 neutral clips of the speaker whose "
            'recordings are scored, in rows with "enrolment": true; there is 1'
        )
        large = base64.b64encode(bytes(600_000)).decode()
        both = [{"base64": large, "name": "large.wav", "enrolment": False}, sent[0] | {"name": "b.mp4"}]
        answer = json.loads(ask([*both, *sent[1:]]).text, parse_constant=lambda name: pytest.fail(f"{name} in JSON"))
        too_large, fine = answer["predictions"]
        assert "at most 0.5 are accepted" in too_large["reason"] and too_large["used"] == ""
        assert {too_large[POSTERIOR + name] for name in EMOTIONS} == {None}
        assert fine["emotion"] == row["emotion"]
    finally:
        os.killpg(server.pid, 9)
        server.wait()


def test_a_model_of_other_labels_or_code_is_another_version(made, client):
    """What it was made from is in a tag; here it is another one than when the first version was registered."""
    found = client.search_model_versions("name = 'ravdess_openface'")
    (first,) = [one for one in found if str(one.version) == "1"]
    content = first.tags["emofusion.content"]
    client.set_model_version_tag("ravdess_openface", "1", "emofusion.content", "that of other labels")
    said = made.made("register", experiment="ravdess_openface", override=made.override)
    assert "ravdess_openface, version 3, is registered." in said
    versions = {str(one.version): one for one in client.search_model_versions("name = 'ravdess_openface'")}
    assert versions["3"].tags["emofusion.content"] == content != versions["2"].tags["emofusion.content"]

"""`experiment=crema_d_people` on the distributed tables, which are fetched from a server on this machine."""

import pandas as pd
import pytest

from emofusion.corpora.crema_d.tables import FILES, place

LEFT_OUT = {"1040_ITH_SAD_XX", "1064_IEO_DIS_MD", "1064_TIE_SAD_XX", "1076_MTI_NEU_XX", "1076_MTI_SAD_XX"}
# The intervals need not be narrow, and only these rules have known figures.
FEW = ["evaluation.samples=100", "fusion.compare=[stacked,linear_oracle]", "tracking.enabled=false"]
NEUTRAL_FIRST = "emotions.classes=[neutral,happy,sad,angry,fearful,disgust]"


@pytest.fixture
def people(real_data, repository, workflow_in, tmp_path, server):
    """The workflow, and the overrides with which it fetches the tables from this machine."""
    for table, file in FILES.items():
        server.files[f"/master/{file.path}"] = place(str(real_data / "crema_d"), table).read_bytes()
    override = [*FEW, f"corpora.crema_d.root={tmp_path}/crema_d", f"corpora.crema_d.repository={server.url}/master"]
    return workflow_in(repository, tmp_path / "run"), override, server


def figures(workflow):
    rules = pd.read_csv(workflow / "reports/crema_d_people/rules.csv").set_index("rule")
    assert set(rules["clips"]) == {7437} and set(rules["actors"]) == {91}
    return rules, (rules["accuracy"] * 100).round(1).to_dict()


def test_people_who_heard_and_people_who_saw(people, real_data):
    workflow, override, server = people
    workflow.folder.mkdir()
    workflow.made(experiment="crema_d_people", override=override)
    assert sorted(path for path, _ in server.asked) == sorted(f"/master/{file.path}" for file in FILES.values())
    rules, accuracy = figures(workflow)
    # Ties go by the raters' letters, as in the votes' own column emoVote. pandas counts the same from the table itself.
    assert {name: accuracy[name] for name in ("voice", "face", "both")} == {"voice": 45.5, "face": 69.0, "both": 74.8}
    assert (accuracy["linear"], accuracy["linear_oracle"]) == (54.8, 69.3)
    assert accuracy["stacked"] == pytest.approx(77.0, abs=0.15)
    votes = pd.read_csv(real_data / "crema_d" / "tabulatedVotes.csv", index_col=0)
    votes = votes[~votes["fileName"].isin(LEFT_OUT)]
    intended = votes["fileName"].str[9]  # the first letter of the emotion
    right = votes[list("ADFHNS")].idxmax(axis=1) == intended
    by_raters = right.groupby(votes.index // 100_000).mean()
    assert [rules.loc[name, "accuracy"] for name in ("voice", "face", "both")] == pytest.approx(list(by_raters))
    # The models' way, neutral first: the order of the eight emotions elsewhere in this project.
    workflow.made(experiment="crema_d_people", override=[*override, NEUTRAL_FIRST])
    rules, accuracy = figures(workflow)
    assert len(server.asked) == 2  # nothing is fetched again
    assert accuracy | {"stacked": 0} == {
        **{"voice": 43.2, "face": 68.0, "linear": 54.6, "linear_oracle": 69.1, "both": 73.7, "stacked": 0}
    }
    assert accuracy["stacked"] == pytest.approx(77.0, abs=0.15)
    assert rules.loc["face", "gender_gap"] * 100 == pytest.approx(-8.0, abs=0.05)
    assert rules.loc["face", "gender_gap_p"] == pytest.approx(0.003, abs=0.0015)
    assert rules.loc[["both", "stacked"], "kind"].tolist() == ["reference", "rule"]
    pairs = pd.read_csv(workflow / "reports/crema_d_people/pairs.csv.gz").set_index(["first", "second"])
    above = pairs.loc[("stacked", "both")]
    assert above["difference"] > 0.03 and above["low"] > 0 and above["sign_flip_p_max_t"] < 0.01


def test_the_published_folds_are_those_of_the_protocol_and_the_clips_that_they_leave_out_are_named(
    real_data, repository
):
    from omegaconf import OmegaConf

    published = pd.read_csv(real_data / "crema_d" / "folds_hicmae.csv")
    folds = OmegaConf.load(repository / "conf/protocol/crema_d_five_folds.yaml").folds
    actors = published.groupby("test_fold")["clip"].agg(lambda clips: sorted({int(clip[:4]) for clip in clips}))
    assert [list(fold) for fold in folds] == actors.tolist()
    every = pd.read_csv(real_data / "crema_d" / "SentenceFilenames.csv")["Filename"]
    assert set(every) - set(published["clip"]) == LEFT_OUT
    exclude = OmegaConf.load(repository / "conf/corpus/crema_d.yaml").exclude
    assert {clip for clip in every if any(clip.startswith(pattern.rstrip("*.")) for pattern in exclude)} == LEFT_OUT


def test_a_table_that_no_corpus_brings_is_refused_before_anything_runs(repository, workflow_in, tmp_path):
    workflow = workflow_in(repository, tmp_path)
    for override, message in {
        "voice.posteriors.table=ears": "table=ears: the corpus crema_d (crema_d) brings voice, face, both",
        "voice.posteriors.corpus=ravdess": "voice.posteriors.corpus=ravdess: the protocol tests crema_d",
        "references=[voice]": "references: voice is in modalities",
        "corpora.crema_d.download=false": "corpora.crema_d.download=true",
    }.items():
        done = workflow.run("--dry-run", experiment="crema_d_people", override=[override])
        assert done.returncode and message in done.output, done.output[-2000:]

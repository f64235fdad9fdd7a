"""Files of `conf/` are held to the same schema as the command line."""

import re
import shutil

import pytest
import yaml

from emofusion.errors import EmofusionError
from emofusion.plan.cells import plan_cells
from emofusion.plan.planner import Planner
from emofusion.settings.compose import Composer

EXPERIMENT = """# @package _global_
defaults:
  - override /corpus: [ravdess]
  - override /protocol: ravdess_five_folds
  - override /face: action_units

"""


@pytest.fixture
def own_conf(conf, tmp_path):
    """A copy of `conf/` to add files to."""
    shutil.copytree(conf, tmp_path / "conf")
    return tmp_path / "conf"


def cells(own_conf, text, override=()):
    (own_conf / "experiment" / "mine.yaml").write_text(EXPERIMENT + text)
    return plan_cells(Composer(own_conf, "mine"), Planner(), "mine", list(override))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sede: 3\n", "sede: no such setting; did you mean seed?"),
        ("speech: {trainnig: {epochs: 3}}\n", "speech.trainnig: no such setting; did you mean speech.training?"),
        (
            "speech: {training: {augment: {mix_up: 1}}}\n",
            "speech.training.augment.mix_up: no such setting; did you mean speech.training.augment.mixup?",
        ),
        ("fusion: {wieghts: {}}\n", "fusion.wieghts: no such setting; did you mean fusion.weights?"),
        ("protocol: {folsd: []}\n", "protocol.folsd: no such setting; did you mean protocol.folds?"),
        (
            "corpora: {ravdess: {roto: x}}\n",
            "corpora.ravdess.roto: no such setting; did you mean corpora.ravdess.root?",
        ),
        (
            "fusion: {options: {stacked: {strength: [1]}}}\n",
            "fusion.options.stacked.strength: no such setting; did you mean fusion.options.stacked.strengths?",
        ),
        (
            "face: {training: {unfreeze: [{epoch: 1, block: 2}]}}\n",
            "face.training.unfreeze[0].block: no such setting; did you mean face.training.unfreeze[0].blocks?",
        ),
        ("seed: many\n", "seed=many: this must be a whole number, from 0 to 2,147,483,647"),
        ("speech: {network: {filters: 0}}\n", "speech.network.filters=0: from 1 to 4096"),
        (
            "speech: {network: {filters: many}}\n",
            "speech.network.filters=many: this must be a whole number, from 1 to 4096",
        ),
        ("speech: {name: a/b}\n", "speech.name=a/b: files are named after it; use letters, digits, _ and - only"),
        ("evaluation: 3\n", "evaluation=3: this must be a map of settings, written {name: value}"),
        ("fusion: {weights: {speech: 0.5, fase: 0.5}}\n", "did you mean fusion.weights.face?"),
        (
            "corpora: {mine: {root: x}}\n",
            "corpora.mine.kind: this setting has no value; there are crema_d, emodb, folder, kdef",
        ),
        ("corpora: {a b: {kind: savee, root: x}}\n", "corpora=a b: files are named after it"),
        ("corpora: {a/b: {kind: savee, root: x}}\n", "corpora=a/b: files are named after it"),
        ("corpora: {'..': {kind: savee, root: x}}\n", "corpora=..: files are named after it"),
    ],
)
def test_a_wrong_setting_in_a_file_is_named(own_conf, text, message):
    with pytest.raises(EmofusionError) as raised:
        cells(own_conf, text)
    assert message in str(raised.value)


def test_settings_that_no_other_file_names_need_no_special_mark(own_conf):
    settings = cells(
        own_conf,
        "speech: {training: {patience: 4, class_weights: true}, network: {pooling: flatten}}\n"
        "corpora: {ravdess: {exclude: [a.wav], media: [audio]}}\nfusion: {weights: {speech: 0.25, face: 0.75}}\n",
    ).first
    speech = settings.modalities["speech"]
    assert (speech.training.patience, speech.training.class_weights) == (4, True)
    assert speech.network.pooling == "flatten" and settings.corpora["ravdess"].media == ["audio"]
    assert settings.fusion.weights == {"speech": 0.25, "face": 0.75}


def test_an_experiment_with_one_modality_says_so_and_nothing_else(own_conf):
    text = EXPERIMENT.replace("face: action_units", "fusion: paper") + "modalities: [speech]\n"
    (own_conf / "experiment" / "mine.yaml").write_text(text)
    planned = plan_cells(Composer(own_conf, "mine"), Planner(), "mine", [])
    assert planned.first.fusion.weights == {"speech": 0.7, "face": 0.3}
    assert planned.cells[0].report.settings.weights == {"speech": 1.0}


def test_a_modality_may_be_written_out_in_the_experiment(own_conf):
    text = "modalities: [speech, own]\nown: {posteriors: {table: own.csv, scale: logits}}\n"
    settings = cells(own_conf, text).first
    assert settings.modalities["own"].name == "own" and settings.modalities["own"].posteriors.table == "own.csv"
    alone = cells(own_conf, text, ["modalities=[speech]"]).first
    assert list(alone.modalities) == ["speech"]


def test_plugins_on_the_command_line_bring_their_kinds(planning, tmp_path):
    (tmp_path / "small.py").write_text(
        "from dataclasses import dataclass\n"
        "from emofusion.settings.fields import setting\n"
        "from emofusion.settings.kinds import Network\n\n\n"
        "@dataclass\n"
        "class Small(Network):\n"
        '    """A network of someone else."""\n\n'
        '    kind: str = "small_of_a_test"\n'
        '    width: int = setting("Units.", 3, least=1)\n\n'
        "    def build(self, shape, classes, weights=None):\n"
        "        raise NotImplementedError\n"
    )
    override = f"plugins=[{tmp_path}/small.py] speech.network={{kind: small_of_a_test, width: 5}}"
    settings = planning.settings("paper", override)
    assert settings.modalities["speech"].network.width == 5
    with pytest.raises(EmofusionError, match=r"speech\.network\.width=0: 1 or more"):
        planning.cells("paper", override.replace("width: 5", "width: 0"))


def test_an_experiment_cannot_take_the_folder_of_the_audit(own_conf):
    (own_conf / "experiment" / "audit.yaml").write_text(EXPERIMENT)
    with pytest.raises(EmofusionError, match=r"experiment=audit: .* name the file otherwise"):
        plan_cells(Composer(own_conf, "audit"), Planner(), "audit", [])


def test_titles_say_nothing_that_another_setting_decides(conf):
    """A title stays when a command changes the protocol. Reports show the protocol's description below the title."""
    said = re.compile(r"fold|split|speaker-independent|left out|held out|across|within|random", re.IGNORECASE)
    titles = {path.stem: yaml.safe_load(path.read_text())["report"]["title"] for path in conf.glob("experiment/*.yaml")}
    assert len(titles) > 10 and not {name: title for name, title in titles.items() if said.search(title)}

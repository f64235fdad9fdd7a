"""The three ways in for a kind, through the real workflow, and what an edit of its code makes stale."""

import os
import shutil

import numpy as np
import pytest

from emofusion.predictions.table import posteriors
from emofusion.tables import PREDICTIONS, read_table

BORDA = '''"""Borda's count."""

from dataclasses import dataclass
from typing import ClassVar

from emofusion.settings.kinds import FusionRule


@dataclass
class Borda(FusionRule):
    """Each modality gives a class as many points as there are classes that it finds less probable."""

    label: ClassVar[str] = "Borda count"

    kind: str = "borda"

    def make(self, task):
        from emofusion.fusion.common.rules import Rule, normalised

        class Count(Rule):
            def fuse(self, members):
                return normalised(points(members.posteriors).sum(axis=0))

        return Count()


def points(posteriors):
    return posteriors.argsort(axis=-1).argsort(axis=-1)
'''
ONLY_FUSED = ("--until", "fuse")


@pytest.fixture
def edit(project):
    """Replaces text in a plug-in of the project, and puts it back afterwards."""
    before = {}

    def replace(name, old, new):
        path = project.folder / name
        before.setdefault(path, path.read_text())
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    yield replace
    for path, text in before.items():
        path.write_text(text)


def borda_by_hand(project):
    """Points of each clip and class, as shares, in the order of the clips' names."""
    points = 0
    for modality in ("speech", "coarse"):
        table = read_table(project.one(f"predictions/{modality}-*/predictions.parquet"), PREDICTIONS)
        given = posteriors(table[table["split"] == "test"].sort_values("clip"))
        points = points + (given[:, :, None] > given[:, None, :]).sum(axis=2)
    return points / points.sum(axis=1, keepdims=True)


def fused_by(project, rule):
    """What the newest fusion makes of each clip by a rule, in the order of the clips' names."""
    newest = max((project.folder / "results/fusion").glob(f"{rule}-*/fused.parquet"), key=os.path.getmtime)
    return posteriors(read_table(newest, PREDICTIONS).sort_values("clip"))


def test_a_second_run_has_nothing_to_do(project):
    assert project.planned() == {}


def test_a_docstring_or_a_comment_makes_nothing_stale(project, edit):
    edit("kinds/minimum.py", '"""The least posterior', '"""Of all posteriors, the least')
    edit("kinds/voices.py", 'kind: str = "voices"\n', 'kind: str = "voices"  # as in data/voices\n')
    assert project.planned() == {}


AFTER_FUSION = {"fuse_rules", "fuse", "report"}


@pytest.mark.parametrize(
    ("file", "old", "new", "stale"),
    [
        ("kinds/minimum.py", "min(axis=0)", "min(axis=0) ** 2", {"fuse", "report"}),
        ("kinds/kappa.py", '"Cohen\'s kappa"', '"Kappa"', AFTER_FUSION),
        ("kinds/softmax.py", "bias=self.bias)", "bias=True)", {"train", "predict"} | AFTER_FUSION),
        ("kinds/band_energies.py", "1e-9", "1e-8", {"features", "train", "predict"} | AFTER_FUSION),
        ("kinds/across_genders.py", "fold=0", "fold=1", {"split", "train", "predict"} | AFTER_FUSION),
    ],
)  # fmt: skip
def test_an_edit_makes_the_stages_stale_that_use_the_kind(project, edit, file, old, new, stale):
    edit(file, old, new)
    assert set(project.planned()) == stale


def test_an_edit_is_run_and_undone(project, edit):
    edit("kinds/minimum.py", "min(axis=0)", "min(axis=0) ** 2")
    project.done(*ONLY_FUSED)
    members = [
        posteriors(table[table["split"] == "test"].sort_values("clip"))
        for table in (
            read_table(project.one(f"predictions/{name}-*/predictions.parquet"), PREDICTIONS)
            for name in ("speech", "coarse")
        )
    ]
    least = np.minimum(*members) ** 2
    np.testing.assert_allclose(fused_by(project, "minimum"), least / least.sum(axis=1, keepdims=True), atol=1e-9)
    edit("kinds/minimum.py", "min(axis=0) ** 2", "min(axis=0)")
    project.done()
    assert project.planned() == {}


def test_a_job_on_another_machine_loads_the_plugins(project):
    """Snakemake starts such a job with the plan's file and without what this machine has in memory."""
    folder = min((project.folder / "results/features").glob("band_energies-*"))
    before = np.load(folder / "features.npy")
    shutil.rmtree(folder)
    databases = (project.folder / "results/plans").glob("*.sqlite")
    plan = max((path for path in databases if path.name != "digests.sqlite"), key=os.path.getmtime)
    job = ["--mode", "remote", "--nolock", "--allowed-rules", "features"]
    job += ["--target-jobs", f"features:key={folder.name}"]
    project.done(*job, settings=[f"plan={plan}", "feature_threads=1", "gpus=0"], EMOFUSION_FORKSERVER="")
    np.testing.assert_array_equal(np.load(folder / "features.npy"), before)
    assert (folder / "record.json").is_file()


def test_the_entry_of_a_plugin_is_chosen_like_a_file(project):
    """By an override too: an experiment that knows nothing of plug-ins, and a second modality of the same choice."""
    project.write("conf/experiment/plain.yaml", "# @package _global_\ndefaults:\n  - override /corpus: [voices]\n")
    override = "plugins=[kinds/voices.py,kinds/softmax.py,kinds/band_energies.py] speech=softmax +speech@other=softmax"
    override += (
        " modalities=[speech,other] emotions=six other.name=other other.features.bands=8 protocol.corpora=[voices]"
    )
    for _ in range(2):  # the second time, the plan's file is read
        planned = project.planned("--until", "train", override=override, experiment="plain")
        # the 16 bands of `speech` are there already, from the other experiment
        assert planned["train"] == 2 and planned["features"] == 1, planned


def test_a_file_in_the_familys_folder_is_found(project, repository, tmp_path):
    shutil.copytree(repository / "src" / "emofusion", tmp_path / "emofusion")
    (tmp_path / "emofusion" / "fusion" / "borda.py").write_text(BORDA)
    given = {"override": "fusion.rule=borda", "first_on_path": tmp_path}
    assert project.planned(*ONLY_FUSED, **given) == {"fuse": 1}  # the same code elsewhere: no model is trained again
    project.done(*ONLY_FUSED, **given)
    np.testing.assert_allclose(fused_by(project, "borda"), borda_by_hand(project), atol=1e-9)
    shutil.rmtree(max((project.folder / "results/fusion").glob("borda-*"), key=os.path.getmtime))


def test_an_installed_package_brings_kinds_along(project, tmp_path):
    package, about = tmp_path / "more_rules", tmp_path / "more_rules-1.0.dist-info"
    package.mkdir()
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: more-rules\nVersion: 1.0\n")
    (about / "entry_points.txt").write_text("[emofusion.kinds]\nborda = more_rules\n")
    (package / "__init__.py").write_text("from .borda import Borda\n")
    (package / "borda.py").write_text(BORDA.split("def points")[0] + "\nfrom .ranks import points\n")
    (package / "ranks.py").write_text("def points" + BORDA.split("def points")[1])
    given = {"override": "fusion.rule=borda", "first_on_path": tmp_path}
    assert project.planned(*ONLY_FUSED, **given) == {"fuse": 1}
    project.done(*ONLY_FUSED, **given)
    np.testing.assert_allclose(fused_by(project, "borda"), borda_by_hand(project), atol=1e-9)
    (package / "ranks.py").write_text('"""Points."""\n\n\n' + (package / "ranks.py").read_text())
    assert project.planned(*ONLY_FUSED, **given) == {}
    (package / "ranks.py").write_text((package / "ranks.py").read_text().replace("axis=-1)\n", "axis=-1) + 1\n"))
    assert project.planned(*ONLY_FUSED, **given) == {"fuse": 1}


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("plugins=[kinds/absent.py]", "plugins: there is no file"),
        ("+speech.network={kind: nonsense}", "speech.network.kind=nonsense: no such kind; there are backbone, cnn1d,"),
    ],
)
def test_what_is_wrong_is_told_in_one_message_before_any_work(project, override, said):
    done = project.run(override=override)
    assert done.returncode != 0 and said in done.output and "Traceback" not in done.output
    assert "Job stats" not in done.output

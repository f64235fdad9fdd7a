"""Checkpoints and finished folds that are missing, cut short or damaged: the fold begins anew, and ends the same."""

import errno
import shutil
import tempfile
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from emofusion.errors import EmofusionError
from emofusion.features.common.feature_set import FeatureSet, write_rows
from emofusion.networks.mlp import Mlp
from emofusion.plan.settings import ModelSettings
from emofusion.settings.training import Training
from emofusion.training import checkpoints, fit
from emofusion.training.checkpoints import WholeCheckpoints
from emofusion.whole_files import write_whole

CLASSES = ["happy", "sad"]
SETTINGS = ModelSettings(
    Mlp(hidden=[8]), Training(epochs=6, learning_rate=0.01, keep="best", batch_size=8), [3], standardised=True
)
FOLDS = 2


class Killed(BaseException):
    """The process has ended."""


@pytest.fixture(scope="module", autouse=True)
def checkpoint_after_each_epoch():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("emofusion.training.callbacks.CHECKPOINT_SECONDS", 0)
        yield


@pytest.fixture(scope="module")
def train(tmp_path_factory):
    """A function that trains on 40 clips in two folds: `train(out, kill_at=(fold, epoch))`."""
    folder, random = tmp_path_factory.mktemp("features"), np.random.default_rng(0)
    clips = pd.DataFrame({"clip": [f"c{number}" for number in range(40)], "corpus": "made", "gender": "male"})
    clips["actor"] = [f"made-{number // 4}" for number in range(40)]
    clips["emotion"] = [CLASSES[number % 2] for number in range(40)]
    values = random.normal(size=(40, 5)) + np.arange(40)[:, None] % 2
    np.save(folder / "features.npy", values.astype(np.float32))
    write_rows(pd.DataFrame({"clip": clips["clip"], "row": range(40), "frame": 0, "view": 0}), folder)
    parts = [np.roll(np.repeat(["train", "validation", "test"], [24, 8, 8]), 8 * fold) for fold in range(FOLDS)]
    split = pd.concat([clips.assign(fold=fold, split=part) for fold, part in enumerate(parts)], ignore_index=True)
    fitted = partial(fit.fit_folds, split, FeatureSet.open([folder]), SETTINGS, token="t", order=CLASSES)

    def run(out, kill_at=None):
        epochs = []

        def on_epoch(metrics, epoch):
            fold = int(next(iter(metrics))[4])
            epochs.append((fold, epoch))
            if (fold, epoch) == kill_at:
                raise Killed

        if kill_at:
            with pytest.raises(Killed):
                fitted(out, on_epoch=on_epoch)
        else:
            fitted(out, on_epoch=on_epoch)
        return epochs

    return run


@pytest.fixture(scope="module")
def whole(train, tmp_path_factory):
    """The folder of a training that was never interrupted."""
    out = tmp_path_factory.mktemp("whole")
    train(out)
    return out


@pytest.fixture(scope="module")
def interrupted(train, tmp_path_factory):
    """The folder of a training that was killed in the last epoch of its second fold."""
    out = tmp_path_factory.mktemp("interrupted") / "model"
    train(out, kill_at=(1, 5))
    return out


def same_models(one, other):
    for fold in range(FOLDS):
        first, second = (load_file(out / "folds" / f"{fold}-3.safetensors") for out in (one, other))
        assert first.keys() == second.keys() and all(torch.equal(first[name], second[name]) for name in first)
    tables = [pd.read_parquet(out / "history.parquet").drop(columns="seconds") for out in (one, other)]
    pd.testing.assert_frame_equal(*tables)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path):
    path.write_bytes(b"")


def alter(path):
    """Other bytes inside of a tensor, and the same length."""
    content = bytearray(path.read_bytes())
    content[len(content) // 3 : len(content) // 3 + 8] = b"\xff" * 8
    path.write_bytes(content)


def blank(path):
    """What a file system may give after the machine has lost its power."""
    path.write_bytes(bytes(path.stat().st_size))


def delete(path):
    path.unlink()


@pytest.mark.parametrize(
    ("file", "damage", "first"),
    [
        ("fold-1-3/last.ckpt", None, (1, 5)),  # nothing is damaged: it goes on with the last epoch
        ("fold-1-3/last.ckpt", cut, (1, 0)),
        ("fold-1-3/last.ckpt", empty, (1, 0)),
        ("fold-1-3/last.ckpt", alter, (1, 0)),
        ("fold-1-3/last.ckpt", blank, (1, 0)),
        ("fold-1-3/last.ckpt", delete, (1, 0)),
        ("0-3.safetensors", cut, (0, 0)),
        ("0-3.safetensors", empty, (0, 0)),
        ("0-3.safetensors", delete, (0, 0)),
        ("0-3.parquet", cut, (0, 0)),
        ("0-3.parquet", delete, (0, 0)),
        ("of", cut, (0, 0)),
        ("of", delete, (0, 0)),
    ],
)
def test_what_is_whole_is_gone_on_with_and_the_rest_begins_anew(
    train, whole, interrupted, tmp_path, file, damage, first
):
    out = interrupted
    saved = tmp_path / "saved"
    shutil.copytree(out, saved)
    try:
        if damage:
            damage(out / "checkpoints" / file)
        assert train(out)[0] == first
        same_models(whole, out)
        assert not (out / "checkpoints").exists()
    finally:
        shutil.rmtree(out)
        saved.rename(out)


def test_a_folder_that_was_moved_keeps_its_best_epoch(train, whole, interrupted, tmp_path):
    shutil.copytree(interrupted, tmp_path / "moved")
    assert train(tmp_path / "moved")[0] == (1, 5)  # a checkpoint has the weights of the best epoch
    same_models(whole, tmp_path / "moved")


def test_nothing_is_written_to_the_folder_of_temporary_files(train, whole, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    train(tmp_path / "model")
    same_models(whole, tmp_path / "model")


def test_a_kill_while_a_checkpoint_is_written_leaves_the_one_before(tmp_path, monkeypatch):
    target = tmp_path / "last.ckpt"
    WholeCheckpoints().save_checkpoint({"epoch": 1}, target)

    def killed(*_):
        raise Killed

    monkeypatch.setattr(checkpoints.Path, "replace", killed)
    with pytest.raises(Killed):
        WholeCheckpoints().save_checkpoint({"epoch": 2}, target)
    monkeypatch.undo()
    assert torch.load(target) == {"epoch": 1}
    WholeCheckpoints().save_checkpoint({"epoch": 3}, target)
    assert torch.load(target) == {"epoch": 3} and [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_full_disk_leaves_the_file_before_and_one_message(tmp_path, monkeypatch):
    target = tmp_path / "last.ckpt"
    write_whole(target, b"before")

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoints.Path, "write_bytes", full)
    with pytest.raises(EmofusionError, match=r"the disk is full: .*last\.ckpt.* 2\.5 MB are needed, and .* are free"):
        write_whole(target, bytes(2_500_000))
    monkeypatch.undo()
    assert target.read_bytes() == b"before" and [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]

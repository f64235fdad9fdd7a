"""Fit models that have no epochs, one for each fold and seed, and score clips with them."""

import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from emofusion.plan.settings import ModelSettings
from emofusion.tables import HISTORY, write_table
from emofusion.training.data import RowSource, fold_name, scored
from emofusion.training.description import ModelDescription, read_model
from emofusion.training.predict import SMALLEST, scored_clips
from emofusion.training.standardise import with_speaker_normalisation


class Fitted(Protocol):
    """A fitted model of one fold and seed."""

    @property
    def parameters(self) -> int:
        """How many numbers it has learnt."""

    def posteriors(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """(rows, classes). rows: of the features' table of rows."""

    def of_values(self, values: Any) -> NDArray[np.float64]:
        """(rows, classes). values: features `(rows, values)`, flattened, also of rows that are in no table."""

    def store(self, file: Path) -> None:
        """Write it. file: the path without the ending."""


# features, training rows (see `labelled`), a seed of 31 bits, and which model it is, for messages → the fitted model
Fit = Callable[[RowSource, pd.DataFrame, int, str], Fitted]
# path without the ending, features (None where the model needs none to be loaded), number of classes
Load = Callable[[Path, Any, int], Fitted]


def fit_each(
    split: pd.DataFrame,
    features: RowSource,
    classes: list[str],
    settings: ModelSettings,
    out: Path,
    on_epoch: Callable[[dict[str, float], int], None],
    progress: Callable[[str], None],
    fit: Fit,
) -> None:
    """Fit and store a model for each fold and seed; see `Estimator.fit_folds`.

    It writes `history.parquet` and `model.json` as a training in epochs does.
    """
    inputs = with_speaker_normalisation(features, split, settings.training)
    models = out / "folds"
    models.mkdir(parents=True, exist_ok=True)
    epochs, sizes = [], []
    folds = [(int(fold), part) for fold, part in split.groupby("fold")]
    for (number, (fold, part)), seed in product(enumerate(folds, 1), settings.seeds):
        name, several = fold_name(fold, seed), len(settings.seeds) > 1
        started = time.perf_counter()
        drawn = int(np.random.SeedSequence([seed, fold]).generate_state(1)[0])
        rows = {
            kind: labelled(inputs, clips, classes)
            for kind, clips in part.groupby("split")
            if kind in ("train", "validation")
        }
        model = fit(inputs, rows["train"], drawn % 2**31, f"fold {fold}, seed {seed}")
        metrics: dict[str, float] = {}
        for kind in ("train", "validation"):
            losses = _losses(model, rows[kind]) if kind in rows else (np.nan, np.nan)
            metrics |= dict(zip((f"{kind}_loss", f"{kind}_accuracy"), losses, strict=True))
        on_epoch(
            {f"fold{fold}_" + (f"seed{seed}_" if several else "") + key: value for key, value in metrics.items()}, 0
        )
        epochs.append({"seed": seed, "fold": fold, "epoch": 0, **metrics, "seconds": time.perf_counter() - started})
        model.store(models / name)
        sizes.append(model.parameters)
        progress(
            f"fold {number} of {len(folds)}, seed {seed}: training accuracy {100 * metrics['train_accuracy']:.1f} %"
        )
    write_table(pd.DataFrame(epochs), out / "history.parquet", HISTORY)
    kept = {fold_name(epoch["fold"], epoch["seed"]): 0 for epoch in epochs}
    ModelDescription(classes, inputs.shape, kept, max(sizes), max(sizes)).write(out, settings)


def predict_each(split: pd.DataFrame, features: RowSource, model: Path, load: Load) -> pd.DataFrame:
    """The prediction table of the models of all folds; see `emofusion.training.predict.predict_folds`."""
    described, trained = read_model(model)
    inputs = with_speaker_normalisation(features, split, trained.training)
    tables = []
    for fold, clips in scored(split).groupby("fold"):
        rows = inputs.rows[inputs.rows["clip"].isin(clips["clip"]) & (inputs.rows["view"] == 0)]
        names = [fold_name(int(fold), seed) for seed in trained.seeds]
        posteriors = [load(model / "folds" / name, inputs, len(described.classes)).posteriors(rows) for name in names]
        tables.append(scored_clips(clips, rows, np.mean(posteriors, axis=0), described.classes))
    return pd.concat(tables, ignore_index=True)


def load_each(training: tuple[pd.DataFrame, RowSource] | None, model: Path, load: Load) -> list[Fitted]:
    """The models of all folds and seeds; see `Estimator.load_folds`."""
    described, trained = read_model(model)
    inputs = None if training is None else with_speaker_normalisation(training[1], training[0], trained.training)
    return [load(model / "folds" / name, inputs, len(described.classes)) for name in described.kept_epoch]


def labelled(features: RowSource, clips: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """The rows of clips with their labels. Of training clips, altered views count like further clips."""
    rows = features.rows.merge(clips[["clip", "actor", "emotion", "split"]], on="clip")
    rows = rows[(rows["view"] == 0) | (rows["split"] == "train")]
    rows = rows[rows["emotion"].isin(classes)]
    label_of = {emotion: label for label, emotion in enumerate(classes)}
    return rows.assign(label=rows["emotion"].map(label_of).astype("int64")).reset_index(drop=True)


def _losses(model: Fitted, rows: pd.DataFrame) -> tuple[float, float]:
    """Mean cross-entropy in nats, and accuracy, of unaltered rows."""
    rows = rows[rows["view"] == 0]
    posteriors, labels = model.posteriors(rows), rows["label"].to_numpy()
    own = np.maximum(posteriors[np.arange(len(labels)), labels], SMALLEST)
    return float(-np.log(own).mean()), float((posteriors.argmax(axis=1) == labels).mean())

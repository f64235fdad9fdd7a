"""Score the validation and test clips of each fold with the models of this fold."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from emofusion.devices import compute_device
from emofusion.plan.settings import PredictionsSettings
from emofusion.predictions.table import CLIP, with_unknown
from emofusion.settings.kinds import Estimator
from emofusion.tables import LOGIT
from emofusion.training.data import RowSource, fold_name, scored, with_features
from emofusion.training.description import read_model
from emofusion.training.precision import autocast
from emofusion.training.scaled import build_model
from emofusion.training.standardise import with_speaker_normalisation

# Replaces a posterior of 0, so that its logarithm is finite.
SMALLEST = np.finfo(np.float64).tiny


def predict_folds(
    split: pd.DataFrame,
    features: RowSource,
    model: Path,
    settings: PredictionsSettings,
    batch_size: int = 64,
    order: Sequence[str] = (),
) -> pd.DataFrame:
    """The prediction table (`tables.PREDICTIONS`) of a model.

    The posterior of a clip is the mean over its rows (the frames of a video) and over the models of all seeds. The
    table has its natural logarithm as the logit. The function sets torch's number of threads to `settings.threads`.

    Args:
        split: `tables.SPLIT`, as in the training.
        features: the network's inputs, as in the training.
        model: the folder that `fit_folds` wrote.
        settings: threads and precision.
        batch_size: how many rows are scored at a time.
        order: the order of the classes, for those of scored clips that the model does not know.

    Raises:
        EmofusionError: the model cannot be read, or half precision is requested without a GPU.
    """
    precision = autocast(settings.precision)
    described, trained = read_model(model)
    split = with_features(split, features)
    if isinstance(trained.network, Estimator):
        return with_unknown(trained.network.predict_folds(split, features, model, settings), order)
    torch.set_num_threads(settings.threads)
    classes = described.classes
    inputs = with_speaker_normalisation(features, split, trained.training)
    limit = trained.training.outlier_limit
    network = build_model(trained.network, described.shape, len(classes), trained.standardised, limit=limit)
    device = compute_device()
    network.to(device).eval()
    tables = []
    for fold, clips in scored(split).groupby("fold"):
        rows = inputs.rows[inputs.rows["clip"].isin(clips["clip"]) & (inputs.rows["view"] == 0)]
        posteriors_by_seed = []
        for seed in trained.seeds:
            network.load_state_dict(load_file(model / "folds" / f"{fold_name(fold, seed)}.safetensors"))
            with precision:
                posteriors_by_seed.append(_posteriors(network, inputs, rows["row"].to_numpy(), batch_size, device))
        tables.append(scored_clips(clips, rows, np.mean(posteriors_by_seed, axis=0), classes))
    return with_unknown(pd.concat(tables, ignore_index=True), order)


def scored_clips(
    clips: pd.DataFrame, rows: pd.DataFrame, posteriors: NDArray[np.float64], classes: list[str]
) -> pd.DataFrame:
    """The clips of a fold with their logits: the logarithm of a clip's mean posterior over its rows.

    Args:
        clips: the clips of a split (`tables.SPLIT`) that are scored.
        rows: the rows of the features that were scored; `clip` is the clip that a row belongs to.
        posteriors: (rows, classes).
        classes: the classes in the order of the posteriors.
    """
    columns = [f"{LOGIT}{emotion}" for emotion in classes]
    table = pd.DataFrame(posteriors, columns=columns, index=rows["clip"])
    logits = np.log(table.groupby(level=0).mean().clip(lower=SMALLEST))
    return clips[CLIP].merge(logits.reset_index(), on="clip", validate="one_to_one")


@torch.inference_mode()
def _posteriors(
    network: torch.nn.Module, features: RowSource, row_numbers: NDArray[Any], batch_size: int, device: torch.device
) -> NDArray[np.float64]:
    """The posteriors of the given rows, (rows, classes), in double precision."""
    posteriors = []
    for start in range(0, len(row_numbers), batch_size):
        batch = torch.from_numpy(features.take(row_numbers[start : start + batch_size])).to(device)
        posteriors.append(network(batch).double().softmax(dim=1).cpu().numpy())
    return np.concatenate(posteriors)

"""Scoring clips: each fold's validation and test clips by the models of that fold."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from safetensors.torch import load_file

from emofusion.features.common.feature_set import FeatureSet
from emofusion.tables import LOGIT
from emofusion.training.data import fold_name
from emofusion.training.module import build_model
from emofusion.training.standardise import as_trained_on

# A class that a clip's frames rule out altogether keeps a finite logit.
SMALLEST = np.finfo(np.float64).tiny


def predict_folds(split: pd.DataFrame, features: FeatureSet, model: Path, batch_size: int = 64) -> pd.DataFrame:
    """The prediction table (`tables.PREDICTIONS`) of the model folder written by `fit_folds`.

    The posterior of a clip is the mean of its rows' posteriors (the frames of a video), and of those of the models of
    several seeds; its logarithm stands in the table as the logit.
    """
    described = json.loads((model / "model.json").read_text())
    classes = described["classes"]
    features = as_trained_on(features, split, described["training"])
    network = build_model(described["network"], tuple(described["shape"]), len(classes), described["standardise"])
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network.to(device).eval()
    tables = []
    for fold, part in split[split["split"] != "train"].groupby("fold"):
        rows = features.rows[features.rows["clip"].isin(part["clip"]) & (features.rows["view"] == 0)]
        members = []
        for seed in described["seeds"]:
            network.load_state_dict(load_file(model / "folds" / f"{fold_name(fold, seed)}.safetensors"))
            members.append(_posteriors(network, features, rows["row"].to_numpy(), batch_size, device))
        posteriors = pd.DataFrame(
            np.mean(members, axis=0),
            columns=[f"{LOGIT}{emotion}" for emotion in classes],
            index=rows["clip"],
        )
        logits = np.log(posteriors.groupby(level=0).mean().clip(lower=SMALLEST))
        tables.append(part.merge(logits.reset_index(), on="clip", validate="one_to_one"))
    return pd.concat(tables, ignore_index=True)


@torch.inference_mode()
def _posteriors(
    network: torch.nn.Module, features: FeatureSet, rows: np.ndarray, batch_size: int, device: torch.device
) -> np.ndarray:
    """(rows, classes) in double precision."""
    parts = []
    for start in range(0, len(rows), batch_size):
        batch = torch.from_numpy(features.take(rows[start : start + batch_size])).to(device)
        parts.append(network(batch).double().softmax(dim=1).cpu().numpy())
    return np.concatenate(parts)

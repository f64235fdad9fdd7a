"""Store and read fitted pipelines.

The files are written by skops. They are data and no pickles: reading one runs no code of the file, and imports no type
that is not of the libraries of the configured estimators.
"""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import skops.io
from sklearn.pipeline import Pipeline
from skops.io.exceptions import UntrustedTypesFoundException

from emofusion.errors import EmofusionError
from emofusion.networks.common.scaling import LimitedScaler
from emofusion.networks.sklearn import Sklearn

_OURS = f"{LimitedScaler.__module__}.{LimitedScaler.__qualname__}"


def store(model: Pipeline, file: Path) -> None:
    """Write a fitted pipeline. Raises `EmofusionError` where a part of it cannot be stored."""
    try:
        skops.io.dump(model, file)
    except (TypeError, NotImplementedError, AttributeError) as error:
        raise EmofusionError(f"the fitted model cannot be stored: {error}; choose another estimator") from error


def load(file: Path, network: Sklearn) -> Pipeline:
    """Read a fitted pipeline. No code of the file is run.

    Args:
        file: the file that `fit_estimators` has written.
        network: the settings of the estimator. Types of the libraries that they name are trusted, besides those that
            skops trusts.

    Raises:
        EmofusionError: the file cannot be read, or holds other types.
    """
    try:
        found = skops.io.get_untrusted_types(file=file)
        libraries = {"sklearn", "scipy", *network.libraries()}
        strange = [name for name in found if name != _OURS and name.partition(".")[0] not in libraries]
        if strange:
            raise EmofusionError(
                f"{file} is not read: it holds objects of {', '.join(strange[:5])}, which are not of "
                f"{', '.join(sorted(libraries))}. Delete its folder, and the model is fitted again"
            )
        loaded = skops.io.load(file, trusted=found)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, ImportError, zipfile.BadZipFile) as error:
        raise EmofusionError(
            f"cannot read {file}: {error}. Delete its folder, and the model is fitted again"
        ) from error
    except UntrustedTypesFoundException as error:
        raise EmofusionError(f"{file} holds objects of unknown types: {error}") from error
    if not isinstance(loaded, Pipeline):
        raise EmofusionError(f"{file} holds no fitted estimator. Delete its folder, and the model is fitted again")
    return loaded


def values_in(model: Any) -> int:
    """How many numbers a model has learnt: the values in the arrays that `fit` has set, also in nested estimators."""
    if isinstance(model, np.ndarray):
        return sum(map(values_in, model.ravel())) if model.dtype == object else int(model.size)
    if isinstance(model, list | tuple):
        return sum(map(values_in, model))
    if isinstance(model, dict):
        return sum(map(values_in, model.values()))
    if isinstance(model, Pipeline):
        return sum(values_in(step) for _, step in model.steps)
    if not hasattr(model, "get_params"):
        return int(model.node_count) if hasattr(model, "node_count") else 0
    learnt = {name: value for name, value in vars(model).items() if name.endswith("_") and not name.startswith("__")}
    learnt = {name: value for name, value in learnt.items() if name not in ("classes_", "n_iter_", "estimator_")}
    return sum(map(values_in, learnt.values()))

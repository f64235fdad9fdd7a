"""A trained model in memory, for clips that come one by one."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from emofusion.devices import compute_device
from emofusion.plan.settings import PredictionsSettings
from emofusion.settings.kinds import Estimator
from emofusion.threads import limited_threads
from emofusion.training.at_once import Fitted
from emofusion.training.data import RowSource
from emofusion.training.description import read_model
from emofusion.training.precision import autocast
from emofusion.training.scaled import build_model
from emofusion.training.standardise import SpeakerNormalised, with_speaker_normalisation


class LoadedModel:
    """The networks of all folds and seeds of a model, in memory. It scores rows as `predict.predict_folds` does.

    Attributes:
        classes: in the order of the posteriors.
    """

    def __init__(
        self, model: Path, settings: PredictionsSettings, known: tuple[pd.DataFrame, RowSource] | None = None
    ) -> None:
        """Load the model.

        Args:
            model: the folder that `fit_folds` wrote.
            settings: threads and precision.
            known: split and features of clips that scoring needs: those of the training, where the network compares
                clips with them, and those of speakers whose features are normalised. None: it needs none.

        Raises:
            EmofusionError: the model cannot be read; or a speaker's clips are too few.
        """
        described, trained = read_model(model)
        self.classes, self._settings, self._device = described.classes, settings, compute_device()
        self._inputs = None if known is None else with_speaker_normalisation(known[1], known[0], trained.training)
        if isinstance(trained.network, Estimator):
            compares = known if trained.network.compares_with_training else None
            self._fitted: list[Fitted] = trained.network.load_folds(compares, model, settings)
            self._networks: list[torch.nn.Module] = []
        else:
            limit = trained.training.outlier_limit
            self._fitted, self._networks = [], []
            for name in described.kept_epoch:
                network = build_model(
                    trained.network, described.shape, len(self.classes), trained.standardised, limit=limit
                )
                network.load_state_dict(load_file(model / "folds" / f"{name}.safetensors"))
                self._networks.append(network.to(self._device).eval())

    def posteriors(self, values: NDArray[Any], actor: str) -> NDArray[np.float64]:
        """The mean posterior of a clip over its rows and over all networks: (classes,).

        Args:
            values: (rows, *shape), the features of the clip.
            actor: the speaker, where features are normalised by speaker.
        """
        if isinstance(self._inputs, SpeakerNormalised):
            values = self._inputs.of_speaker(values, actor)
        if self._fitted:
            with limited_threads(self._settings.threads):
                found = [one.of_values(values.reshape(len(values), -1)) for one in self._fitted]
        else:
            found = self._of_networks(values)
        mean: NDArray[np.float64] = np.mean(found, axis=(0, 1))
        mean /= mean.sum()
        return mean

    @torch.inference_mode()
    def _of_networks(self, values: NDArray[Any]) -> list[NDArray[np.float64]]:
        torch.set_num_threads(self._settings.threads)
        batch = torch.tensor(values, device=self._device)
        with autocast(self._settings.precision):
            logits = [network(batch) for network in self._networks]
        return [one.double().softmax(dim=1).cpu().numpy() for one in logits]

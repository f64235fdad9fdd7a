"""The mean loss and the accuracy of an epoch."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torchmetrics.classification import MulticlassAccuracy


class Tally(nn.Module):
    """The mean loss and the accuracy over all rows of many batches, in single precision.

    classes: the number of classes.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.accuracy = MulticlassAccuracy(classes, average="micro", validate_args=False)
        self._sum: Tensor | float = 0.0
        self._rows = 0

    def add(self, outputs: Sequence[tuple[Tensor, Tensor]], labels: Tensor) -> None:
        """Count some batches.

        Args:
            outputs: the mean loss of each batch, and its logits `(batch, classes)`.
            labels: of all rows of these batches, `(rows,)`.
        """
        self._sum = sum((loss * len(logits) for loss, logits in outputs), start=self._sum)
        self._rows += len(labels)
        self.accuracy.update(torch.cat([logits for _, logits in outputs]), labels)

    @property
    def loss(self) -> float:
        """The mean loss; NaN if nothing was counted."""
        return float(self._sum / self._rows) if self._rows else np.nan

    def take(self) -> dict[str, float]:
        """`loss` and `accuracy`, each NaN if nothing was counted; and begin anew."""
        taken = {"loss": self.loss, "accuracy": float(self.accuracy.compute()) if self._rows else np.nan}
        self.accuracy.reset()
        self._sum, self._rows = 0.0, 0
        return taken

"""The layers of the paper's LSTM."""

from torch import Tensor, nn

from emofusion.networks.common.time_pooling import channels_and_frames, time_pooling
from emofusion.networks.lstm import Lstm


class LstmNetwork(nn.Module):
    """LSTM layers, pooling over their outputs, and a linear layer; see `Lstm` for the settings.

    Raises `EmofusionError` for a shape that is not `(channels, frames)`.
    """

    def __init__(self, settings: Lstm, shape: tuple[int, ...], classes: int) -> None:
        super().__init__()
        channels, frames = channels_and_frames(shape)
        hidden, layers = settings.hidden, settings.layers
        between = settings.dropout if layers > 1 else 0.0
        self.lstm = nn.LSTM(channels, hidden, layers, batch_first=True, dropout=between)
        self.pooling, width = time_pooling(settings.pooling, hidden, frames)
        self.head = nn.Sequential(nn.Dropout(settings.dropout), nn.Linear(width, classes))

    def forward(self, features: Tensor) -> Tensor:
        """Logits `(batch, classes)` of features `(batch, channels, frames)`."""
        states, _ = self.lstm(features.transpose(1, 2))
        logits: Tensor = self.head(self.pooling(states.transpose(1, 2)))
        return logits

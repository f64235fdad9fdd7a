"""What a training asks of a network whose layers can be frozen block by block."""

from abc import abstractmethod
from collections.abc import Iterator

from torch import nn


class BlockNetwork(nn.Module):
    """A network of blocks of layers, that come from elsewhere and can be frozen, and of a head that always learns.

    A training calls `unfreeze` at the start of each epoch, and gives the blocks a learning rate of their own
    (`training.backbone_rate`). The network's kind says by `Network.frozen_blocks` how many blocks are frozen in which
    epoch.

    Attributes:
        frozen_parameters: how many parameters the network has in blocks that it was built without, because they stay
            frozen and their output is stored.
    """

    frozen_parameters: int = 0

    @abstractmethod
    def block_parameters(self) -> Iterator[nn.Parameter]:
        """The parameters of all blocks that are present, whether frozen or not."""

    @abstractmethod
    def unfreeze(self, last: int) -> None:
        """Let the last `last` blocks and the head learn, and freeze every block before them."""

"""The settings of a training: epochs, optimiser, augmentation, and when frozen blocks begin to learn."""

from dataclasses import dataclass

from omegaconf import MISSING

from emofusion.settings.fields import must, setting


@dataclass
class Unfreeze:
    """From an epoch on, the last blocks of a backbone are trained too."""

    epoch: int = setting("Epoch, counted from 0, from which on the blocks are trained.", MISSING, least=0)
    blocks: int = setting("How many of the last blocks are trained.", MISSING, least=1, most=5)


@dataclass
class Augment:
    """Augmentation of batches of standardised features while training; 0 leaves a part out."""

    noise: float = setting("Standard deviation of Gaussian noise, in standard deviations of the channel.", 0.0, least=0)
    gain: float = setting(
        "Standard deviation of a number that is added to a clip's whole spectrum, in the same unit.", 0.0, least=0
    )
    shift: int = setting("By how many frames a clip is moved in time at most.", 0, least=0)
    time_masks: int = setting("How many stretches of time are set to the mean.", 0, least=0, most=20)
    time_width: int = setting("Greatest width of a time mask, in frames.", 10, least=0)
    frequency_masks: int = setting("How many bands of the spectrum are set to the mean.", 0, least=0, most=20)
    frequency_width: int = setting("Greatest width of a frequency mask, in channels.", 10, least=0)
    spectrum: int = setting(
        "How many channels, from the first on, are the spectrum that gain and frequency masks change.", 0, least=0
    )
    mixup: float = setting(
        "Mixup: clips are mixed in shares from a beta distribution with this as both parameters; 0: none.", 0.0, least=0
    )


@dataclass
class Training:
    """How a network is trained."""

    epochs: int = setting("Passes over the training clips.", MISSING, least=1, most=100_000)
    learning_rate: float = setting("Learning rate of the optimiser.", MISSING, above=0, most=10)
    batch_size: int = setting("Rows of features in one step: clips, or frames of videos.", 32, least=2, most=65_536)
    weight_decay: float = setting("Weight decay of the optimiser.", 0.0, least=0, most=10)
    keep: str = setting(
        "Whose weights are kept: those of the epoch with the lowest validation loss (best), or of the last epoch "
        "(last).",
        "best",
        choices=["best", "last"],
    )
    threads: int = setting(
        "Threads of torch. Sums depend on their number, so the cores do not decide it.", 1, least=1, most=256
    )
    precision: str = setting(
        "Arithmetic of the training: full (32 bit), or half (16 bit mixed; it needs a GPU).",
        "full",
        choices=["full", "half"],
    )
    backbone_rate: float = setting(
        "Learning rate of unfrozen blocks, divided by that of the head.", 1.0, above=0, most=100
    )
    members: int = setting("Models of as many seeds, whose posteriors are averaged.", 1, least=1, most=1000)
    speaker_normalisation: bool = setting(
        "Standardise features by the mean and deviation of each speaker's own clips, test speakers too. No label is "
        "used, but a speaker's clips have to be there together (transductive).",
        False,
    )
    optimiser: str = setting("The optimiser.", "adam", choices=["adam", "adamw"])
    schedule: str = setting(
        "How the learning rate changes: not at all (constant), or up and then down to nearly 0 (one_cycle).",
        "constant",
        choices=["constant", "one_cycle"],
    )
    label_smoothing: float = setting("Share of the target that is spread over all classes.", 0.0, least=0, below=1)
    class_weights: bool = setting("Let each class count alike in the loss, however many clips it has.", False)
    patience: int = setting("Stop after so many epochs without a lower validation loss; 0: never.", 0, least=0)
    augment: Augment = setting("Augmentation while training.", Augment())
    unfreeze: list[Unfreeze] = setting("When which blocks of a backbone begin to learn.", [])

    def trainable_blocks(self, epoch: int) -> int:
        """How many of a backbone's last blocks are trained in an epoch, counted from 0."""
        return max((step.blocks for step in self.unfreeze if step.epoch <= epoch), default=0)

    def check_together(self, name: str) -> None:
        """Frequency masks and gain need to know which channels are the spectrum."""
        augment = self.augment
        must(
            augment.spectrum > 0 or not (augment.gain or augment.frequency_masks),
            f"{name}.augment.spectrum=0: set how many channels, from the first on, are the spectrum that "
            f"{name}.augment.gain and {name}.augment.frequency_masks change",
        )

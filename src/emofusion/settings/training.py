"""The settings of a training: epochs, optimiser, augmentation, and from which epoch on frozen blocks are trained."""

from dataclasses import dataclass

from omegaconf import MISSING

from emofusion.settings.fields import must, setting


@dataclass
class Unfreeze:
    """The last blocks of a backbone are trained from an epoch on."""

    epoch: int = setting("First epoch, counted from 0, in which the blocks are trained.", MISSING, least=0)
    blocks: int = setting("Number of the backbone's last blocks that are trained.", MISSING, least=1, most=5)


@dataclass
class Augment:
    """Augmentation of standardised features in each training batch; 0 switches a kind of augmentation off."""

    noise: float = setting("Standard deviation of Gaussian noise, in standard deviations of the channel.", 0.0, least=0)
    gain: float = setting(
        "Standard deviation of one random number that is added to a clip's whole spectrum, in standard deviations of "
        "the channels.",
        0.0,
        least=0,
    )
    shift: int = setting("Largest number of frames by which a clip is shifted in time.", 0, least=0)
    time_masks: int = setting("Number of time intervals that are set to the mean.", 0, least=0, most=20)
    time_width: int = setting("Largest width of a time mask, in frames.", 10, least=0)
    frequency_masks: int = setting("Number of frequency bands that are set to the mean.", 0, least=0, most=20)
    frequency_width: int = setting("Largest width of a frequency mask, in channels.", 10, least=0)
    spectrum: int = setting(
        "Number of channels, counted from the first, that are a spectrum. Gain and frequency masks change only these.",
        0,
        least=0,
    )
    mixup: float = setting(
        "Mixup: pairs of clips are mixed. The share of each comes from a beta distribution with this value as both "
        "parameters; 0: no mixup.",
        0.0,
        least=0,
    )


@dataclass
class Training:
    """How a network is trained."""

    epochs: int = setting("Passes over the training clips.", MISSING, least=1, most=100_000)
    learning_rate: float = setting("Learning rate of the optimiser.", MISSING, above=0, most=10)
    batch_size: int = setting("Rows of features in one step: clips, or frames of videos.", 32, least=2, most=65_536)
    weight_decay: float = setting("Weight decay of the optimiser.", 0.0, least=0, most=10)
    keep: str = setting(
        "Which weights are kept: of the epoch with the lowest validation loss (best), or of the last epoch (last).",
        "best",
        choices=["best", "last"],
    )
    threads: int = setting(
        "Threads of torch. Results depend on this number, so it does not follow the number of cores.",
        1,
        least=1,
        most=256,
    )
    precision: str = setting(
        "Floating-point precision of training and scoring: full (32 bit), or half (16 bit mixed; needs an NVIDIA GPU).",
        "full",
        choices=["full", "half"],
    )
    backbone_rate: float = setting(
        "Learning rate of unfrozen blocks, as a multiple of the head's learning rate.", 1.0, above=0, most=100
    )
    members: int = setting(
        "Number of models. Each is trained with its own seed, and their posteriors are averaged.",
        1,
        least=1,
        most=1000,
    )
    speaker_normalisation: bool = setting(
        "Standardise features by the mean and standard deviation of each speaker's own clips, also for test speakers. "
        "No label is used, but all clips of a speaker are needed at the same time (transductive).",
        False,
    )
    enrolment: int = setting(
        "Subtract from all features of a speaker their mean over so many of the speaker's enrolment clips, which "
        "protocol.enrolment sets apart; 0: nothing is subtracted.",
        0,
        least=0,
        later=True,
    )
    enrolment_weight: float = setting(
        "Share of this mean that is subtracted. The mean of a few clips is partly chance, and below 1 it counts less.",
        0.7,
        above=0,
        most=1,
        later=True,
    )
    outlier_limit: float | None = setting(
        "Standardised values are at most this many standard deviations from 0; those beyond are set to it. null: no "
        "limit.",
        10.0,
        above=0,
    )
    optimiser: str = setting("The optimiser.", "adam", choices=["adam", "adamw"])
    schedule: str = setting(
        "How the learning rate changes: not at all (constant), or up and then down to nearly 0 (one_cycle).",
        "constant",
        choices=["constant", "one_cycle"],
    )
    label_smoothing: float = setting("Share of the target that is spread over all classes.", 0.0, least=0, below=1)
    class_weights: bool = setting("Give each class the same weight in the loss, whatever its number of clips.", False)
    patience: int = setting(
        "Stop the training after this number of epochs without a lower validation loss; 0: never.", 0, least=0
    )
    augment: Augment = setting("Augmentation during training.", Augment())
    unfreeze: list[Unfreeze] = setting("From which epoch on the last blocks of a backbone are trained.", [])

    def trainable_blocks(self, epoch: int) -> int:
        """How many of a backbone's last blocks are trained in an epoch. `epoch`: its number, counted from 0."""
        return max((step.blocks for step in self.unfreeze if step.epoch <= epoch), default=0)

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where gain or frequency masks are used, and `augment.spectrum` is not set."""
        augment = self.augment
        must(
            augment.spectrum > 0 or not (augment.gain or augment.frequency_masks),
            f"{name}.augment.spectrum=0: set it to the number of channels, counted from the first, that "
            f"{name}.augment.gain and {name}.augment.frequency_masks change",
        )

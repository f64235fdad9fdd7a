"""The schema of the configuration: one dataclass a node, with the defaults that hold for every experiment.

A modality is a top-level node of its own (`speech`, `face`, …), named in `modalities`; nothing here knows how many
there are. Nodes that come in kinds (a corpus, a protocol, features, a network) have a dataclass a kind.
"""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


@dataclass
class Emotions:
    """`classes` are what the models are trained on; `merge` renames (calm: neutral); other clips are left out."""

    classes: list[str] = MISSING
    merge: dict[str, str] = field(default_factory=dict)


@dataclass
class Corpus:
    """`root` holds the corpus in its native form; `demo`, where given, are the settings of the generator instead."""

    reader: str = MISSING
    root: str = ""
    exclude: list[str] = field(default_factory=list)
    demo: dict[str, Any] | None = None


@dataclass
class KdefCorpus(Corpus):
    angles: list[str] = field(default_factory=list)


@dataclass
class SaveeCorpus(Corpus):
    pass


@dataclass
class RavdessCorpus(Corpus):
    download: bool = False
    zenodo: str = ""
    known_files: dict[str, Any] = field(default_factory=dict)


@dataclass
class FolderCorpus(Corpus):
    table: str = MISSING
    labels: dict[str, str] | None = None


CORPORA = {"kdef": KdefCorpus, "savee": SaveeCorpus, "ravdess": RavdessCorpus, "folder": FolderCorpus}


@dataclass
class Protocol:
    """`seed` draws actors or clips; it is not the experiment's `seed`, so that seeds are compared on one split.
    `validation`: the share of training actors, or clips, that validate; of 0, all train, for as many epochs as set."""

    kind: str = MISSING
    description: str = ""
    seed: int = 0
    validation: float = 0.2


@dataclass
class CrossCorpus(Protocol):
    train: dict[str, list[str]] = MISSING
    test: list[str] = MISSING


@dataclass
class WithinCorpora(Protocol):
    """`folds` are lists of test actors; where they are not given, `number_of_folds` are drawn."""

    corpora: list[str] = MISSING
    folds: Any = None
    number_of_folds: int = 5


# In these the same speakers are on both sides; every table made from one says so.
LEAKING_PROTOCOLS = {"random_clips"}
PROTOCOLS = {"cross_corpus": CrossCorpus, "speaker_independent": WithinCorpora, "random_clips": WithinCorpora}


@dataclass
class Acoustic:
    """`trim`: silence at both ends, this many dB below the loudest, is cut off first (null: not). `padding` of what is
    shorter than `duration`: zeros, or repeat (itself, over and over). `floor`: dB, the least that mel, and mfcc of it,
    can be."""

    kind: str = "acoustic"
    sample_rate: int = 16000
    duration: float = 3.0
    trim: float | None = None
    padding: str = "zeros"
    floor: float = -100.0
    n_fft: int = 1024
    hop: int = 256
    mfcc: int = 40
    mel: int = 128
    pitch: str | None = "yin"
    pitch_range: list[float] = field(default_factory=lambda: [65.0, 800.0])
    features: list[str] = MISSING


@dataclass
class AcousticStatistics(Acoustic):
    """Of the same, over at most `duration` seconds; `padding` has no effect. `speeds`: as if played at these too, for
    models to train on: each takes one of a clip's versions an epoch, at random, and is tested on the recording."""

    kind: str = "acoustic_statistics"
    speeds: list[float] = field(default_factory=list)


@dataclass
class Functionals:
    """`set`: `egemaps` (openSMILE's eGeMAPSv02, 88 values) or `compare_2016` (ComParE_2016, 6373 values).
    `speeds` as those of `AcousticStatistics`."""

    kind: str = "functionals"
    sample_rate: int = 16000
    set: str = "egemaps"
    speeds: list[float] = field(default_factory=list)


@dataclass
class Pixels:
    kind: str = "pixels"
    size: int = 224
    frames: int = 5


@dataclass
class ActionUnits:
    """`statistics` of each unit's mean over the frames: mean, root (the square root of it), share (of
    the roots' length, so that all faces move as much)."""

    kind: str = "action_units"
    table: str | None = None
    statistics: list[str] = field(default_factory=lambda: ["mean"])


FEATURES = {
    "acoustic": Acoustic,
    "acoustic_statistics": AcousticStatistics,
    "functionals": Functionals,
    "pixels": Pixels,
    "action_units": ActionUnits,
}


@dataclass
class Cnn1d:
    kind: str = "cnn1d"
    filters: int = 32
    kernels: list[int] = field(default_factory=lambda: [5, 7])
    pool: int = 4
    pooling: str = "average_max"
    dropout: float = 0.5
    hidden: int = 64


@dataclass
class Cnn1dDeep:
    """`filters`, `strides` and `pools`: of each block."""

    kind: str = "cnn1d_deep"
    filters: list[int] = field(default_factory=lambda: [64, 64, 96])
    kernel: int = 5
    strides: list[int] = field(default_factory=lambda: [2, 1, 1])
    pools: list[int] = field(default_factory=lambda: [1, 2, 1])
    pooling: str = "average_deviation"
    block_dropout: float = 0.1
    dropout: float = 0.5


@dataclass
class Lstm:
    kind: str = "lstm"
    hidden: int = 64
    layers: int = 1
    pooling: str = "last"
    dropout: float = 0.5


@dataclass
class Mlp:
    kind: str = "mlp"
    hidden: list[int] = field(default_factory=lambda: [64])
    dropout: float = 0.5
    input_dropout: float = 0.0


# Into which a backbone's convolutions are divided, whatever the architecture.
BLOCKS = 5


@dataclass
class FeatureCache:
    """How the activations of blocks that stay frozen are stored. `precision`: `half` or `full`. `views`: of each
    picture to train on, the first as recorded, the others flipped or not, moved and scaled by up to these shares.
    `threads` of torch, as in training."""

    precision: str = "half"
    views: int = 1
    shift: float = 0.05
    scale: float = 0.1
    threads: int = 1


@dataclass
class Backbone:
    """`weights`: `imagenet` (torchvision's), `none`, or a file. `head_norm`: batch normalisation before the head."""

    kind: str = "backbone"
    architecture: str = MISSING
    weights: str = "imagenet"
    source: str = ""
    normalise: str = "imagenet"
    pooling: str = "average"
    head_norm: bool = False
    hidden: list[int] = field(default_factory=lambda: [256])
    dropout: float = 0.5
    feature_cache: FeatureCache = field(default_factory=FeatureCache)


NETWORKS = {"cnn1d": Cnn1d, "cnn1d_deep": Cnn1dDeep, "lstm": Lstm, "mlp": Mlp, "backbone": Backbone}


@dataclass
class Unfreeze:
    """From this epoch on, the last `blocks` convolution blocks are trained too."""

    epoch: int = MISSING
    blocks: int = MISSING


@dataclass
class Augment:
    """Of batches of standardised features while training; 0 leaves a part out. `noise`: its deviation, in those of the
    channels. `gain`: the deviation of a shift of the whole spectrum, likewise. `shift`: frames, at most. Masks: how
    many, and how wide at most. `spectrum`: how many channels, from the first on, are one, for gain and frequency masks.
    `mixup`: both parameters of the beta distribution that shares are drawn from."""

    noise: float = 0.0
    gain: float = 0.0
    shift: int = 0
    time_masks: int = 0
    time_width: int = 10
    frequency_masks: int = 0
    frequency_width: int = 10
    spectrum: int = 0
    mixup: float = 0.0


@dataclass
class Training:
    """`keep`: the weights of the epoch with the lowest validation loss (best) or of the last. `threads` of torch: sums
    depend on their number, so it is a setting, and not however many cores there are. `backbone_rate`: the learning rate
    of unfrozen blocks, as a multiple of the head's. `members`: models of as many seeds, whose posteriors are averaged.
    `standardise`: on training_clips, or each_speaker on all of their own unlabelled clips, test speakers too.
    `patience`: stop after as many epochs without a lower validation loss (0: never). `class_weights`: each class counts
    alike. `schedule` of the learning rate: constant or one_cycle. `optimiser`: adam or adamw."""

    epochs: int = MISSING
    learning_rate: float = MISSING
    batch_size: int = 32
    weight_decay: float = 0.0
    keep: str = "best"
    threads: int = 1
    backbone_rate: float = 1.0
    members: int = 1
    standardise: str = "training_clips"
    optimiser: str = "adam"
    schedule: str = "constant"
    label_smoothing: float = 0.0
    class_weights: bool = False
    patience: int = 0
    augment: Augment = field(default_factory=Augment)
    unfreeze: list[Unfreeze] = field(default_factory=list)


@dataclass
class Modality:
    name: str = MISSING
    features: Any = MISSING
    network: Any = MISSING
    training: Training = field(default_factory=Training)


@dataclass
class Posteriors:
    """`table`: a CSV or Parquet of clip, fold and one column a class. `scale`: logits or probabilities. `labels`: its
    words for emotions. `without`: emotions that it has no column for, on purpose."""

    table: str = MISSING
    scale: str = MISSING
    labels: dict[str, str] | None = None
    without: list[str] = field(default_factory=list)


@dataclass
class ScoredElsewhere:
    """A modality whose model is not ours: what it makes of each clip is read."""

    name: str = MISSING
    posteriors: Posteriors = field(default_factory=Posteriors)


@dataclass
class Ensemble:
    """A modality whose posteriors are those of other choices of its group, averaged: `ensemble` names at least two.
    `pool`: linear (the mean) or product (the geometric mean)."""

    name: str = MISSING
    ensemble: list[str] = MISSING
    pool: str = "linear"


# What there is in `fusion.catalogue`, which takes longer to import.
RULES = (
    "linear",
    "linear_equal",
    "linear_calibrated",
    "linear_tuned",
    "linear_by_accuracy",
    "linear_per_emotion",
    "linear_by_confidence",
    "linear_by_entropy",
    "product",
    "product_equal",
    "product_calibrated",
    "product_tuned",
    "log_linear",
    "product_gated",
    "product_by_speaker",
    "stacked",
    "maximum",
    "majority",
    "linear_oracle",
    "product_oracle",
)


@dataclass
class Fusion:
    """`rule` is the one that the tables are of, `compare` those beside it, by their names in `fusion.catalogue`.
    `weights` of those that are set; others choose theirs from a grid of 1/`steps`, which is also what is swept. What is
    fitted is fitted as `fit_on` says: on validation clips, cross_fitted over groups of test actors, or auto."""

    rule: str = "linear"
    weights: dict[str, float] = MISSING
    steps: int = 100
    compare: list[str] = field(default_factory=list)
    fit_on: str = "auto"


@dataclass
class Evaluation:
    """Of intervals by bootstrap over actors (`samples`, at the level `confidence`), of tests by permutation, and how
    many `bins` the calibration error has."""

    samples: int = 2000
    permutations: int = 10000
    confidence: float = 0.95
    bins: int = 15
    seed: int = 0


@dataclass
class Tracking:
    enabled: bool = True
    uri: str | None = None


@dataclass
class Report:
    """`compare`: per modality, the choices of its group whose training curves stand beside the chosen one's; `seeds`:
    how many seeds of each are trained for it."""

    title: str = ""
    compare: dict[str, list[str]] = field(default_factory=dict)
    seeds: int = 1


@dataclass
class Experiment:
    """Everything but the modalities' own nodes."""

    experiment: str = MISSING
    seed: int = 0
    data: str = "data"
    modalities: list[str] = MISSING
    emotions: Emotions = field(default_factory=Emotions)
    corpora: dict[str, Any] = field(default_factory=dict)
    protocol: Any = MISSING
    fusion: Fusion = field(default_factory=Fusion)
    evaluation: Evaluation = field(default_factory=Evaluation)
    report: Report = field(default_factory=Report)
    published: Any = None
    tracking: Tracking = field(default_factory=Tracking)

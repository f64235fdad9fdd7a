"""The typed settings of each kind of stage, as jobs receive them.

The objects are frozen, and hold only what can change a stage's output. Two further classes are settings of stages:
`Preparation` and `FrozenPart`, see `emofusion.settings.kinds`.
"""

from dataclasses import dataclass
from typing import Any

from emofusion.settings.distortion import Distortion
from emofusion.settings.experiment import Emotions, Evaluation, Posteriors
from emofusion.settings.fields import setting
from emofusion.settings.kinds import Corpus, Features, FrozenPart, FusionRule, Metric, Network, Protocol
from emofusion.settings.training import Training


@dataclass(frozen=True)
class CorpusSettings:
    """A corpus.

    name: its name in the experiment, which the clips' column `corpus` contains. medium: what a modality reads of it,
    such as `audio`; empty where posteriors were computed elsewhere.
    """

    name: str
    corpus: Corpus
    medium: str = ""


@dataclass(frozen=True)
class DistortedSettings:
    """A corpus whose recordings are made worse. name, corpus: of the stage that it reads. distortion: what is done."""

    name: str
    corpus: Corpus
    distortion: Distortion


@dataclass(frozen=True)
class SplitSettings:
    """How clips are divided into training, validation and test clips, and which emotions are the classes."""

    protocol: Protocol
    emotions: Emotions
    closed: list[str] = setting("Corpora whose clips must all belong to one of the classes.", [], later=True)
    elsewhere: bool = setting("Whether others have scored the clips, so that no fold trains.", False, later=True)


@dataclass(frozen=True)
class GroupsSettings:
    """The groups that are reported besides gender.

    groups: columns of the clip table. bands: column of numbers → the bounds of its bands.
    """

    groups: list[str]
    bands: dict[str, list[float]]
    required: bool = setting("Whether a group without values stops the run.", True, later=True)


@dataclass(frozen=True)
class FeaturesSettings:
    """The features that are computed for each clip of a corpus."""

    features: Features


@dataclass(frozen=True)
class FeatureCacheSettings:
    """The frozen part of a network, whose output is computed once for each clip."""

    part: FrozenPart


@dataclass(frozen=True)
class ModelSettings:
    """A network and how it is trained: once for each seed.

    standardised: whether each feature channel is scaled to mean 0 and standard deviation 1.
    """

    network: Network
    training: Training
    seeds: list[int]
    standardised: bool
    parts: list[str] = setting("The names of the features that are joined in a row.", [], later=True)


@dataclass(frozen=True)
class PredictionsSettings:
    """How a trained model scores clips. threads: of torch. precision: `full` or `half`."""

    threads: int
    precision: str
    parts: list[str] = setting("The names of the features that are joined in a row.", [], later=True)


@dataclass(frozen=True)
class PosteriorsSettings:
    """A table of posteriors. merge: emotion → the class that it is counted as."""

    posteriors: Posteriors
    merge: dict[str, str]


@dataclass(frozen=True)
class EnsembleSettings:
    """How the posteriors of several models are averaged. pool: the rule for averaging. members: the models' names."""

    pool: str
    members: list[str]


@dataclass(frozen=True)
class FusionSettings:
    """Fusion rules that are computed together.

    rule: the configured rule, which the tables show; empty where it is not among these rules. rules: the rules, each
    once. weights: modality → weight, for all modalities; each is 0 or more, and their sum is 1. steps: how many steps a
    sweep of the weights has. fit_on: the clips that rules with parameters are fitted on. missing: what happens with a
    test clip that a modality lacks, see `predictions.missing`. candidates: what a rule that `chooses` can choose from.
    """

    rule: str
    rules: list[FusionRule]
    weights: dict[str, float]
    steps: int
    fit_on: str
    missing: str = "use_others"
    candidates: list[FusionRule] = setting("The rules that a rule which chooses can choose from.", [], later=True)


@dataclass(frozen=True)
class EvaluationSettings:
    """The metrics, and how they are resampled and tested."""

    evaluation: Evaluation
    metrics: list[Metric]


@dataclass(frozen=True)
class SharedRulesSettings:
    """The rules without configured weights, and the sweep of all weights. Cells with other weights share them.

    fusion: the rules. evaluation: the metrics of modalities and rules, and how their intervals and those of the sweep
    are computed.
    """

    fusion: FusionSettings
    evaluation: EvaluationSettings
    references: list[str] = setting(
        "The names of systems that were made elsewhere and are compared with the rules.", [], later=True
    )


@dataclass(frozen=True)
class CellFusionSettings:
    """The fusion of a cell, and its evaluation together with the rules of `SharedRulesSettings`.

    fusion: the configured rule, and the other rules that use the configured weights. order: the names of all rules of
    the cell, those of `SharedRulesSettings` and its references included, the configured one first. evaluation: metrics,
    intervals, tests. configured: the
    configured rule.
    """

    fusion: FusionSettings
    order: list[str]
    evaluation: EvaluationSettings
    configured: FusionRule


@dataclass(frozen=True)
class ReportSettings:
    """What a report needs besides the tables that it is made from.

    seed: the experiment's seed. classes: the emotions in the order of the confusion matrices. rule: the configured
    fusion rule. weights: modality → weight, for all modalities; each is 0 or more, and their sum is 1. groups: the
    groups that are reported besides gender, columns of the clip table. bands: of groups of numbers. compare: the other
    fusion rules. metrics: the metrics besides accuracy. confidence: the level of the intervals (0–1). protocol: the
    protocol's kind. leaks_speakers: whether a speaker can be in training and test clips. normalised_by_speaker: the
    modalities whose features are normalised on each speaker's own clips. generated: whether a corpus is generated.
    enrolled: modality → the number of each speaker's clips that it is centred on, where it is.
    published: the content of a file in conf/published. networks: modality → the networks whose training curves are
    shown, one entry for each folder of models; a modality that is not trained has no entry.
    """

    experiment: str
    title: str
    seed: int
    modalities: list[str]
    classes: list[str]
    rule: str
    weights: dict[str, float]
    compare: list[str]
    metrics: list[str]
    confidence: float
    protocol: str
    protocol_description: str
    leaks_speakers: bool
    normalised_by_speaker: list[str]
    generated: bool
    published: dict[str, Any] | None
    networks: dict[str, list[str]]
    groups: list[str]
    bands: dict[str, list[float]]
    enrolled: dict[str, int] = setting(
        "Modality → the number of enrolment clips that it is centred on.", {}, later=True
    )
    distorted: dict[str, str] = setting("Modality → what was done to its recordings, in words.", {}, later=True)
    distorted_training: bool = setting("Whether training recordings were made worse too.", False, later=True)
    training_actors: int | None = setting("Number of drawn training actors in each fold; null: all.", None, later=True)

"""What each kind of stage is set by, beside its inputs: the typed objects that jobs are given.

They are frozen, and hold only what can change a stage's output. `Preparation` and `FrozenPart` of a kind are settings
of stages too; see `emofusion.settings.kinds`.
"""

from dataclasses import dataclass
from typing import Any

from emofusion.settings.experiment import Emotions, Evaluation, Posteriors
from emofusion.settings.kinds import Corpus, Features, FrozenPart, FusionRule, Metric, Network, Protocol
from emofusion.settings.training import Training


@dataclass(frozen=True)
class CorpusSettings:
    """`name`: what the experiment calls the corpus; clips bear it."""

    name: str
    corpus: Corpus


@dataclass(frozen=True)
class SplitSettings:
    """Who trains, validates and tests, and on which classes."""

    protocol: Protocol
    emotions: Emotions


@dataclass(frozen=True)
class FeaturesSettings:
    """What is computed of each clip of a corpus."""

    features: Features


@dataclass(frozen=True)
class FeatureCacheSettings:
    """The part of a network whose output is computed once."""

    part: FrozenPart


@dataclass(frozen=True)
class ModelSettings:
    """A network and how it is trained, once for each seed; `standardised`: features are standardised by channel."""

    network: Network
    training: Training
    seeds: list[int]
    standardised: bool


@dataclass(frozen=True)
class PredictionsSettings:
    """How a trained model scores clips: threads of torch, and full or half precision."""

    threads: int
    precision: str


@dataclass(frozen=True)
class PosteriorsSettings:
    """A table of posteriors, and which emotions are counted as another one."""

    posteriors: Posteriors
    merge: dict[str, str]


@dataclass(frozen=True)
class EnsembleSettings:
    """How the posteriors of several models are averaged; `members`: their names."""

    pool: str
    members: list[str]


@dataclass(frozen=True)
class FusionSettings:
    """The rule that tables are of, and the rules beside it, each once and the configured one first.

    weights: modality → weight, of all modalities, 0 or more, sum 1.
    """

    rule: str
    rules: list[FusionRule]
    weights: dict[str, float]
    steps: int
    fit_on: str


@dataclass(frozen=True)
class EvaluationSettings:
    """Figures, resampling and tests; `steps` of the weights that are swept."""

    evaluation: Evaluation
    metrics: list[Metric]
    steps: int


@dataclass(frozen=True)
class ReportSettings:
    """What a report has to know beside the tables that it is made from.

    seed: of the experiment. classes: in the order of the confusion matrices. rule: the configured one. weights:
    modality → weight, of all modalities, 0 or more, sum 1. compare: the rules beside the configured one. metrics: those
    beside accuracy. confidence: level of the intervals (0–1). protocol: its kind. generated: whether a corpus is
    generated. published: the content of a file in conf/published. networks: modality → the networks whose training
    curves are shown, one entry for each folder of models that is read; a modality that is not trained has no entry.
    normalised_by_speaker: the modalities whose features are normalised on each speaker's own clips.
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

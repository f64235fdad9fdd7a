"""The settings of an experiment. The settings of kinds are not here: each kind declares its own."""

from dataclasses import dataclass
from typing import Any

from omegaconf import MISSING

from emofusion.emotions import RESERVED
from emofusion.settings.distortion import Distortion
from emofusion.settings.fields import MOST_SEED, must, setting
from emofusion.settings.training import Training

NESTED = "nested"  # a value of fusion.fit_on
FITTING = "fitting"  # the role of the predictions that rules are fitted on, where these are others than the tested
TRACKING_SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "databricks")


@dataclass
class Emotions:
    """The classes of an experiment: any words, in the order of all tables and figures."""

    classes: list[str] = setting(
        "The emotions that models are trained on, in the order of all tables and figures. They are the labels of the "
        "corpora, or what corpora.<name>.labels makes of them.",
        MISSING,
        shortest=2,
        distinct=True,
        filled=True,
    )
    merge: dict[str, str] = setting(
        "Emotions that are counted as one of the classes, as in {calm: neutral}.", {}, filled=True
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless classes can be names, and `merge` leads to classes that are not merged."""
        for word in self.classes:
            must(
                word == word.strip() and word.isprintable(),
                f"{name}.classes: {word!r} has a blank at an end, or a letter that cannot be seen",
            )
            must(word not in RESERVED, f"{name}.classes: {word} means all emotions in tables; name the class otherwise")
        shown = f"{name}.merge={{{', '.join(f'{old}: {new}' for old, new in self.merge.items())}}}"
        for old, new in self.merge.items():
            must(old != new, f"{shown}: {old} cannot be merged into itself")
            must(new not in self.merge, f"{shown}: {new} is merged itself; set the class that {old} becomes in the end")
            must(new in self.classes, f"{shown}: {new} is not among {name}.classes=[{','.join(self.classes)}]")


@dataclass
class Posteriors:
    """Posteriors that were computed elsewhere: a CSV or Parquet table with clip, fold and a column for each class."""

    table: str = setting("Path of the table, CSV or Parquet; see docs/fusion.md.", MISSING, filled=True)
    corpus: str = setting(
        "Corpus that brings the table. `table` is then one of its names, as voice, face and both in crema_d; empty: "
        "`table` is a path.",
        "",
        later=True,
    )
    every_fold: bool = setting(
        "The table has no column fold: what scored the clips was trained on none of them, and rows hold in all folds.",
        False,
        later=True,
    )
    scale: str = setting("The scale of the columns' values.", MISSING, choices=["logits", "probabilities", "percent"])
    labels: dict[str, str] = setting("Names that the table uses for emotions, as in {joy: happy}.", {}, filled=True)
    without: list[str] = setting("Emotions that intentionally have no column in the table.", [], distinct=True)
    prefix: str | None = setting(
        "What stands before the class in the names of columns, as in p_; null: nothing, p_ or logit_, whichever the "
        "table has.",
        None,
        later=True,
    )
    other_columns: str = setting(
        "Columns of further classes: fail stops and names them, drop leaves them out and scales the others to sum 1, "
        "keep lets the model answer with them, which is never right.",
        "fail",
        choices=["fail", "drop", "keep"],
        later=True,
    )
    missing_clips: str = setting(
        "Clips that the table does not have, or only with empty cells: fail stops and names them, allow counts them as "
        "clips that lack the modality.",
        "fail",
        choices=["fail", "allow"],
        later=True,
    )


@dataclass
class Modality:
    """One modality: a network and its features. With `posteriors` or `ensemble`, these replace the network."""

    name: str = setting("Name of the model in tables, figures and file names.", MISSING)
    features: Any = setting("The features of a clip: one of the kinds of features.", None)
    network: Any = setting("The network: one of the kinds of networks.", None)
    training: Training | None = setting("How the network is trained.", None)
    posteriors: Posteriors | None = setting(
        "Posteriors that were computed elsewhere. They replace the model, and nothing is trained.", None
    )
    ensemble: list[str] = setting(
        "Choices of this modality's group, as in [cnn1d, lstm]. Each is trained, and the average of their posteriors "
        "replaces the single model.",
        [],
        distinct=True,
    )
    distortion: Distortion = setting(
        "How recordings under test are made worse, by noise or compression.", Distortion(), later=True
    )
    pool: str = setting(
        "How an ensemble averages: linear (mean) or product (geometric mean).", "linear", choices=["linear", "product"]
    )


@dataclass
class Fusion:
    """How the modalities are fused."""

    rule: str = setting("The rule that Tables 1 and 2 show; one of the fusion rules below.", "linear")
    weights: dict[str, float] | None = setting(
        "Weight of each modality; the sum is 1. Weights of modalities outside the experiment are dropped, and the "
        "others are scaled to sum 1. null: equal weights. An override of one weight, as in fusion.weights.speech=0.6, "
        "fixes it, and the modalities that none names share the rest in their proportions.",
        None,
        least=0,
    )
    steps: int = setting(
        "Resolution of the grid of weights, for the sweep and for rules that tune weights: multiples of 1/steps.",
        100,
        least=1,
        most=200_000,
    )
    fit_on: str = setting(
        "Clips that rules learn from: validation clips (validation), or test clips of other actors than the scored "
        "ones (cross_fitted). nested: the same, scored by further models, one for each pair of folds, that learnt from "
        "neither. auto: validation if all modalities have validation clips, otherwise cross_fitted.",
        "auto",
        choices=["auto", "validation", "cross_fitted", NESTED],
    )
    missing: str = setting(
        "What happens with a test clip that a modality lacks: the fusion rests on the other modalities (use_others), "
        "or the run stops and names the clips (fail).",
        "use_others",
        choices=["use_others", "fail"],
    )
    compare: list[str] = setting(
        "Further fusion rules, which are compared with the configured one; see below.", [], distinct=True
    )
    options: dict[str, Any] = setting("Settings of fusion rules, by the name of the rule; see below.", {})


@dataclass
class Evaluation:
    """Metrics, intervals over actors, and permutation tests."""

    samples: int = setting(
        "Number of resamples of actors, for intervals of metrics. Accuracies, gaps and differences need none.",
        10_000,
        least=1,
        most=1_000_000,
    )
    permutations: int = setting(
        "Number of random permutations in a test. A test with fewer possible permutations uses all of them.",
        10_000,
        least=1,
        most=10_000_000,
    )
    confidence: float = setting("Confidence level of the intervals.", 0.95, above=0, below=1)
    bins: int = setting("Number of bins of the expected calibration error.", 15, least=1, most=1000)
    seed: int = setting("Seed of the bootstrap and of random permutations.", 0, least=0, most=MOST_SEED)
    metrics: list[str] = setting(
        "Metrics besides accuracy, which is always computed; see below.",
        ["unweighted_average_recall", "macro_f1", "log_loss", "brier", "calibration_error"],
        distinct=True,
    )
    groups: list[str] | None = setting(
        "Groups that are reported as gender is: columns of the clip table, as in [age, language, intensity, corpus]. "
        "null: intensity and statement, where all tested corpora have them; []: none.",
        None,
        distinct=True,
        filled=True,
        later=True,
    )
    bands: dict[str, list[float]] = setting(
        "The bounds between the bands of a group of numbers, as in {age: [30, 50]}.",
        {},
        distinct=True,
        later=True,
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless bands are of groups, and their bounds ascend."""
        for group, bounds in self.bands.items():
            must(
                group in (self.groups or ()),
                f"{name}.bands: {group} is not among {name}.groups=[{','.join(self.groups or ())}], so that its bands "
                f"have no effect; add {group} to {name}.groups, or remove it from {name}.bands",
            )
            must(
                bool(bounds) and sorted(bounds) == bounds,
                f"{name}.bands.{group}={bounds}: one number or more, in ascending order",
            )


@dataclass
class Report:
    """What a report shows besides its tables."""

    title: str = setting("Title of the report; empty: the experiment's name.", "")
    compare: dict[str, list[str]] = setting(
        "Other choices of a modality's group, as in {speech: [lstm]}. Their training curves are shown beside those of "
        "the chosen model.",
        {},
        distinct=True,
    )
    seeds: int = setting(
        "Number of seeds that each network in the comparison of training curves is trained with.",
        1,
        least=1,
        most=1000,
    )


@dataclass
class Tracking:
    """Whether and where runs are tracked."""

    enabled: bool = setting("Whether runs are tracked in MLflow.", True)
    uri: str | None = setting(
        "MLflow's address; null: the variable MLFLOW_TRACKING_URI, otherwise a database in results/.", None
    )
    patience: float = setting(
        "How many seconds a workflow that has ended waits until the store has taken its last runs.", 60.0, least=0
    )

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` unless MLflow can use the address."""
        scheme = (self.uri or "sqlite:").partition(":")[0].partition("+")[0]
        must(
            scheme in TRACKING_SCHEMES,
            f"{name}.uri={self.uri}: an address such as sqlite:///results/mlflow.db or http://127.0.0.1:5000; it "
            f"begins with {', '.join(TRACKING_SCHEMES)}",
        )


@dataclass
class Registration:
    """What `snakemake register` puts into MLflow's registry; see docs/scoring.md."""

    weights: str = setting(
        "folds: the networks of all folds, whose posteriors are averaged; all: one more training with the same "
        "settings, on all actors whom the folds train.",
        "folds",
        choices=["folds", "all"],
    )


@dataclass
class Root:
    """The settings of an experiment that belong to no section."""

    experiment: str = setting("Name of the experiment, a file in conf/experiment/.", MISSING)
    seed: int = setting(
        "Seed for initial weights, the order of clips, and dropout. The split has its own seed, protocol.seed.",
        0,
        least=0,
        most=MOST_SEED,
    )
    data: str = setting("Folder that contains the corpora.", "data", filled=True)
    plugins: list[str] = setting(
        "Python files with your own kinds; see docs/extending.md.", [], distinct=True, filled=True
    )
    modalities: list[str] = setting(
        "The modalities that are fused, in the order of the tables.", MISSING, shortest=1, distinct=True
    )
    references: list[str] = setting(
        "Names like those of modalities, whose posteriors are compared with the fusion rules and never fused: people, "
        "or a model, who had all modalities.",
        [],
        distinct=True,
        later=True,
    )
    accept_other_versions: bool = setting(
        "Use results that other library versions made, instead of making them again. Reports then name these results.",
        False,
    )


@dataclass
class Experiment(Root):
    """All settings except the modalities. Each modality is a further node with the name of the modality."""

    emotions: Emotions = setting("The classes.", Emotions())
    corpora: dict[str, Any] = setting("The corpora by name; each is one of the kinds of corpora.", {})
    protocol: Any = setting(
        "How clips are divided into training, validation and test clips: one of the kinds of protocols.", None
    )
    fusion: Fusion = setting("How the modalities are fused.", Fusion())
    evaluation: Evaluation = setting("Metrics, intervals and tests.", Evaluation())
    report: Report = setting("What the report shows besides its tables.", Report())
    published: dict[str, Any] | None = setting(
        "A paper's tables, which reports show beside ours: a file of conf/published/; see docs/audit.md.", None
    )
    tracking: Tracking = setting("Whether and where runs are tracked.", Tracking())
    registration: Registration = setting("What is registered for use.", Registration())

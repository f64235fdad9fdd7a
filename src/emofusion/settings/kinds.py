"""What a user can choose, family by family: the base classes that every kind inherits from.

A kind is a dataclass. Its fields are its settings, declared with `fields.setting`; its class attributes say what the
plan must know; its methods do the work. It lives in a module, or a small folder, of its family's package
(`emofusion.features.acoustic`) or in a plug-in, and is found there without being listed: see `registry`. What the kinds
of a family share lies in the family's folder `common`.

Planning imports every kind, so a kind's module must be quick to import: import torch, librosa, pandas and the like
inside its methods. Its modules are fingerprinted with all that they import, inside functions too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from omegaconf import MISSING

from emofusion.settings.fields import MOST_SEED, setting

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from torch import nn

    from emofusion.features.common.feature_set import FeatureSet
    from emofusion.settings.training import Training


@dataclass
class Kind:
    """Something that a user can choose. `kind` is its name, which every subclass sets as the default."""

    family: ClassVar[str] = ""

    kind: str = MISSING

    def check_together(self, name: str) -> None:
        """Raise `EmofusionError` where settings contradict each other. `name`: the node's full name."""

    def check_installed(self, name: str) -> None:
        """Raise `EmofusionError` where an optional library is missing that this kind needs.

        `name`: the node's full name. By default a kind needs none.
        """


@dataclass
class Corpus(Kind):
    """Recordings in one layout.

    Class attributes:
        provides: the media that its clips have, of which a modality reads one: audio, image, video, action_units …
    """

    family: ClassVar[str] = "corpora"
    provides: ClassVar[tuple[str, ...]] = ()

    root: str = setting("Folder of the corpus in the form in which it is distributed, or an archive of it.", "")
    exclude: list[str] = setting(
        "Patterns of files to leave out, compared with the right-hand end of a path, as in [DC_a01.wav].",
        [],
        distinct=True,
        filled=True,
    )

    def check_present(self, name: str) -> None:
        """A quick look, for planning: raise `EmofusionError` where nothing of the corpus is there.

        The message says what was looked for and where, where to ask for the corpus, which file to put where, and which
        setting names another folder. `name`: what the experiment calls the corpus.
        """
        raise NotImplementedError

    def read(self, name: str, unpacked: Path) -> "pd.DataFrame":
        """The clips (`tables.CLIPS`, sorted by `clip`); archives are extracted into `unpacked`, needed files only.

        Every media file that the table names is opened once. Raises `EmofusionError` that names the files where some
        cannot be read, contradict their folder, have an unknown code, or stand there twice.
        """
        raise NotImplementedError

    def sources(self) -> list[Path]:
        """The files that decide what `read` returns: when one is added, removed or changed, the corpus is read again.

        Only existing files; cheap, as it is called whenever something is planned.
        """
        raise NotImplementedError

    def generator(self, name: str) -> "Preparation | None":
        """What generates the corpus; None where it is recorded. `name`: what the experiment calls the corpus.

        It writes the corpus into the folder `corpus` of its stage; `at` then gives the corpus that is read there.
        """
        return None

    def at(self, root: str) -> Self:
        """A copy of this corpus in the folder `root` and without a generator."""
        return replace(self, root=root)

    def for_medium(self, medium: str) -> Self:
        """This corpus as a modality that reads `medium` needs it; by default the whole corpus.

        The copy lacks settings that do not decide what `read` returns, so ask `generator` and `fetching` before.
        """
        return self

    def without_recordings(self, table: str) -> Self:
        """This corpus where others have scored its clips in `table`, so that no recording is needed."""
        return self

    def fetching(self, name: str, medium: str) -> "Preparation | None":
        """What fetches files that the root lacks; None where nothing is to be fetched."""
        return None


@dataclass
class Protocol(Kind):
    """Who trains, who validates and who tests, in which fold.

    Class attributes:
        leaks_speakers: whether the same people train and test; every table and figure then says so.
    """

    family: ClassVar[str] = "protocols"
    leaks_speakers: ClassVar[bool] = False

    description: str = setting("The protocol in words, for the reports.", "")
    seed: int = setting(
        "Seed that draws actors or clips. The experiment's seed does not, so that all seeds share a split.",
        0,
        least=0,
        most=MOST_SEED,
    )
    validation: float = setting(
        "Share of the training actors, or clips, that validate; with 0 all of them train.", 0.2, least=0, below=1
    )

    def training_corpora(self, modality: str) -> list[str]:
        """The names of the corpora that train a modality; raises `EmofusionError` where there are none for it."""
        raise NotImplementedError

    def test_corpora(self) -> list[str]:
        """The names of the corpora that are tested."""
        raise NotImplementedError

    def for_modality(self, modality: str) -> Self:
        """The protocol with only what concerns one modality, so that other modalities do not change its split."""
        return self

    def masks(self, clips: "pd.DataFrame") -> "list[tuple[pd.Series, pd.Series, pd.Series]]":
        """Boolean masks over the clips for each fold: train, validation, test.

        `clips` is `tables.CLIPS` of all corpora that the protocol names, of the classes only. Raises `EmofusionError`
        where the protocol does not fit the clips.
        """
        raise NotImplementedError


@dataclass
class Features(Kind):
    """What a model sees of each clip.

    Class attributes:
        media: the media that they can be computed from, the preferred one first; a corpus has to provide one of them.
        standardised: whether a model standardises them by channel (pictures are scaled by their network instead).
    """

    family: ClassVar[str] = "features"
    media: ClassVar[tuple[str, ...]] = ()
    standardised: ClassVar[bool] = True

    def dtype(self) -> "np.dtype[Any]":
        """The type of the values."""
        raise NotImplementedError

    def row_shape(self) -> tuple[int, ...]:
        """The shape of one row."""
        raise NotImplementedError

    def rows_of(self, clip: Any) -> int:
        """How many rows a clip has; `clip` is a row of `tables.CLIPS` as a named tuple."""
        return 1

    def several_rows_are_views(self) -> bool:
        """Whether several rows of a clip are altered views of it to train on, and not frames of a film."""
        return False

    def prepare(self, clips: "pd.DataFrame") -> "Callable[[Any], np.ndarray[Any, Any]]":
        """The function that turns a clip (a row as a named tuple) into `(rows, *row_shape)`; it must be picklable.

        `clips` is `tables.CLIPS`. Raises `EmofusionError` where clips lack what is needed.
        """
        raise NotImplementedError

    def for_corpus(self, root: str) -> Self:
        """These features for one corpus, where a setting's default depends on the corpus's folder `root`."""
        return self

    def check_present(self) -> None:
        """A quick look, for planning: raise `EmofusionError` where a file that is named is not there."""

    def sources(self) -> list[Path]:
        """Files besides the clips' own recordings that decide the values, such as a table; only existing ones."""
        return []


@dataclass(frozen=True)
class Preparation:
    """Work of a kind that is a stage of its own, such as fetching files or reading weights: its settings, and `run`.

    Its fields decide the stage's key. `label` is the readable part of that key.
    """

    @property
    def label(self) -> str:
        raise NotImplementedError

    def check_present(self) -> None:
        """A quick look, for planning: raise `EmofusionError` where a file that is named is not there."""

    def sources(self) -> list[Path]:
        """The files that decide the result; only existing ones."""
        return []

    def run(self, out: Path) -> None:
        """Do the work and write the stage's files into the folder `out`, whole or not at all."""
        raise NotImplementedError


@dataclass(frozen=True)
class FrozenPart:
    """The part of a network that no epoch trains, so that what it puts out is computed once: its settings, and `store`.

    Its fields decide the stage's key. `label` is the readable part of that key. `threads` is the number of threads.
    """

    @property
    def label(self) -> str:
        raise NotImplementedError

    def store(self, features: "FeatureSet", weights: Path | None, out: Path) -> None:
        """Write what the frozen part makes of every row of `features` as the feature set `out`."""
        raise NotImplementedError


@dataclass
class Network(Kind):
    """A network: `build` makes it for rows of a shape.

    A network that starts from given weights, or has a part that stays frozen, says so by `start_weights` and
    `frozen_part`; the plan then gives each a stage of its own, shared by all networks that agree on it.
    """

    family: ClassVar[str] = "networks"

    def build(self, shape: tuple[int, ...], classes: int, weights: Path | None = None) -> "nn.Module":
        """A module whose `forward` maps `(batch, *shape)` to logits `(batch, classes)`.

        Weights are drawn from torch's global generator, so that the caller's seed decides them; `weights` is the file
        that `start_weights` has made. Raises `EmofusionError` for a shape that does not fit.
        """
        raise NotImplementedError

    def check_shape(self, shape: tuple[int, ...], name: str) -> None:
        """A look while planning: raise `EmofusionError` where rows of that shape do not fit. `name`: the modality."""

    def start_weights(self, seed: int) -> Preparation | None:
        """What makes the weights that the network starts from (`weights.safetensors`); None for a fresh start."""
        return None

    def frozen_part(self, training: "Training", trains: bool) -> FrozenPart | None:
        """The part that no epoch of `training` trains; `trains`: whether the corpus has training clips."""
        return None

    def trained_part(self, training: "Training") -> "Network":
        """The settings that decide the training: without those of `start_weights` and `frozen_part`."""
        return self

    def frozen_blocks(self, training: "Training", epoch: int) -> int:
        """How many of the first blocks of layers are still frozen in an epoch, counted from 0; 0 without such blocks.

        A training asks this of the network that `trained_part` gives. The number never rises from epoch to epoch, and
        in the last epoch it is that of `frozen_part`. A network for which it is ever above 0 builds an
        `emofusion.networks.common.blocks.BlockNetwork`.
        """
        return 0

    def store_frozen_blocks(
        self, blocks: int, features: "FeatureSet", rows: "pd.DataFrame", weights: Path | None, out: Path
    ) -> None:
        """Write what the first `blocks` blocks put out for rows of `features` as the feature set `out`.

        A training calls this where `frozen_blocks` is higher in early epochs than in the last one, so that these epochs
        need not compute the frozen blocks again. `features` are the network's inputs, `rows` is a part of
        `features.rows`, and `weights` is as in `build`.
        """
        raise NotImplementedError

    def check_training(self, training: "Training", name: str) -> None:
        """Raise `EmofusionError` where the training's settings do not fit the network. `name`: the modality."""


@dataclass(frozen=True)
class FusionTask:
    """What a fusion rule is made for: `weights` and `steps` as in `fusion`, the modalities and the classes in order."""

    modalities: Sequence[str]
    classes: Sequence[str]
    weights: "np.ndarray[Any, Any]"
    steps: int


@dataclass
class FusionRule(Kind):
    """A rule that fuses the posteriors of several modalities.

    Class attributes:
        label: the rule in words, for tables.
        role: rule, baseline, or oracle (its parameters are learnt from the very clips that it is tested on).
        learns: whether it has parameters to fit.
        transductive: whether it uses all unlabelled clips of a test speaker.
        takes_weights: whether it uses the weights that are set (`fusion.weights`).
        position: where the rule stands in tables; rules of the same position are in the order of their names.
    """

    family: ClassVar[str] = "fusion"
    label: ClassVar[str] = ""
    role: ClassVar[str] = "rule"
    learns: ClassVar[bool] = False
    transductive: ClassVar[bool] = False
    takes_weights: ClassVar[bool] = False
    position: ClassVar[int] = 1000

    def make(self, task: FusionTask) -> Any:
        """An unfitted rule with `fit(members, truth)`, `fuse(members)` and `parameters`: see `fusion.common.rules`."""
        raise NotImplementedError


@dataclass
class Metric(Kind):
    """A figure that is a function of sums over clips, so that it can be resampled over actors at the cost of a product.

    `terms` says what each clip adds to the sums. They are added up once, by system, actor and true emotion; `value`
    then turns the sums of any subset of clips, or of any resample of the actors, into the figure.

    Class attributes:
        label: the figure in words.
        over_emotions: whether it is a mean over emotions, or else needs several, so that one emotion alone has none.
        least, most: inclusive bounds of the figure, against which tables are checked; None for no bound.
        position: where the figure stands in tables; figures of the same position are in the order of their names.
    """

    family: ClassVar[str] = "metrics"
    label: ClassVar[str] = ""
    over_emotions: ClassVar[bool] = False
    least: ClassVar[float | None] = None
    most: ClassVar[float | None] = None
    position: ClassVar[int] = 1000

    @classmethod
    def for_evaluation(cls, evaluation: Any) -> Self:
        """The metric for the node `evaluation`: each of its settings takes the value of the node's of the same name."""
        names = [field.name for field in fields(cls) if field.name != "kind" and hasattr(evaluation, field.name)]
        return cls(**{name: getattr(evaluation, name) for name in names})

    def terms(
        self, posteriors: "np.ndarray[Any, Any]", truth: "np.ndarray[Any, Any]", predicted: "np.ndarray[Any, Any]"
    ) -> "np.ndarray[Any, Any]":
        """What each clip adds to the sums: numbers or booleans, `(clips, *any)`.

        posteriors: `(clips, K)`, 0 for an emotion that the system does not know. truth, predicted: `(clips,)`,
        positions among the K emotions, which are those that occur or that a system knows.
        """
        raise NotImplementedError

    def value(self, sums: "np.ndarray[Any, Any]", clips: "np.ndarray[Any, Any]") -> "np.ndarray[Any, Any]":
        """The figures (…) of sums `(…, *any)` over so many clips (…); NaN where there is none, as where clips are 0.

        The leading axis runs over resamples, in which a clip counts as often as its actor was drawn.
        `emofusion.evaluation.arithmetic.ratio` divides without a warning where the divisor is 0.
        """
        raise NotImplementedError

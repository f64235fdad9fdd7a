"""Plan what a model reads: the split of its clips, its features, and weights that its training starts from."""

from dataclasses import replace

from emofusion.plan.once import Once, not_none
from emofusion.plan.planned_corpora import corpus_stage
from emofusion.plan.planned_skips import skipped_elsewhere, skips
from emofusion.plan.settings import DistortedSettings, FeatureCacheSettings, FeaturesSettings, SplitSettings
from emofusion.plan.stage import RECORDED, Inputs, Stage, StageFactory
from emofusion.settings.compose import Settings
from emofusion.settings.distortion import Distortion
from emofusion.settings.experiment import Modality
from emofusion.settings.kinds import Features, Network, Protocol


class FeaturePlanner:
    """Plans what models read.

    readers: name and settings of each modality that reads recordings in the cell that is being planned; of each member
    where it is an ensemble, and of each of the features that it joins.
    """

    def __init__(self, factory: StageFactory, once: Once) -> None:
        self._factory, self._once = factory, once
        self.readers: list[tuple[str, Modality]] = []

    def inputs(self, settings: Settings, modality: str, node: Modality) -> Inputs:
        """The inputs of a model: the split, the features, and the weights that training starts from, if any."""
        network: Network = node.network
        split, corpora = self.split(settings, modality, node)
        start = network.start_weights(settings.root.seed)
        weights: Inputs = {} if start is None else {"weights": self._factory.make("weights", start.label, start)}
        train = set(settings.protocol.training_corpora(modality))
        features = []
        for position, of_part in enumerate(self.parts(node)):
            # a further part may read another medium of the corpora
            read_by = corpora if not position else self._corpora(settings, modality, of_part, list(corpora))
            for name in corpora:
                computed = self._features(of_part, name, read_by)
                cached = self._feature_cache(node, trains=name in train and self.trained_on(node) is node)
                if cached is not None:
                    part = cached.part
                    read: Inputs = {"features": computed, **weights}
                    threads = getattr(part, "threads", 1)
                    computed = self._factory.make("feature_cache", f"{part.label}-{name}", cached, read, threads)
                features.append(computed)
        return {"split": split, "features": tuple(features), **weights}

    def split(self, settings: Settings, modality: str, node: Modality) -> tuple[Stage, dict[str, Stage]]:
        """The split of a modality's clips, and the corpora that they come from."""

        def make() -> tuple[Stage, dict[str, Stage]]:
            protocol: Protocol = settings.protocol
            names = list(dict.fromkeys([*protocol.training_corpora(modality), *protocol.test_corpora()]))
            corpora = {name: corpus_stage(self._factory, settings, name, modality, parts[0]) for name in names}
            closed = [corpus for corpus in names if settings.corpora[corpus].other_labels == "fail"]
            split_settings = SplitSettings(
                protocol.for_modality(modality),
                settings.emotions,
                closed,
                elsewhere=protocol.trains and node.posteriors is not None,
            )
            label = f"{protocol.kind}-{modality}"
            read: Inputs = {"corpora": tuple(corpora.values())}
            read |= skipped_elsewhere(self._factory, settings, corpora, readers, self.features_read)
            return self._factory.make("split", label, split_settings, read), corpora

        parts = self.parts(node)
        readers = self.readers if skips(settings) else []
        sections = (settings.corpora, settings.protocol, settings.emotions, *(reader for _, reader in readers))
        return self._once(("split", modality, *map(id, sections)), node, make, sections)

    def parts(self, node: Modality) -> list[Modality]:
        """A modality with each of the features that are joined in its rows; itself where nothing is joined."""

        def make() -> list[Modality]:
            leaves = node.features.leaves() if node.features is not None else {}
            return [replace(node, features=features) for features in leaves.values()] or [node]

        return self._once(("parts",), node, make)

    def trained_on(self, node: Modality) -> Modality:
        """A modality as its models are trained: on recordings as they are, where only those under test are worse."""
        if not node.distortion or node.distortion.training:
            return node
        return self._once(("as recorded",), node, lambda: replace(node, distortion=Distortion()))

    def distorted_alike(self, member: Modality, ensemble: Modality) -> Modality:
        """The settings of an ensemble's member, which reads the same recordings as all of them."""
        if member.distortion == ensemble.distortion:
            return member
        return self._once(
            ("distorted alike", id(ensemble)),
            member,
            lambda: replace(member, distortion=ensemble.distortion),
            (ensemble,),
        )

    def features_read(self, node: Modality, name: str, corpora: dict[str, Stage]) -> list[Stage]:
        """The features that a modality's models are tested on, and those that they are trained on."""
        return [self._features(one, name, corpora) for one in (node, self.trained_on(node))]

    def _features(self, node: Modality, name: str, corpora: dict[str, Stage]) -> Stage:
        """The features of one of a modality's corpora. corpora: all of them, by name."""
        features: Features = node.features
        corpus = self._distorted(corpora[name], node)
        root = corpus.settings.corpus.root
        computed = self._once(("features", root), features, lambda: FeaturesSettings(features.for_corpus(root)))
        read: Inputs = {"corpus": corpus}
        if features.follows_recordings() and [corpus] != [*corpora.values()]:
            read[RECORDED] = tuple(corpora.values())
        return self._factory.make("features", f"{features.kind}-{name}", computed, read)

    def _feature_cache(self, node: Modality, trains: bool) -> FeatureCacheSettings | None:
        """The frozen part of a modality's network; None where the whole network is trained.

        trains: whether the clips are used for training, and not only for testing.
        """

        def make() -> FeatureCacheSettings | None:
            part = node.network.frozen_part(not_none(node.training), trains)
            return None if part is None else FeatureCacheSettings(part)

        return self._once(("frozen", trains), node, make)

    def _corpora(self, settings: Settings, modality: str, node: Modality, names: list[str]) -> dict[str, Stage]:
        """The corpora that a modality reads, by name, with the medium that its features are computed from."""
        return self._once(
            ("corpora", modality, *names, id(settings.corpora)),
            node,
            lambda: {name: corpus_stage(self._factory, settings, name, modality, node) for name in names},
            (settings.corpora,),
        )

    def _distorted(self, corpus: Stage, node: Modality) -> Stage:
        """A corpus with the recordings that a modality reads made worse, where they are."""
        if not node.distortion.concerns(corpus.settings.medium):
            return corpus
        settings = self._once(
            ("distorted", id(corpus)),
            node,
            lambda: DistortedSettings(
                corpus.settings.name, corpus.settings.corpus, node.distortion.for_medium(corpus.settings.medium)
            ),
            (corpus,),
        )
        return self._factory.make(
            "distorted", f"{settings.name}-{corpus.settings.medium}", settings, {"corpus": corpus}
        )

"""Turn the settings of a cell into stages: what has to be made, and from which inputs.

The planner names no corpus, no modality, no network and no kind of features. It gets what it needs to know from the
declarations of the kinds.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any, TypeVar

from emofusion.errors import EmofusionError
from emofusion.plan.checks import check_distortion
from emofusion.plan.outcome import fusion_settings, report_settings, with_groups
from emofusion.plan.planned_corpora import TABLES, brought_tables, corpus_stage, with_table
from emofusion.plan.planned_skips import skipped_elsewhere, skips
from emofusion.plan.settings import (
    DistortedSettings,
    EnsembleSettings,
    FeatureCacheSettings,
    FeaturesSettings,
    GroupsSettings,
    ModelSettings,
    PosteriorsSettings,
    PredictionsSettings,
    SplitSettings,
)
from emofusion.plan.stage import RECORDED, Inputs, Stage, StageFactory
from emofusion.settings.compose import Settings
from emofusion.settings.distortion import Distortion
from emofusion.settings.experiment import NESTED, Modality
from emofusion.settings.fields import shown
from emofusion.settings.kinds import Features, Network, Protocol
from emofusion.settings.kinds.pairs import pairs_of

Value = TypeVar("Value")
Alternative = Callable[[str, str], Modality]  # modality, choice → its settings
FITTING = "fitting"  # the role of the predictions that rules are fitted on, where these are others than the tested
REFERENCES = "references"  # the role of the predictions that are compared with the fusion rules and not fused


class Planner:
    """Plans cells. What several cells have in common is planned once, and is the same object in all of them."""

    def __init__(self) -> None:
        self.factory = StageFactory()
        self._readers: list[tuple[str, Modality]] = []  # what reads recordings in the cell that is being planned
        # key with ids of settings objects → result, settings objects; they are kept, so that no other gets their ids
        self._memory: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def report(self, settings: Settings, alternative: Alternative) -> Stage:
        """The report's stage of a cell. All stages that it depends on are reached through its inputs.

        Args:
            settings: all settings of the cell.
            alternative: gives the settings of another choice of a modality, such as an ensemble's member.

        Raises:
            EmofusionError: settings do not fit together.
        """
        root, required = settings.root, settings.evaluation.groups is not None
        settings = self._with_groups(settings)
        modalities = root.modalities
        ensembles = {
            name: [self._distorted_alike(alternative(name, choice), node) for choice in node.ensemble]
            for name, node in settings.modalities.items()
            if node.ensemble
        }
        for name, ensemble in ensembles.items():
            for member in ensemble:
                check_distortion(member, name)
        self._readers = [
            (name, part)
            for name in modalities
            for node in ensembles.get(name, [settings.modalities[name]])
            for part in self._parts(node)
        ]
        members = {
            name: self._predictions(settings, name, settings.modalities[name], ensembles.get(name, []))
            for name in modalities
        }
        references = [self._predictions(settings, name, settings.modalities[name], []) for name in root.references]
        shared, own = self._once(
            ("fusion", *modalities, *root.references, id(settings.evaluation)),
            settings.fusion,
            lambda: fusion_settings(settings),
            (settings.evaluation,),
        )
        fitting = self._fitting(settings, ensembles)
        compared: Inputs = {**members} | ({REFERENCES: tuple(references)} if references else {}) | fitting
        rules = self.factory.make("rules", "compared", shared, compared)
        splits = {name: _split_of(stage) for name, stage in members.items()}
        distinct_splits = tuple(dict.fromkeys(splits.values()))
        fused: Inputs = {"fusion": rules, **members, **fitting}
        if settings.evaluation.groups:
            groups = GroupsSettings(settings.evaluation.groups, settings.evaluation.bands, required)
            # no modality can have the name of this role
            fused["evaluation"] = self.factory.make(
                "groups", settings.protocol.kind, groups, {"splits": distinct_splits}
            )
        fusion = self.factory.make("fusion", own.order[0], own, fused)
        trained = {
            name: ensembles.get(name, [node]) for name, node in settings.modalities.items() if node.posteriors is None
        }
        networks = {
            name: self._compared(
                settings,
                name,
                chosen,
                [
                    self._distorted_alike(alternative(name, c), settings.modalities[name])
                    for c in settings.report.compare.get(name, [])
                ],
            )
            for name, chosen in trained.items()
        }
        shown_networks = {name: [network for network, _ in models] for name, models in networks.items()}
        report = report_settings(settings, own, trained, shown_networks)
        inputs: Inputs = {
            "fusion": fusion,
            "rules": rules,
            "splits": distinct_splits,
            **{f"split_{name}": split for name, split in splits.items()},
            **{f"predictions_{name}": stage for name, stage in members.items()},
            **{f"models_{name}": tuple(model for _, model in models) for name, models in networks.items()},
        }
        named = [type(kind) for kind in (*shared.fusion.rules, *own.fusion.rules, *own.evaluation.metrics)]
        return self.factory.make("report", settings.root.experiment, report, inputs, also=named)

    def _fitting(self, settings: Settings, ensembles: dict[str, list[Modality]]) -> Inputs:
        """The predictions of all modalities that rules are fitted on; empty where these are the ones that are tested.

        ensembles: modality → the settings of its members, where it is an ensemble.
        """
        nodes = [(name, self._trained_on(settings.modalities[name])) for name in settings.root.modalities]
        members = {name: [self._trained_on(member) for member in ensemble] for name, ensemble in ensembles.items()}
        if settings.fusion.fit_on == NESTED:
            pairs = self._once(("pairs",), settings.protocol, lambda: pairs_of(settings.protocol))
            settings = replace(settings, sections={**settings.sections, "protocol": pairs})
        elif all(node is settings.modalities[name] for name, node in nodes):
            return {}
        return {FITTING: tuple(self._predictions(settings, name, node, members.get(name, [])) for name, node in nodes)}

    def _distorted_alike(self, member: Modality, ensemble: Modality) -> Modality:
        """The settings of an ensemble's member, which reads the same recordings as all of them."""
        if member.distortion == ensemble.distortion:
            return member
        return self._once(
            ("distorted alike", id(ensemble)),
            member,
            lambda: replace(member, distortion=ensemble.distortion),
            (ensemble,),
        )

    def _trained_on(self, node: Modality) -> Modality:
        """A modality as its models are trained: on recordings as they are, where only those under test are worse."""
        if not node.distortion or node.distortion.training:
            return node
        return self._once(("as recorded",), node, lambda: replace(node, distortion=Distortion()))

    def _with_groups(self, settings: Settings) -> Settings:
        """The settings, with the groups that are reported where none are named."""
        tested = tuple(type(settings.corpora.get(name)) for name in settings.protocol.test_corpora())
        evaluation = self._once(("groups", tested), settings.evaluation, lambda: with_groups(settings))
        return replace(settings, sections=settings.sections | {"evaluation": evaluation})

    def _predictions(self, settings: Settings, modality: str, node: Modality, members: list[Modality]) -> Stage:
        """The stage with a modality's posteriors: a table from elsewhere, an ensemble, or one model's predictions.

        members: the settings of the ensemble's members; empty where the modality is no ensemble.
        """
        if node.posteriors is not None:
            split, _ = self._split(settings, modality, node)
            brought = brought_tables(self.factory, settings, modality, node.posteriors)
            table = self._once(
                ("posteriors", repr(settings.emotions.merge)),
                node.posteriors,
                lambda: PosteriorsSettings(with_table(_not_none(node.posteriors), brought), settings.emotions.merge),
            )
            more: Inputs = {TABLES: brought} if brought else {}
            return self.factory.make("posteriors", modality, table, {"split": split, **more})
        if members:
            if any(member.posteriors is not None or member.ensemble for member in members):
                raise EmofusionError(f"{modality}.ensemble={shown(node.ensemble)}: name models that are trained")
            stages = tuple(self._predictions(settings, modality, member, []) for member in members)
            names = [member.name for member in members]
            if len(members) < 2:
                raise EmofusionError(
                    f"{modality}.ensemble={shown(node.ensemble)}: name at least two choices of {modality}"
                )
            return self.factory.make(
                "ensemble", f"{modality}-{node.name}", EnsembleSettings(node.pool, names), {"members": stages}
            )
        model, inputs = self._model(settings, modality, node)
        if self._trained_on(node) is not node:
            inputs = self._model_inputs(settings, modality, node)
        training = _not_none(node.training)
        prediction_settings = self._once(
            ("predictions", id(node)),
            training,
            lambda: PredictionsSettings(training.threads, training.precision, list(node.features.leaves())),
            (node,),
        )
        return self.factory.make(
            "predictions",
            f"{modality}-{node.name}",
            prediction_settings,
            {"model": model, "split": inputs["split"], "features": inputs["features"]},
            training.threads,
            training.precision,
            also=[type(model.settings.network)],  # the job builds the network again from the model's file
        )

    def _model(
        self, settings: Settings, modality: str, node: Modality, seeds: list[int] | None = None
    ) -> tuple[Stage, Inputs]:
        """The model of a modality, and its inputs. `seeds`: to use instead of the experiment's seeds."""
        training, network = _not_none(node.training), node.network
        inputs = self._model_inputs(settings, modality, self._trained_on(node))
        seeds = seeds or member_seeds(settings.root.seed, training.members)
        trained, single, standardised = self._once(
            ("trained",),
            node,
            lambda: (
                network.trained_part(training),
                network.training_part(replace(training, members=1)),
                node.features.standardised,
            ),
        )
        model_settings = ModelSettings(trained, single, seeds, standardised, list(node.features.leaves()))
        label = f"{modality}-{node.name}"
        model = self.factory.make("model", label, model_settings, inputs, training.threads, training.precision)
        return model, inputs

    def _model_inputs(self, settings: Settings, modality: str, node: Modality) -> Inputs:
        """The inputs of a model: the split, the features, and the weights that training starts from, if any."""
        network: Network = node.network
        split, corpora = self._split(settings, modality, node)
        start = network.start_weights(settings.root.seed)
        weights: Inputs = {} if start is None else {"weights": self.factory.make("weights", start.label, start)}
        train = set(settings.protocol.training_corpora(modality))
        features = []
        for position, of_part in enumerate(self._parts(node)):
            # a further part may read another medium of the corpora
            read_by = corpora if not position else self._corpora(settings, modality, of_part, list(corpora))
            for name in corpora:
                computed = self._features(of_part, name, read_by)
                cached = self._feature_cache(node, trains=name in train and self._trained_on(node) is node)
                if cached is not None:
                    part = cached.part
                    read: Inputs = {"features": computed, **weights}
                    threads = getattr(part, "threads", 1)
                    computed = self.factory.make("feature_cache", f"{part.label}-{name}", cached, read, threads)
                features.append(computed)
        return {"split": split, "features": tuple(features), **weights}

    def _parts(self, node: Modality) -> list[Modality]:
        """A modality with each of the features that are joined in its rows; itself where nothing is joined."""

        def make() -> list[Modality]:
            leaves = node.features.leaves() if node.features is not None else {}
            return [replace(node, features=features) for features in leaves.values()] or [node]

        return self._once(("parts",), node, make)

    def _corpora(self, settings: Settings, modality: str, node: Modality, names: list[str]) -> dict[str, Stage]:
        """The corpora that a modality reads, by name, with the medium that its features are computed from."""
        return {name: corpus_stage(self.factory, settings, name, modality, node) for name in names}

    def _distorted(self, corpus: Stage, node: Modality) -> Stage:
        """A corpus with the recordings that a modality reads made worse, where they are."""
        if not node.distortion.concerns(corpus.settings.medium):
            return corpus
        settings = self._once(
            ("distorted", id(corpus)),
            node,
            lambda: DistortedSettings(
                corpus.settings.name, corpus.settings.corpus, replace(node.distortion, training=False)
            ),
            (corpus,),
        )
        return self.factory.make("distorted", f"{settings.name}-{corpus.settings.medium}", settings, {"corpus": corpus})

    def _feature_cache(self, node: Modality, trains: bool) -> FeatureCacheSettings | None:
        """The frozen part of a modality's network; None where the whole network is trained.

        trains: whether the clips are used for training, and not only for testing.
        """

        def make() -> FeatureCacheSettings | None:
            part = node.network.frozen_part(_not_none(node.training), trains)
            return None if part is None else FeatureCacheSettings(part)

        return self._once(("frozen", trains), node, make)

    def _features(self, node: Modality, name: str, corpora: dict[str, Stage]) -> Stage:
        """The features of one of a modality's corpora. corpora: all of them, by name."""
        features: Features = node.features
        corpus = self._distorted(corpora[name], node)
        root = corpus.settings.corpus.root
        computed = self._once(("features", root), features, lambda: FeaturesSettings(features.for_corpus(root)))
        read: Inputs = {"corpus": corpus}
        if features.follows_recordings() and [corpus] != [*corpora.values()]:
            read[RECORDED] = tuple(corpora.values())
        return self.factory.make("features", f"{features.kind}-{name}", computed, read)

    def _features_read(self, node: Modality, name: str, corpora: dict[str, Stage]) -> list[Stage]:
        """The features that a modality's models are tested on, and those that they are trained on."""
        return [self._features(one, name, corpora) for one in (node, self._trained_on(node))]

    def _split(self, settings: Settings, modality: str, node: Modality) -> tuple[Stage, dict[str, Stage]]:
        """The split of a modality's clips, and the corpora that they come from."""

        def make() -> tuple[Stage, dict[str, Stage]]:
            protocol: Protocol = settings.protocol
            names = list(dict.fromkeys([*protocol.training_corpora(modality), *protocol.test_corpora()]))
            corpora = {name: corpus_stage(self.factory, settings, name, modality, parts[0]) for name in names}
            closed = [corpus for corpus in names if settings.corpora[corpus].other_labels == "fail"]
            split_settings = SplitSettings(
                protocol.for_modality(modality),
                settings.emotions,
                closed,
                elsewhere=protocol.trains and node.posteriors is not None,
            )
            label = f"{protocol.kind}-{modality}"
            read: Inputs = {"corpora": tuple(corpora.values())}
            read |= skipped_elsewhere(self.factory, settings, corpora, readers, self._features_read)
            return self.factory.make("split", label, split_settings, read), corpora

        parts = self._parts(node)
        readers = self._readers if skips(settings) else []
        sections = (settings.corpora, settings.protocol, settings.emotions, *(reader for _, reader in readers))
        return self._once(("split", modality, *map(id, sections)), node, make, sections)

    def _compared(
        self, settings: Settings, modality: str, chosen: list[Modality], beside: list[Modality]
    ) -> list[tuple[str, Stage]]:
        """(network, model) for each network whose training curves the report compares, with all seeds.

        A model that is fused is a stage of its own, so that further seeds for the comparison never change it.

        Args:
            settings: all settings of the cell.
            modality: the name of the modality.
            chosen: the settings of the models that are fused.
            beside: the settings of the other models that are compared.
        """
        nodes = {node.name: node for node in [*chosen, *beside]}
        models = []
        for name, node in nodes.items():
            if node.posteriors is not None or node.ensemble:
                raise EmofusionError(f"report.compare.{modality}: {name} is not trained; name models that are")
            is_fused = any(node is model for model in chosen) or node.name in {model.name for model in chosen}
            trained = member_seeds(settings.root.seed, _not_none(node.training).members)
            wanted = [settings.root.seed + number for number in range(settings.report.seeds)]
            more = wanted[len(trained) :]
            if not more:
                models.append((name, self._model(settings, modality, node)[0]))
            elif is_fused:
                models.append((name, self._model(settings, modality, node)[0]))
                models.append((name, self._model(settings, modality, node, more)[0]))
            else:
                models.append((name, self._model(settings, modality, node, [*trained, *more])[0]))
        return models

    def _once(
        self, kind: tuple[Any, ...], settings: Any, make: Callable[[], Value], also: tuple[Any, ...] = ()
    ) -> Value:
        """The result of `make`, which is called once for each settings object and then remembered.

        Args:
            kind: what is made; it tells apart several results of one settings object.
            settings: the settings object that the result depends on.
            make: makes the result.
            also: further objects whose ids are in `kind`.
        """
        key = (*kind, id(settings))
        if key not in self._memory:
            self._memory[key] = (make(), (settings, *also))
        result: Value = self._memory[key][0]
        return result


def member_seeds(seed: int, members: int) -> list[int]:
    """The seeds of an ensemble's members. Two ensembles of the same size with different seeds share no member's seed.

    Args:
        seed: the experiment's seed.
        members: the number of members; a single one has the experiment's seed.
    """
    return [seed] if members == 1 else [seed * members + member for member in range(members)]


def _split_of(predictions: Stage) -> Stage:
    """The split whose clips a modality's stage of predictions scores. An ensemble has the same split as its members."""
    stage = predictions
    while "split" not in stage.inputs:
        stage = stage.inputs["members"][0]  # type: ignore[index]
    split = stage.inputs["split"]
    assert isinstance(split, Stage)
    return split


def _not_none(value: Value | None) -> Value:
    assert value is not None
    return value

"""Turn the settings of a cell into stages: what has to be made, and from which inputs.

The planner names no corpus, no modality, no network and no kind of features. It gets what it needs to know from the
declarations of the kinds.
"""

from collections.abc import Callable
from dataclasses import replace

from emofusion.plan.check_distortions import check_distortion, check_same_recordings
from emofusion.plan.once import Once
from emofusion.plan.outcome import fusion_settings, report_settings, with_groups
from emofusion.plan.planned_models import ModelPlanner
from emofusion.plan.settings import GroupsSettings
from emofusion.plan.stage import Inputs, Stage, StageFactory
from emofusion.settings.compose import Settings
from emofusion.settings.experiment import FITTING, NESTED, Modality
from emofusion.settings.kinds.everyone import Everyone
from emofusion.settings.kinds.pairs import pairs_of

Alternative = Callable[[str, str], Modality]  # modality, choice → its settings
REFERENCES = "references"  # the role of the predictions that are compared with the fusion rules and not fused


class Planner:
    """Plans cells. What several cells have in common is planned once, and is the same object in all of them."""

    def __init__(self) -> None:
        self.factory = StageFactory()
        self._once = Once()
        self._models = ModelPlanner(self.factory, self._once)
        self._reads = self._models.features

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
            name: [self._reads.distorted_alike(alternative(name, choice), node) for choice in node.ensemble]
            for name, node in settings.modalities.items()
            if node.ensemble
        }
        for name, ensemble in ensembles.items():
            for member in ensemble:
                check_distortion(member, name)
        check_same_recordings(
            {
                name: ensembles.get(name, [node])
                for name, node in settings.modalities.items()
                if name in modalities and node.posteriors is None
            }
        )
        self._reads.readers = [
            (name, part)
            for name in modalities
            for node in ensembles.get(name, [settings.modalities[name]])
            for part in self._reads.parts(node)
        ]
        members = {
            name: self._models.predictions(settings, name, settings.modalities[name], ensembles.get(name, []))
            for name in modalities
        }
        references = [
            self._models.predictions(settings, name, settings.modalities[name], []) for name in root.references
        ]
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
            name: self._models.compared(
                settings,
                name,
                chosen,
                [
                    self._reads.distorted_alike(alternative(name, c), settings.modalities[name])
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

    def deployed(self, settings: Settings, alternative: Alternative) -> dict[str, list[Stage]]:
        """Modality → the models that are trained on everybody, in the order of the members of its predictions.

        Arguments are those of `report`. A modality whose posteriors come from elsewhere has no model.
        """
        everyone = replace(settings, sections={**settings.sections, "protocol": Everyone.of(settings.protocol)})
        models = {}
        for name in settings.root.modalities:
            node = settings.modalities[name]
            if node.posteriors is None:
                members = [self._reads.distorted_alike(alternative(name, choice), node) for choice in node.ensemble]
                models[name] = self._models.deployed(everyone, name, members or [node])
        return models

    def _fitting(self, settings: Settings, ensembles: dict[str, list[Modality]]) -> Inputs:
        """The predictions of all modalities that rules are fitted on; empty where these are the ones that are tested.

        ensembles: modality → the settings of its members, where it is an ensemble.
        """
        nodes = [(name, self._reads.trained_on(settings.modalities[name])) for name in settings.root.modalities]
        members = {
            name: [self._reads.trained_on(member) for member in ensemble] for name, ensemble in ensembles.items()
        }
        if settings.fusion.fit_on == NESTED:
            pairs = self._once(("pairs",), settings.protocol, lambda: pairs_of(settings.protocol))
            settings = replace(settings, sections={**settings.sections, "protocol": pairs})
        elif all(node is settings.modalities[name] for name, node in nodes):
            return {}
        return {
            FITTING: tuple(
                self._models.predictions(settings, name, node, members.get(name, [])) for name, node in nodes
            )
        }

    def _with_groups(self, settings: Settings) -> Settings:
        """The settings, with the groups that are reported where none are named."""
        tested = tuple(type(settings.corpora.get(name)) for name in settings.protocol.test_corpora())
        evaluation = self._once(("groups", tested), settings.evaluation, lambda: with_groups(settings))
        return replace(settings, sections=settings.sections | {"evaluation": evaluation})


def _split_of(predictions: Stage) -> Stage:
    """The split whose clips a modality's stage of predictions scores. An ensemble has the same split as its members."""
    stage = predictions
    while "split" not in stage.inputs:
        stage = stage.inputs["members"][0]  # type: ignore[index]
    split = stage.inputs["split"]
    assert isinstance(split, Stage)
    return split

"""Plan models and their predictions."""

from dataclasses import replace

from emofusion.errors import EmofusionError
from emofusion.plan.once import Once, not_none
from emofusion.plan.planned_corpora import TABLES, brought_tables, with_table
from emofusion.plan.planned_features import FeaturePlanner
from emofusion.plan.settings import EnsembleSettings, ModelSettings, PosteriorsSettings, PredictionsSettings
from emofusion.plan.stage import Inputs, Stage, StageFactory
from emofusion.settings.compose import Settings
from emofusion.settings.experiment import Modality
from emofusion.settings.fields import shown


class ModelPlanner:
    """Plans models and their predictions."""

    def __init__(self, factory: StageFactory, once: Once) -> None:
        self._factory, self._once = factory, once
        self.features = FeaturePlanner(factory, once)

    def predictions(self, settings: Settings, modality: str, node: Modality, members: list[Modality]) -> Stage:
        """The stage with a modality's posteriors: a table from elsewhere, an ensemble, or one model's predictions.

        members: the settings of the ensemble's members; empty where the modality is no ensemble.
        """
        if node.posteriors is not None:
            split, _ = self.features.split(settings, modality, node)
            brought = brought_tables(self._factory, settings, modality, node.posteriors)
            table = self._once(
                ("posteriors", repr(settings.emotions.merge)),
                node.posteriors,
                lambda: PosteriorsSettings(with_table(not_none(node.posteriors), brought), settings.emotions.merge),
            )
            more: Inputs = {TABLES: brought} if brought else {}
            return self._factory.make("posteriors", modality, table, {"split": split, **more})
        if members:
            if any(member.posteriors is not None or member.ensemble for member in members):
                raise EmofusionError(f"{modality}.ensemble={shown(node.ensemble)}: name models that are trained")
            stages = tuple(self.predictions(settings, modality, member, []) for member in members)
            names = [member.name for member in members]
            if len(members) < 2:
                raise EmofusionError(
                    f"{modality}.ensemble={shown(node.ensemble)}: name at least two choices of {modality}"
                )
            return self._factory.make(
                "ensemble", f"{modality}-{node.name}", EnsembleSettings(node.pool, names), {"members": stages}
            )
        model, inputs = self._model(settings, modality, node)
        if self.features.trained_on(node) is not node:
            inputs = self.features.inputs(settings, modality, node)
        training = not_none(node.training)
        prediction_settings = self._once(
            ("predictions",),
            node,
            lambda: PredictionsSettings(training.threads, training.precision, list(node.features.leaves())),
        )
        return self._factory.make(
            "predictions",
            f"{modality}-{node.name}",
            prediction_settings,
            {"model": model, "split": inputs["split"], "features": inputs["features"]},
            training.threads,
            training.precision,
            also=[type(model.settings.network)],  # the job builds the network again from the model's file
        )

    def compared(
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
            trained = member_seeds(settings.root.seed, not_none(node.training).members)
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

    def deployed(self, settings: Settings, modality: str, nodes: list[Modality]) -> list[Stage]:
        """The models of a modality that are trained on everybody, for use; of an ensemble, each member's.

        settings: with the protocol `Everyone`. nodes: the settings of the model, or of the ensemble's members.
        """
        return [self._model(settings, modality, self.features.trained_on(node))[0] for node in nodes]

    def _model(
        self, settings: Settings, modality: str, node: Modality, seeds: list[int] | None = None
    ) -> tuple[Stage, Inputs]:
        """The model of a modality, and its inputs. `seeds`: to use instead of the experiment's seeds."""
        training, network = not_none(node.training), node.network
        inputs = self.features.inputs(settings, modality, self.features.trained_on(node))
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
        model = self._factory.make("model", label, model_settings, inputs, training.threads, training.precision)
        return model, inputs


def member_seeds(seed: int, members: int) -> list[int]:
    """The seeds of an ensemble's members. Two ensembles of the same size with different seeds share no member's seed.

    Args:
        seed: the experiment's seed.
        members: the number of members; a single one has the experiment's seed.
    """
    return [seed] if members == 1 else [seed * members + member for member in range(members)]

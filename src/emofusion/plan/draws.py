"""Whether the seed of an experiment has an effect: whether trainings draw at random, or are the same for all seeds."""

from emofusion.plan.plan_file import PlanFile

_MODEL = "model/"


class Draws:
    """Says of stages of a plan whether another seed would change their results. Each model is looked at once."""

    def __init__(self, plan: PlanFile) -> None:
        self._plan = plan
        self._known: dict[str, bool] = {}

    def at_random(self, stage: str) -> bool:
        """Whether a model behind a stage draws at random. Posteriors from elsewhere are no model.

        stage: the name of a stage, `kind/key`.
        """
        models = [name for name in self._plan.stages_behind(stage) if name.startswith(_MODEL)]
        for name in models:
            if name not in self._known:
                self._known[name] = self._plan.settings(name).network.draws_at_random()
        return any(self._known[name] for name in models)

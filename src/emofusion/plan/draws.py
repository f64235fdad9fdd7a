"""Whether the seed of an experiment has an effect: whether trainings draw at random, or are the same for all seeds."""

from dataclasses import replace

from emofusion.errors import EmofusionError
from emofusion.plan.plan_file import PlanFile
from emofusion.plan.settings import ModelSettings

_MODEL = "model/"
_NAME = "draws"


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
                self._known[name] = draws_at_random(self._plan.settings(name))
        return any(self._known[name] for name in models)


def draws_at_random(model: ModelSettings) -> bool:
    """Whether a training draws at random, so that another seed gives another model; also where that is not known.

    A network that draws nothing refuses several members, because all of them would be the same model
    (`Network.check_training`). So this is known of every network that checks its settings, and of plug-ins too.
    """
    try:
        model.network.check_training(replace(model.training, members=2), _NAME)
    except EmofusionError as error:
        return f"{_NAME}.training.members=2" not in str(error)
    return True

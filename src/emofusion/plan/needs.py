"""Whether an experiment has the settings that an ablation needs."""

from contextlib import suppress
from pathlib import Path

from emofusion.errors import EmofusionError
from emofusion.plan.grid import ABSENT, Grid, GridCell, wanted_levels
from emofusion.settings.ablation import Ablation
from emofusion.settings.compose import Composer
from emofusion.settings.overrides import expand


class DoesNotFit(EmofusionError):
    """An experiment does not have the settings that an ablation needs."""


def check_needs(conf: Path, composer: Composer, experiment: str, ablation: Ablation, overrides: list[str]) -> None:
    """Raise `DoesNotFit` where an experiment does not have the settings that an ablation needs.

    Args:
        conf: the folder of the configuration, for the names of the experiments that fit.
        composer: of the experiment.
        experiment: its name.
        ablation: the ablation.
        overrides: of the command line; of sweeps, the first values count.
    """
    lacking = _lacking(composer, ablation, expand(overrides)[0])
    if lacking is None:
        return
    fitting = []
    for other in sorted(path.stem for path in (conf / "experiment").glob("*.yaml")):
        with suppress(EmofusionError):  # some need overrides, to be composed at all
            if other != experiment and _lacking(Composer(conf, other), ablation, []) is None:
                fitting.append(other)
    key, level, wanted = lacking
    has = f"no {key}" if level == ABSENT else f"{key}={{…}}" if level.startswith("{") else f"{key}={level}"
    raise DoesNotFit(
        f"ablation={ablation.name} needs {key}={' or '.join(sorted(wanted))}, and experiment={experiment} has {has}; "
        f"it fits {', '.join(fitting) or 'no experiment'}"
    )


def _lacking(composer: Composer, ablation: Ablation, overrides: list[str]) -> tuple[str, str, set[str]] | None:
    """The first setting of those that are needed that is another one; its level, and the levels that would fit."""
    cell, wanted = GridCell(overrides), wanted_levels(ablation.needs, f"ablation={ablation.name}: needs")
    grid = Grid(composer, None, overrides)
    for key, levels in wanted.items():
        if (level := grid.level(cell, key)) not in levels:
            return key, level, levels
    return None

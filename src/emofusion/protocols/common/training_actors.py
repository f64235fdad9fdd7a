"""Training with fewer actors than there are, for learning curves over their number."""

from itertools import zip_longest

import numpy as np
import pandas as pd

from emofusion.errors import EmofusionError


def of_drawn_actors(clips: pd.DataFrame, train: pd.Series, number: int, seed: int, fold: int, name: str) -> pd.Series:
    """The training clips of some of the training actors.

    Actors are put into a random order in which the genders alternate as long as there are actors of each, and the first
    ones are taken. So a smaller number of actors is a part of a larger one, and the numbers of women and men differ by
    one at most where there are enough of both.

    Args:
        clips: all clips of the classes, with the columns actor and gender.
        train: mask of the training clips.
        number: how many actors to take.
        seed: of the draw.
        fold: the number of the fold, which also decides the draw.
        name: of the fold, for the message.

    Returns:
        The mask of the clips that are left.

    Raises:
        EmofusionError: the fold has fewer training actors.
    """
    actors = clips[train].drop_duplicates("actor").sort_values("actor")
    if number > len(actors):
        raise EmofusionError(
            f"protocol.training_actors={number}: {name} has {len(actors)} actors to train with; set at most "
            f"{len(actors)}, or null for all of them"
        )
    random = np.random.default_rng([seed, fold, 1])  # not the draw of the validation actors
    by_gender = [random.permutation(group["actor"].to_numpy(dtype=object)) for _, group in actors.groupby("gender")]
    rows = zip_longest(*[by_gender[position] for position in random.permutation(len(by_gender))])
    drawn = [actor for row in rows for actor in row if actor is not None][:number]
    return train & clips["actor"].isin(drawn)

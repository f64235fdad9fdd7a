"""An ensemble against means worked out by hand, and members that do not belong together."""

import numpy as np
import pandas as pd
import pytest

from emofusion.errors import EmofusionError
from emofusion.predictions.ensemble import average


def table(**posteriors) -> pd.DataFrame:
    """Three clips, one to validate and two to test; the logits are logarithms plus a constant, which softmax drops."""
    clips = pd.DataFrame({"clip": ["a", "b", "c"], "corpus": "demo", "actor": ["x", "y", "y"], "gender": "female"})
    clips = clips.assign(emotion=["happy", "sad", "happy"], fold=0, split=["validation", "test", "test"])
    return clips.assign(**{f"logit_{name}": np.log(values) + 5.0 for name, values in posteriors.items()})


@pytest.fixture
def members() -> dict[str, pd.DataFrame]:
    return {
        "one": table(happy=[0.5, 0.2, 0.9], sad=[0.5, 0.8, 0.1]),
        "other": table(happy=[0.8, 0.5, 0.1], sad=[0.2, 0.5, 0.9]).iloc[::-1].reset_index(drop=True),
    }


def test_posteriors_are_the_mean_of_the_members(members):
    combined = average(members, "linear")
    assert combined[["clip", "split"]].to_numpy().tolist() == [["a", "validation"], ["b", "test"], ["c", "test"]]
    np.testing.assert_allclose(np.exp(combined["logit_happy"]), [0.65, 0.35, 0.5])
    np.testing.assert_allclose(np.exp(combined["logit_sad"]), [0.35, 0.65, 0.5])


def test_a_product_is_the_normalised_geometric_mean(members):
    # of a: √(0.5 · 0.8) and √(0.5 · 0.2), which are 2 : 1; of b: √0.1 and √0.4, 1 : 2; of c: alike
    np.testing.assert_allclose(np.exp(average(members, "product")["logit_happy"]), [2 / 3, 1 / 3, 0.5])


@pytest.mark.parametrize("row", [0, 2])  # of validation, of test
def test_a_clip_that_a_member_did_not_score_is_named(members, row):
    members["one"] = members["one"].drop(index=row).reset_index(drop=True)
    with pytest.raises(EmofusionError, match=f"1 clips are not scored by both one and other.*as {'abc'[row]}"):
        average(members, "linear")


def test_members_know_the_same_classes(members):
    members["third"] = table(happy=[0.5, 0.2, 0.9], angry=[0.5, 0.8, 0.1])
    with pytest.raises(EmofusionError, match="one knows happy, sad, but third happy, angry"):
        average(members, "linear")


def test_members_agree_on_what_a_clip_is(members):
    members["one"].loc[1, "emotion"] = "angry"
    with pytest.raises(EmofusionError, match="one and other disagree on the emotion of 1 clips, as of b"):
        average(members, "linear")

"""The choice of a rule on other people's clips, against a plain loop over the actors."""

from functools import partial

import numpy as np
import pytest
from scipy.special import softmax
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold

from emofusion.errors import EmofusionError
from emofusion.fusion.chosen import Chosen
from emofusion.fusion.common.choice import Candidate, Choice
from emofusion.fusion.common.crossfit import NothingToLearnFrom
from emofusion.fusion.common.exponents import Exponents
from emofusion.fusion.common.rules import Maximum, Members, Pool
from emofusion.fusion.common.stacking import Stacking
from emofusion.fusion.common.weighted import PerEmotion, Tuned
from emofusion.plan.outcome import fusion_settings
from emofusion.settings.compose import Composer
from emofusion.settings.kinds import FusionTask
from emofusion.settings.registry import kinds

CANDIDATES = [
    Candidate("linear_equal", False, partial(Pool, "linear")),
    Candidate("product_equal", False, partial(Pool, "product")),
    Candidate("linear_tuned", True, partial(Tuned, "linear", 10)),
    Candidate("log_linear", True, Exponents),
]


@pytest.fixture
def clips() -> tuple[Members, np.ndarray]:
    """480 clips of 12 actors, two members, both too sure of themselves: exponents below 1 are best."""
    random = np.random.default_rng(6)
    truth = random.integers(0, 5, 480)
    logits = [3 * (skill * np.eye(5)[truth] + random.normal(size=(480, 5))) for skill in (1.6, 1.0)]
    actors = np.repeat([f"a{number:02}" for number in range(12)], 40)
    return Members(softmax(logits, axis=2), actors, ["one", "two"]), truth


def test_the_rule_with_the_lowest_loss_on_other_actors_is_chosen_and_fitted_on_all(clips):
    members, truth = clips
    losses = {}
    for candidate in CANDIDATES:
        fused = np.empty((480, 5))
        for learnt, scored in GroupKFold(3).split(truth, groups=members.actors):
            fused[scored] = candidate.make().fit(members.where(learnt), truth[learnt]).fuse(members.where(scored))
        losses[f"log_loss_{candidate.name}"] = log_loss(truth, fused)
    rule = Choice(CANDIDATES).fit(members, truth)
    assert rule.parameters == {"chosen_log_linear": 1.0, **{name: pytest.approx(x) for name, x in losses.items()}}
    assert min(losses, key=losses.get) == "log_loss_log_linear"
    np.testing.assert_array_equal(rule.fuse(members), Exponents().fit(members, truth).fuse(members))


def test_a_rule_that_only_fits_the_clips_it_has_learnt_from_is_not_chosen(clips):
    """With a weight for each of five classes and no penalty, few clips are learnt by heart."""
    members, truth = clips
    few = np.arange(480) % 40 < 3
    overfitted = Candidate("per_emotion", True, partial(PerEmotion, "abcde", ridge=0.0))
    plain = Candidate("product_equal", False, partial(Pool, "linear"))
    in_sample = overfitted.make().fit(members.where(few), truth[few]).fuse(members.where(few))
    assert log_loss(truth[few], in_sample) < log_loss(truth[few], Pool("linear").fuse(members.where(few)))
    rule = Choice([overfitted, plain]).fit(members.where(few), truth[few])
    assert rule.parameters["log_loss_per_emotion"] > log_loss(truth[few], in_sample)


def test_among_equal_losses_the_first_is_chosen_and_one_actor_is_enough(clips):
    members, truth = clips
    twice = [Candidate("b", False, Maximum), Candidate("a", False, Maximum)]
    assert "chosen_b" in Choice(twice).fit(members, truth).parameters
    alone = members.actors == "a03"
    rule = Choice(CANDIDATES).fit(members.where(alone), truth[alone])
    fitted = Exponents().fit(members.where(alone), truth[alone]).fuse(members.where(alone))
    assert rule.parameters["log_loss_log_linear"] == pytest.approx(log_loss(truth[alone], fitted))


def test_nothing_to_choose_from_is_told(clips):
    with pytest.raises(NothingToLearnFrom, match=r"fusion\.compare: the rule chosen has no rule to choose from"):
        Choice([]).fit(*clips)


def test_candidates_see_one_clip_at_a_time_and_neither_the_test_clips_nor_the_set_weights():
    no_candidates = {name for name, rule in kinds("fusion").items() if not rule().is_candidate}
    assert no_candidates == {
        *("linear", "linear_calibrated", "product", "product_calibrated", "product_by_speaker", "chosen"),
        *("maximum", "majority", "linear_oracle", "product_oracle"),
    }
    task = FusionTask(
        ["speech"], ["happy"], np.ones(1), 10, [kinds("fusion")[name]() for name in ("stacked", "linear")]
    )
    assert [(one.name, one.learns) for one in Chosen().make(task).candidates] == [("stacked", True), ("linear", False)]


def test_only_the_rules_that_choose_depend_on_what_is_compared(repository):
    composer = Composer(repository / "conf", "posteriors")
    for rule, compare, candidates, own in [
        ("linear", "[chosen,product_equal,maximum,log_linear]", ["product_equal", "log_linear"], []),
        ("linear", "[product_equal,log_linear]", [], []),
        ("chosen", "[product_equal,linear]", ["product_equal"], ["product_equal"]),
    ]:
        shared, cell = fusion_settings(composer.settings([f"fusion.rule={rule}", f"fusion.compare={compare}"]))
        in_stages = shared.fusion.candidates or cell.fusion.candidates
        assert [one.kind for one in in_stages] == candidates
        assert [one.kind for one in cell.fusion.candidates] == own
    with pytest.raises(EmofusionError, match="it has nothing to choose from"):
        fusion_settings(composer.settings(["fusion.rule=chosen", "fusion.compare=[linear,maximum]"]))


def test_a_candidate_that_sees_clips_of_one_class_recognises_this_class_and_can_still_lose():
    posteriors = softmax(np.random.default_rng(2).normal(size=(2, 8, 3)), axis=2)
    truth = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    members = Members(posteriors, np.repeat(["a", "b"], 4), ["one", "two"])
    alone = Stacking().fit(members.where(truth == 0), truth[truth == 0])
    np.testing.assert_array_equal(alone.fuse(members), np.eye(3)[np.zeros(8, dtype=int)])
    both = Stacking().fit(members, np.zeros(8, dtype=int))  # of two actors, who would have a fold each
    np.testing.assert_array_equal(both.fuse(members), np.eye(3)[np.zeros(8, dtype=int)])
    choice = Choice([Candidate("stacked", True, Stacking), CANDIDATES[1]]).fit(members, truth)
    assert choice.parameters["chosen_product_equal"] == 1

"""What the kinds of fusion rules say of themselves, and what they import."""

import subprocess
import sys

import numpy as np
import pytest

from emofusion.errors import EmofusionError
from emofusion.fusion.stacked import Stacked
from emofusion.settings.fields import check
from emofusion.settings.kinds import FusionTask
from emofusion.settings.registry import kinds

# In the order of the tables: role, whether it learns, whether it takes the weights that are set.
FACTS = {
    "linear": ("rule", False, True),
    "linear_equal": ("rule", False, False),
    "linear_calibrated": ("rule", True, True),
    "linear_tuned": ("rule", True, False),
    "linear_by_accuracy": ("rule", True, False),
    "linear_per_emotion": ("rule", True, False),
    "linear_by_confidence": ("rule", False, False),
    "linear_by_entropy": ("rule", False, False),
    "product": ("rule", False, True),
    "product_equal": ("rule", False, False),
    "product_calibrated": ("rule", True, True),
    "product_tuned": ("rule", True, False),
    "log_linear": ("rule", True, False),
    "product_gated": ("rule", True, False),
    "product_by_speaker": ("rule", True, False),
    "stacked": ("rule", True, False),
    "chosen": ("rule", True, False),
    "maximum": ("baseline", False, False),
    "majority": ("baseline", False, False),
    "linear_oracle": ("oracle", True, False),
    "product_oracle": ("oracle", True, False),
}
IMPORTS = """
import sys
from emofusion.settings.registry import kinds
assert len(kinds("fusion")) >= 20 and all(rule().kind == name for name, rule in kinds("fusion").items())
print(*sorted({"numpy", "pandas", "scipy", "sklearn"} & set(sys.modules)))
"""


def test_the_rules_and_their_order():
    rules = sorted(kinds("fusion").values(), key=lambda rule: (rule.position, rule.kind))
    assert [rule.kind for rule in rules] == list(FACTS)
    assert len({rule.position for rule in rules}) == len({rule.label for rule in rules}) == len(rules)


@pytest.mark.parametrize("name", FACTS)
def test_the_facts_of_a_rule(name):
    rule = kinds("fusion")[name]
    assert (rule.role, rule.learns, rule.takes_weights) == FACTS[name]
    assert rule.transductive == (name == "product_by_speaker") == ("transductive" in rule.label)
    assert ("oracle" in rule.label) == (rule.role == "oracle") == name.endswith("_oracle")
    check(rule(), f"fusion.options.{name}")


@pytest.mark.parametrize("name", FACTS)
def test_only_rules_that_take_the_set_weights_depend_on_them(name):
    made = [
        vars(kinds("fusion")[name]().make(FusionTask(["speech", "face"], ["happy", "sad"], np.array(weights), 10)))
        for weights in ([0.7, 0.3], [0.2, 0.8])
    ]
    shown = [{key: vars(value) if key == "rule" else value for key, value in state.items()} for state in made]
    assert (repr(shown[0]) != repr(shown[1])) == kinds("fusion")[name].takes_weights


def test_importing_every_rule_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", IMPORTS], check=True, capture_output=True, text=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("strengths", [[], [0.0], [-1.0], [0.1, 0.1], [float("inf")]])
def test_strengths_of_the_stack_that_are_none(strengths):
    with pytest.raises(EmofusionError, match=r"fusion\.options\.stacked\.strengths=\["):
        check(Stacked(strengths=strengths), "fusion.options.stacked")


def test_strengths_reach_the_stack():
    task = FusionTask(["speech"], ["happy", "sad"], np.ones(1), 10)
    assert Stacked().make(task).strengths == [0.1, 0.01, 1.0] and Stacked(strengths=[3.0]).make(task).strengths == [3.0]

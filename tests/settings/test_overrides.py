"""Overrides as Snakemake hands them over."""

import pytest
from snakemake.cli import parse_config

from emofusion.settings.overrides import split_overrides


@pytest.mark.parametrize(
    "overrides",
    [
        ["emotions.merge={calm: neutral}"],
        ["fusion.weights={speech: 0.50}", "seed=1"],
        ["fusion.weights={speech: 0.50, face: 0.5}"],
        ["face.training.unfreeze=[{epoch: 1, blocks: 1}]", "speech.network={kind: lstm}"],
        ["plugins=[mine.py]", "speech=mine"],
        ["seed=range(0, 5)"],
    ],
)
def test_maps_on_the_command_line_arrive_as_they_are_written(overrides):
    config = parse_config([f"override={' '.join(overrides)}"])
    assert split_overrides(config["override"]) == overrides

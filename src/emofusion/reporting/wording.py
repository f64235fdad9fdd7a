"""Texts that tables, figures and pages share: headings of systems, percentages, weights, and the pages' style."""

from collections.abc import Mapping
from importlib.resources import files

from emofusion.reporting.known import takes_weights
from emofusion.reporting.rounding import percentage

FUSION = "fusion"
DEMO = "generated demo data"
ORACLE = "oracle (chosen on test)"
UAR = "unweighted average recall"

# the headings of the paper's Table 1 and of its Table 2
_HEADINGS = {
    "speech": ("Speech", "Speech"),
    "face": ("Facial expression", "Expression"),
    FUSION: ("Fusion", "After fusion"),
}


def shared_style() -> str:
    """The style sheet that all pages share."""
    return files("emofusion.reporting").joinpath("assets", "page.css").read_text(encoding="utf-8")


def heading(system: str, short: bool = False) -> str:
    """The heading of a modality or of the fusion: as in the paper's Table 1; if `short`, as in its Table 2."""
    plain = system.replace("_", " ").capitalize()
    return _HEADINGS.get(system, (plain, plain))[short]


def escaped(text: str) -> str:
    """A text for a line of Markdown, in which a label such as `<unk>` or `a|b` stays what it is."""
    return " ".join(text.splitlines()).replace("<", "&lt;").replace("|", "\\|")


def percent(fraction: float) -> str:
    """A share in percent, such as `90.63%`; see `rounding.percentage`."""
    return f"{percentage(fraction)}%"


def weights_in_words(rule: str, weights: Mapping[str, float]) -> str:
    """A rule with its weights, such as `linear, 0.7 speech + 0.3 face`; only its name if it uses no configured weights.

    weights: modality → weight.
    """
    if not takes_weights(rule):
        return rule
    return f"{rule}, " + " + ".join(f"{weight:g} {name}" for name, weight in weights.items())

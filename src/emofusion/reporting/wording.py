"""The words that tables, figures and the page share, so that none of them forgets a warning or a count."""

from decimal import ROUND_HALF_UP, Decimal

FUSION = "fusion"
DEMO = "generated demo data"
ORACLE = "oracle (chosen on test)"
UAR = "unweighted average recall"
# the rules that `fusion.weights` is for
SET_WEIGHTS = ("linear", "product", "linear_calibrated", "product_calibrated")

# as the paper heads its Table 1 and its Table 2
_HEADINGS = {
    "speech": ("Speech", "Speech"),
    "face": ("Facial expression", "Expression"),
    FUSION: ("Fusion", "After fusion"),
}


def heading(system: str, short: bool = False) -> str:
    """A modality's or the fusion's heading in the paper's Table 1, or (short) in its Table 2."""
    plain = system.replace("_", " ").capitalize()
    return _HEADINGS.get(system, (plain, plain))[short]


def percent(fraction: float) -> str:
    """Such as `90.63%`; a half is rounded up, as the paper has it (29 of 32), and not to even."""
    return f"{(Decimal(repr(float(fraction))) * 100).quantize(Decimal('0.01'), ROUND_HALF_UP)}%"


def warnings(settings: dict) -> list[str]:
    """What must be said beside every figure of this report: a protocol that leaks, what test clips were used for,
    generated data."""
    said = []
    if settings["protocol"]["leaks_speakers"]:
        said.append(
            f"WARNING: the protocol {settings['protocol']['name']} has the same speakers in training and test; "
            "its accuracies do not hold for new people."
        )
    if settings["normalised_by_speaker"]:
        names = " and ".join(heading(name) for name in settings["normalised_by_speaker"])
        verb = "are" if len(settings["normalised_by_speaker"]) > 1 else "is"
        said.append(
            f"{names} {verb} normalised on each speaker's own unlabelled clips, the test speakers' included "
            "(transductive): of a stranger, several clips are needed first."
        )
    if settings["transductive"]:
        said.append(
            f"The rule {settings['fusion']['rule']} uses all unlabelled clips of a test speaker (transductive): of a "
            "stranger, several clips are needed first."
        )
    if settings["demo"]:
        said.append(f"This is {DEMO}: no real person was seen or heard.")
    return said


def basis(settings: dict) -> dict[str, object]:
    """The columns that say in each CSV what its figures rest on."""
    return {
        "protocol": settings["protocol"]["name"],
        "leaks_speakers": settings["protocol"]["leaks_speakers"],
        "normalised_by_speaker": ", ".join(settings["normalised_by_speaker"]) or "no modality",
        "configured_rule_is_transductive": settings["transductive"],
        "data": DEMO if settings["demo"] else "recordings",
    }


def weights_in_words(fusion: dict) -> str:
    """Such as `linear, 0.7 speech + 0.3 face`; of a rule that finds its own weights, its name."""
    if fusion["rule"] not in SET_WEIGHTS:
        return fusion["rule"]
    return f"{fusion['rule']}, " + " + ".join(f"{weight:g} {name}" for name, weight in fusion["weights"].items())

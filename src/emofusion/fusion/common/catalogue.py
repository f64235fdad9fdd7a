"""The fusion rules by the names that settings and tables know them under."""

from collections.abc import Callable
from dataclasses import dataclass

from emofusion.errors import EmofusionError
from emofusion.fusion.common.fitted import ByAccuracy, BySpeaker, Calibrated, Chosen, Exponents, PerEmotion, Stacked
from emofusion.fusion.common.rules import ByConfidence, ByEntropy, Majority, Maximum, Pool, Rule, weights_of


@dataclass(frozen=True)
class Entry:
    """A rule in the catalogue.

    label: in words. make: from the settings (`weights`, `steps`), the modalities and the classes. kind: rule, baseline
    or oracle (its parameters are learnt from the very clips that it is tested on). fitted: it learns parameters.
    transductive: it uses all unlabelled clips of a test speaker.
    """

    label: str
    make: Callable[[dict, list[str], list[str]], Rule]
    kind: str = "rule"
    fitted: bool = False
    transductive: bool = False


def _pool(name: str, equal: bool = False) -> Callable[[dict, list[str], list[str]], Rule]:
    return lambda settings, modalities, _: Pool(name, None if equal else weights_of(settings["weights"], modalities))


def _chosen(name: str) -> Callable[[dict, list[str], list[str]], Rule]:
    return lambda settings, modalities, _: Chosen(name, settings["steps"])


def _calibrated(name: str) -> Callable[[dict, list[str], list[str]], Rule]:
    return lambda *given: Calibrated(_pool(name)(*given))


CATALOGUE: dict[str, Entry] = {
    "linear": Entry("linear, set weights", _pool("linear")),
    "linear_equal": Entry("linear, equal weights", _pool("linear", equal=True)),
    "linear_calibrated": Entry("linear, set weights, temperature-scaled members", _calibrated("linear"), fitted=True),
    "linear_tuned": Entry("linear, chosen weights", _chosen("linear"), fitted=True),
    "linear_by_accuracy": Entry("linear, weights by unimodal accuracy", lambda *_: ByAccuracy(), fitted=True),
    "linear_per_emotion": Entry(
        "linear, weights for each emotion", lambda _settings, _modalities, classes: PerEmotion(classes), fitted=True
    ),
    "linear_by_confidence": Entry("linear, weights by each clip's confidence", lambda *_: ByConfidence()),
    "linear_by_entropy": Entry("linear, weights by each clip's entropy", lambda *_: ByEntropy()),
    "product": Entry("product, set weights", _pool("product")),
    "product_equal": Entry("product, equal weights", _pool("product", equal=True)),
    "product_calibrated": Entry(
        "product, set weights, temperature-scaled members", _calibrated("product"), fitted=True
    ),
    "product_tuned": Entry("product, chosen weights", _chosen("product"), fitted=True),
    "log_linear": Entry("product, a fitted exponent each", lambda *_: Exponents(), fitted=True),
    "product_gated": Entry("product, exponents by each clip's entropy", lambda *_: Exponents(gated=True), fitted=True),
    "product_by_speaker": Entry(
        "product, fitted exponents, centred by speaker (transductive)",
        lambda *_: BySpeaker(Exponents()),
        fitted=True,
        transductive=True,
    ),
    "stacked": Entry("stacked logistic regression", lambda *_: Stacked(), fitted=True),
    "maximum": Entry("greatest posterior", lambda *_: Maximum(), "baseline"),
    "majority": Entry("majority of votes", lambda *_: Majority(), "baseline"),
    "linear_oracle": Entry("linear, best weights on test (oracle)", _chosen("linear"), "oracle", fitted=True),
    "product_oracle": Entry("product, best weights on test (oracle)", _chosen("product"), "oracle", fitted=True),
}


def entry(name: str) -> Entry:
    """The entry of that name; raises `EmofusionError` if there is none."""
    if name not in CATALOGUE:
        raise EmofusionError(f"fusion.rule={name} is not a rule; the rules are: {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]

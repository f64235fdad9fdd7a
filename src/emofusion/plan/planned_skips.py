"""What a split reads besides its corpora where a corpus skips clips whose file is bad or whose features fail."""

from collections.abc import Callable, Mapping, Sequence

from emofusion.plan.planned_corpora import corpus_stage
from emofusion.plan.stage import ALSO_SKIPPED, FEATURES_SKIPPED, Inputs, Stage, StageFactory
from emofusion.settings.compose import Settings
from emofusion.settings.experiment import Modality
from emofusion.settings.kinds.corpora import SKIP

Readers = Sequence[tuple[str, Modality]]


def skips(settings: Settings) -> bool:
    """Whether a corpus skips bad clips."""
    return any(corpus.on_bad_clip == SKIP for corpus in settings.corpora.values())


def skipped_elsewhere(
    factory: StageFactory,
    settings: Settings,
    own: Mapping[str, Stage],
    readers: Readers,
    features: Callable[[Modality, str, dict[str, Stage]], list[Stage]],
) -> Inputs:
    """The clip tables in which other modalities read the same corpora, and the features of all modalities.

    A clip that one of them lists as bad is skipped in all modalities. Corpora that stop at a bad clip have none.

    Args:
        factory: makes the stages.
        settings: all settings of the cell.
        own: the corpora whose clips are split, by name.
        readers: name and settings of each modality that is fused, or of each member where it is an ensemble, or of each
            of the features that it joins.
        features: makes the stages of features, from the settings of a reader, the name of a corpus, and its corpora.
    """
    tables: list[Stage] = []
    computed: list[Stage] = []
    for reader, node in readers:
        if node.posteriors is not None:
            continue
        read = dict.fromkeys([*settings.protocol.training_corpora(reader), *settings.protocol.test_corpora()])
        skipping = [name for name in read if name in settings.corpora and settings.corpora[name].on_bad_clip == SKIP]
        if not set(skipping) & set(own):
            continue
        corpora = {name: corpus_stage(factory, settings, name, reader, node) for name in read}
        for name in skipping:
            if name in own:
                computed += features(node, name, corpora)
                if corpora[name] != own[name]:
                    tables.append(corpora[name])
    found = {ALSO_SKIPPED: tables, FEATURES_SKIPPED: computed}
    return {role: tuple(dict.fromkeys(stages)) for role, stages in found.items() if stages}

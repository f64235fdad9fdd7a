"""Checks of recordings that are made worse: whether they can be, and whether all modalities get the same."""

from emofusion.settings.distortion import PICTURES, SOUND
from emofusion.settings.experiment import Modality
from emofusion.settings.fields import must


def check_distortion(node: Modality, name: str) -> None:
    """Raise `EmofusionError` where recordings cannot be made worse in the way that a modality asks for.

    name: of the modality.
    """
    distortion, where = node.distortion, f"{name}.distortion"
    asked = distortion.set_values(where)
    if not distortion:
        must(not distortion.training, f"{where}.training=true: nothing makes recordings worse; set {where}.snr=10 too")
        return
    must(
        node.posteriors is None,
        f"{asked}: {name}.posteriors were made elsewhere, from recordings that are not read here; set {where}={{}}",
    )
    if node.ensemble:
        return  # its members are checked where they are known
    features, media_of_parts = node.features, media_read(node)
    must(
        bool(media_of_parts),
        f"{asked}: {features.kind} features are read from a table, and no recording is; set {where}={{}}",
    )
    for is_asked, media, what in (
        (distortion.of_sound, {SOUND}, "sound"),
        (distortion.of_pictures, set(PICTURES), "pictures"),
    ):
        must(
            not is_asked or bool(media & media_of_parts),
            f"{asked}: {features.kind} features are not computed from {what}; they are computed from "
            f"{' or '.join(sorted(media_of_parts))}",
        )
    must(
        distortion.training or not node.network.compares_with_training,
        f"{asked}: {node.network.kind} compares clips with the training clips, whose recordings would be made worse "
        f"too; say so with {where}.training=true, or choose another model",
    )


def media_read(node: Modality) -> set[str]:
    """The media of recordings that a trained model's features may be computed from, such as `audio`."""
    if node.features is None:  # an ensemble or posteriors
        return set()
    parts = list(node.features.leaves().values()) or [node.features]
    return {medium for part in parts if part.clips_named_in() is None for medium in part.computed_from()}


def check_same_recordings(models: dict[str, list[Modality]]) -> None:
    """Raise `EmofusionError` where one modality gets a recording that is made worse, and another the clean one.

    models: modality → the models that are trained for it.
    """
    for media, what in (({SOUND}, "sound"), (set(PICTURES), "pictures")):
        readers = {
            name: nodes[0].distortion
            for name, nodes in models.items()
            if any(media & media_read(node) for node in nodes)
        }
        medium = min(media)  # all media of pictures are made worse alike
        worse = [name for name, distortion in readers.items() if distortion.concerns(medium)]
        asked = readers[worse[0]].set_values(f"{worse[0]}.distortion") if worse else ""
        for name, distortion in readers.items():
            must(
                not worse or distortion.for_medium(medium) == readers[worse[0]].for_medium(medium),
                f"{asked}: {name} reads {what} of the same clips, and would get other recordings; set "
                f"{name}.distortion to the same values",
            )
    ways = {name: nodes[0].distortion.training for name, nodes in models.items() if nodes[0].distortion}
    must(
        len(set(ways.values())) < 2,
        f"{', '.join(f'{name}.distortion.training={way}' for name, way in ways.items())}: set the same for all, or the "
        "figures of modalities cannot be compared",
    )

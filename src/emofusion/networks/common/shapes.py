"""Shapes of rows of features, checked while planning, without torch."""

from emofusion.errors import EmofusionError

# Layers of so many units and more keep a GPU busy. Smaller ones train as fast on a processor.
WIDE = 512


def frames_of(shape: tuple[int, ...], kind: str, name: str) -> int:
    """How many frames rows of features over time have; `EmofusionError` for rows of another shape.

    kind: of the network that needs them. name: the modality.
    """
    if len(shape) != 2:
        raise EmofusionError(
            f"{name}.network.kind={kind}: it needs features over time, and {name}.features have rows of {shape}; "
            f"choose another network, such as mlp, or other features, such as acoustic"
        )
    return shape[1]

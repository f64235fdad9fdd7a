"""OpenFace's names of action units."""

_INTENSITIES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 45)
_PRESENCES = (1, 2, 4, 5, 6, 7, 9, 10, 12, 14, 15, 17, 20, 23, 25, 26, 28, 45)

INTENSITIES = tuple(f"AU{unit:02}_r" for unit in _INTENSITIES)  # from 0 to 5
PRESENCES = tuple(f"AU{unit:02}_c" for unit in _PRESENCES)  # 0 or 1
COLUMNS = (*INTENSITIES, *PRESENCES)

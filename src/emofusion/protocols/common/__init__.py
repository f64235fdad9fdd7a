"""Functions that protocols share: make the split, check speakers, draw validation actors."""

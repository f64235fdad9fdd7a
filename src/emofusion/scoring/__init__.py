"""From experiment to use: a fused model that scores recordings without labels, folds and actors."""

"""The protocols: each decides which clips are training, validation and test clips in each fold."""

"""The protocols: each kind decides who trains, who validates and who tests, in which fold."""

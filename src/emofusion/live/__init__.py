"""A model that watches and listens: sound and frames come from a browser, and posteriors go back at once."""

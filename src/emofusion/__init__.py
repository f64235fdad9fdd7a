"""emofusion: experiments in multimodal emotion recognition, as a plan of content-addressed stages."""

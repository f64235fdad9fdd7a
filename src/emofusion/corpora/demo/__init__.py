"""Corpora that are generated for the demo: small, in the native layouts of KDEF, SAVEE and RAVDESS, and honest.

People differ, emotions overlap, and voices and faces are mistaken for different emotions: `acting` says by how much.
"""

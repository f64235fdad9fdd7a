"""Faces in pictures: where they are, which of them counts, a cut-out of it, and its 68 landmarks.

dlib finds faces and landmarks. It is an optional library, and is imported only where a setting asks for it.
"""

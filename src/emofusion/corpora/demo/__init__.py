"""Small corpora that are generated for the demo, in the layouts of KDEF, SAVEE and RAVDESS.

People differ, emotions overlap, and voices and faces are confused with different emotions. `acting` has the amounts.
"""

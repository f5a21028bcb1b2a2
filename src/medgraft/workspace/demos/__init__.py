"""The whole line on synthetic patients, for who has none.

Enters: an empty folder. Leaves: projects with studies or curves, and their reports. Must not know: anything that
a user could not do by hand.
"""

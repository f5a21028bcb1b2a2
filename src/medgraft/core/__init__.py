"""The words every room uses: errors, geometry in millimetres, the values that pass between rooms, digests, seeds.

Enters: nothing. Leaves: frozen values. Must not know: torch, pydicom, files' formats, any other room.
"""

"""Labels of a project: by hand, from files, beside what came with the images; every one is an event.

Enters: a reader's keystrokes, CSV files, labels found at import. Leaves: events in the label store, what is left to do.
Must not know: rounds of blinded reading, studies.
"""

"""The command line: one file per command, each a thin call of one workspace verb.

Enters: arguments. Leaves: tables for people or one JSON document for programs on stdout, progress and messages on
stderr, an exit code. Must not know: how anything is done. Heavy rooms are imported inside the commands, so that help
and completion answer at once.
"""

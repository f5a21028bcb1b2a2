"""Options that say what the codes of a source's masks mean, such as --mask-codes 1=pool,2=myocardium."""

import typer

from medgraft.cli.pairs import read_pairs


def read_mask_codes(option: str, text: str | None) -> dict[int, int] | None:
    """The codes of `core.task.MASK_CODES` by a source's own; None where nothing was said.

    Raises `typer.BadParameter` for a text that is no such list, `InputError` for a class that medgraft does not know.
    """
    if not text:
        return None
    classes = read_pairs(option, text.split(","), "1=pool,2=myocardium")
    if not all(code.isdecimal() for code in classes):
        raise typer.BadParameter(f"Expected {option} CODE=CLASS,... with whole numbers, got {text!r}.")
    from medgraft.workspace import mask_codes_of

    return mask_codes_of({int(code): name for code, name in classes.items()})

"""Words of foreign images and packages are shown, and nothing that a terminal would obey."""

import pytest

from medgraft.cli.output import write_line, write_message, write_table

FOREIGN = "P1\x1b]0;owned\x07\x1b[2J\x9b2J\r :heart: [/] [red]x \udcff Müller 心臓"
SHOWN = r"P1\x1b]0;owned\x07\x1b[2J\x9b2J\r :heart: [/] [red]x \udcff Müller 心臓"


def test_tables_lines_and_messages_show_it_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    write_table((FOREIGN, "n"), [(FOREIGN, 1)])
    write_line(FOREIGN)
    write_message(FOREIGN, heading="[bold red]error:[/] ")
    said = capsys.readouterr()
    heading, row, line = (part.rstrip() for part in said.out.splitlines())
    assert heading.startswith(SHOWN)
    assert row.startswith(SHOWN)
    assert line == SHOWN
    assert said.err == f"error: {SHOWN}\n"

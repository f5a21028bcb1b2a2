"""A `medgraft` that starts at once: a process that has imported everything forks for each command.

Importing takes seconds, and the pages of the documentation have hundreds of commands. Each still is a process of its
own, with its own arguments, folder, environment, streams and exit code.
"""

import atexit
import gc
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import NoReturn

#: What stands for the program: it hands its streams to the process that forks, and leaves with the code it is told.
_CLIENT = """
import json, os, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({door!r})
asked = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
socket.send_fds(link, [len(asked).to_bytes(8, "big")], [0, 1, 2])
link.sendall(asked)
sys.exit(int(link.recv(8) or 137))
"""


@contextmanager
def warm_program(folder: Path) -> Iterator[Path]:
    """A folder to put first in PATH, where `medgraft` is; `folder` must be short enough for the name of a socket."""
    door, client, program = (folder / name for name in ("door", "client.py", "medgraft"))
    client.write_text(_CLIENT.format(door=str(door)))
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{client}" "$@"\n')
    program.chmod(0o755)
    with subprocess.Popen([sys.executable, __file__, str(door)], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"open\n"
        try:
            yield folder
        finally:
            server.terminate()


def _serve(door: str) -> None:
    """Fork for each that knocks; returns in the process that is to be its command."""
    workspace = import_module("medgraft.workspace")
    for module in pkgutil.walk_packages(workspace.__path__, "medgraft.workspace."):
        import_module(module.name)
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(door)
        listening.listen()
        os.write(sys.stdout.fileno(), b"open\n")
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how those ended that wait for commands
        while True:
            link, _ = listening.accept()
            if not os.fork():
                break
            link.close()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _become_command(link)


def _become_command(link: socket.socket) -> None:
    """Returns in a process with the arguments, folder, environment and streams that were sent; tells how it ended."""
    head, streams, _, _ = socket.recv_fds(link, 8, 3)
    with link.makefile("rb") as sent:
        arguments, folder, environment = json.loads(sent.read(int.from_bytes(head, "big")))
    if command := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(command, 0)[1])
        link.sendall(str(code if code >= 0 else 128 - code).encode())
        os._exit(0)
    link.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv[:] = ["medgraft", *arguments]


def _run_command() -> NoReturn:
    """Run the program and end, without freeing what was imported: a forked process would copy all of it for that."""
    from medgraft.cli.main import main

    try:
        main()
    except SystemExit as end:
        code = int(end.code or 0)
    else:
        code = 0
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _serve(sys.argv[1])
    _run_command()

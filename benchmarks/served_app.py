"""Served app: `medgraft app` in a process of its own, and a headless Chromium that opens it."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

from playwright.sync_api import Page, sync_playwright

from medgraft.workspace import Project

_FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")


@contextmanager
def serving(project: Project) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve a project: the link that signs in, and the process."""
    program = "from medgraft.cli.main import main; main()"
    command = [sys.executable, "-c", program, "app", "-P", str(project.root), "--port", "0", "--no-browser"]
    began = monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        link = re.findall(r"http://\S+", process.stdout.readline())[0]
        sys.stderr.write(f"serving after {monotonic() - began:.1f} s\n")
        try:
            yield link, process
        finally:
            process.terminate()


@contextmanager
def browsing(script: str) -> Iterator[Page]:
    """An empty page in which a script runs before each page's own."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(_FLAGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(script)
        yield page
        browser.close()

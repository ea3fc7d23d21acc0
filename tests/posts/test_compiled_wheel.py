"""The wheel of `make wheel-compiled` parses as the pure code does."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from paths import KIT, ROOT

PYTHON_HEADER = Path(sysconfig.get_path("include"), "Python.h")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not (shutil.which("cc") and PYTHON_HEADER.exists()),
        reason="no C compiler: apt-get install gcc python3-dev",
    ),
]


@pytest.fixture(scope="module")
def compiled_code(tmp_path_factory):
    """Build the wheel without optimization by the C compiler, which takes half of the time, and return a folder with its content."""
    folder = tmp_path_factory.mktemp("wheel")
    compiler = folder / "cc"
    compiler.write_text('#!/bin/sh\nexec cc "$@" -O0\n')
    compiler.chmod(0o755)
    # the packages of .venv are there: `make install` would install them again after each change of pyproject.toml
    command = ["make", "-o", ".venv/installed", "wheel-compiled"]
    command += [f"WHEELS={folder}", f"BIN={Path(sys.executable).parent}"]
    subprocess.check_call(command, cwd=ROOT, env=os.environ | {"CC": str(compiler)})
    (wheel,) = folder.glob("*.whl")
    shutil.unpack_archive(wheel, folder / "code", "zip")
    return folder / "code"


def run_python(code, *arguments):
    """Return the output lines of Python with the code in a folder."""
    environment = os.environ | {"PYTHONPATH": str(code), "PYTHONHASHSEED": "0"}
    output = subprocess.check_output([sys.executable, *arguments], env=environment, cwd=code)
    return output.decode().splitlines()


def test_all_golden_cases_and_examples_give_the_same(compiled_code):
    pure, compiled = (run_python(code, KIT / "parse_everything.py") for code in (ROOT, compiled_code))
    assert len(pure) > 1000
    assert compiled == pure


def test_an_error_in_compiled_code_is_located(compiled_code):
    script = "from posts.boundary import catch_errors; from posts.html.blocks import join_row; print(catch_errors(join_row, [1], [0]).detail)"
    (detail,) = run_python(compiled_code, "-c", script)
    assert "(posts/html/blocks.py:" in detail
    assert detail.endswith(" join_row)")

"""What somebody hostile would write, a folder that shows whether it ran, and a reader of decks that knows our lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from rescircuit.errors import InputError
from rescircuit.spice import find_ngspice

CANARY = "canary"
BREAKS = (
    *("\n", "\r", "\r\n", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\x00", "\n\n", "\n+ "),
    *(" ", "\t", "\xa0", "\u200b", "\ufeff", "\x1b[2J", "\x9b", "\x7f", "\u202e", ";", "$ ", "//", "+", ""),
)
COMMANDS = (
    *("*#shell touch {0}", "\t*#shell touch {0}", "*#save all\n*#op\n*#write {0}", "*#echo > {0}", "*ng_script"),
    *(".control\nshell touch {0}\n.endc", ".control\npre_shell touch {0}\n.endc", ".control\necho > {0}\n.endc"),
    *(".control\nset x=`touch {0}`\n.endc", ".control\nop\nwrite {0}\n.endc", ".control\nop\nwrdata {0} v(a)\n.endc"),
    *(".control\nsource evil.inc\n.endc", ".include evil.inc", ".lib evil.lib tt", ".exec touch {0}"),
    *(".csparam x={{1}}\n.control\nshell touch {0}\n.endc", ".if (1)\n.control\nshell touch {0}\n.endc\n.endif"),
    *(".control\ncodemodel {0}\n.endc", ".control\nalias x shell touch {0}\nx\n.endc", ".end\n*#shell touch {0}"),
)
WORDS = (
    *("`touch {0}`", "$(touch {0})", "; touch {0}", "| touch {0}", "&& touch {0}", "> {0}", ">> {0}", "' > {0} '"),
    *('"{0}"', "'{0}'", "{{touch}}", "{{1+1}}", "$x", "$&x", "${{x}}", "..", "../{0}", "/{0}", "a/b", "a\\b", "~"),
    *("%s%n%x", "%00", "{{}}", "{{0}}", "a b", "a=b", "a,b", "a.b", "a;b", "a:b", "a#b", "a@b", "a-b", "a!b", "a[0]"),
    *("r.x_1.r_1", "v(a)", "i(v_in)", "@r_1[i]", "params:", "m=2", "uic", "dc", "temper", "time", "gnd", "GND", "all"),
    *("allv", "inoise_total", "sample_index", "V_SAMPLE_INDEX", "hertz", "00", "01", "-1", "1e3", "1k", "0x10", "+"),
    *("*", "*#", "* #shell touch {0}", "$", ".", ".end", ".ends", ".model", ".subckt x a", ".param x=1", ".options a"),
    *(".meas dc x find v(a) at=1", ".csparam x=1", ".global a", ".nodeset v(a)=1", ".ic v(a)=1", ".save all", ".op"),
    *("system('touch {0}')", "__import__('os').system('touch {0}')", "\N{KELVIN SIGN}1", "r\N{COMBINING ACUTE ACCENT}"),
    *("\N{CYRILLIC SMALL LETTER A}", "\N{FULLWIDTH LATIN SMALL LETTER A}", "\N{ARABIC-INDIC DIGIT THREE}", "a\u0663"),
    *("\N{SUPERSCRIPT TWO}", "\N{LATIN SMALL LETTER DOTLESS I}n", "\ud800", "\udcff", "\U000e0001", "\u2066a\u2069"),
    *("", " ", "x" * 65, "x" * 5_000, "r_" + "9" * 200, "nan", "inf", "1_000", "None", "rescircuit circuit"),
)


def _hostile_texts(canary: str) -> list[str]:
    """Each command behind each kind of line break, and all words; each once."""
    commands = [command.format(canary) for command in COMMANDS]
    broken = [f"a{between}{command}" for between in BREAKS for command in commands]
    words = [word.format(canary) for word in WORDS]
    inside = [f"a{between}b" for between in BREAKS[:-1]]
    return list(dict.fromkeys([*commands, *broken, *words, *inside]))


@pytest.fixture(scope="session")
def canary(tmp_path_factory):
    """The file that a hostile command makes where it runs."""
    return tmp_path_factory.mktemp("sentinel") / CANARY


@pytest.fixture(scope="session")
def hostile_texts(canary):
    """Texts of which each line, or each word, would do or mean something that it must not."""
    return _hostile_texts(str(canary))


@pytest.fixture(scope="session")
def raw_commands(canary):
    """The lines that do run where they get into a deck as they are."""
    silent = ("ng_script", ".exec", "codemodel")  # the first is for a title, the last has no such library
    return [each.format(canary) for each in COMMANDS if not any(word in each for word in silent)]


NAME = r"[A-Za-z_][A-Za-z0-9_]{0,63}"
NODE = rf"(?:0|[1-9][0-9]{{0,17}}|{NAME})"
NUMBER = r"-?(?:[0-9]+\.[0-9]+|[0-9](?:\.[0-9]+)?e[+-][0-9]{2})"
_FUNCTIONS = "abs|cos|cosh|exp|ln|max|min|pwr|sgn|sin|sinh|sqrt|tanh|u"
_TOKEN = rf"v\({NODE}(?:, ?{NODE})?\)|(?:{_FUNCTIONS})\(|temper\b|[0-9.]+(?:e[+-]?[0-9]+)?|[<>=]=|[-+*/^(),?:<> ]"
FORMULA = rf"(?:{_TOKEN})+"
_COEFFICIENTS = rf"(?: tc1={NUMBER})?(?: tc2={NUMBER})?"
_PAIRS = rf"(?: [a-z0-9_]+={NUMBER})*"
_LINES = (
    rf"r\w+ {NODE} {NODE} {NUMBER}{_COEFFICIENTS}",
    rf"c\w+ {NODE} {NODE} {NUMBER}(?: ic={NUMBER})?{_COEFFICIENTS}",
    rf"c\w+ {NODE} {NODE} q = '{FORMULA}'",
    rf"[vi]\w+ {NODE} {NODE} dc {NUMBER}",
    rf"v\w+ {NODE} {NODE} (?:sin|pwl)\({NUMBER}(?: {NUMBER})+\)",
    rf"b\w+ {NODE} {NODE} i = {FORMULA}",
    rf"b\w+ {NODE} {NODE} v = pwl\(v\(sample_index\)(?:, {NUMBER})+\)",
    rf"f\w+ {NODE} {NODE} {NAME} {NUMBER}",
    rf"m\w+ {NODE} {NODE} {NODE} {NODE} {NAME} w={NUMBER} l={NUMBER}",
    rf"x\w+(?: {NODE})+ {NAME}",
    rf"\.model {NAME} nmos \(level=1{_PAIRS}\)",
    rf"\.model {NAME} nmos \(level=14 version=4\.[0-9.]+(?: |{_PAIRS})\)",
    rf"\.subckt(?: {NAME})+",
    rf"\.ends {NAME}",
    rf"\.options(?: (?:reltol|vntol|abstol|gmin|tnom|temp)={NUMBER})+(?: method=gear)?",
    r"\.op",
    rf"\.dc(?: (?:v_sample_index|temp)(?: {NUMBER}){{3}})+",
    rf"\.tran(?: {NUMBER}){{4}}(?: uic)?",
    rf"\.save(?: [vi]\((?:{NAME}\.)*{NODE}\))+",
    r"\.end",
)
_LINE = re.compile("|".join(f"(?:{line})" for line in _LINES), re.ASCII | re.IGNORECASE)


def _check_well_formed(text: str) -> None:
    """Assert that a deck has no line but those of the shapes that we write."""
    lines = text.split("\n")
    assert lines.pop() == ""
    assert text.splitlines() == lines, "another kind of line break"
    assert all(map(str.isprintable, lines)), "a character that is not printable"
    assert lines[0] == "rescircuit circuit"
    assert lines[-1] == ".end"
    assert lines.count(".end") == 1
    joined: list[str] = []
    for k, line in enumerate(lines[1:], 1):
        if line.startswith("+ "):
            assert joined, line
            joined[-1] += line[1:]
        elif line.startswith("*"):
            assert re.match(r"\* [^ ]", line), line
        elif line:
            joined.append(line)
        else:
            assert lines[k - 1].startswith("* "), "a blank line that ends no comment"
    for line in joined:
        assert _LINE.fullmatch(line), line


@pytest.fixture(scope="session")
def check_well_formed():
    """A function that asserts of a deck's text that each of its lines is of a shape that we write."""
    return _check_well_formed


def _outcome(make) -> str | None:
    """The deck that `make` writes, or ``None`` where it refuses in one line; anything else fails."""
    try:
        text = make()
    except InputError as error:
        said = str(error)
        assert said.isprintable(), said
        return None
    _check_well_formed(text)
    return text


@pytest.fixture(scope="session")
def outcome():
    """A function: a deck that is well formed, or ``None`` for a refusal in one line."""
    return _outcome


class Watch:
    """What Python itself does beyond computing: processes started, code made from text, files opened to write."""

    _STARTS = ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork", "pty.spawn")
    _CODE = ("compile", "exec", "ctypes.dlopen")
    _FILES = ("os.mkdir", "os.remove", "os.rename", "os.link", "os.symlink", "shutil.rmtree")

    def __init__(self) -> None:
        self.on = False
        self.seen: list[tuple] = []

    def hook(self, event, arguments) -> None:
        if not self.on:
            return
        writes = event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+")
        if writes or event in self._STARTS or event in self._CODE or event in self._FILES:
            self.seen.append((event, *map(repr, arguments[:2])))

    @contextmanager
    def __call__(self):
        """Within it nothing of that may happen."""
        self.seen.clear()
        self.on = True
        try:
            yield
        finally:
            self.on = False
        assert not self.seen


@pytest.fixture(scope="session")
def nothing_runs():
    """A context in which Python starts no process, runs no text and writes no file."""
    watch = Watch()
    sys.addaudithook(watch.hook)
    return watch


class Sentinel:
    """Folders of which nothing may change: the current one, the home folder, that of temporary files, the canary's."""

    def __init__(self, folders) -> None:
        self.folders = folders
        self.before = self.entries()

    def entries(self) -> set[tuple[str, int]]:
        found = (path for folder in self.folders for path in folder.rglob("*"))
        return {(str(path), path.stat().st_mtime_ns) for path in found}

    def check(self) -> None:
        assert self.entries() == self.before


@pytest.fixture
def sentinel(tmp_path, canary, monkeypatch):
    """Home, current and temporary folder with names that a shell would trip over, and canaries in ``.spiceinit``."""
    folders = []
    for name in ("a home; touch x", "cwd 'with' \"quotes\" $(touch x) `touch x`", "tmp & dir\nof two lines"):
        folders.append(tmp_path / name)
        folders[-1].mkdir()
        (folders[-1] / ".spiceinit").write_text(f"shell touch {canary}\n", encoding="utf-8")
    home, cwd, temporary = folders
    (cwd / "evil.inc").write_text(f"*#shell touch {canary}\n", encoding="utf-8")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)  # it is read again
    monkeypatch.chdir(cwd)
    canary.unlink(missing_ok=True)
    return Sentinel([*folders, canary.parent])


@pytest.fixture
def run_raw(canary):
    """A function that hands a text to ngspice as it is, in the canary's folder; returns the files that came."""

    def run(text: str, *options: str, before: str = "") -> set[str]:
        folder = canary.parent
        (folder / "deck.cir").write_text(text, encoding="utf-8")
        for name, content in {"evil.inc": f"text\n*#shell touch {canary}\n", "evil.lib": _library(canary)}.items():
            (folder / name).write_text(content, encoding="utf-8")
        if before:
            (folder / ".spiceinit").write_text(before, encoding="utf-8")
        given = {path.name for path in folder.iterdir()}
        subprocess.run(
            [find_ngspice(), *options, "-b", "-r", "out.raw", "deck.cir"],
            cwd=folder,
            env={"HOME": str(folder), "PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
            check=False,
        )
        made = {path.name for path in folder.iterdir()} - given - {"out.raw"}
        for path in folder.iterdir():
            path.unlink()
        return made

    return run


def _library(canary: Path) -> str:
    return f".lib tt\n*#shell touch {canary}\n.endl\n"

"""Netlists that people bring: what cannot be read is one line, for every command, and nothing in it ever runs."""

from __future__ import annotations

import os

import pytest

COMMANDS = [("check",), ("simulate", "netlist")]
DIVIDER = "a divider\nV1 in 0 10\nR1 in out 1k\nR2 out gnd 3k\n"

HOSTILE = {
    "a control section": (f"{DIVIDER}.control\nshell touch ran\n.endc\n.end\n", "line 5: card must be one of"),
    "a comment that runs": (f"{DIVIDER}*#shell touch ran\n.end\n", "line 5 must be a comment that is no command"),
    "a script": ("*ng_script\nshell touch ran\nR1 a 0 1\n.end\n", "line 1 must be a title that is no command"),
    "back-ticks": (
        f"{DIVIDER}R3 out 0 `touch ran`\n.end\n",
        "line 5 must be names of letters, digits and underscores, and numbers, alone",
    ),
    "an include": (f"{DIVIDER}.include /etc/passwd\n.end\n", "line 5: card must be one of"),
    "a library": (f"{DIVIDER}.lib /etc/passwd tt\n.end\n", "line 5: card must be one of"),
    "a measurement": (
        f"{DIVIDER}.measure dc x param='1'\n.end\n",
        "line 5 must be names of letters, digits and underscores, and numbers, alone",
    ),
    "a redirection": (
        f"{DIVIDER}.print v(out) > ran\n.end\n",
        "line 5 must be names of letters, digits and underscores, and numbers, alone",
    ),
    "a shell behind .end": (f"{DIVIDER}.end\nshell touch ran\n", "line 6: shell must be left out behind .end"),
    "an expression": (
        f"{DIVIDER}R3 out 0 {{system('touch ran')}}\n.end\n",
        "line 5 must be names of letters, digits and underscores, and numbers, alone",
    ),
    "a behavioural source": (f"{DIVIDER}B1 out 0 i=v(in)\n.end\n", "line 5: element must be an R, C, V or I"),
    "a code model": (f"{DIVIDER}A1 in out filesrc\n.end\n", "line 5: element must be an R, C, V or I"),
    "a subcircuit": (f"{DIVIDER}X1 in out thing\n.end\n", "line 5: element must be an R, C, V or I"),
    "our title, and a shell": (
        "rescircuit circuit\nv_in in 0 dc 1.0\n.control\nshell touch ran\n.endc\n.end\n",
        "line 3: card must be one of the cards of our decks",
    ),
}

WRONG = {
    "nothing": ("", "netlist.cir must be a deck, got 'nothing'"),
    "a title alone": ("a title\n", "with at least one element behind its title"),
    "no end": (DIVIDER, "the deck must be ended by .end"),
    "no ground": ("t\nR1 a b 1k\nR2 a b 1k\n.end\n", "ground must be a node of the deck, called 0 or gnd"),
    "a name twice": (f"{DIVIDER}r2 in 0 1k\n.end\n", "line 5: r2 must be the name of one element, got 'that on line 4"),
    "a diode": (f"{DIVIDER}D1 in 0 d\n.end\n", "line 5: element must be an R, C, V or I, got 'D1 in 0 d'"),
    "a missing node": ("t\nR1 in 1k\n.end\n", "line 2: R1 must be of the form R1 node node resistance"),
    "4k7": ("t\nR1 a 0 4k7\n.end\n", "Write 4.7k for 4k7"),
    "1M": ("t\nR1 a 0 1M\n.end\n", "SPICE reads M as milli"),
    "a comma": ("t\nR1 a 0 1,5k\n.end\n", "line 2: R1 must be a number"),
    "not a number": ("t\nR1 a 0 nan\n.end\n", "line 2: R1 must be a number"),
    "beyond floats": ("t\nV1 a 0 1e999\n.end\n", "line 2: V1 must be of a magnitude that a float holds"),
    "no resistance": ("t\nR1 a 0 0\n.end\n", "line 2: resistance of R1 must be above 0 ohm"),
    "a negative one": ("t\nR1 a 0 -1k\n.end\n", "line 2: resistance of R1 must be above 0 ohm"),
    "a sine": ("t\nV1 a 0 sin(0 1 1k)\n.end\n", "Only constant sources are read;"),
    "a sweep of temperatures": (f"{DIVIDER}.dc temp 0 100 10\n.end\n", "line 5"),
    "a first line that is an element": ("V1 in 0 10\nR1 in 0 1k\n.end\n", "line 1 must be a title"),
    "a long line": (f"t\nR1 a 0 {'1' * 20_000}\n.end\n", "line 2 must be at most 10,000 characters long"),
    "a NUL": (f"{DIVIDER}\0\n.end\n", "line 5 must be text without control characters"),
    "an escape sequence": (f"{DIVIDER}* \x1b[2J\n.end\n", "line 5 must be text without control characters"),
}


@pytest.mark.parametrize(("text", "says"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_netlist_is_refused_and_does_nothing(refused, tmp_path, text, says):
    (tmp_path / "netlist.cir").write_text(text)
    line = refused("simulate", "netlist", "netlist.cir")  # which sees that no file appears
    assert says in line
    assert line.startswith("rescircuit: netlist.cir, line ")


@pytest.mark.parametrize(("text", "says"), WRONG.values(), ids=WRONG)
def test_a_netlist_that_cannot_be_read_is_one_line(refused, tmp_path, text, says):
    (tmp_path / "netlist.cir").write_text(text, encoding="utf-8")
    line = refused("check", "netlist.cir")
    assert says in line
    assert line.startswith("rescircuit: netlist.cir")


@pytest.mark.parametrize("card", [".tran 1n 1u", ".ac dec 10 1 1meg", ".backanno", ".dc V1 0 1 0.1"])
def test_analyses_are_ignored_and_a_byte_order_mark_too(run, tmp_path, card):
    (tmp_path / "netlist.cir").write_text(f"\ufeff{DIVIDER}{card}\n.end\n", encoding="utf-8")
    assert run("check", "netlist.cir") == (0, "no findings: 3 elements, 2 nodes besides ground.\n", "")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_what_is_no_file_of_text(refused, tmp_path, command):
    (tmp_path / "folder.cir").mkdir()
    (tmp_path / "binary.cir").write_bytes(bytes(range(256)))
    (tmp_path / "link.cir").symlink_to("nowhere.cir")
    os.mkfifo(tmp_path / "pipe.cir")
    assert "FILE must be a readable file, got 'none.cir'. No such file or directory." in refused(*command, "none.cir")
    assert "FILE must be a readable file, got 'folder.cir'. Is a directory." in refused(*command, "folder.cir")
    assert "FILE must be a readable file, got 'link.cir'. No such file" in refused(*command, "link.cir")
    assert "FILE must be a readable file, got 'pipe.cir'. It is not a regular" in refused(*command, "pipe.cir")
    assert "FILE must be a readable file" in refused(*command, f"{'x' * 300}.cir")
    assert "binary.cir, line 1 must be text" in refused(*command, "binary.cir")


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_another_suffix_is_no_netlist(refused, tmp_path, command):
    (tmp_path / "divider.txt").write_text(f"{DIVIDER}.end\n")
    line = refused(*command, "divider.txt")
    assert line.startswith("rescircuit: FILE must be ")
    assert "a netlist (.cir, .sp, .net, .spice)" in line


@pytest.mark.parametrize("suffix", [".cir", ".sp", ".net", ".SPICE"])
def test_the_suffixes_of_netlists(run, tmp_path, suffix):
    (tmp_path / f"divider{suffix}").write_bytes(f"{DIVIDER}.end\n".replace("\n", "\r\n").encode())
    assert run("check", f"divider{suffix}")[0] == 0

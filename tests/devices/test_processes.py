"""Processes: the ones that come along say what their files say, and a stranger's file gets one line."""

from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

import rescircuit as rc
from rescircuit.devices import list_processes

GOOD = """
name = "mine"
summary = "a process of my own"
nominals = "equal"
[resistor]
tolerance = "5%"
common = 0.1
mismatch = "10m"
source = "measured"
[switch]
kind = "nmos"
w_over_l = "1k"
v_gate = "1.2V"
vto = 0.3
kp = "150u"
lambda = 0.05
gamma = 0.5
phi = "650mV"
length = "65n"
r_off = "10megΩ"
"""
IDEAL = """
name = "plain"
summary = ""
[resistor]
source = ""
[switch]
kind = "ideal"
r_on = "50"
"""


@pytest.fixture
def write(tmp_path):
    """Write a process file, of text or bytes, and give its path."""

    def writer(content, name="mine.toml"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return writer


def refusal(path):
    """The error of a file: one line, without a trace of how it came about."""
    with pytest.raises(rc.InputError) as caught:
        rc.load_process(path)
    message = str(caught.value)
    assert "\n" not in message
    assert ".." not in message.replace("...", "")  # two sentences' ends
    assert not any(word in message for word in ("Traceback", "pydantic", "Error", "error"))
    assert caught.value.__cause__ is None
    return message


def test_two_processes_come_along():
    assert set(list_processes()) >= {"polysilicon", "thesis"}
    assert all(path.suffix == ".toml" for path in list_processes().values())


@pytest.mark.parametrize(
    ("name", "nominals", "tolerance", "common", "mismatch"),
    [
        ("thesis", "equal", 0.20, 0.0, 0.0),  # da Cunha 2023, section 6.1: independent ±20 %
        ("polysilicon", "geometric", 0.0, 0.20, 0.01),  # a die is off as a whole, neighbours match
    ],
)
def test_they_are_what_they_are_known_for(name, nominals, tolerance, common, mismatch):
    process = rc.load_process(name)
    assert process.nominals == nominals
    assert process.make_resistor(2e3) == rc.Resistor(nominal=2e3, tolerance=tolerance, common=common, mismatch=mismatch)
    assert process.make_switch() == rc.NMOS(w_over_l=10)  # the defaults are the generic 0.18 um values


@pytest.mark.parametrize("name", ["thesis", "polysilicon"])
def test_they_say_what_their_files_say(name):
    """Read by tomllib alone, with each text converted here by hand."""
    path = list_processes()[name]
    raw = tomllib.loads(path.read_text(encoding="utf-8"))
    process = rc.load_process(name)
    assert (process.name, process.summary, process.nominals) == (name, raw["summary"], raw["nominals"])
    for field in ("tolerance", "common", "mismatch"):
        text = raw["resistor"].get(field, "0%")
        assert getattr(process.resistor, field) == float(text.removesuffix("%")) / 100
    switch = process.make_switch()
    assert isinstance(switch, rc.NMOS)
    assert switch.w_over_l == raw["switch"]["w_over_l"]
    assert switch.lambda_ == raw["switch"]["lambda"]
    assert switch.gamma == raw["switch"]["gamma"]
    assert switch.kp == float(raw["switch"]["kp"].removesuffix("u") + "e-6")
    for field in ("v_gate", "vto", "phi"):
        assert getattr(switch, field) == float(raw["switch"][field].removesuffix("V"))
    assert raw["resistor"]["source"]
    assert raw["switch"]["source"]


def test_the_path_of_a_shipped_file_gives_the_same_process():
    assert rc.load_process(list_processes()["thesis"]) == rc.load_process("thesis")


def test_ones_own_process(write):
    process = rc.load_process(write(GOOD))
    assert process.nominals == "equal"
    assert process.make_resistor(1e3) == rc.Resistor(nominal=1e3, tolerance=0.05, common=0.1, mismatch=0.01)
    assert process.make_switch() == rc.NMOS(
        w_over_l=1e3, v_gate=1.2, vto=0.3, kp=150e-6, lambda_=0.05, gamma=0.5, phi=0.65, length=65e-9, r_off=10e6
    )


def test_an_ideal_switch_and_the_defaults(write):
    process = rc.load_process(str(write(IDEAL)))
    assert process.nominals == "geometric"
    assert process.make_switch() == rc.IdealSwitch(r_on=50.0)
    assert process.make_resistor(1e3) == rc.Resistor(nominal=1e3)


def test_a_transistor_left_bare_has_the_defaults_of_its_class(write):
    """They stand in two places, the class and the description of files, and must not drift apart."""
    bare = IDEAL.replace('"ideal"', '"nmos"').replace('r_on = "50"', "w_over_l = 10")
    assert rc.load_process(write(bare)).make_switch() == rc.NMOS(w_over_l=10)


def test_a_process_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        rc.load_process("thesis").name = "other"


# What is changed in GOOD, and the field and the reason that the error must name.
FAULTS = [
    ('tolerance = "5%"', 'tolerence = "5%"', "'resistor.tolerence'", "not permitted"),
    ('name = "mine"', 'name = "mine"\nowner = "me"', "'owner'", "not permitted"),
    ("lambda = 0.05", "lambda_ = 0.05", "'switch.lambda_'", "not permitted"),
    ("vto = 0.3", "vto = 0.3\nr_on = 5", "'switch.r_on'", "not permitted"),  # belongs to the other kind
    ('summary = "a process of my own"', "", "'summary'", "required"),
    ('source = "measured"', "", "'resistor.source'", "required"),
    ('kind = "nmos"', "", "'switch'", "kind"),
    ('w_over_l = "1k"', "", "'switch.w_over_l'", "required"),
    ('mismatch = "10m"', 'mismatch = "1M"', "'resistor.mismatch'", "write 1meg or 1m"),
    ('v_gate = "1.2V"', 'v_gate = "1.2ohm"', "'switch.v_gate'", "ohm is another unit"),
    ('r_off = "10megΩ"', 'r_off = "4k7"', "'switch.r_off'", "decimal point"),
    ('r_off = "10megΩ"', "r_off = inf", "'switch.r_off'", "got inf"),
    ("common = 0.1", "common = true", "'resistor.common'", "got True"),
    ("common = 0.1", "common = [0.1]", "'resistor.common'", "got [0.1]"),
    ("common = 0.1", "common = 1979-05-27", "'resistor.common'", "got datetime.date"),
    ("common = 0.1", "common = nan", "'resistor.common'", "got nan"),
    ("common = 0.1", f"common = 1{'0' * 400}", "'resistor.common'", "got 1000"),
    ('source = "measured"', "source = 5", "'resistor.source'", "valid string"),
    ('source = "measured"', f'source = "{"x" * 2001}"', "'resistor.source'", "2000 characters"),
    ('name = "mine"', 'name = "my process"', "'name'", "match pattern"),
    ('name = "mine"', 'name = "../mine"', "'name'", "match pattern"),
    ('name = "mine"', 'name = "mine\\n"', "'name'", "match pattern"),
    ('nominals = "equal"', 'nominals = "random"', "'nominals'", "'geometric' or 'equal'"),
    ('kind = "nmos"', 'kind = "pmos"', "'switch'", "'pmos'"),
    ('kind = "nmos"', 'kind = "two\\nlines"', "'switch'", "'two lines'"),
    ('tolerance = "5%"', "tolerance = 1.2", "tolerance must be", "below 1"),
    ('mismatch = "10m"', "mismatch = 20", "mismatch must be", "use tolerance"),
    ('v_gate = "1.2V"', 'v_gate = "0.2V"', "v_gate must be", "above the threshold"),
    ('w_over_l = "1k"', "w_over_l = 0", "w_over_l must be", "above 0"),
]


@pytest.mark.parametrize(("line", "fault", "field", "reason"), FAULTS)
def test_a_faulty_field_is_named_with_its_file(write, line, fault, field, reason):
    assert GOOD.count(line) == 1
    message = refusal(write(GOOD.replace(line, fault)))
    assert message.startswith("process mine.toml must be a valid description")
    assert field in message
    assert reason in message


def test_ranges_of_an_ideal_switch(write):
    assert "r_on must be a finite resistance of at least 0" in refusal(write(IDEAL.replace('"50"', "-1")))
    assert "r_off must be above r_on (50 ohm)" in refusal(write(IDEAL + "r_off = 5"))
    assert "'switch.w_over_l'" in refusal(write(IDEAL + "w_over_l = 5"))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not toml", "at line 1"),
        (b"name = 'a'\nname = 'b'", "Cannot overwrite a value"),
        (b"\xff\xfen\x00", "utf-8"),
        (b"x = " + b"[" * 100_000, ""),  # in the words of whichever Python runs
        (b"x = " + b"1" * 5000, "digits"),
        (b"x = 1979-99-99", "at line 1"),
    ],
)
def test_what_is_no_toml_says_so(write, content, says):
    message = refusal(write(content))
    assert message.startswith("process must be a TOML file, got '")
    assert "/mine.toml'. " in message
    assert says in message


def test_a_large_file_is_not_even_read(write, monkeypatch):
    path = write(b"#" * (2**20 + 1))
    monkeypatch.setattr(type(path), "read_text", lambda *_, **__: pytest.fail("read"))
    assert "a file of at most 1048576 bytes" in refusal(path)


def test_a_file_of_the_size_limit_is_read(write):
    assert rc.load_process(write(IDEAL + "#" * (2**20 - len(IDEAL)))).name == "plain"


@pytest.mark.parametrize("name", ["nonsense", "", "no/such/file.toml", "thesis.toml", "nul\0byte"])
def test_an_unknown_name_or_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    message = refusal(name)
    assert "\0" not in message
    assert "process must be" in message
    if "\0" not in name:
        assert "one of polysilicon, thesis, or the path of a readable TOML file" in message


def test_a_folder_is_no_process(tmp_path):
    assert "the path of a readable TOML file" in refusal(tmp_path)


def test_an_empty_file_lacks_a_name(write):
    assert refusal(write("")).endswith("'name'. Field required.")


@pytest.mark.parametrize("name", [None, 5, b"thesis", ["thesis"]])
def test_what_is_no_name_and_no_path_is_refused(name):
    with pytest.raises(rc.InputError, match="process must be one of polysilicon, thesis, or the path of a TOML file"):
        rc.load_process(name)

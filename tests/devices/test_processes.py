"""Processes: those that come along say what their files say, and a stranger's file gets one line, with its number."""

from __future__ import annotations

import pickle
import re
import textwrap
import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

import rescircuit as rc
from rescircuit.devices import (
    AntiFuse,
    Capacitor,
    CorrelatedField,
    Fuse,
    Geometry,
    Gradient,
    LogNormal,
    Memristor,
    Normal,
    Placement,
    ThresholdSelector,
    Truncated,
    Uniform,
    Variation,
    list_processes,
    processes,
)
from rescircuit.devices.faults import Faults
from rescircuit.devices.processes.toml_lines import toml_lines

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
source = "measured, too"
"""
IDEAL = """
name = "plain"
summary = ""
[resistor]
source = "none"
[switch]
kind = "ideal"
source = "a wire"
r_on = "50"
"""
LONG = textwrap.dedent((processes.__doc__ or "").partition(".. code-block:: toml")[2])
SHIPPED = ["diffusion", "n-well", "pcm", "polysilicon", "reram", "thesis", "thin-film"]
THESIS = [8593.401930374263, 8229.931544694378, 9515.384867986992]  # ohm
POLYSILICON = [10850.677413968378, 10563.60168473185, 10588.859319009222]
RESISTORS = ["diffusion", "n-well", "polysilicon", "thesis", "thin-film"]


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
    assert message.isprintable()
    told = re.sub(r"'[^']*'|programming_error|\.\.\.", "", message)  # without what the file says
    assert ".." not in told  # two sentences' ends
    assert not any(word in told for word in ("Traceback", "pydantic", "Error", "error", "None"))
    assert caught.value.__cause__ is None
    return message


def line_of(text, part):
    return text[: text.index(part)].count("\n") + 1


def test_these_processes_come_along():
    assert list(list_processes()) == SHIPPED
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
    varied = replace(process.make_resistor(2e3), tc1=0.0, tc1_mismatch=0.0, geometry=None)
    assert varied == rc.Resistor(nominal=2e3, tolerance=tolerance, common=common, mismatch=mismatch)
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


def test_chips_of_the_first_two_processes_stay_what_they_were():
    """Sampled before processes had anything but these three numbers."""
    thesis = rc.load_process("thesis").make_resistor(10e3).sample(3, seed=1)
    polysilicon = rc.load_process("polysilicon").make_resistor(10e3).sample(3, seed=1)
    assert thesis.tolist() == THESIS
    assert polysilicon.tolist() == POLYSILICON


@pytest.mark.parametrize("name", SHIPPED)
def test_each_section_of_a_shipped_file_has_a_source(name):
    raw = tomllib.loads(list_processes()[name].read_text(encoding="utf-8"))
    sections = [section for section in raw.values() if isinstance(section, dict)]
    tables = [*sections, *(raw.get("resistor", {}).get(part) for part in ("geometry", "variation"))]
    assert all(len(table["source"]) > 20 for table in tables if table)
    assert raw["name"] == name


@pytest.mark.parametrize("name", RESISTORS)
def test_the_resistors_of_a_shipped_process_are_sampled_within_what_it_says(name):
    process = rc.load_process(name)
    resistor, raw = process.make_resistor(20e3), process.resistor
    chips = np.array([resistor.sample(400, seed=5, chip=chip) for chip in range(60)]) / 20e3
    shared = raw.common if raw.variation is None else raw.variation.die.half_width
    assert abs(chips.mean(axis=1) - 1).max() < shared + 3 * raw.tolerance / 30
    # Within a chip: the uniform tolerance, the mismatch, and Pelgrom's law at the resistor's area.
    local = raw.tolerance**2 / 3 + raw.mismatch**2
    if raw.variation is not None:
        local += raw.variation.matching**2 / (2 * resistor.area(np.array(20e3)))
    assert (chips.std(axis=1) / chips.mean(axis=1)).mean() == pytest.approx(np.sqrt(local), rel=0.02)


@pytest.mark.parametrize("name", RESISTORS)
def test_a_bank_of_a_shipped_process_is_programmed_and_warmed(name):
    process = rc.load_process(name)
    bank = rc.Bank.sample(
        process.make_resistor(20e3), n=10, seed=1, switch=process.make_switch(), nominals=process.nominals
    )
    setting = bank.program(0.4 * bank.full_scale)
    assert abs(setting.error) < 0.02 * bank.full_scale
    assert bank.at(temperature=125.0).conductance(setting.mask) > 0


@pytest.mark.parametrize("name", ["reram", "pcm"])
def test_the_memories_make_memristors_and_no_resistors(name):
    process = rc.load_process(name)
    assert process.make_memristor().g_max == {"reram": 40e-6, "pcm": 25e-6}[name]
    with pytest.raises(rc.InputError, match=rf"process must be one with resistors, got '{name}'\. It has memristors\."):
        process.make_resistor(1e3)
    with pytest.raises(rc.InputError, match="process must be one with capacitors"):
        process.make_capacitor(1e-12)


def test_a_process_without_memristors_says_so():
    with pytest.raises(rc.InputError, match=r"process must be one with memristors, got 'thesis'\. It has resistors\."):
        rc.load_process("thesis").make_memristor()


def test_the_spreads_of_the_memories_are_those_of_their_sources():
    """Nandakumar et al. 2019 and Wan et al. 2022 as IBM's aihwkit fits them, in parts of the largest conductance."""
    g = np.linspace(0.2, 1, 81)
    pcm = rc.load_process("pcm").make_memristor()
    written = (0.26348 + 1.9650 * g - 1.1731 * g**2) / 25
    read = 0.0088 / g**0.65 * np.sqrt(np.log((20 + 250e-9) / (2 * 250e-9)))
    assert np.abs(pcm.spread("programming_error", g * 25e-6) / written - 1).max() < 1 / 3
    assert np.abs(pcm.spread("read_noise", g * 25e-6) / read - 1).max() < 1 / 3
    reram, g = rc.load_process("reram").make_memristor(), np.linspace(1 / 40, 1, 1000)
    written = np.polyval([-16.815, 45.393, -43.853, 16.030, 0.348], g) / 40
    assert reram.programming_error[0] == pytest.approx(np.sqrt((written**2).mean()), abs=5e-4)


def test_the_path_of_a_shipped_file_gives_the_same_process():
    assert rc.load_process(list_processes()["n-well"]) == rc.load_process("n-well")


def test_a_process_goes_to_other_workers():
    process = rc.load_process("diffusion")
    assert pickle.loads(pickle.dumps(process)) == process  # noqa: S301 - our own


def test_ones_own_process(write):
    process = rc.load_process(write(GOOD))
    assert process.nominals == "equal"
    assert process.make_resistor(1e3) == rc.Resistor(nominal=1e3, tolerance=0.05, common=0.1, mismatch=0.01)
    assert process.make_switch() == rc.NMOS(
        w_over_l=1e3, v_gate=1.2, vto=0.3, kp=150e-6, lambda_=0.05, gamma=0.5, phi=0.65, length=65e-9, r_off=10e6
    )
    assert process.faults == Faults()


def test_the_long_form_that_the_documentation_shows(write):
    process = rc.load_process(write(LONG))
    resistor = process.make_resistor(10e3)
    assert resistor.variation == Variation(
        lot=LogNormal(sigma=0.04),
        wafer=Normal(sigma=0.02),
        die=Truncated(law=Normal(sigma=0.05), within=0.1),
        local=Uniform(half_width=0.01),
        matching=2e-8,
        gradient=Gradient(linear=(5.0, 0.0), quadratic_spread=100.0),
        field=CorrelatedField(spread=0.003, length=1e-3),
    )
    assert resistor.geometry == Geometry(sheet_resistance=350.0, width=2e-6)
    assert (resistor.tc1, resistor.tc1_mismatch, resistor.vc2, resistor.drift) == (-250e-6, 5e-6, 10e-6, 1e-3)
    assert process.make_capacitor(1e-12) == Capacitor(nominal=1e-12, density=1e-3, common=0.15)
    assert process.make_memristor() == Memristor(g_min=1e-6, g_max=40e-6, programming_error=(0.01, 0.04))
    assert process.make_switch() == Fuse(r_on=200.0, r_off=1e6)
    assert process.faults == Faults(stuck_open=0.001)
    placement = Placement(columns=10, pitch_x=1e-5, pitch_y=1e-5)
    sampled = resistor.sample(100, seed=1, placement=placement)
    assert np.array_equal(sampled[60:], resistor.sample(40, seed=1, start=60, placement=placement))


def test_the_short_form_is_the_long_one_in_short(write):
    """Both name the same chips, bit by bit."""
    short = '[resistor]\ntolerance = "5%"\ncommon = 0.1\nmismatch = "10m"\nsource = "measured"\n'
    laws = 'die = { law = "uniform", half_width = 0.1 }\nlocal = { law = "uniform", half_width = "5%" }\n'
    long = f'[resistor]\nsource = "measured"\n[resistor.variation]\n{laws}mismatch = 0.01\n'
    assert short in GOOD
    first, second = (rc.load_process(write(text)) for text in (GOOD, GOOD.replace(short, long)))
    samples = [process.make_resistor(1e3).sample(50, seed=3, chip=7) for process in (first, second)]
    assert samples[0].tolist() == samples[1].tolist()


@pytest.mark.parametrize(
    ("lines", "switch"),
    [
        (
            'kind = "antifuse"\nr_on = 100\nr_off = "1G"\nr_on_spread = 0.1',
            AntiFuse(r_on=100.0, r_off=1e9, r_on_spread=0.1),
        ),
        (
            'kind = "threshold"\nv_threshold = "0.6V"\nv_hold = "50mV"\nr_off = "1G"',
            ThresholdSelector(v_threshold=0.6, v_hold=0.05, r_off=1e9),
        ),
        (
            'kind = "nmos"\nw_over_l = 5\nside = "driven"\nvto_matching = "5mV um"\nkp_matching = "1% um"',
            rc.NMOS(w_over_l=5, side="driven", vto_matching=5e-9, kp_matching=1e-8),
        ),
        (
            'kind = "nmos"\nw_over_l = 5\ntemperature = "85 °C"\ni_threshold = "100nA"\nvto_common = "20mV"',
            rc.NMOS(w_over_l=5, temperature=85.0, i_threshold=1e-7, vto_common=0.02),
        ),
        ('kind = "ideal"\nr_on = 5\narea = "2 um2"', rc.IdealSwitch(r_on=5.0, area=2e-12)),
    ],
)
def test_kinds_of_switches(write, lines, switch):
    assert (
        rc.load_process(write(IDEAL.replace('kind = "ideal"', lines).replace('r_on = "50"', ""))).make_switch()
        == switch
    )


def test_an_ideal_switch_and_the_defaults(write):
    process = rc.load_process(str(write(IDEAL)))
    assert process.nominals == "geometric"
    assert process.make_switch() == rc.IdealSwitch(r_on=50.0)
    assert process.make_resistor(1e3) == rc.Resistor(nominal=1e3)


def test_a_transistor_left_bare_has_the_defaults_of_its_class(write):
    bare = IDEAL.replace('"ideal"', '"nmos"').replace('r_on = "50"', "w_over_l = 10")
    assert rc.load_process(write(bare)).make_switch() == rc.NMOS(w_over_l=10)


def test_a_law_from_measured_values_beside_the_file(write, tmp_path):
    (tmp_path / "measured").mkdir()
    (tmp_path / "measured" / "lot.csv").write_text("place,R\nleft,90\nmiddle,100\nright,130\n")
    law = 'local = { law = "empirical", file = "measured/lot.csv", column = "R" }'
    process = rc.load_process(write(IDEAL.replace("[switch]", f"[resistor.variation]\n{law}\n[switch]")))
    assert set(process.make_resistor(1e3).sample(100, seed=1).round(6)) == {900.0, 1000.0, 1300.0}


def test_a_process_is_frozen():
    with pytest.raises(ValidationError, match="frozen"):
        rc.load_process("thesis").name = "other"


# What is changed in GOOD: the line it stands on follows; and how the sentence goes on behind the line's number.
FAULTS = [
    (
        'tolerance = "5%"',
        'tolerence = "5%"',
        "tolerence must be one of tolerance, common, mismatch, variation, tc1, tc2",
    ),
    ('tolerance = "5%"', 'tolerence = "5%"', "got 'tolerence'. Did you mean tolerance?"),
    (
        'name = "mine"',
        'owner = "me"\nname = "mine"',
        "owner must be one of name, summary, nominals, resistor, capacitor",
    ),
    ('name = "mine"', '"o\\u001bner" = "me"\nname = "mine"', r"'o\x1bner' must be one of name"),
    ("lambda = 0.05", "lambda_ = 0.05", "got 'lambda_'. Did you mean lambda?"),
    ("vto = 0.3", "r_on = 5\nvto = 0.3", "r_on must be one of kind, w_over_l, v_gate, vto"),  # of another kind
    ("[switch]", "[swich]", "swich must be one of name, summary, nominals"),
    ("[switch]", "[swich]", "Did you mean switch?"),
    (
        'kind = "nmos"',
        'kind = "pmos"',
        "kind must be one of 'nmos', 'ideal', 'fuse', 'antifuse', 'threshold', 'bsim4', got 'pmos'",
    ),
    ('kind = "nmos"', 'kind = "two\\nlines"', r"got 'two\nlines'"),
    ('kind = "nmos"', 'kind = ["nmos"]', "got ['nmos']"),
    ('mismatch = "10m"', 'mismatch = "1M"', "mismatch must be a number, such as 0.2, 20% or 10k, got '1M'. M is milli"),
    (
        'mismatch = "10m"',
        'mismatch = "30%"',
        "mismatch must be a relative variation of at least 0 and below 0.1, such as",
    ),
    ('mismatch = "10m"', 'mismatch = "30%"', "0.01, got '30%'. For more independent variation, use tolerance."),
    (
        'v_gate = "1.2V"',
        'v_gate = "1.2ohm"',
        "v_gate must be a quantity in V, such as 0.5V, got '1.2ohm'. ohm is another",
    ),
    ('r_off = "10megΩ"', 'r_off = "4k7"', "SPICE would drop the digits"),
    ('r_off = "10megΩ"', "r_off = inf", "r_off must be a quantity in ohm, such as 10k or 4.7k, got inf"),
    (
        'length = "65n"',
        'length = "1m"',
        "length must be a quantity in m, such as 1um, got '1m'. m is a metre or a milli",
    ),
    ("common = 0.1", "common = true", "common must be a number, such as 0.2, 20% or 10k, got True"),
    ("common = 0.1", "common = [0.1]", "got [0.1]"),
    ("common = 0.1", "common = {a = 0.1}", "got {'a': 0.1}"),
    ("common = 0.1", "common = 1979-05-27", "got datetime.date"),
    ("common = 0.1", "common = nan", "got nan"),
    ("common = 0.1", f"common = 1{'0' * 400}", "got 1000"),
    ('source = "measured"', "source = 5", "source must be text in quotes, got 5"),
    ('source = "measured"', 'source = ""', "source must be text that says something, got ''"),
    ('source = "measured"', f'source = "{"x" * 2001}"', "source must be text of at most 2000 characters, got 'xxx"),
    ('source = "measured, too"', 'source = " "', "source must be given: where the figures of [switch] come from"),
    (
        'name = "mine"',
        'name = "my process"',
        "name must be a letter, then at most 63 letters, digits, - or _, got 'my pro",
    ),
    ('name = "mine"', 'name = "../mine"', "got '../mine'"),
    ('name = "mine"', 'name = "mine\\n"', r"got 'mine\n'"),
    ('nominals = "equal"', 'nominals = "random"', "nominals must be 'geometric' or 'equal', got 'random'"),
    (
        'tolerance = "5%"',
        "tolerance = 1.2",
        "tolerance must be a relative variation of at least 0 and below 1, such as 0.1,",
    ),
    ('v_gate = "1.2V"', 'v_gate = "0.2V"', "v_gate must be above the threshold vto (0.3 V), got '0.2V'"),
    ('w_over_l = "1k"', "w_over_l = 0", "w_over_l must be a finite number above 0, got 0"),
    ("gamma = 0.5", 'side = "left"', "side must be 'ground' or 'driven', got 'left'"),
    ("lambda = 0.05", "lambda = -1", "lambda must be a finite number of at least 0 (1/V), got -1"),
]


@pytest.mark.parametrize(("line", "fault", "says"), FAULTS)
def test_a_faulty_field_is_named_with_its_file_and_its_line(write, line, fault, says):
    assert GOOD.count(line) == 1
    message = refusal(write(GOOD.replace(line, fault)))
    assert message.startswith(f"process mine.toml, line {line_of(GOOD, line)}: ")
    assert says in message


# What is taken out of a file, and the line of the section that lacks it.
MISSING = [
    (GOOD, 'summary = "a process of my own"', 1, "summary must be given, got nothing"),
    (GOOD, 'source = "measured"', 5, "source must be given in [resistor], got nothing"),
    (GOOD, 'kind = "nmos"', 10, "kind must be given in [switch], got nothing"),
    (GOOD, 'w_over_l = "1k"', 10, "w_over_l must be given in [switch], got nothing"),
    (GOOD, 'source = "measured, too"', 10, "source must be given: where the figures of [switch] come from"),
]


@pytest.mark.parametrize(("text", "line", "number", "says"), MISSING)
def test_what_is_missing_is_asked_for_at_its_section(write, text, line, number, says):
    assert text.count(line) == 1
    assert refusal(write(text.replace(line, ""))).startswith(f"process mine.toml, line {number}: {says}")


# What is changed in the long form, and how the sentence goes on behind the line's number.
DEEP_FAULTS = [
    ('sigma = "4%"', 'sigma = "4x"', "lot.sigma must be a number"),
    (
        'sigma = "2%"',
        'sigma = "40%"',
        "wafer.sigma must be a relative standard deviation of at least 0 and at most 0.12",
    ),
    ('sigma = "2%"', 'sigm = "2%"', "wafer.sigm must be one of law, sigma, got 'sigm'. Did you mean sigma?"),
    ('law = "normal", sigma = "5%"', 'sigma = "5%"', "die.of.law must be given in [resistor.variation.die.of]"),
    (
        'law = "normal", sigma = "5%"',
        'law = "gaussian"',
        "die.of.law must be one of 'uniform', 'normal', 'lognormal', '",
    ),
    ('within = "10%"', "within = 2", "die.within must be a relative deviation above 0 and below 1"),
    ('matching = "2% um"', 'matching = "2% m"', "matching must be a quantity such as 2% um, got '2% m'"),
    ('matching = "2% um"', "matching = 2", "matching must be Pelgrom's coefficient"),
    ('matching = "2% um"', "dies_per_wafer = 0", "dies_per_wafer must be a whole number of at least 1, got 0"),
    ('["0.5%/mm", 0]', '["0.5%/mm"]', "gradient.linear[1] must be given, got nothing"),
    ('["0.5%/mm", 0]', '["0.5%/mm", "x"]', "gradient.linear[1] must be a quantity such as 0.1%/mm, got 'x'"),
    ('["0.5%/mm", 0]', '["0.5% mm", 0]', "gradient.linear[0] must be a quantity such as 0.1%/mm, got '0.5% mm'"),
    ('["0.5%/mm", 0]', "[1, 2, 3]", "gradient.linear must be an array of 2, got [1, 2, 3]"),
    ('["0.5%/mm", 0]', "5", "gradient.linear must be an array, got 5"),
    ('length = "1mm"', "length = 0", "field.length must be a correlation length"),
    ('vc2 = "10ppm"', "vc2 = -1", "vc2 must be small enough for a current that rises with the voltage"),
    (
        'tc1 = "-250ppm"',
        'tc1 = "-250ppm/K"',
        "tc1 must be a number, such as 0.2, 20% or 10k, got '-250ppm/K'. Leave out",
    ),
    ('width = "2um"', "width = -2", "width must be a finite number above 0 (m), got -2"),
    ("[resistor.geometry]", "[resistor.geometri]", "geometri must be one of tolerance"),
    ("[resistor.geometry]", "[capacitor.x]", "x must be one of tolerance"),
    (
        'programming_error = ["1%", "4%"]',
        "programming_error = [0, 1, 2]",
        "programming_error must be one number from 0",
    ),
    ('programming_error = ["1%", "4%"]', "levels = 2.5", "levels must be a whole number of at least 1, got 2.5"),
    (
        'programming_error = ["1%", "4%"]',
        'endurance = "lots"',
        "endurance must be a number, such as 0.2, 20% or 10k, got",
    ),
    ('g_max = "40uS"', 'g_max = "0.4uS"', "g_max must be above g_min, 1e-06 S, got '0.4uS'"),
    ('density = "1 fF/um2"', 'density = "1 fF/um"', "density must be a quantity such as 1fF/um2, got '1 fF/um'"),
    ('r_off = "1meg"', "r_off = 100", "r_off must be above r_on (200 ohm)"),
    ('stuck_open = "0.1%"', "stuck_open = 2", "stuck_open must be a probability from 0 to 1, got 2"),
    ("[faults] ", "[[faults]] ", "faults must be a table, got [{"),
    ("[resistor]  ", "[resistor]\nmismatch = 0.01", "mismatch must be left out where variation says it all, got 0.01"),
]


@pytest.mark.parametrize(("part", "fault", "says"), DEEP_FAULTS)
def test_a_fault_in_the_long_form_has_its_line(write, part, fault, says):
    assert LONG.count(part) == 1
    changed = LONG.replace(part, fault)
    line = line_of(LONG, part) + fault.count("\n")
    assert refusal(write(changed)).startswith(f"process mine.toml, line {line}: {says}")


def test_matching_by_area_needs_an_area(write):
    text = IDEAL.replace("[switch]", '[resistor.variation]\nmatching = "2% um"\n[switch]')
    assert refusal(write(text)).startswith(
        "process mine.toml, line 7: matching must be left out where the file does not"
    )


def test_a_process_makes_something(write):
    text = IDEAL.replace('[resistor]\nsource = "none"\n', "")
    assert "line 1: resistor must be there, or a section [capacitor] or [memristor]" in refusal(write(text))


@pytest.mark.parametrize(
    ("law", "content", "says"),
    [
        ('file = "no.csv"', "", "local.file must be a readable text file, got 'no.csv'. No such file"),
        ('file = "lot.csv"', "1\n2\nx\n", "lot.csv, line 3 must be a finite number above 0, got 'x'"),
        ('file = "lot.csv"', "", "lot.csv must be numbers, at least one, got 'an empty file'"),
        (
            'file = "lot.csv", column = "G"',
            "R\n1\n",
            "local.column must be the name of one column of lot.csv (R), got 'G'",
        ),
        ('file = "lot.csv", column = -1', "R\n1\n", "local.column must be "),
        (
            'file = "../lot.csv"',
            "",
            "local.file must be the name of a CSV file in the folder of the process file or below",
        ),
        ('file = "a/../../lot.csv"', "", "local.file must be the name of a CSV file"),
        ('file = "/etc/passwd"', "", "local.file must be the name of a CSV file"),
        ('file = "..\\\\lot.csv"', "", "local.file must be the name of a CSV file"),
        ('file = "out.csv"', "", "local.file must be the name of a CSV file"),  # a link that leads out
        ('file = "circle.csv"', "", "local.file must be"),
        ('file = "a\\u0000b"', "", "local.file must be the name of a CSV file"),
        ("file = 5", "", "local.file must be the name of a CSV file"),
    ],
)
def test_measured_values_that_are_not_there_or_not_numbers(write, tmp_path, law, content, says):
    (tmp_path / "lot.csv").write_text(content)
    (tmp_path / "out.csv").symlink_to("/etc/passwd")
    (tmp_path / "circle.csv").symlink_to(tmp_path / "circle.csv")
    text = IDEAL.replace("[switch]", f'[resistor.variation]\nlocal = {{ law = "empirical", {law} }}\n[switch]')
    assert refusal(write(text)).startswith(f"process mine.toml, line 7: {says}")


FOUNDRY = IDEAL.replace(
    'kind = "ideal"', 'kind = "bsim4"\ncard = "nmos.mod"\nwidth = "2um"\nlength = "180nm"\nv_gate = 1.5'
).replace('r_on = "50"', "")
CARD = ".model n nmos level=14 version=4.5\n+ toxe=3n vth0=0.4\n"


def test_a_card_beside_the_file(write, tmp_path):
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "nmos.mod").write_text(CARD)
    process = rc.load_process(write(FOUNDRY.replace("nmos.mod", "cards/nmos.mod")))
    switch = process.make_switch()
    assert switch == rc.BSIM4Switch(card=rc.BSIM4Card.parse(CARD), width=2e-6, length=180e-9, v_gate=1.5)
    bank = rc.Bank.sample(process.make_resistor(1e4), n=4, seed=1, switch=switch)
    with pytest.raises(rc.InputError, match="characterise"):
        bank.program(1e-4)
    assert ".model switch nmos (level=14 version=4.5 toxe=3e-09" in rc.deck(bank).text


# What is changed in the card or in the file that names it, and how the sentence goes on.
CARD_FAULTS = [
    (("vth0=0.4", "vth0=zero"), ("", ""), 6, "card nmos.mod, line 2 must be a number for vth0"),
    (("vth0=0.4", "vtho=0.4"), ("", ""), 6, "card nmos.mod, line 2 must be a parameter of BSIM4 that ngspice 39 knows"),
    (("+ toxe", ".include x\n+ toxe"), ("", ""), 6, "card nmos.mod, line 2 must be a line that continues the card"),
    (("level=14", "level=1"), ("", ""), 6, "card nmos.mod must be of level 14 or 54, which are BSIM4, got 'another"),
    (("version=4.5", "version=3.1"), ("", ""), 6, "card nmos.mod: version must be one of BSIM4"),
    (("", ""), ("nmos.mod", "none.mod"), 8, "card must be readable text, or the path of a file of it, got 'none.mod'"),
    (("", ""), ("nmos.mod", "../nmos.mod"), 8, "card must be the name of a model card in the folder of the process"),
    (("", ""), ("nmos.mod", "/etc/passwd"), 8, "card must be the name of a model card in the folder of the process"),
    (("", ""), ("nmos.mod", "out.mod"), 8, "card must be the name of a model card"),  # a link that leads out
    (("", ""), ('"nmos.mod"', "5"), 8, "card must be the name of a model card in the folder of the process file or"),
    (("", ""), ("nmos.mod", "n\\u001bos.mod"), 8, "card must be the name of a model card"),
    (("", ""), ('card = "nmos.mod"\n', ""), 6, "card must be given in [switch], got nothing"),
    (("", ""), ('"2um"', "0"), 9, "width must be a finite number above 0 (m), got 0"),
    (("", ""), ("1.5", '"1.5A"'), 11, "v_gate must be a quantity in V"),
    (("", ""), ("v_gate", "vto"), 11, "vto must be one of kind, card, width, length, v_gate, source, got 'vto'"),
]


@pytest.mark.parametrize(("card", "field", "line", "says"), CARD_FAULTS)
def test_a_fault_in_a_card_is_named_with_its_file_and_line(write, tmp_path, card, field, line, says):
    assert not card[0] or CARD.count(card[0]) == 1
    (tmp_path / "nmos.mod").write_text(CARD.replace(*card) if card[0] else CARD)
    (tmp_path / "out.mod").symlink_to("/etc/passwd")
    text = FOUNDRY.replace(*field) if field[0] else FOUNDRY
    assert refusal(write(text)).startswith(f"process mine.toml, line {line}: {says}")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (
            b"not toml",
            ", line 1 must be TOML, got 'not toml'. Expected '=' after a key in a key/value pair (column 5).",
        ),
        (b"name = 'a'\nname = 'b'", ", line 2 must be TOML, got \"name = 'b'\". Cannot overwrite a value"),
        (b"a = 1\n\nb = [1,\n2\n", ", line 4 must be TOML, got '2'. Unclosed array (at end of document)."),
        (b"a = 1\nb = 1979-99-99", ", line 2 must be TOML, got 'b = 1979-99-99'."),
        (b"a = 1\nb = \xff", ", line 2 must be text in UTF-8, got b'\\xff'"),
        (b"a = '\x1b'", ", line 1 must be TOML, got \"a = '\\x1b'\"."),
        (b"x = " + b"[" * 100_000, " must be TOML"),  # in the words of whichever Python runs
        (b"x = " + b"1" * 5000, " must be TOML, got 'x = 111"),
        (b"a." * 500_000 + b"b = 1", " must be TOML with keys of at most 64 parts"),  # tomllib would take an hour
        (b"x = {a" + b' . "a"' * 100_000 + b" = 1}", " must be TOML with keys of at most 64 parts"),
        (b"a." * 40 + b"b = 1", " must be at most 16 tables inside one another"),
        (b"x = " + b"{a=" * 40 + b"1" + b"}" * 40, " must be at most 16 tables inside one another"),
        (b"".join(b"key%d = 1\n" % k for k in range(50_000)), ", line 1: key0 must be one of name"),
        (b"k" * 1_000_000 + b" = 1", ", line 1: 'kkk"),
        (b"[[a]]\n" * 20_000, ", line 1: a must be one of name"),
        (b"", ", line 1: name must be given, got nothing"),
    ],
)
def test_what_is_no_process_says_so(write, content, says):
    assert refusal(write(content)).startswith(f"process mine.toml{says}")


def test_a_byte_order_mark_and_windows_ends_of_lines(write):
    text = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    assert rc.load_process(write(text)) == rc.load_process(write(GOOD, "other.toml"))
    assert "line 7: common must be" in refusal(write(text.replace(b"common = 0.1", b"common = 1.1")))


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_any_damage_is_a_process_or_one_line(tmp_path_factory, data):
    """Bytes of the long form are cut out, doubled or changed."""
    content = bytearray(LONG.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(content) - 1))
        stop = min(len(content), start + data.draw(st.integers(1, 40)))
        content[start:stop] = data.draw(
            st.sampled_from([b"", bytes(content[start:stop]) * 2, b"\n", b"1", b'"', b"[x]"])
        )
    path = tmp_path_factory.mktemp("damaged") / "mine.toml"
    path.write_bytes(bytes(content))
    try:
        assert rc.load_process(path).name
    except rc.InputError as error:
        assert str(error).isprintable()
        assert str(error).startswith("process mine.toml")


def test_a_large_file_is_not_even_read(write, monkeypatch):
    path = write(b"#" * (2**20 + 1))
    monkeypatch.setattr(type(path), "read_bytes", lambda *_, **__: pytest.fail("read"))
    assert "a file of at most 1048576 bytes" in refusal(path)


def test_a_file_of_the_size_limit_is_read(write):
    assert rc.load_process(write(IDEAL + "#" * (2**20 - len(IDEAL)))).name == "plain"


@pytest.mark.parametrize("name", ["nonsense", "", "no/such/file.toml", "thesis.toml", "nul\0byte"])
def test_an_unknown_name_or_path(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert f"process must be one of {', '.join(SHIPPED)}, or the path of a readable TOML file" in refusal(name)


def test_a_folder_is_no_process(tmp_path):
    assert "the path of a readable TOML file" in refusal(tmp_path)


@pytest.mark.parametrize("name", [None, 5, b"thesis", ["thesis"]])
def test_what_is_no_name_and_no_path_is_refused(name):
    with pytest.raises(rc.InputError, match=r"process must be one of diffusion, .*, or the path of a TOML file"):
        rc.load_process(name)


LAYOUT = '''\
# a comment with [brackets] and a = 1
top = 1            # 2
"quoted key" = 2
'lit.eral' . dotted = 3
long = """
[not.a.header]
key = 1
"""""
raw = \'\'\'
[nor.this] # "
\'\'\'
array = [
    1, # ]
    "]", \'[\',
]
after = { a = 1, b = [2] }
[ table . "in ner" ]
x = 1
[[rows]]
y = 1
[rows.deep]
z = 1
[[rows]]
y = """one
two"""
[[rows]]

  y   =   3
[last]'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("quoted key",), 3),
        (("lit.eral",), 4),
        (("lit.eral", "dotted"), 4),
        (("long",), 5),
        (("raw",), 9),
        (("array",), 12),
        (("array", 1), 12),
        (("after",), 16),
        (("after", "b", 0), 16),  # inside a value: the line of its key
        (("table",), 17),
        (("table", "in ner"), 17),
        (("table", "in ner", "x"), 18),
        (("table", "in ner", "missing"), 17),  # what is not there: the line of what should hold it
        (("rows",), 19),
        (("rows", 0), 19),
        (("rows", 0, "y"), 20),
        (("rows", 0, "deep"), 21),
        (("rows", 0, "deep", "z"), 22),
        (("rows", 1), 23),
        (("rows", 1, "y"), 24),
        (("rows", 2), 26),
        (("rows", 2, "y"), 28),
        (("last",), 29),
        (("nowhere",), 1),
        ((), 1),
    ],
)
def test_lines_of_keys(path, line):
    assert tomllib.loads(LAYOUT)["rows"][2] == {"y": 3}  # it is TOML
    assert toml_lines(LAYOUT).line(path) == line


def test_lines_that_are_no_keys_have_none():
    lines = toml_lines(LAYOUT)
    assert not [path for path in lines.keys if path[0] in {"not", "nor", "key", "a"}]
    assert lines.table(("table", "in ner", "x")) == ("table", "in ner")
    assert lines.table(("rows", 1, "y")) == ("rows", 1)
    assert lines.table(("after", "b")) == ()


def test_every_key_that_tomllib_reads_has_its_line():
    """Against a second way: each key of the shipped files is found at the beginning of the line that is told."""
    for path in list_processes().values():
        text = path.read_text(encoding="utf-8")
        lines, written = toml_lines(text), text.split("\n")
        for name, value in tomllib.loads(text).items():
            start = f"[{name}]" if isinstance(value, dict) else f"{name} = "
            assert written[lines.line((name,)) - 1].startswith(start)
            for key in value if isinstance(value, dict) else ():
                assert written[lines.line((name, key)) - 1].startswith((f"{key} = ", f"[{name}.{key}]"))

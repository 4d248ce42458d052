"""``rescircuit program``: files in, the library's settings out, and the truth about what is not proved."""

from __future__ import annotations

import csv
import json
import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
import zarr

import rescircuit as rc
from rescircuit.plotting import plot_error_histogram, save_figure
from rescircuit.subsetsum import exact_summation

mpl.use("Agg")  # draws without a screen
from matplotlib import pyplot as plt

RNG = np.random.default_rng(17)
BANKS, N = 9, 10
VALUES = 1e-5 * RNG.uniform(0.4, 1.6, (BANKS, N))
TARGETS = VALUES.sum(axis=1) * RNG.uniform(0.2, 0.8, BANKS)
COLUMNS = ["target", "achieved", "error", "bound", "status", "mask"]


@pytest.fixture
def run(run):
    """Run ``program`` in a folder with files of values; returns (exit code, standard output, standard error)."""
    write_csv("values.csv", VALUES)
    write_csv("targets.csv", TARGETS[:, np.newaxis])
    return lambda *arguments: run("program", *arguments)


def write_csv(name, table):
    np.savetxt(name, np.atleast_2d(table), delimiter=",", fmt="%.17g")


def read_settings(name):
    """The columns of a CSV of settings."""
    with Path(name).open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    columns = {key: [row[key] for row in rows] for key in rows[0]}
    read = {
        key: np.array(texts if key in {"status", "mask"} else list(map(float, texts))) for key, texts in columns.items()
    }
    return {**read, "mask": np.array([[c == "1" for c in text] for text in columns["mask"]])}


def agree(read, solution, targets):
    """Every number of a file is the library's, to the last bit."""
    shape = np.shape(solution.total)
    assert np.array_equal(read["mask"].reshape(solution.mask.shape), solution.mask)
    for key, expected in (
        ("target", np.broadcast_to(targets, shape)),
        ("achieved", solution.total),
        ("error", solution.residual),
        ("bound", solution.bound),
        ("status", solution.status),
    ):
        assert np.array_equal(read[key].reshape(shape), expected), key


# Round trips


def test_a_table_of_banks_and_a_target_each(run):
    code, out, err = run("values.csv", "targets.csv", "-o", "settings.csv")
    assert code == 0
    assert Path("settings.csv").read_text(encoding="utf-8").splitlines()[0] == ",".join(COLUMNS)
    solution = rc.subset_sum(VALUES, TARGETS)
    agree(read_settings("settings.csv"), solution, TARGETS)
    assert "Written: settings.csv" in err
    for words in ("banks", "resistors", "targets", "meet in the middle", "settings per second", "of full scale"):
        assert words in out
    rows = {line.rsplit(maxsplit=1)[0].strip(): line.split()[-1] for line in out.splitlines() if line.strip()}
    assert (rows["optimal"], rows["best found"], rows["infeasible"]) == ("9", "0", "0")


def test_npz_keeps_the_shape_of_the_banks(run):
    np.savez("v.npz", values=VALUES.reshape(3, 3, N), measured_at=0.1)
    np.savez("t.npz", TARGETS.reshape(3, 3))
    code, _, _ = run("v.npz", "t.npz", "-o", "settings.npz")
    assert code == 0
    with np.load("settings.npz", allow_pickle=False) as archive:
        read = dict(archive)
    assert set(read) == set(COLUMNS)
    assert read["mask"].shape == (3, 3, N)
    assert read["mask"].dtype == np.bool_
    agree(read, rc.subset_sum(VALUES.reshape(3, 3, N), TARGETS.reshape(3, 3)), TARGETS.reshape(3, 3))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_values_give_the_same_file(run, zarr_format):
    array = zarr.create_array("v.zarr", shape=VALUES.shape, chunks=(4, N), dtype="f8", zarr_format=zarr_format)
    array[...] = VALUES
    assert run("values.csv", "targets.csv", "-o", "a.csv")[0] == 0
    assert run("v.zarr", "targets.csv", "-o", "b.csv")[0] == 0
    assert Path("a.csv").read_bytes() == Path("b.csv").read_bytes()


def test_one_bank_and_many_targets(run):
    write_csv("one.csv", VALUES[0])
    np.savez("one.npz", VALUES[0])
    solution = rc.subset_sum(VALUES[0], TARGETS)
    write_csv("row.csv", TARGETS)
    for values in ("one.csv", "one.npz"):
        for targets in ("targets.csv", "row.csv"):
            code, _, _ = run(values, targets, "-o", "settings.csv")
            assert code == 0
            agree(read_settings("settings.csv"), solution, TARGETS)


def test_a_quantity_for_all_banks(run):
    assert run("values.csv", "42.5uS", "-o", "settings.csv")[0] == 0
    agree(read_settings("settings.csv"), rc.subset_sum(VALUES, 42.5e-6), 42.5e-6)


def test_one_bank_and_one_target_need_no_file(run):
    np.savez("one.npz", VALUES[0])
    solution = rc.subset_sum(VALUES[0], 42.5e-6)
    code, out, _ = run("one.npz", "42.5uS")
    assert code == 0
    assert "".join(str(int(closed)) for closed in solution.mask) in out
    code, out, _ = run("one.npz", "42.5uS", "--json")
    answer = json.loads(out)
    assert answer["settings"]["mask"] == solution.mask.tolist()
    assert answer["settings"]["error"] == solution.residual
    assert answer["error_siemens"] == dict.fromkeys(("median", "percentile_95", "worst"), abs(solution.residual))


def test_json_is_the_summary(run):
    code, out, err = run("values.csv", "targets.csv", "-o", "settings.npz", "--json")
    answer = json.loads(out)
    solution = rc.subset_sum(VALUES, TARGETS)
    relative = np.abs(solution.residual) / VALUES.sum(axis=1)
    assert code == 0
    assert err == ""
    assert (answer["banks"], answer["resistors"], answer["targets"]) == (BANKS, N, BANKS)
    assert answer["method"] == "meet in the middle"
    assert answer["status"] == {"optimal": BANKS, "best found": 0, "infeasible": 0}
    assert answer["interrupted"] is False
    assert answer["files"] == ["settings.npz"]
    assert "settings" not in answer
    assert answer["error_siemens"]["worst"] == np.abs(solution.residual).max()
    assert answer["error_siemens"]["percentile_95"] == pytest.approx(np.quantile(np.abs(solution.residual), 0.95))
    assert answer["error_of_full_scale"]["median"] == pytest.approx(np.median(relative))
    assert set(answer["seconds"]) == {"reading", "solving", "writing"}
    assert answer["settings_per_second"] == pytest.approx(BANKS / answer["seconds"]["solving"])


def test_many_rows_are_written_in_order(run, monkeypatch):
    monkeypatch.setattr("rescircuit.cli.settings_files._ROWS_AT_ONCE", 2)
    assert run("values.csv", "targets.csv", "-o", "settings.csv")[0] == 0
    agree(read_settings("settings.csv"), rc.subset_sum(VALUES, TARGETS), TARGETS)


def test_a_bank_of_zeros_has_no_full_scale(run):
    write_csv("values.csv", np.vstack([np.zeros(N), VALUES[:1]]))
    code, out, _ = run("values.csv", "1uS", "--json")
    answer = json.loads(out)
    assert code == 0
    assert answer["error_siemens"]["worst"] == 1e-6  # the other's least is 4 uS: it is best left open, too
    assert answer["error_of_full_scale"]["worst"] == pytest.approx(1e-6 / VALUES[0].sum())
    write_csv("values.csv", np.zeros(N))
    code, out, _ = run("values.csv", "1uS", "--json")
    assert code == 0
    assert json.loads(out)["error_of_full_scale"]["worst"] == 0


# Options


def test_resistances_are_taken_in_parallel(run):
    write_csv("ohms.csv", 1 / VALUES)
    assert run("ohms.csv", "targets.csv", "--unit", "ohm", "-o", "settings.csv")[0] == 0
    agree(read_settings("settings.csv"), rc.subset_sum(1 / (1 / VALUES), TARGETS), TARGETS)


def test_offset(run):
    leakage = RNG.uniform(0, 1e-6, BANKS)
    write_csv("leakage.csv", leakage)
    for option, offset in (("0.3uS", 0.3e-6), ("leakage.csv", leakage)):
        assert run("values.csv", "targets.csv", "--offset", option, "-o", "settings.csv")[0] == 0
        agree(read_settings("settings.csv"), rc.subset_sum(VALUES, TARGETS, offset=offset), TARGETS)


@pytest.mark.parametrize(("option", "count"), [("3", 3), ("2:4", (2, 4)), ("0:0", (0, 0))])
def test_closed(run, option, count):
    assert run("values.csv", "targets.csv", "--closed", option, "-o", "settings.csv")[0] == 0
    read = read_settings("settings.csv")
    agree(read, rc.subset_sum(VALUES, TARGETS, count=count), TARGETS)
    low, high = (count, count) if isinstance(count, int) else count
    closed = read["mask"].sum(axis=1)
    assert low <= closed.min()
    assert closed.max() <= high


@pytest.mark.parametrize("rows", ["one", "each"])
def test_stuck_switches(run, rows):
    shape = (N,) if rows == "one" else (BANKS, N)
    stuck_closed = RNG.random(shape) < 0.2
    stuck_open = ~stuck_closed & (RNG.random(shape) < 0.3)
    write_csv("closed.csv", stuck_closed.astype(int))
    np.savez("open.npz", stuck_open=stuck_open)
    options = ["--stuck-closed", "closed.csv", "--stuck-open", "open.npz"]
    assert run("values.csv", "targets.csv", *options, "-o", "settings.csv")[0] == 0
    read = read_settings("settings.csv")
    agree(read, rc.subset_sum(VALUES, TARGETS, chosen=stuck_closed, excluded=stuck_open), TARGETS)
    assert read["mask"][np.broadcast_to(stuck_closed, VALUES.shape)].all()
    assert not read["mask"][np.broadcast_to(stuck_open, VALUES.shape)].any()


def test_several_best_are_ranked(run):
    assert run("values.csv", "targets.csv", "--best", 3, "-o", "settings.csv")[0] == 0
    solution = rc.subset_sum(VALUES, TARGETS, best=3)
    read = read_settings("settings.csv")
    agree(read, solution, TARGETS[:, np.newaxis])
    assert read["rank"].tolist() == [1, 2, 3] * BANKS
    assert list(read) == [*COLUMNS, "rank"]
    code, out, _ = run("values.csv", "targets.csv", "--best", 3, "-o", "settings.npz", "--json")
    assert code == 0
    with np.load("settings.npz", allow_pickle=False) as archive:
        assert archive["mask"].shape == (BANKS, 3, N)
        assert archive["rank"].shape == (BANKS, 3)
    # what is said of errors is said of the closest
    assert json.loads(out)["error_siemens"]["worst"] == np.abs(solution.residual[:, 0]).max()


def test_a_tolerance_closes_the_fewest_and_a_cost_the_cheapest(run):
    options = ["--tolerance", "1uS", "-o", "settings.csv"]
    assert run("values.csv", "targets.csv", *options)[0] == 0
    fewest = read_settings("settings.csv")
    agree(fewest, rc.subset_sum(VALUES, TARGETS, tolerance=1e-6), TARGETS)
    cost = RNG.uniform(1, 10, N)
    write_csv("cost.csv", cost)
    assert run("values.csv", "targets.csv", *options, "--cost", "cost.csv")[0] == 0
    cheapest = read_settings("settings.csv")
    agree(cheapest, rc.subset_sum(VALUES, TARGETS, tolerance=1e-6, cost=cost), TARGETS)
    assert list(cheapest) == [*COLUMNS, "cost"]
    assert cheapest["cost"] == pytest.approx(cheapest["mask"] @ cost)
    assert cheapest["cost"].sum() < (fewest["mask"] @ cost).sum()


def test_method(run):
    write_csv("one.csv", VALUES[0])
    for option, method in (("codebook", "codebook"), ("meet-in-the-middle", "meet in the middle")):
        code, out, _ = run("one.csv", "targets.csv", "--method", option, "--json")
        assert code == 0
        assert json.loads(out)["method"] == method


def test_a_memory_limit_is_kept(run):
    write_csv("values.csv", RNG.random((1, 44)))
    code, _, err = run("values.csv", "10", "--memory-limit", "16 MiB", "--method", "meet-in-the-middle")
    assert code == 2
    assert err.startswith("rescircuit: --memory-limit must be at least")
    assert "16 MiB" in err


# What is not proved


def test_a_tolerance_that_cannot_be_met(run):
    code, out, err = run("values.csv", "targets.csv", "--tolerance", "1fS", "-o", "settings.csv", "--json")
    assert code == 1
    assert json.loads(out)["status"] == {"optimal": 0, "best found": 0, "infeasible": BANKS}
    assert set(read_settings("settings.csv")["status"]) == {"infeasible"}
    assert "9 infeasible" in err


def test_when_the_time_is_up_what_is_known_is_written(run):
    code, out, err = run("values.csv", "targets.csv", "--time-limit", "1ns", "-o", "settings.csv")
    read = read_settings("settings.csv")
    assert code == 1
    assert set(read["status"]) == {"best found"}
    assert np.all(read["bound"] == 0)
    assert read["error"] == pytest.approx((read["mask"] * VALUES).sum(axis=1) - TARGETS, abs=1e-18)
    assert "The time was up: 9 settings are the best found" in err
    assert "best found" in out
    assert "settings per second 0 " in " ".join(out.split())  # none was finished


@pytest.fixture
def ctrl_c(monkeypatch):
    """Press Ctrl-C when so many instances are solved; the list returned counts the presses."""
    presses = []

    def at(solved):
        @contextmanager
        def progress_bar():
            def tell(step, done, total):
                if step == "programming" and done >= solved and not presses:
                    presses.append((done, total))
                    os.kill(os.getpid(), signal.SIGINT)

            yield tell

        monkeypatch.setattr("rescircuit.cli.program.progress_bar", progress_bar)
        return presses

    return at


needs_signals = pytest.mark.skipif(sys.platform == "win32", reason="os.kill ends the process there")


@needs_signals
@pytest.mark.parametrize(
    ("options", "banks", "n"), [([], 120, 40), (["--closed", "5:20"], 40, 26), (["--best", 2], 40, 26)]
)
def test_ctrl_c_leaves_what_is_known(run, ctrl_c, monkeypatch, options, banks, n):
    monkeypatch.setattr("rescircuit.subsetsum.tasks.os.cpu_count", lambda: 1)
    values = RNG.random((banks, n))
    write_csv("values.csv", values)
    presses = ctrl_c(1)
    before = signal.getsignal(signal.SIGINT)
    code, out, err = run("values.csv", "9", *options, "-o", "settings.csv", "--json")
    answer, read = json.loads(out), read_settings("settings.csv")
    assert code == 130
    assert len(presses) == 1
    assert answer["interrupted"] is True
    assert answer["status"]["optimal"] >= 1
    assert answer["status"]["best found"] >= 1
    assert "Interrupted: " in err
    assert answer["status"]["optimal"] == (read["status"] == "optimal").sum()
    assert signal.getsignal(signal.SIGINT) is before


@needs_signals
def test_ctrl_c_while_the_solved_is_certified_loses_nothing(run):
    certify = exact_summation.subset_totals

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return certify(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(exact_summation, "subset_totals", interrupted)
        code, out, _ = run("values.csv", "targets.csv", "-o", "settings.csv", "--json")
    assert code == 130
    assert json.loads(out)["status"]["optimal"] == BANKS
    agree(read_settings("settings.csv"), rc.subset_sum(VALUES, TARGETS), TARGETS)


@needs_signals
def test_ctrl_c_before_anything_is_known_writes_nothing(run, monkeypatch):
    monkeypatch.setattr("rescircuit.subsetsum.programming.state_problem", lambda *_, **__: signal.raise_signal(2))
    code, _, err = run("values.csv", "targets.csv", "-o", "settings.csv")
    assert code == 130
    assert "Interrupted before anything was known" in err
    assert not Path("settings.csv").exists()


def test_progress_is_told(run, monkeypatch):
    told = []

    @contextmanager
    def progress_bar():
        yield lambda *what: told.append(what)

    monkeypatch.setattr("rescircuit.cli.program.progress_bar", progress_bar)
    assert run("values.csv", "targets.csv")[0] == 0
    assert next(step for step, *_ in told) == "reading"
    assert ("programming", BANKS, BANKS) in told
    assert told[-1][0] == "writing"


# Bad input


BAD = [
    (["none.csv", "1uS"], "file must be a readable file, got 'none.csv'"),
    (["none.zarr", "1uS"], "file must be a readable zarr store"),
    (["values.csv", "none.csv"], "file must be a readable file, got 'none.csv'"),
    (["values.txt", "1uS"], "file must be a .csv or .npz file or a .zarr store"),
    (["values.csv", "targets.txt"], "TARGETS must be a .csv or .npz file, or a quantity in S such as 120uS"),
    (["values.csv", "short.csv"], "TARGETS must be one number, or 9, one for each bank or target, got shape (1, 2)"),
    (["values.csv", "values.csv"], "TARGETS must be one number, or 9, one for each"),
    (["text.csv", "1uS"], "text.csv, line 2 must be numbers with commas between them"),
    (["nan.csv", "1uS"], "nan.csv, line 1 must be finite numbers"),
    (["nan.npz", "1uS"], "values in nan.npz at index 1 must be finite numbers"),
    (["scalar.npz", "1uS"], "values in scalar.npz must be an array (..., n)"),
    (["negative.csv", "1uS", "--unit", "ohm"], "values in negative.csv at index (0, 1) must be finite numbers above 0"),
    (["tiny.csv", "1uS", "--unit", "ohm"], "1 / values in tiny.csv at index (0, 0) must be finite numbers (S)"),
    (["object.npz", "1uS"], "Pickles are not read"),
    (["object.zarr", "1uS"], "values in object.zarr must be of numbers, got '|O'. Pickles are not read."),
    (["huge.zarr", "1uS"], "values in huge.zarr must be at most 134217728 numbers, got shape (1000000000000,)"),
    (["wide.csv", "1uS"], "VALUES must be at most 64 numbers an instance"),
    (["values.csv", "1uS", "--unit", "kohm"], "--unit must be S or ohm, got 'kohm'"),
    (["values.csv", "1M"], "TARGETS must be a quantity in S, such as 120uS, got '1M'. M is milli to SPICE"),
    (["values.csv", "10kohm"], "ohm is another unit"),
    (["values.csv", "1uS", "--offset", "1M"], "--offset must be a quantity in S, such as 120uS, got '1M'"),
    (["values.csv", "1uS", "--offset", "short.csv"], "--offset must be one number, or 9"),
    (["values.csv", "1uS", "--tolerance", "1M"], "--tolerance must be a quantity in S, such as 120uS, got '1M'"),
    (["values.csv", "1uS", "--tolerance", "-1nS"], "--tolerance must be a finite number of at least 0"),
    (["values.csv", "1uS", "--closed", "5:2"], "--closed must be a range whose first number is not above its second"),
    (["values.csv", "1uS", "--closed", "-3"], "--closed must be a whole number such as 4, or a range such as 2:5"),
    (["values.csv", "1uS", "--closed", "11"], "--closed must be a whole number from 0 to 10, got 11"),
    (["values.csv", "1uS", "--closed", "0", "--stuck-closed", "first.csv"], "--closed must be at least 1"),
    (["values.csv", "1uS", "--stuck-closed", "first.csv", "--stuck-open", "first.csv"],
     "--stuck-open must be without items that are chosen, got 'item 0 in both'"),
    (["values.csv", "1uS", "--stuck-open", "short.csv"], "stuck_open in short.csv must be 0 or 1 everywhere"),
    (["values.csv", "1uS", "--stuck-open", "flags.npz"], "--stuck-open must be of 10 flags, or of shape (9, 10)"),
    (["values.csv", "1uS", "--best", "0"], "--best must be a whole number from 1"),
    (["values.csv", "1uS", "--cost", "first.csv"], "--cost must be given together with a tolerance"),
    (["values.csv", "1uS", "--tolerance", "1nS", "--cost", "short.csv"], "--cost must be one number, or 10"),
    (["values.csv", "1uS", "--method", "magic"], '--method must be "auto" or one of codebook'),
    (["values.csv", "1uS", "--time-limit", "0"], "--time-limit must be a finite number above 0"),
    (["values.csv", "1uS", "--time-limit", "5kg"], "--time-limit must be a quantity in s"),
    (["values.csv", "1uS", "--memory-limit", "1M"], "--memory-limit must be a size such as 512MiB or 2GiB, got '1M'"),
    (["values.csv", "1uS", "-o", "settings.txt"], "--out must be a file's name in .csv or .npz, got 'settings.txt'"),
    (["values.csv", "1uS", "-o", "no/folder/settings.csv"], "--out must be in a folder that can be written to"),
    (["values.csv", "1uS", "-o", "folder.csv"], "--out must be in a folder that can be written to"),
    (["values.csv", "1uS", "--plot", "errors.txt"], "--plot must be a file's name in .png or .svg or .pdf"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "says"), BAD)
def test_bad_input_is_one_line_and_exit_code_two(run, tmp_path, command, says):
    write_csv("short.csv", [1e-5, 2e-5])
    Path("text.csv").write_text("1,2\n3,ohm\n")
    Path("nan.csv").write_text("1,nan\n")
    np.savez("nan.npz", [1.0, np.nan])
    np.savez("scalar.npz", 1.0)
    write_csv("negative.csv", [1e4, -1e4])
    write_csv("tiny.csv", [1e-320, 1e4])
    np.savez("object.npz", np.array([{}]))
    np.savez("flags.npz", np.ones((3, 10), np.bool_))
    write_csv("wide.csv", np.ones(65))
    write_csv("first.csv", np.arange(N) == 0)
    Path("folder.csv").mkdir()
    for name, dtype, length in (("object.zarr", "|O", 4), ("huge.zarr", "<f8", 10**12)):
        metadata = {"zarr_format": 2, "shape": [length], "chunks": [4], "dtype": dtype, "fill_value": 0, "order": "C",
                    "compressor": None, "filters": [{"id": "pickle"}] if dtype == "|O" else None}  # fmt: skip
        Path(name, "values").mkdir(parents=True)
        Path(name, "values", ".zarray").write_text(json.dumps(metadata))
    before = sorted(tmp_path.rglob("*"))
    code, out, err = run(*command)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1
    assert out == ""
    assert sorted(tmp_path.rglob("*")) == before  # nothing half-written


def test_a_write_that_fails_leaves_the_old_file(run, monkeypatch, tmp_path):
    Path("settings.csv").write_text("old")

    def fail(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rescircuit.cli.settings_files._texts", fail)
    code, _, err = run("values.csv", "targets.csv", "-o", "settings.csv")
    assert code == 2
    assert "No space left on device" in err
    assert Path("settings.csv").read_text() == "old"
    assert not [file.name for file in tmp_path.iterdir() if file.name.startswith(".")]


# The picture and the help


def test_the_histogram_shows_errors_of_full_scale(run, monkeypatch):
    drawn = []

    def save(axes, path):
        drawn.append((axes, path))
        return path

    monkeypatch.setattr("rescircuit.plotting.save_figure", save)
    code, _, err = run("values.csv", "targets.csv", "--plot", "errors.png")
    assert code == 0
    assert "Written: errors.png" in err
    (axes, path) = drawn[0]
    relative = np.abs(rc.subset_sum(VALUES, TARGETS).residual) / VALUES.sum(axis=1)
    assert str(path) == "errors.png"
    assert axes.get_lines()[0].get_xdata() == pytest.approx([np.median(relative)] * 2)
    assert sum(bar.get_height() for bar in axes.patches) == BANKS
    plt.close("all")


def test_the_picture_is_written(run):
    assert run("values.csv", "targets.csv", "--plot", "errors.png", "-o", "settings.csv")[0] == 0
    pixels = plt.imread("errors.png")
    assert len(np.unique(np.round(255 * pixels[..., :3]) @ [65536, 256, 1])) > 20
    assert plt.get_fignums() == []


@pytest.fixture
def no_figure_stays_open():
    yield
    plt.close("all")


@pytest.mark.usefixtures("no_figure_stays_open")
def test_a_histogram_counts_every_error_once():
    errors = np.concatenate([-(10 ** RNG.normal(-6, 1, 500)), np.zeros(21)])
    axes = plot_error_histogram(errors)
    assert sum(bar.get_height() for bar in axes.patches) == 500
    assert axes.get_title() == "Errors of 521 settings, 21 exactly 0"
    assert axes.get_xscale() == "log"
    assert axes.get_xlabel() == "|programming error| / full scale"
    assert axes.get_ylabel() == "settings"
    edges = np.array([bar.get_x() for bar in axes.patches])
    assert np.ptp(np.diff(np.log(edges))) < 1e-9  # equally wide as they are drawn
    assert edges[0] == pytest.approx(np.abs(errors[:500]).min())
    (median,) = axes.get_lines()
    assert median.get_xdata() == pytest.approx([np.median(np.abs(errors))] * 2)
    assert median.get_label() == f"median {np.median(np.abs(errors)):.2g}"


@pytest.mark.usefixtures("no_figure_stays_open")
@pytest.mark.parametrize(("errors", "bars", "lines"), [([0.0, 0.0], 0, 0), ([3e-7], 1, 1), ([0.0, 0.0, 1e-9], 1, 0)])
def test_a_histogram_of_next_to_nothing(tmp_path, errors, bars, lines):
    _, (left, right) = plt.subplots(1, 2)
    assert plot_error_histogram(np.array(errors), right) is right
    assert sum(bar.get_height() for bar in right.patches) == bars
    assert len(right.get_lines()) == lines
    assert not left.patches
    save_figure(right, tmp_path / "errors.png")
    with pytest.raises(rc.InputError, match="errors at index 1 must be finite numbers"):
        plot_error_histogram(np.array([1.0, np.nan]))


def test_help_shows_an_example(run):
    code, out, _ = run("--help")
    assert code == 0
    for words in ("Usage", "Example", "--json", "--stuck-closed", "measured.zarr targets.csv"):
        assert words in out

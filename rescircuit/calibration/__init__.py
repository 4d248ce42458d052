"""A chip's own measurement: its read-out, the estimates with their errors, and programming from them."""

from rescircuit.calibration.bit_streams import read_bit_stream, write_bit_stream
from rescircuit.calibration.code_maps import CodeMap, map_codes, write_c_header, write_code_csv, write_verilog_memory
from rescircuit.calibration.coverage import CAUSES, Coverage, coverage
from rescircuit.calibration.csv_files import read_calibration_csv, write_calibration_csv, write_settings_csv
from rescircuit.calibration.estimates import Calibration
from rescircuit.calibration.measuring import calibrate
from rescircuit.calibration.patterns import Patterns
from rescircuit.calibration.programming import CalibratedSetting, UsefulSize, useful_size
from rescircuit.calibration.provenance import Provenance
from rescircuit.calibration.read_out import ReadOut, Reference
from rescircuit.calibration.sampled_read_out import SampledReadOut
from rescircuit.calibration.store import calibrate_to_store, load_calibration, save_calibration
from rescircuit.calibration.trimming import TrimmedSetting, trim

__all__ = [
    "CAUSES",
    "CalibratedSetting",
    "Calibration",
    "CodeMap",
    "Coverage",
    "Patterns",
    "Provenance",
    "ReadOut",
    "Reference",
    "SampledReadOut",
    "TrimmedSetting",
    "UsefulSize",
    "calibrate",
    "calibrate_to_store",
    "coverage",
    "load_calibration",
    "map_codes",
    "read_bit_stream",
    "read_calibration_csv",
    "save_calibration",
    "trim",
    "useful_size",
    "write_bit_stream",
    "write_c_header",
    "write_calibration_csv",
    "write_code_csv",
    "write_settings_csv",
    "write_verilog_memory",
]

"""The compact results of a study, as CSV files that are small enough to keep: written and read here."""

import csv
import gzip
import io
import json

import numpy as np

from ergodic.lammps_files import open_text


def format_value(value):
    if isinstance(value, (str, int, np.integer)):
        return str(value)
    return "" if np.isnan(value) else f"{value:.6g}"


def write_table(path, columns):
    """{name: values} to a CSV file, compressed if its name ends with .gz. Reals get six digits; nan is left empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(map(format_value, row) for row in zip(*columns.values()))
    content = text.getvalue().encode()
    path.write_bytes(gzip.compress(content, 9, mtime=0) if path.suffix == ".gz" else content)


def column(words):
    """Integers if all are, else reals with nan for empty fields, else text."""
    for kind in (int, lambda word: float(word or "nan")):
        try:
            return np.fromiter(map(kind, words), dtype=int if kind is int else float, count=len(words))
        except ValueError:
            pass
    return np.array(words)


def read_table(path):
    """{name: array}."""
    with open_text(path) as file:
        names, *rows = csv.reader(file)
    return {name: column(words) for name, words in zip(names, zip(*rows))}


def plain(value, digits):
    """Python's own types; nan, which JSON does not have, becomes None."""
    if isinstance(value, dict):
        return {key: plain(part, digits) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part, digits) for part in value]
    if isinstance(value, (float, np.floating)):
        return None if np.isnan(value) else float(f"{value:.{digits}g}")
    return int(value) if isinstance(value, np.integer) else value


def write_json(path, values, digits=17):
    """Computed values get six digits: the last ones differ from machine to machine."""
    path.write_text(json.dumps(plain(values, digits), indent=2, allow_nan=False) + "\n")


def read_json(path):
    return json.loads(path.read_text())

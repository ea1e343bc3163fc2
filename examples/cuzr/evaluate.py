#!/usr/bin/env python3
"""All numbers of the study from its compact results, with the paper's claims and our verdicts.

    python evaluate.py [results] [--readme README.md]

Writes summary.json and summary.txt beside the tables and prints the latter; with --readme, also puts it into the block
of that page that follows <!-- results/NAME/summary.txt -->, NAME being the name of the folder.
"""

import argparse
import pathlib
import re

from claims import claims
from ergodic.evaluate import evaluate
from ergodic.glass import Results
from ergodic.summary import report
from ergodic.tables import write_json


def quote(page, name, text):
    """Replaces the summary of that name in a page."""
    pattern = rf"(<!-- results/{re.escape(name)}/summary.txt -->\n```\n).*?(```\n)"
    old = page.read_text()
    if not re.search(pattern, old, re.DOTALL):
        raise SystemExit(f"{page} has no block for results/{name}/summary.txt")
    page.write_text(re.sub(pattern, lambda found: found[1] + text + found[2], old, flags=re.DOTALL))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", nargs="?", default="results", type=pathlib.Path)
    parser.add_argument("--readme", type=pathlib.Path)
    options = parser.parse_args()
    summary = evaluate(Results(options.results))
    write_json(options.results / "summary.json", summary, digits=6)
    text = report(summary, claims(summary))
    (options.results / "summary.txt").write_text(text)
    print(text, end="")
    if options.readme:
        quote(options.readme, options.results.resolve().name, text)


if __name__ == "__main__":
    main()

"""Make `enmeshed_nb/acceptance/reference.json` of a report: what a local network takes, in time and calls.

python tools/acceptance_times.py build/acceptance/report.json
"""

import json
import sys
from pathlib import Path

from enmeshed_nb.acceptance.report import REFERENCE, Report


def main() -> None:
    """Write the file."""
    report = Report.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    assert report.facts.is_local, "only a local network is a reference"
    outcomes = [each for result in report.results for each in result.outcomes]
    calls = {
        check: sum(each.calls for each in outcomes if each.check == check and not each.swapped)
        for check in dict.fromkeys(each.check for each in outcomes)
    }
    seconds = {each.id: round(each.seconds, 3) for each in report.results if each.seconds and each.seconds >= 0.001}
    REFERENCE.write_text(json.dumps({"seconds": seconds, "calls": calls}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

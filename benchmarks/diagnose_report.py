"""The figures of the diagnosis: published cases, false alarms, and the catalogue, in one run."""

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from fcnref.diagnosis import diagnose
from fcnref.mistakes import MISTAKES
from tests.test_diagnose_no_false_alarms import CLOTHES
from tests.wild.cases import CASES


def published_cases() -> int:
    print(f"{len(CASES)} published wrong gradients, each on three random problems\n")
    fully = 0
    start = time.perf_counter()
    for case in CASES:
        outcomes = []
        for seed in range(3):
            problem = case.problem(seed)
            report = diagnose(problem, case.grads(problem))
            outcomes.append(set(report.mistakes) == case.mistakes and report.verdict == "wrong")
        fully += all(outcomes)
        mark = "named" if all(outcomes) else f"{sum(outcomes)} of 3"
        print(f"  {mark:8} {case.name:40} {' + '.join(sorted(case.mistakes))}")
        if not all(outcomes):
            print(f"           found instead: {report.mistakes}, unexplained {report.unexplained}")
    seconds = (time.perf_counter() - start) / (3 * len(CASES))
    print(f"\n{fully} of {len(CASES)} named first on all three, {seconds:.2f} s per diagnosis")
    return len(CASES) - fully


def right_gradients() -> int:
    alarms = 0
    skipped = 0
    for name, dress in CLOTHES.items():
        try:
            problem, grads = dress()
        except BaseException as reason:  # noqa: BLE001 - pytest's Skipped is no Exception
            print(f"  skipped  {name}: {reason}")
            skipped += 1
            continue
        report = diagnose(problem, grads)
        if not report.ok:
            alarms += 1
            print(f"  alarm    {name}: {report.mistakes}")
    print(f"\n{alarms} false alarms on {len(CLOTHES) - skipped} right gradients in other clothes")
    return alarms


def main() -> int:
    missed = published_cases()
    alarms = right_gradients()
    print(f"{len(MISTAKES)} mistakes in the catalogue; tests/test_diagnose.py names each of them")
    return int(missed > 3 or alarms > 0)


if __name__ == "__main__":
    sys.exit(main())

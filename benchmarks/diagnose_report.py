"""The figures of the diagnosis: published cases, false alarms, and the catalogue, in one run."""

import sys
import time
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from diagnose_mixtures import main as print_mixtures

from fcnref.diagnosis import diagnose
from fcnref.mistakes import MISTAKES
from tests.held_out.edits import SLIPS
from tests.held_out.test_held_out import PROGRAMS
from tests.held_out.test_held_out import case as run
from tests.test_diagnose_no_false_alarms import CLOTHES
from tests.wild.cases import CASES, Case
from tests.wild.further import FURTHER, MISSED_AT_FIRST
from tests.wild.second import MISSED_AT_SECOND, SECOND
from tests.wild.third import MISSED_AT_THIRD, THIRD


def published_cases(cases: Sequence[Case], words: str) -> int:
    print(f"{len(cases)} {words}, each on three random problems\n")
    fully = 0
    start = time.perf_counter()
    for case in cases:
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
    seconds = (time.perf_counter() - start) / (3 * len(cases))
    print(f"\n{fully} of {len(cases)} named first on all three, {seconds:.2f} s per diagnosis")
    return len(cases) - fully


def blind_cases(cases: Sequence[Case], missed_then: frozenset[str], words: str) -> int:
    missed = published_cases(cases, words)
    print(
        f"{len(cases) - len(missed_then)} of {len(cases)} were named first when they were "
        "gathered, before anything was repaired\n"
    )
    return missed


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


def whole_programs() -> int:
    """Passes in other people's styles: right as they stand, and with a slip in a line."""
    alarms = sum(not diagnose(*run(program)).ok for program in PROGRAMS)
    named = 0
    for slip in SLIPS:
        reports = [diagnose(*run(slip.program, slip.edits, seed)) for seed in (0, 1)]
        found = {report.mistakes for report in reports}
        named += found == {tuple(slip.named.split(" + "))}
        if found != {tuple(slip.named.split(" + "))}:
            print(f"  {slip.program}: {slip.what}: {found}")
    print(
        f"\n{named} of {len(SLIPS)} slips in {len(PROGRAMS)} whole programs named as intended, on "
        f"two problems each; {alarms} false alarms on the programs as they are"
    )
    return alarms


def main() -> int:
    missed = (
        published_cases(CASES, "published wrong gradients")
        + blind_cases(FURTHER, MISSED_AT_FIRST, "further ones, gathered blind")
        + blind_cases(SECOND, MISSED_AT_SECOND, "of a second round, gathered blind after that")
        + blind_cases(THIRD, MISSED_AT_THIRD, "of a third round")
    )
    alarms = right_gradients() + whole_programs()
    print_mixtures()
    print(
        f"{len(MISTAKES)} mistakes in the catalogue; tests/test_diagnose_gallery.py makes each of "
        "them on the informative or a thorough problem and has it named"
    )
    return int(missed > 3 or alarms > 0)


if __name__ == "__main__":
    sys.exit(main())

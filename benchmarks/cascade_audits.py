"""How often the audits of a cascade turn it off: one that just holds its promise, one that broke, and what judging each file alone would do.

    python -m benchmarks.cascade_audits

Simulated, files of 50 audited texts, 98 % promised, eight in ten texts answered by the local model. It prints a table.
"""

from collections.abc import Callable

import numpy as np
from scipy.stats import binom

from batch_classifier.cascade.certificate import Promise
from batch_classifier.cascade.evidence import AuditedFile, evidence_after_each, is_broken

PROMISE, SHARE, AUDITED, SEEDS = Promise(0.98, 0.95), 0.8, 50, 200
MAY = (1 - PROMISE.agreement) / SHARE


def off_after(differing: Callable[[int], float], files: int) -> list[int | None]:
    """After how many files each of the simulated cascades is off; None for one that stays on."""
    found = []
    for seed in range(SEEDS):
        chance = np.random.default_rng(seed)
        audits = [
            AuditedFile(SHARE, AUDITED, int(chance.binomial(AUDITED, differing(place)))) for place in range(files)
        ]
        after = enumerate(evidence_after_each(PROMISE, audits), 1)
        found.append(next((place for place, one in after if is_broken(PROMISE, one)), None))
    return found


def main() -> None:
    """Simulate and print."""
    off = sum(place is not None for place in off_after(lambda _place: MAY, 1_000))
    alone = next(count for count in range(AUDITED) if binom.sf(count - 1, AUDITED, MAY) < 1 - PROMISE.confidence)
    chance = binom.sf(alone - 1, AUDITED, MAY)
    print("| cascade | off |\n| --- | --- |")
    print(f"| just holds, 1,000 files | {off / SEEDS:.1%} |")
    print(f"| the same, each file judged alone at 5% | {1 - (1 - chance) ** 1_000:.1%} |")
    for good in (0, 100, 1_000):
        places = off_after(lambda place, good=good: MAY / 2 if place < good else MAY + 0.1, good + 40)  # type: ignore[misc]
        needed = [place - good for place in places if place is not None]
        print(
            f"| 10 points worse after {good:,} good files | {len(needed) / SEEDS:.1%}, after {np.median(needed):.0f} files in the middle, {max(needed)} at most |"
        )


if __name__ == "__main__":
    main()

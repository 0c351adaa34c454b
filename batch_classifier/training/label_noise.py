"""How sure heads are to be of texts that they have not seen, where some of the labels are wrong, and which labels those are.

Two numbers are learned together, by maximum likelihood: the temperature at which shares are as often right as they say, and the
share of labels that are wrong, each of the other categories being as probable then. Were all labels believed, a head that is right where a label
is not would be taken for too sure of itself.
"""

from typing import TYPE_CHECKING

from batch_classifier.training.local_model import calibrated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

# From a fifth to twenty times.
_TEMPERATURES = 0.2, 20.0
# At most so many labels are wrong; more of them, and they would be labels of something else.
_MOST_NOISE = 0.4
# Where the search begins, logarithms of temperatures and noise: labels of people who took care, and of others.
_START = [[0.0, 0.02], [-0.7, 0.02], [0.0, 0.1]]


def temperature_and_noise(log_shares: "Floats", labels: "NDArray[np.int64]") -> tuple[float, float]:
    """The temperature, and the share of wrong labels, of what was said of unseen texts with these labels."""
    import numpy as np
    from scipy.optimize import minimize

    def loss(values: "NDArray[np.float64]") -> float:
        temperature, noise = float(np.exp(values[0])), float(values[1])
        return -float(np.log(_probability(log_shares, labels, temperature, noise) + 1e-12).mean())

    found = minimize(
        loss,
        _START[0],
        method="Nelder-Mead",
        bounds=[tuple(np.log(_TEMPERATURES)), (0.0, _MOST_NOISE)],
        # Three digits are more than the texts can tell.
        options={"xatol": 1e-3, "fatol": 1e-6, "initial_simplex": _START},
    )
    return round(float(np.exp(found.x[0])), 3), round(float(found.x[1]), 4)


def probably_wrong(
    log_shares: "Floats", labels: "NDArray[np.int64]", temperature: float, noise: float
) -> "NDArray[np.bool_]":
    """Whether each label is more probably wrong than right."""
    import numpy as np

    right = (1 - noise) * _shares_of(log_shares, labels, temperature)
    is_wrong: NDArray[np.bool_] = _probability(log_shares, labels, temperature, noise) > 2 * right
    return is_wrong


def _probability(
    log_shares: "Floats", labels: "NDArray[np.int64]", temperature: float, noise: float
) -> "NDArray[np.float64]":
    """How probable each label is: as the right one, or as any of the others by mistake."""
    own = _shares_of(log_shares, labels, temperature)
    probable: NDArray[np.float64] = (1 - noise) * own + noise * (1 - own) / (log_shares.shape[1] - 1)
    return probable


def _shares_of(log_shares: "Floats", labels: "NDArray[np.int64]", temperature: float) -> "NDArray[np.float64]":
    import numpy as np

    rows = np.arange(len(labels))
    shares: NDArray[np.float64] = np.exp(calibrated(log_shares, temperature)[rows, labels].astype(np.float64))
    return shares

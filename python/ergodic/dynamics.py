"""How far atoms go during the hold: mean square displacement, share of moved atoms, self-intermediate scattering."""

import numpy as np

MOVED = 1.5            # Angstrom
SHELL = (2.2, 3.4)     # 1/Angstrom; where the first maximum of the structure factor is looked for
BIN = 0.05             # 1/Angstrom
VECTORS = 20000        # wave vectors at most, evenly of all


def structure_factor(positions, box, unit):
    """Wave numbers and S(q) of all atoms alike, in bins of SHELL, from the wave vectors of the box.

    `unit` is 1 Angstrom in the length unit of positions and box (see units.py).
    """
    low, high = (bound / unit for bound in SHELL)
    highest = np.ceil(high * np.linalg.norm(box.vectors, axis=1) / (2 * np.pi)).astype(int)
    whole = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in highest], indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = 2 * np.pi * whole @ np.linalg.inv(box.vectors).T
    lengths = np.linalg.norm(vectors, axis=1)
    kept = (lengths >= low) & (lengths < high) & (whole[:, 0] >= 0)   # -q says what q says
    every = max(int(np.ceil(kept.sum() / VECTORS)), 1)
    vectors, lengths = vectors[kept][::every], lengths[kept][::every]
    factors = np.concatenate([np.abs(np.exp(1j * (part @ positions.T)).sum(axis=1)) ** 2
                              for part in np.array_split(vectors, max(len(vectors) // 256, 1))]) / len(positions)
    bins = ((lengths - low) * unit / BIN).astype(int)
    counts = np.bincount(bins)
    filled = np.flatnonzero(counts)
    return low + BIN / unit * (filled + 0.5), np.bincount(bins, factors)[filled] / counts[filled]


def strongest_wave_number(frames, box, unit=1.0):
    """q of the first maximum of the structure factor, averaged over the frames."""
    curves = [structure_factor(frame, box, unit) for frame in frames]
    return curves[0][0][np.mean([factor for _, factor in curves], axis=0).argmax()]


def displacements(start, end):
    """Distances (N) between two frames of unwrapped positions, the mean displacement removed."""
    moves = (end - start).astype(float)
    return np.linalg.norm(moves - moves.mean(axis=0), axis=1)


def vibrational_msd(frames):
    """Mean square displacement <u^2> of every atom about its mean position: half the mean square of what it moves from
    one frame to the next, so that rearrangements count once. Frames must be further apart than a vibration lasts (1
    ps)."""
    return np.mean([displacements(*pair) ** 2 for pair in zip(frames, frames[1:])], axis=0) / 2


def displacement_curves(times, frames, groups, wave_number, unit=1.0, origins=20, points=30):
    """Rows of a table against time, averaged over time origins: dict of columns.

    frames[k, atom] are unwrapped positions at times[k], groups {name: mask}. With the mean displacement removed:
    msd_* (length units squared), moved_* (share farther than MOVED), F_* (isotropic mean of cos q.dr).
    """
    last = len(times) - 1
    lags = np.unique(np.round(np.geomspace(1, last, points)).astype(int))
    table = {"time": [], **{f"{kind}_{group}": [] for kind in ("msd", "moved", "F") for group in groups}}
    for lag in lags:
        starts = np.unique(np.linspace(0, last - lag, min(origins, last - lag + 1)).astype(int))
        squares = np.empty((len(starts), frames.shape[1]))
        for row, start in zip(squares, starts):
            moves = (frames[start + lag] - frames[start]).astype(float)
            row[:] = ((moves - moves.mean(axis=0)) ** 2).sum(axis=1)
        distances = np.sqrt(squares)
        table["time"].append(times[lag] - times[0])
        for group, atoms in groups.items():
            table[f"msd_{group}"].append(squares[:, atoms].mean())
            table[f"moved_{group}"].append((distances[:, atoms] > MOVED * unit).mean())
            table[f"F_{group}"].append(np.sinc(wave_number * distances[:, atoms] / np.pi).mean())
    return {name: np.array(values) for name, values in table.items()}

"""How far atoms go during the hold: mean square displacement, share of moved atoms, self-intermediate scattering."""

import numpy as np

MOVED = 1.5            # Angstrom
SHELL = (2.2, 3.4)     # 1/Angstrom; where the first maximum of the structure factor is looked for
BIN = 0.05             # 1/Angstrom


def structure_factor(positions, edges):
    """Wave numbers and S(q) of all atoms alike, in bins of SHELL, from the wave vectors of the box."""
    highest = [int(SHELL[1] * edge / (2 * np.pi)) for edge in edges]
    whole = np.stack(np.meshgrid(*[np.arange(-n, n + 1) for n in highest], indexing="ij"), axis=-1).reshape(-1, 3)
    vectors = 2 * np.pi * whole / edges
    lengths = np.linalg.norm(vectors, axis=1)
    kept = (lengths >= SHELL[0]) & (lengths < SHELL[1]) & (whole[:, 0] >= 0)   # -q says what q says
    vectors, lengths = vectors[kept], lengths[kept]
    factors = np.concatenate([np.abs(np.exp(1j * (part @ positions.T)).sum(axis=1)) ** 2
                              for part in np.array_split(vectors, max(len(vectors) // 256, 1))]) / len(positions)
    bins = ((lengths - SHELL[0]) / BIN).astype(int)
    counts = np.bincount(bins)
    filled = np.flatnonzero(counts)
    return SHELL[0] + BIN * (filled + 0.5), np.bincount(bins, factors)[filled] / counts[filled]


def strongest_wave_number(frames, edges):
    """q of the first maximum of the structure factor, averaged over the frames."""
    curves = [structure_factor(frame, edges) for frame in frames]
    return curves[0][0][np.mean([factor for _, factor in curves], axis=0).argmax()]


def displacement_curves(times, frames, groups, wave_number, origins=20, points=30):
    """Rows of a table against time, averaged over time origins: dict of columns.

    frames[k, atom] are unwrapped positions at times[k], groups {name: mask}. With the mean displacement removed:
    msd_* (Angstrom^2), moved_* (share farther than MOVED), F_* (isotropic mean of cos q.dr).
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
            table[f"moved_{group}"].append((distances[:, atoms] > MOVED).mean())
            table[f"F_{group}"].append(np.sinc(wave_number * distances[:, atoms] / np.pi).mean())
    return {name: np.array(values) for name, values in table.items()}

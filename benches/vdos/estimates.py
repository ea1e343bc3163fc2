"""Rank correlation, bias and honesty of the standard errors of solver kpm: python estimates.py estimates.dump"""

import sys

import numpy as np

_, exact_height, exact_mean, height, mean, error = np.loadtxt(sys.argv[1], skiprows=9).T
for name, estimate, exact in [("J", mean, exact_mean), ("I_BP", height, exact_height)]:
    spearman = np.corrcoef(estimate.argsort().argsort(), exact.argsort().argsort())[0, 1]
    ratio = estimate / exact
    print(f"{name}: Spearman {spearman:.4f}, bias {ratio.mean() - 1:+.4f}, relative error {ratio.std():.4f}")
deviations = np.abs(mean - exact_mean) / error
print(f"within one standard error {(deviations < 1).mean():.3f}, within two {(deviations < 2).mean():.3f}")

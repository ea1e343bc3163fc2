"""Correlations, their uncertainty and their attenuation; densities and their peaks; groups of sorted atoms."""

import numpy as np

FEWEST = 20    # atoms or events below which there is no coefficient, mean or verdict, but "too few"
DRAWS = 1000   # of the bootstrap
SEED = 1


def ranks(values):
    """Ranks, those of equal values averaged."""
    _, where, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[where]


def pearson(x, y):
    return float(np.corrcoef(x, y)[0, 1]) if len(x) > 2 and np.ptp(x) > 0 and np.ptp(y) > 0 else float("nan")


def spearman(x, y):
    return pearson(ranks(x), ranks(y))


def pearson_draws(x, y):
    """Pearson's coefficient over bootstrap draws of the pairs, the same for all x and y of a length."""
    if np.isnan(pearson(x, y)):
        return np.full(DRAWS, np.nan)
    x, y = ((values - values.mean()) / values.std() for values in (x, y))
    products = np.stack([x, y, x * x, y * y, x * y], axis=1)
    rng = np.random.default_rng(SEED)
    weights = rng.multinomial(len(x), np.full(len(x), 1 / len(x)), DRAWS) / len(x)
    mx, my, mxx, myy, mxy = (weights @ products).T
    variances = (mxx - mx * mx) * (myy - my * my)
    variances[variances <= 1e-12] = np.nan   # a draw took equal values only
    return (mxy - mx * my) / np.sqrt(variances)


def middle(draws):
    """Where 95 % of the draws lie; those that are nan do not count."""
    usable = draws[np.isfinite(draws)]
    return np.percentile(usable, [2.5, 97.5]).tolist() if usable.size else [float("nan")] * 2


def pearson_interval(x, y):
    """95 % interval of Pearson's coefficient."""
    return middle(pearson_draws(x, y))


def correlation(x, y):
    """Both coefficients with 95 % intervals. For Spearman's, draws keep the ranks of the whole sample."""
    rx, ry = ranks(x), ranks(y)
    return {"n": len(x), "spearman": pearson(rx, ry), "spearman_interval": pearson_interval(rx, ry),
            "pearson": pearson(x, y), "pearson_interval": pearson_interval(x, y)}


def mean_draws(values, rng):
    return rng.choice(values, (DRAWS, len(values))).mean(axis=1)


def mean_interval(values):
    """95 % bootstrap interval of the mean."""
    return middle(mean_draws(values, np.random.default_rng(SEED)))


def difference_interval(values, others):
    """95 % bootstrap interval of the mean less that of others."""
    rng = np.random.default_rng(SEED)
    return middle(mean_draws(values, rng) - mean_draws(others, rng))


def whole_from_half(r):
    """Reliability of a mean from the correlation of its halves (Spearman and Brown, 1910); nan where that is
    negative."""
    return 2 * r / (1 + r) if r > 0 else float("nan")


def reliability_of_means(lists, splits=200):
    """Reliability of the means of lists of measurements, from random halves of each list. Lists of one are left out."""
    rng = np.random.default_rng(SEED)
    lists = [np.asarray(values) for values in lists if len(values) > 1]
    halves = np.empty((2, len(lists)))
    correlations = []
    for _ in range(splits):
        for k, values in enumerate(lists):
            shuffled = rng.permutation(values)
            halves[:, k] = shuffled[::2].mean(), shuffled[1::2].mean()
        correlations.append(pearson(*halves))
    return whole_from_half(float(np.mean(correlations)))


def without_noise(r, *reliabilities):
    """A correlation corrected for attenuation by noise in either variable (Spearman, 1904); nan without reliabilities,
    and where there is so little but noise that the correction is larger than what it corrects."""
    product = np.prod(reliabilities)
    return float(r / np.sqrt(product)) if product > 0.25 else float("nan")


# -------------------------------------------------------------------------------------------------------------- density

def bandwidth(values):
    """Silverman's rule."""
    spread_of_bulk = min(values.std(), np.subtract(*np.percentile(values, [75, 25])) / 1.34)
    return 0.9 * spread_of_bulk * values.size ** -0.2


def density(values, grid):
    """Gaussian kernel estimate of the probability density."""
    width = bandwidth(values)
    kernels = np.exp(-0.5 * ((grid[:, None] - values) / width) ** 2)
    return kernels.sum(axis=1) / (values.size * width * np.sqrt(2 * np.pi))


def peak(values, grid, draws=100):
    """Position of the density's maximum and its standard error by bootstrap."""
    rng = np.random.default_rng(SEED)
    positions = [grid[density(rng.choice(values, values.size), grid).argmax()] for _ in range(draws)]
    return float(grid[density(values, grid).argmax()]), float(np.std(positions))


# --------------------------------------------------------------------------------------------------------------- groups

def group_size(atoms):
    """50 as in the paper; fewer where that leaves less than eight groups."""
    return next((size for size in (50, 25, 10) if atoms // size >= 8), 5)


def group_means(order_by, *values, size):
    """Means of each of the values over groups of `size` (the last: up to twice as many), sorted by order_by."""
    order = np.argsort(order_by, kind="stable")
    groups = np.split(order, np.arange(size, len(order) - size + 1, size))
    return [np.array([value[group].mean() for group in groups]) for value in values]

"""Barriers of atoms by who owns an event: its centre, its centre if that takes part, the mover, all who take part.

Tables of fix artn without the columns `dr_center_final,mover,mover_distance,weight` allow the first two only; the
fourth needs the file of `displaced`.
"""

from typing import NamedTuple

import numpy as np

OWN = 0.4   # Angstrom; the least displacement of an atom, at the saddle or in the new minimum, in an event of its own
ALL = "all who take part"


class Barriers(NamedTuple):
    """Barriers of the atoms `ids` (ascending): means, numbers of events, standard errors (nan from one event),
    lowest."""
    ids: np.ndarray
    means: np.ndarray
    counts: np.ndarray
    errors: np.ndarray
    lowest: np.ndarray


def connected(events):
    """Events that lead from the initial minimum to another one, whoever moved."""
    return np.isin(events["status"], ("success", "elsewhere"))


def barriers_of(owners, values, weights=None):
    """Barriers by owner. With weights the error is that of as many equal ones as have the same sum of squares."""
    weights = np.ones(len(values)) if weights is None else weights
    ids, where = np.unique(owners, return_inverse=True)
    total, counts = np.bincount(where, weights), np.bincount(where)
    means = np.bincount(where, weights * values) / total
    spread = np.bincount(where, weights * (values - means[where]) ** 2) / total
    effective = total ** 2 / np.bincount(where, weights ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(effective > 1 + 1e-9, np.sqrt(spread / (effective - 1)), np.nan)
    lowest = np.full(len(ids), np.inf)
    np.minimum.at(lowest, where, values)
    return Barriers(ids, means, counts, errors, lowest)


def own_events(events, least=OWN):
    """Mask of connected events in which the centre is displaced by at least that much."""
    reach = events["dr_center"]
    if "dr_center_final" in events:
        reach = np.fmax(reach, events["dr_center_final"])
    return connected(events) & (reach >= least)


def participation(events, displaced, least=OWN):
    """Of all events that an atom takes part in: mean weighted by |u|^2 at the saddle, and the lowest of those that
    displace it by at least that much (nan without one)."""
    barriers = {(int(center), int(trial)): barrier for center, trial, barrier in
                zip(events["center"], events["trial"], np.where(connected(events), events["barrier"], np.nan))}
    values = np.array([barriers.get(key, np.nan)
                       for key in zip(displaced["center"].tolist(), displaced["trial"].tolist())])
    weights = displaced["at_saddle"] ** 2
    known = np.isfinite(values) & (weights > 0)
    found = barriers_of(displaced["atom"][known], values[known], weights[known])
    far = known & (np.fmax(displaced["at_saddle"], displaced["at_minimum"]) >= least)
    own = barriers_of(displaced["atom"][far], values[far])
    lowest = np.full(len(found.ids), np.nan)
    lowest[np.searchsorted(found.ids, own.ids)] = own.lowest
    return found._replace(lowest=lowest)


def barriers_by_owner(events, displaced=None, unit=1.0):
    """{owner: Barriers} for every owner that the tables allow.

    `unit` is 1 Angstrom in the distance units of the tables (see units.py).
    """
    found = {}
    all_events = connected(events)
    found["centre"] = barriers_of(events["center"][all_events], events["barrier"][all_events])
    if "dr_center" in events:
        own = own_events(events, OWN * unit)
        found["centre of own events"] = barriers_of(events["center"][own], events["barrier"][own])
    if "mover" in events:
        moved = all_events & (events["mover"] > 0)
        found["mover"] = barriers_of(events["mover"][moved], events["barrier"][moved])
    if displaced is not None:
        found[ALL] = participation(events, displaced, OWN * unit)
    return {owner: barriers for owner, barriers in found.items() if len(barriers.ids)}


def owner_table(found):
    """{owner: Barriers} as the columns of a table."""
    rows = [(owner, *row) for owner, barriers in found.items() for row in zip(*barriers)]
    return dict(zip(("owner", "id", "mean", "events", "error", "lowest"), zip(*rows)))


def from_table(table):
    """{owner: Barriers} from the columns of owner_table."""
    owners = np.asarray(table["owner"])
    return {str(owner): Barriers(*(np.asarray(table[name])[owners == owner]
                                   for name in ("id", "mean", "events", "error", "lowest")))
            for owner in dict.fromkeys(owners.tolist())}

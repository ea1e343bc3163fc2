/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "force_evaluator.h"

#include "angle.h"
#include "atom.h"
#include "bond.h"
#include "comm.h"
#include "dihedral.h"
#include "force.h"
#include "improper.h"
#include "kspace.h"
#include "lammps.h"
#include "modify.h"
#include "pair.h"

#include <algorithm>
#include <mpi.h>

using namespace LAMMPS_NS;

ForceEvaluator::ForceEvaluator(LAMMPS *lmp) : Pointers(lmp)
{
  const int n = atom->nlocal + atom->nghost;
  if (n) {
    x.assign(atom->x[0], atom->x[0] + 3 * n);
    f.assign(atom->f[0], atom->f[0] + 3 * n);
    if (atom->q_flag) q.assign(atom->q, atom->q + n);
  }
  const Pair *const pair = force->pair;
  eflag_before = pair ? (pair->eflag_global ? 1 : 0) | (pair->eflag_atom ? 2 : 0) : 0;
  if (pair) keep(&force->pair->eng_vdwl, &force->pair->eng_coul, force->pair->virial);
  if (force->bond) keep(&force->bond->energy, nullptr, force->bond->virial);
  if (force->angle) keep(&force->angle->energy, nullptr, force->angle->virial);
  if (force->dihedral) keep(&force->dihedral->energy, nullptr, force->dihedral->virial);
  if (force->improper) keep(&force->improper->energy, nullptr, force->improper->virial);
  if (force->kspace) keep(&force->kspace->energy, nullptr, force->kspace->virial);
}

void ForceEvaluator::keep(double *energy, double *more_energy, double *virial)
{
  Tally tally{{energy, more_energy}, virial, {*energy, more_energy ? *more_energy : 0.0}};
  std::copy_n(virial, 6, tally.values + 2);
  tallies.push_back(tally);
}

// Interactions keep more than forces between steps, which a last evaluation brings back.
ForceEvaluator::~ForceEvaluator()
{
  if (!x.empty()) {
    std::copy(x.begin(), x.end(), atom->x[0]);
    std::copy(q.begin(), q.end(), atom->q);
  }
  try {
    interactions(eflag_before);
  } catch (...) {
    // the exception that ended the evaluations is on its way already
  }
  if (!x.empty()) {
    std::copy(f.begin(), f.end(), atom->f[0]);
    std::copy(q.begin(), q.end(), atom->q);
  }
  for (const Tally &tally : tallies) {
    *tally.energy[0] = tally.values[0];
    if (tally.energy[1]) *tally.energy[1] = tally.values[1];
    std::copy_n(tally.values + 2, 6, tally.virial);
  }
}

void ForceEvaluator::compute(int eflag)
{
  comm->forward_comm();
  interactions(eflag);
}

void ForceEvaluator::interactions(int eflag)
{
  constexpr int NO_VIRIAL = 0;
  const int n = atom->nlocal + (force->newton ? atom->nghost : 0);
  if (n) std::fill_n(atom->f[0], 3 * static_cast<std::size_t>(n), 0.0);

  if (modify->n_pre_force) modify->pre_force(NO_VIRIAL);
  if (force->pair && force->pair->compute_flag) force->pair->compute(eflag, NO_VIRIAL);
  if (atom->molecular != Atom::ATOMIC) {
    if (force->bond) force->bond->compute(eflag, NO_VIRIAL);
    if (force->angle) force->angle->compute(eflag, NO_VIRIAL);
    if (force->dihedral) force->dihedral->compute(eflag, NO_VIRIAL);
    if (force->improper) force->improper->compute(eflag, NO_VIRIAL);
  }
  if (force->kspace && force->kspace->compute_flag) force->kspace->compute(eflag, NO_VIRIAL);
  if (modify->n_pre_reverse) modify->pre_reverse(eflag, NO_VIRIAL);
  if (force->newton) comm->reverse_comm();
}

double ForceEvaluator::energy() const
{
  double mine = 0.0, all;
  for (const Tally &tally : tallies) {
    // that of kspace is a sum over ranks already
    const bool shared = force->kspace && tally.energy[0] == &force->kspace->energy;
    mine += *tally.energy[0] / (shared ? comm->nprocs : 1);
    if (tally.energy[1]) mine += *tally.energy[1];
  }
  MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, world);
  return all;
}

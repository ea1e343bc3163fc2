/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/interactions.h"

#include "angle.h"
#include "atom.h"
#include "bond.h"
#include "comm.h"
#include "dihedral.h"
#include "force.h"
#include "improper.h"
#include "kspace.h"
#include "modify.h"
#include "pair.h"

#include <algorithm>
#include <mpi.h>

using namespace LAMMPS_NS;

void Interactions::compute(int eflag, int vflag)
{
  const std::size_t n = atom->nlocal + (force->newton ? atom->nghost : 0);
  if (n) std::fill_n(atom->f[0], 3 * n, 0.0);

  if (modify->n_pre_force) modify->pre_force(vflag);
  if (force->pair && force->pair->compute_flag) force->pair->compute(eflag, vflag);
  if (atom->molecular != Atom::ATOMIC) {
    if (force->bond) force->bond->compute(eflag, vflag);
    if (force->angle) force->angle->compute(eflag, vflag);
    if (force->dihedral) force->dihedral->compute(eflag, vflag);
    if (force->improper) force->improper->compute(eflag, vflag);
  }
  if (force->kspace && force->kspace->compute_flag) force->kspace->compute(eflag, vflag);
  if (modify->n_pre_reverse) modify->pre_reverse(eflag, vflag);
  if (force->newton) comm->reverse_comm();
}

std::vector<Interactions::Term> Interactions::terms() const
{
  std::vector<Term> all;
  if (force->pair)
    all.push_back({{&force->pair->eng_vdwl, &force->pair->eng_coul}, force->pair->virial});
  if (force->bond) all.push_back({{&force->bond->energy, nullptr}, force->bond->virial});
  if (force->angle) all.push_back({{&force->angle->energy, nullptr}, force->angle->virial});
  if (force->dihedral)
    all.push_back({{&force->dihedral->energy, nullptr}, force->dihedral->virial});
  if (force->improper)
    all.push_back({{&force->improper->energy, nullptr}, force->improper->virial});
  if (force->kspace) all.push_back({{&force->kspace->energy, nullptr}, force->kspace->virial});
  return all;
}

double Interactions::local_energy() const
{
  double sum = 0.0;
  for (const Term &term : terms()) {
    // that of kspace is a sum over ranks already
    const bool shared = force->kspace && term.energy[0] == &force->kspace->energy;
    if (!shared || comm->me == 0) sum += *term.energy[0];
    if (term.energy[1]) sum += *term.energy[1];
  }
  return sum;
}

double Interactions::energy() const
{
  const double mine = local_energy();
  double all;
  MPI_Allreduce(&mine, &all, 1, MPI_DOUBLE, MPI_SUM, world);
  return all;
}

void Interactions::save()
{
  const std::size_t n = atom->nlocal + atom->nghost;
  forces.clear();
  if (n) forces.assign(atom->f[0], atom->f[0] + 3 * n);
  values.clear();
  for (const Term &term : terms()) {
    for (const double *const energy : term.energy) values.push_back(energy ? *energy : 0.0);
    values.insert(values.end(), term.virial, term.virial + 6);
  }
}

void Interactions::restore()
{
  const std::size_t n = 3 * static_cast<std::size_t>(atom->nlocal + atom->nghost);
  if (n) std::copy_n(forces.begin(), std::min(n, forces.size()), atom->f[0]);
  auto value = values.cbegin();
  for (const Term &term : terms()) {
    for (double *const energy : term.energy) {
      if (energy) *energy = *value;
      ++value;
    }
    std::copy_n(value, 6, term.virial);
    value += 6;
  }
}

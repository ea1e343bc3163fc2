/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/force_evaluator.h"

#include "atom.h"
#include "comm.h"
#include "force.h"
#include "pair.h"

#include <algorithm>
#include <mpi.h>

using namespace LAMMPS_NS;

ForceEvaluator::ForceEvaluator(LAMMPS *lmp) : Pointers(lmp), interactions(lmp)
{
  const int n = atom->nlocal + atom->nghost;
  if (n) {
    x.assign(atom->x[0], atom->x[0] + 3 * n);
    if (atom->q_flag) q.assign(atom->q, atom->q + n);
  }
  const Pair *const pair = force->pair;
  eflag_before = pair ? (pair->eflag_global ? 1 : 0) | (pair->eflag_atom ? 2 : 0) : 0;
  // before the first evaluation the flags are what memory held, and some styles communicate if they
  // are set
  MPI_Bcast(&eflag_before, 1, MPI_INT, 0, world);
  interactions.save();
}

// Interactions keep more than forces between steps, which a last evaluation brings back.
ForceEvaluator::~ForceEvaluator()
{
  if (!x.empty()) {
    std::copy(x.begin(), x.end(), atom->x[0]);
    std::copy(q.begin(), q.end(), atom->q);
  }
  try {
    interactions.compute(eflag_before);
  } catch (...) {
    // the exception that ended the evaluations is on its way already
  }
  std::copy(q.begin(), q.end(), atom->q);
  interactions.restore();
}

void ForceEvaluator::compute(int eflag)
{
  comm->forward_comm();
  interactions.compute(eflag);
}

/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_FORCE_EVALUATOR_H
#define ERGODIC_FORCE_EVALUATOR_H

#include "common/interactions.h"
#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

// Forces for atoms displaced by much less than the neighbor skin, between two steps of a run. When
// it is destroyed, positions, forces, charges, energies and virials are as before, to the bit.
class ForceEvaluator : protected Pointers {
 public:
  explicit ForceEvaluator(class LAMMPS *);
  ~ForceEvaluator();
  ForceEvaluator(const ForceEvaluator &) = delete;
  ForceEvaluator &operator=(const ForceEvaluator &) = delete;

  // Position of owned atom i before any displacement.
  const double *home(int i) const { return &x[3 * i]; }

  // Forces of all interactions on the owned atoms, in atom->f, after owned atoms were moved.
  void compute(int eflag = 0);

  // Energy of all interactions on all ranks; after compute(1).
  double energy() const { return interactions.energy(); }

 private:
  Interactions interactions;
  std::vector<double> x, q;
  int eflag_before;
};

}    // namespace LAMMPS_NS

#endif

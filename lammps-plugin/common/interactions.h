/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_INTERACTIONS_H
#define ERGODIC_INTERACTIONS_H

#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

// All interactions of LAMMPS as one. Styles of this plugin ask for forces here and nowhere else, in
// the order of calls of run_style verlet. What a new LAMMPS does differently, or an accelerator
// that keeps positions and forces elsewhere than in atom->x and atom->f, is dealt with in
// compute().
class Interactions : protected Pointers {
 public:
  explicit Interactions(class LAMMPS *lmp) : Pointers(lmp) {}

  // Forces on the owned atoms, in atom->f, at the present positions of owned and ghost atoms.
  // `eflag` and `vflag` as for Pair::compute().
  void compute(int eflag, int vflag = 0);

  // Energy on this rank, after compute() with an eflag; the sum over ranks is the energy.
  double local_energy() const;
  // Energy on all ranks.
  double energy() const;

  // Keeps forces on owned and ghost atoms, energies and virials, and brings them back; ghosts as
  // far as they are still as many.
  void save();
  void restore();

 private:
  // Energy and virial of a kind of interaction, where LAMMPS keeps them.
  struct Term {
    double *energy[2];
    double *virial;
  };
  std::vector<Term> terms() const;

  std::vector<double> forces;
  std::vector<double> values;    // 8 a term
};

}    // namespace LAMMPS_NS

#endif

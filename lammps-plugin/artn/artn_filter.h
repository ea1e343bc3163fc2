/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_FILTER_H
#define ERGODIC_ARTN_FILTER_H

#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

class NeighList;

// Leaves pairs of far atoms out of the neighbor lists that LAMMPS has built, for pair styles whose
// lists ArtnLists cannot make. Pairs of which neither atom is within reach of a moving one
// contribute nothing to the forces on moving atoms, as long as a pair potential, or an
// embedded-atom one, looks one neighbor far.
class ArtnFilter : protected Pointers {
 public:
  explicit ArtnFilter(class LAMMPS *lmp) : Pointers(lmp) {}

  // As ArtnLists::reached().
  std::vector<unsigned char> reached(const std::vector<int> &canonical,
                                     const std::vector<unsigned char> &moves, double skin,
                                     double margin) const;
  // Leaves out pairs of which no atom is `near`.
  void apply(const std::vector<int> &canonical, const std::vector<unsigned char> &near) const;

 private:
  std::vector<NeighList *> pair_lists() const;
};

}    // namespace LAMMPS_NS

#endif

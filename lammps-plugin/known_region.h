/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_KNOWN_REGION_H
#define ERGODIC_KNOWN_REGION_H

#include "ergodic.h"
#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

// The part of the simulation box of which an MPI rank knows all atoms, owned or ghost, and the
// walls of the box.
class KnownRegion : protected Pointers {
 public:
  explicit KnownRegion(class LAMMPS *lmp) : Pointers(lmp) {}

  // Box faces that are not periodic.
  std::vector<ergodic_plane_t> walls() const;
  // Bounds of the known region if no atom has moved by more than `drifted` since the ghosts were
  // chosen.
  std::vector<ergodic_plane_t> sight(double drifted) const;
  // Upper bound of how far any atom has moved since the ghosts were chosen. On all MPI ranks.
  double drift() const;
  // Ghost cutoff with which every rank knows all atoms within `needed` of its own ones.
  double cutoff_to_set(double needed, double drifted) const;

 private:
  ergodic_plane_t plane(int dim, int side, double lamda, double beyond) const;
};

}    // namespace LAMMPS_NS

#endif

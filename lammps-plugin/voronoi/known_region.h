/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_KNOWN_REGION_H
#define ERGODIC_KNOWN_REGION_H

#include "ergodic.h"
#include "pointers.h"

#include <string>
#include <vector>

namespace LAMMPS_NS {

// The part of the simulation box of which an MPI rank knows all atoms, owned or ghost, and the
// walls of the box. Makes that part larger where it is too small.
class KnownRegion : protected Pointers {
 public:
  explicit KnownRegion(class LAMMPS *lmp) : Pointers(lmp) {}

  // Box faces that are not periodic.
  std::vector<ergodic_plane_t> walls() const;
  // Bounds of the known region if no atom has moved by more than `displacement` since the ghosts
  // were chosen.
  std::vector<ergodic_plane_t> bounds(double displacement) const;
  // Upper bound of how far any atom has moved since the ghosts were chosen. On all MPI ranks.
  double max_displacement() const;
  // Distance around its sub-domain within which a rank has ghost atoms of all kinds.
  double cutoff() const;
  // Raises the ghost cutoff towards the one with which every rank knows all atoms within `needed`
  // of its own ones, and gets the ghosts. False if that cannot be done.
  bool raise(double needed, double displacement);
  // What a user can do where `raise` fails.
  std::string hint(double needed, double displacement) const;

 private:
  bigint own_build = -1;    // number of the build of neighbor lists that `get_ghosts` made last
  double own_displacement = 0.0;    // of atoms at that time

  double measured_displacement() const;
  double displacement_before_build() const;
  double required_cutoff(double needed, double displacement) const;
  double largest_cutoff() const;
  void set_cutoff(double);
  void get_ghosts();
  double height(int dim) const;
  ergodic_plane_t plane(int dim, int side, double lamda, double beyond) const;
};

}    // namespace LAMMPS_NS

#endif

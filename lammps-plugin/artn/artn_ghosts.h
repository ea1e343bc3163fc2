/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_GHOSTS_H
#define ERGODIC_ARTN_GHOSTS_H

#include "pointers.h"

#include <vector>

namespace LAMMPS_NS {

class ArtnState;

// Ghost atoms for saddle searches, chosen without an exchange, so that owners and their order stay,
// and as far out as atoms have left the sub-domain of their owner.
class ArtnGhosts : protected Pointers {
 public:
  ArtnGhosts(class LAMMPS *lmp, const ArtnState &state) : Pointers(lmp), state(state) {}

  void begin_run();
  // Ghost cutoff of the user again.
  void end_run();
  // New ghosts for the present positions. They serve until atoms have moved by `slack`. `moving` =
  // by canonical index, whether the atom may move; empty: none does. `bins` = whether LAMMPS
  // builds neighbor lists.
  void choose(const std::vector<unsigned char> &moving, double slack, bool bins);
  // Moves the ghosts along with their owners.
  void update();

  // Largest distance of an atom from the sub-domain of its owner.
  double largest_excursion() const;

  // Canonical indices of owned and ghost atoms.
  const std::vector<int> &indices() const { return canonical; }

 private:
  const ArtnState &state;
  std::vector<int> canonical;
  std::vector<int> images;            // ghosts of moving atoms, on a single rank
  std::vector<int> image_owner;       // local index of their owners
  std::vector<double> image_shift;    // and their distance from them
  bool in_run = false;
  double user_cutghost = 0.0;

  void widen(double slack, bool bins);
  double excursion() const;
  void find_images(const std::vector<unsigned char> &moving);
};

}    // namespace LAMMPS_NS

#endif

/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_STATE_H
#define ERGODIC_ARTN_STATE_H

#include "pointers.h"

#include <array>
#include <cstdint>
#include <vector>

namespace LAMMPS_NS {

// The canonical state: the minimum that every saddle search starts from. On all MPI ranks in the
// order of atom IDs, which gives every atom its canonical index. Atoms never change their owner
// meanwhile.
class ArtnState : protected Pointers {
 public:
  explicit ArtnState(class LAMMPS *lmp) : Pointers(lmp) {}

  // Takes the present positions. The IDs must be unique.
  void capture();
  // At the beginning of a further run: whether atoms, positions and box are still those, but for
  // rounding: LAMMPS' own setup changes last bits in a triclinic box. Searches go on from the
  // positions of capture().
  bool recapture();
  // Puts all owned atoms at these positions, [natoms][3].
  void place(const double *x);
  // Puts them back where LAMMPS had them at the last capture() or recapture(), to the bit.
  void place_at_rest();
  // An error if something else has reordered the atoms.
  void check_order() const;

  int natoms() const { return static_cast<int>(ids.size()); }
  const std::vector<int64_t> &atom_ids() const { return ids; }
  const std::vector<int32_t> &atom_types() const { return types; }
  const std::vector<double> &positions() const { return minimum; }
  // Canonical index of an atom.
  int find(tagint id) const;
  // Canonical indices of the owned atoms.
  const std::vector<int> &indices() const { return order; }
  // Local index of an atom by its canonical one, -1 if it is not ours.
  int owned(int index) const { return owners[index]; }

 private:
  std::vector<int64_t> ids;
  std::vector<int32_t> types;
  std::vector<double> minimum;    // positions, [natoms][3]
  std::vector<double> rest;       // of owned atoms as LAMMPS has them
  std::vector<int> order, owners;
  std::array<double, 12> box{};    // origin, edges, periodicity

  void gather();
  void find_owners();
  void remember_rest();
  bool near_minimum(const std::vector<double> &x) const;
  double rounding() const;
  std::array<double, 12> present_box() const;
};

}    // namespace LAMMPS_NS

#endif

/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_VDOS_SAMPLE_H
#define ERGODIC_VDOS_SAMPLE_H

#include "ergodic.h"
#include "pointers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// All atoms of all ranks, in ascending order of their IDs: 24 bytes of positions an atom, against
// 300 times as much for its part of the Hessian.
class VdosSample : protected Pointers {
 public:
  explicit VdosSample(class LAMMPS *lmp) : Pointers(lmp) {}

  // Collects the atoms from where `forces` found them. Members are those of the group; errors are
  // those of `name`.
  void replicate(const class ForceEvaluator &forces, int groupbit, const std::string &name);

  // For the core; valid until the next call of replicate() or release().
  ergodic_vdos_sample_t view() const;

  // Gives back what only the core needs.
  void release();

  // Index on this rank of atom k, -1 if another one owns it.
  int local(int k) const { return index[k]; }
  // Indices of the members among all atoms.
  const std::vector<int> &members() const { return member; }
  // Index of an atom among the members, -1 if it is none.
  int64_t member_of(int64_t id) const;

 private:
  std::vector<double> x, mass;
  std::vector<int64_t> id, member_id;
  std::vector<int> type, member, index;

  std::vector<double> gather(const class ForceEvaluator &, int groupbit) const;
};

}    // namespace LAMMPS_NS

#endif

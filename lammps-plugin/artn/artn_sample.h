/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_SAMPLE_H
#define ERGODIC_ARTN_SAMPLE_H

#include "ergodic.h"
#include "pointers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// What the core is told of the canonical state: atoms and box, which atoms are central, which ones
// other fixes hold, and in what directions the user wants them pushed.
class ArtnSample : protected Pointers {
 public:
  // `name` = of the fix, for messages; `igroup` = group of the central atoms.
  ArtnSample(class LAMMPS *, const std::string &name, const class ArtnForces &, int igroup);

  // Takes all from the canonical state, which `forces` has captured.
  void capture(const class ArtnOptions &);
  // Whether the central and the held atoms are still those.
  bool is_present() const;
  // For the core; valid until the next call of capture().
  ergodic_artn_sample_t view() const;
  // The lines of a dump that describe the box.
  std::string bounds() const;

  // Canonical indices of the central atoms.
  const std::vector<uint32_t> &centres() const { return central; }
  // Of the atoms that other fixes hold where they are.
  const std::vector<uint32_t> &held() const { return fixed; }

  // Whether a fix may hold atoms, by making forces on them zero.
  static bool may_hold(const class Fix *);

 private:
  std::string name;
  const class ArtnForces &forces;
  int igroup;
  std::vector<uint32_t> central, fixed;
  std::vector<double> direction, displacement;    // [natoms][3] or empty

  std::vector<uint32_t> find_held() const;
  std::vector<uint32_t> find_centres(const std::vector<uint32_t> &held) const;
  std::vector<uint32_t> gather_indices(const std::vector<unsigned char> &flags) const;
  std::vector<double> evaluate(const char *keyword, const std::string (&variables)[3]) const;
};

}    // namespace LAMMPS_NS

#endif

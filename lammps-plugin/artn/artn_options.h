/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_OPTIONS_H
#define ERGODIC_ARTN_OPTIONS_H

#include "ergodic.h"
#include "pointers.h"

#include <string>

namespace LAMMPS_NS {

// Arguments of fix artn.
class ArtnOptions : protected Pointers {
 public:
  // `name` = of the fix, for messages.
  ArtnOptions(class LAMMPS *, const std::string &name, int narg, char **arg);

  ergodic_artn_options_t core{};
  std::string direction[3], refine[3];    // names of variables, if any
  std::string events_file, saddles_file, minima_file, displaced_file;
  bool resume = false;

 private:
  std::string name;

  void check_given(const class Keywords &);
};

}    // namespace LAMMPS_NS

#endif

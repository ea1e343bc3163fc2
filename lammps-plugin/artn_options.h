/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_OPTIONS_H
#define ERGODIC_ARTN_OPTIONS_H

#include "ergodic.h"
#include "pointers.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// Arguments of fix artn.
class ArtnOptions : protected Pointers {
 public:
  // `name` = of the fix, for messages.
  ArtnOptions(class LAMMPS *, const std::string &name, int narg, char **arg);

  ergodic_artn_options_t core{};
  std::string direction[3], refine[3];    // names of variables, if any
  std::string events_file, saddles_file, minima_file;
  bool resume = false;

 private:
  std::string name;

  void defaults();
  void parse(int, char **);
  void variables(const std::string &, char **, std::string (&)[3]) const;
  void check_given(const std::vector<std::string> &given);
  double number(const std::string &, const char *, double least) const;
  int64_t integer(const std::string &, const char *, int64_t least, int64_t most) const;
  bool yes_no(const std::string &, const char *) const;
};

}    // namespace LAMMPS_NS

#endif

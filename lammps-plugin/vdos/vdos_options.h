/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_VDOS_OPTIONS_H
#define ERGODIC_VDOS_OPTIONS_H

#include "ergodic.h"
#include "pointers.h"

#include <string>

namespace LAMMPS_NS {

// The keywords of compute vdos/atom. Errors are those of `name`.
class VdosOptions : protected Pointers {
 public:
  VdosOptions(class LAMMPS *, const std::string &name, int narg, char **arg);
  VdosOptions(const VdosOptions &) = delete;
  VdosOptions &operator=(const VdosOptions &) = delete;

  ergodic_vdos_options_t values;

 private:
  std::string table_file, modes_file, hessian_file;    // `values` points into them

  const char *of_partition(std::string &file) const;
};

}    // namespace LAMMPS_NS

#endif

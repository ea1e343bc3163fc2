/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef LMP_SAFE_POINTERS_H
#define LMP_SAFE_POINTERS_H

// LAMMPS 4Jul2026 does not install this header, which others of its headers include. Used only
// where it is missing; no object of these classes is made or read here, only the declarations must
// compile.

#include <cstdio>

namespace LAMMPS_NS {
class SafeFilePtr {
  FILE *fp;
  bool use_pclose;
};
}    // namespace LAMMPS_NS

#endif

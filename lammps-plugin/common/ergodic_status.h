/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_STATUS_H
#define ERGODIC_STATUS_H

#include "ergodic.h"
#include "error.h"

#include <string>

namespace LAMMPS_NS {

// Stops the run unless `status` is success. Called on one MPI rank.
inline void ergodic_check_one(const std::string &file, int line, Error *error,
                              const std::string &who, ergodic_status_t status)
{
  if (status != ERGODIC_SUCCESS) error->one(file, line, "{}: {}", who, ergodic_last_error());
}

// Stops the run unless `status` is success. Called on all MPI ranks, with the same status.
inline void ergodic_check_all(const std::string &file, int line, Error *error,
                              const std::string &who, ergodic_status_t status)
{
  if (status != ERGODIC_SUCCESS) error->all(file, line, "{}: {}", who, ergodic_last_error());
}

}    // namespace LAMMPS_NS

#endif

/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_CONFIGURATION_H
#define ERGODIC_CONFIGURATION_H

#include "ergodic.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

class LAMMPS;

using Fingerprint = std::array<double, ERGODIC_FINGERPRINT_LENGTH>;

// The simulation box.
ergodic_box_t box_of(LAMMPS *);

// Fingerprint of the present configuration of all ranks. Errors are those of `who`. Atoms are told
// apart by their IDs, or by `labels` of the owned ones.
Fingerprint fingerprint_of(LAMMPS *, const std::string &who);
Fingerprint fingerprint_of(LAMMPS *, const std::string &who, const std::vector<int64_t> &labels);

// Whether two fingerprints are those of one configuration.
bool same_configuration(LAMMPS *, const std::string &who, const Fingerprint &, const Fingerprint &);

}    // namespace LAMMPS_NS

#endif

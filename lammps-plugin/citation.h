/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_CITATION_H
#define ERGODIC_CITATION_H

#include <string>

namespace LAMMPS_NS {

class LAMMPS;

// Asks users of a command to cite the paper whose quantities it computes.
void cite_paper(LAMMPS *, const std::string &command);

}    // namespace LAMMPS_NS

#endif

/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_CITATION_H
#define ERGODIC_CITATION_H

#include <string>

namespace LAMMPS_NS {

class LAMMPS;

// Asks users of a command to cite the paper whose quantities it computes, and Ergodic.
void cite_paper(LAMMPS *, const std::string &command);

// The same for Ergodic itself.
void cite_ergodic(LAMMPS *);

}    // namespace LAMMPS_NS

#endif

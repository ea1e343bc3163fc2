/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_COMPUTE_VORONOI_ENTROPY_H
#define ERGODIC_COMPUTE_VORONOI_ENTROPY_H

#include "compute.h"
#include "ergodic.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

class FixVoronoiHistory;

// Voronoi motifs of the atoms and the entropies of their histories: arguments and output. The
// histories, and all that is done to sample a configuration, are in an internal fix.
class ComputeVoronoiEntropy : public Compute {
 public:
  ComputeVoronoiEntropy(class LAMMPS *, int, char **);
  ~ComputeVoronoiEntropy() override;

  void post_constructor();    // of Compute, where LAMMPS has that
  void init() override;
  double compute_scalar() override;
  void compute_vector() override;
  void compute_peratom() override;
  void compute_local() override;
  double memory_usage() override;

 private:
  std::string name;      // for messages
  std::string id_fix;    // of the internal fix
  int every = 1;
  bool full = false;
  std::string radius_name;    // variable that gives the radii, empty if there is none
  ergodic_tessellation_options_t options;

  double **columns = nullptr;    // per-atom array
  int max_atoms = 0;
  double **rows = nullptr;    // local array
  int max_rows = 0;

  void parse(int, char **);

  FixVoronoiHistory *history_fix() const;
  std::vector<int64_t> ids() const;
};

}    // namespace LAMMPS_NS

#endif

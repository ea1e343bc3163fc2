/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_COMPUTE_VORONOI_ENTROPY_H
#define ERGODIC_COMPUTE_VORONOI_ENTROPY_H

#include "compute.h"
#include "ergodic.h"
#include "known_region.h"

#include <cstdint>
#include <string>
#include <vector>

namespace LAMMPS_NS {

class FixVoronoiHistory;

// Voronoi motifs of the atoms and the entropies of their histories. The histories themselves, and
// the clock that says when a configuration is sampled, are in an internal fix.
class ComputeVoronoiEntropy : public Compute {
 public:
  ComputeVoronoiEntropy(class LAMMPS *, int, char **);
  ~ComputeVoronoiEntropy() override;

  void post_constructor() override;
  void init() override;
  double compute_scalar() override;
  void compute_vector() override;
  void compute_peratom() override;
  void compute_local() override;
  int pack_forward_comm(int, int *, double *, int, int *) override;
  void unpack_forward_comm(int, int, double *) override;
  double memory_usage() override;

  // Adds the present configuration to `history` on all MPI ranks, or on none: then the run stops.
  // `largest` becomes its maximum over all ranks.
  void sample(ergodic_history_t *history, int &largest);

 private:
  std::string name;      // for messages
  std::string id_fix;    // of the internal fix
  int every = 1;
  bool full = false;
  std::string radius_name;    // variable that gives the radii, empty if there is none
  KnownRegion known;
  ergodic_tessellation_options_t options;
  ergodic_tessellation_t *tessellation = nullptr;

  double **columns = nullptr;    // per-atom array
  int max_atoms = 0;
  double **rows = nullptr;    // local array
  int max_rows = 0;
  double *radii = nullptr;        // of owned and ghost atoms
  double largest_radius = 0.0;    // of all atoms on all ranks
  int max_radii = 0;
  std::vector<double> type_sums, type_counts;

  void parse(int, char **);
  double number(const std::string &keyword, const char *value) const;
  int integer(const std::string &keyword, const char *value, int most) const;
  bool chosen(const std::string &keyword, const char *value, const char *yes, const char *no) const;

  FixVoronoiHistory *history_fix() const;
  void sum_by_type();
  std::vector<int64_t> ids() const;

  int radius_variable() const;
  void evaluate_radii();
  int negative_radius() const;
  ergodic_status_t tessellate(double drifted);

  void agree(ergodic_status_t status, double drifted, int &largest);
  std::string failure(ergodic_status_t status, double needed, double drifted) const;
};

}    // namespace LAMMPS_NS

#endif

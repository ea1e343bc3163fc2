/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_VORONOI_SAMPLER_H
#define ERGODIC_VORONOI_SAMPLER_H

#include "ergodic.h"
#include "pointers.h"
#include "voronoi/known_region.h"

#include <string>

namespace LAMMPS_NS {

// Finds the motifs of the present configuration and adds them to histories.
class VoronoiSampler : protected Pointers {
 public:
  // Errors are those of `who`. `radius`: name of the variable with the radii, empty if there is
  // none. Motifs are found for the atoms with `groupbit`.
  VoronoiSampler(class LAMMPS *, const std::string &who, const ergodic_tessellation_options_t &,
                 const std::string &radius, int groupbit);
  ~VoronoiSampler();
  VoronoiSampler(const VoronoiSampler &) = delete;
  VoronoiSampler &operator=(const VoronoiSampler &) = delete;

  // Checks at the start of a run; the next sample is taken every `every` steps.
  void init(int every);
  // Adds the present configuration to `history` on all MPI ranks, or on none: then the run stops.
  // `largest` becomes its maximum over all ranks.
  void sample(ergodic_history_t *history, int every, int &largest);
  // Bit of the group that is sampled.
  int group() const { return groupbit; }
  double memory_usage() const;

 private:
  std::string name;      // for messages
  std::string radius;    // variable that gives the radii
  int groupbit;
  KnownRegion known;
  ergodic_tessellation_t *tessellation = nullptr;
  double **radii = nullptr;       // of owned and ghost atoms, one column
  double largest_radius = 0.0;    // of all atoms on all ranks
  int max_radii = 0;
  bool warned_threads = false;

  // What all ranks together say about a tessellation.
  struct Outcome {
    bool failed, ghosts_only;    // ghosts_only: every failure can be mended by more ghost atoms
    double needed;               // distance within which all atoms must be known
    bool threads_refused;
  };

  int radius_variable() const;
  void evaluate_radii(int every);
  int negative_radius() const;
  ergodic_status_t tessellate(double displacement);
  Outcome reduce(ergodic_status_t status, int &largest) const;
  void stop(ergodic_status_t status, double needed, double displacement);
  std::string failure(ergodic_status_t status, double needed, double displacement) const;
};

}    // namespace LAMMPS_NS

#endif

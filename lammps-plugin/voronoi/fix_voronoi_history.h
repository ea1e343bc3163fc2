/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_FIX_VORONOI_HISTORY_H
#define ERGODIC_FIX_VORONOI_HISTORY_H

#include "common/configuration.h"
#include "ergodic.h"
#include "fix.h"
#include "voronoi/voronoi_sampler.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// Entropies of the atoms of a group that have samples, added up over all MPI ranks, by type.
struct EntropySums {
  std::vector<double> entropy, atoms, saturated;    // saturated: number of atoms
  double mean() const;
  double mean(int type_minus_1) const;
  double saturated_share() const;
};

// Internal fix of compute voronoi/entropy: keeps the histories with their atoms, and decides when a
// configuration is sampled.
class FixVoronoiHistory : public Fix {
 public:
  FixVoronoiHistory(class LAMMPS *, int, char **);
  ~FixVoronoiHistory() override;

  int setmask() override;
  void init() override;
  void setup(int) override;
  void end_of_step() override;
  void post_run() override;
  void write_restart(FILE *) override;
  void restart(char *) override;

  void grow_arrays(int) override;
  void copy_arrays(int, int, int) override;
  void set_arrays(int) override;
  int pack_exchange(int, double *) override;
  int unpack_exchange(int, double *) override;
  int pack_restart(int, double *) override;
  void unpack_restart(int, int) override;
  int size_restart(int) override;
  int maxsize_restart() override;
  // Does nothing, as in the base class, whose symbol has another name where atom IDs have another
  // size: the dynamic linker would refuse such a plugin before our gate can say why.
  void set_molecule(int, tagint, int, double *, double *, double *) override {}
  double memory_usage() override;

  // Samples are taken with `how`, for a compute that deletes this fix before it ends; called once.
  void serve(class Compute *reader, std::unique_ptr<VoronoiSampler> how)
  {
    compute = reader;
    sampler = std::move(how);
  }
  // Histories, with room for every owned atom.
  ergodic_history_t *histories();
  // On all MPI ranks.
  EntropySums sums(int groupbit);
  bigint n_sampled() const { return samples; }
  // Whether the histories come from a restart file.
  bool restored() const { return from_restart; }

 private:
  std::string name;          // for messages
  std::string id_compute;    // of the compute that this fix serves
  bool full = false;         // key full
  ergodic_history_t *history = nullptr;
  std::unique_ptr<VoronoiSampler> sampler;
  class Compute *compute = nullptr;
  int slots = 0;    // atoms that the histories have room for

  bigint samples = 0;              // configurations sampled
  bigint sampled_step = -1;        // step sampled last in the present run
  Fingerprint last_fingerprint;    // configuration sampled last in earlier runs
  bigint reported = 0;             // samples when the last report was printed
  bool from_restart = false;
  int restart_format = ERGODIC_HISTORY_FORMAT;    // of the restart file
  int largest = 0;        // doubles of the largest packed history of all ranks
  bool purged = false;    // all atoms were replaced since the last run

  void sample();
  void forget_output();
  Fingerprint fingerprint();
  bool same_as_last_sample();
  void store_fingerprint();
  std::vector<int64_t> labels();
  void find_atoms_again();
  static void adopt(int, char *, void *);
  void report();

  void reserve(int);
  int largest_packed();
  void update_maxexchange();
  void make_room(int size);
  void check(const char *, int, ergodic_status_t) const;
};

}    // namespace LAMMPS_NS

#endif

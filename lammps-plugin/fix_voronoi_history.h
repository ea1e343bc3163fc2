/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_FIX_VORONOI_HISTORY_H
#define ERGODIC_FIX_VORONOI_HISTORY_H

#include "configuration.h"
#include "ergodic.h"
#include "fix.h"

#include <string>

namespace LAMMPS_NS {

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

  // Histories, with room for every owned atom.
  ergodic_history_t *histories();
  bigint n_sampled() const { return samples; }
  // Whether the histories come from a restart file.
  bool restored() const { return from_restart; }

 private:
  std::string name;          // for messages
  std::string id_compute;    // of the compute that this fix serves
  bool full = false;         // key full
  ergodic_history_t *history = nullptr;
  int slots = 0;    // atoms that the histories have room for

  bigint samples = 0;              // configurations sampled
  bigint sampled_step = -1;        // step sampled last in the present run
  Fingerprint last_fingerprint;    // configuration sampled last in earlier runs
  bool from_restart = false;

  void sample();
  Fingerprint fingerprint() const;
  bool same_as_last_sample() const;
  void remember();

  void reserve(int);
  int largest_packed();
  void update_maxexchange();
  void check(const char *, int, ergodic_status_t) const;
};

}    // namespace LAMMPS_NS

#endif

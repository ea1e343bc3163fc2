/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_FIX_ARTN_H
#define ERGODIC_FIX_ARTN_H

#include "artn/artn_forces.h"
#include "artn/artn_options.h"
#include "artn/artn_queue.h"
#include "artn/artn_sample.h"
#include "ergodic.h"
#include "fix.h"

#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// Saddle searches from the present minimum, one attempt a step. The search and the campaign are in
// the core, forces in ArtnForces.
class FixArtn : public Fix {
 public:
  FixArtn(class LAMMPS *, int, char **);
  ~FixArtn() override;

  int setmask() override;
  void init() override;
  void setup(int) override;
  void initial_integrate(int) override;
  void end_of_step() override;
  void post_run() override;

  double compute_scalar() override;
  double compute_vector(int) override;

  void grow_arrays(int) override;
  void copy_arrays(int, int, int) override;
  void set_arrays(int) override;
  int pack_exchange(int, double *) override;
  int unpack_exchange(int, double *) override;
  // As in FixVoronoiHistory: keeps the name of a symbol with tagint out of the plugin.
  void set_molecule(int, tagint, int, double *, double *, double *) override {}
  double memory_usage() override;

 private:
  std::string name;    // for messages
  ArtnOptions options;
  ArtnForces forces;
  ArtnSample sample;
  ArtnQueue queue;
  struct Free {
    void operator()(ergodic_artn_t *artn) const { ergodic_artn_free(artn); }
  };
  std::unique_ptr<ergodic_artn_t, Free> artn;

  double vector[ERGODIC_ARTN_VECTOR] = {};
  std::vector<double> statistics;    // of all atoms, [natoms][ERGODIC_ARTN_COLUMNS]

  bool running = false;    // between setup() and post_run()
  bool ended = false;      // nothing is left to do
  double begin_time = 0.0, report_time = 0.0;

  void demand_setup();
  void check_other_fixes() const;
  void begin_run();
  void create();
  void complete_options(const ergodic_artn_sample_t &);
  void abandon();
  void open_files();
  void log_notes();
  void take_centre();
  void attempt();
  void compute_thermo_terms();
  void update_output();
  void report(bool final);

  void check(const char *, int, ergodic_status_t);
  void check_root(const char *, int, ergodic_status_t, bool universe_wide = false);
};

}    // namespace LAMMPS_NS

#endif

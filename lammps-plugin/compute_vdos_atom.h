/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_COMPUTE_VDOS_ATOM_H
#define ERGODIC_COMPUTE_VDOS_ATOM_H

#include "compute.h"
#include "configuration.h"
#include "ergodic.h"
#include "force_evaluator.h"

#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <vector>

namespace LAMMPS_NS {

// Vibrational modes and the boson peak of every atom. The core plans displacements and asks for the
// forces that they cause.
class ComputeVdosAtom : public Compute {
 public:
  ComputeVdosAtom(class LAMMPS *, int, char **);
  ~ComputeVdosAtom() override;

  void init() override;
  void compute_vector() override;
  void compute_array() override;
  void compute_peratom() override;
  double memory_usage() override;

 private:
  std::string name;    // for messages
  std::string table_file, modes_file;
  ergodic_vdos_options_t options;
  ergodic_vdos_t *vdos = nullptr;

  // What the results belong to.
  bool evaluated = false;
  Fingerprint fingerprint;
  struct Signature {
    double energy;
    uint64_t members;
  };
  Signature signature{};
  bigint checked_step = -1;

  // All atoms of all ranks, in ascending order of their IDs.
  std::vector<double> all_x, all_mass;
  std::vector<int64_t> all_id;
  std::vector<int> all_type, members;
  std::vector<int> local;    // index of each atom on this rank, -1 if another one owns it

  std::vector<int64_t> member_id;
  std::vector<double> results;    // [members][ERGODIC_VDOS_COLUMNS]
  double **columns = nullptr;     // per-atom array
  int max_atoms = 0;

  std::unique_ptr<ForceEvaluator> forces;    // while the core works
  std::vector<int> displaced;                // local indices
  std::exception_ptr exception;

  void parse(int, char **);
  int set(const std::string &key, int narg, char **arg);
  double positive(const std::string &key, const char *value) const;
  void defaults();

  void evaluate();
  void restore();
  bool same_signature(const Signature &) const;
  Signature sign() const;
  void replicate();
  void warn_of_fixes() const;
  void run_core();
  int processes_on_machine() const;

  void displace(int n, const int *moved, const double *to);
  void gather(double *all) const;
  void stop(ergodic_status_t status);

  static int forces_of(void *, int32_t, const int32_t *, const double *, double *) noexcept;
  static int sum_of(void *, int64_t, double *) noexcept;
  static void log_of(void *, const char *) noexcept;
};

}    // namespace LAMMPS_NS

#endif

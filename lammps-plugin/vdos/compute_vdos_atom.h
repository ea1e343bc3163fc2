/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_COMPUTE_VDOS_ATOM_H
#define ERGODIC_COMPUTE_VDOS_ATOM_H

#include "common/configuration.h"
#include "common/force_evaluator.h"
#include "compute.h"
#include "ergodic.h"
#include "vdos/vdos_options.h"
#include "vdos/vdos_sample.h"

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
  VdosOptions options;
  int node = 0;    // the lowest rank on this machine
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

  VdosSample sample;
  std::vector<double> results;    // [members][ERGODIC_VDOS_COLUMNS]
  double **columns = nullptr;     // per-atom array
  int max_atoms = 0;

  std::unique_ptr<ForceEvaluator> forces;    // while the core works
  std::vector<int> displaced;                // local indices
  std::exception_ptr exception;

  void prepare() const;
  void evaluate();
  void restore();
  bool same_signature(const Signature &) const;
  Signature sign() const;
  void warn_of_fixes() const;
  void run_core();
  void find_machine();

  void displace(int n, const int *moved, const double *to);
  void gather(double *all) const;
  void stop(ergodic_status_t status);

  static int forces_of(void *, int32_t, const int32_t *, const double *, double *) noexcept;
  static int follow_of(void *) noexcept;
  static int finish_of(void *) noexcept;
  static int sum_of(void *, int64_t, double *) noexcept;
  static void log_of(void *, const char *) noexcept;
};

}    // namespace LAMMPS_NS

#endif

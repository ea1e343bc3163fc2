/* -*- c++ -*- Ergodic: LAMMPS plugin. GPL-2.0-only. */

#ifndef ERGODIC_ARTN_FORCES_H
#define ERGODIC_ARTN_FORCES_H

#include "artn/artn_filter.h"
#include "artn/artn_ghosts.h"
#include "artn/artn_lists.h"
#include "artn/artn_state.h"
#include "common/interactions.h"
#include "ergodic.h"
#include "pointers.h"

#include <cstdint>
#include <exception>
#include <functional>
#include <vector>

namespace LAMMPS_NS {

// LAMMPS as the force engine of saddle searches: forces at other positions than those of the
// canonical state, with the styles in place.
class ArtnForces : protected Pointers {
 public:
  explicit ArtnForces(class LAMMPS *);
  ~ArtnForces() override;

  // In Fix::init(): a skin that suits short excursions, and no rebuild that we do not ask for.
  void begin_run();
  // Forces below `ftol` count as zero; until this is known none are rounded.
  void set_tolerance(double ftol);
  // Takes the present state as the canonical one.
  void capture();
  // Tries on displaced atoms around the one with this index whether forces of our own lists, with
  // and without far pairs, are those of LAMMPS. What fails is not used from now on; returns whether
  // far pairs can be left out.
  bool check_lists(int centre);
  // This many atoms do not move in any search.
  void hold(std::size_t number) { n_held = number; }
  // At the beginning of a further run: whether the state is still the canonical one.
  bool recapture();
  // Back to the canonical state, neighbor lists included.
  void restore();
  // After an exception: positions, lists and settings of the user, without communication. Ghosts
  // are chosen again by the setup of the next run.
  void abandon();
  // Energies and virials of the canonical state, per atom too, for output that wants them.
  void compute_thermo_terms();
  // Settings of the user again.
  void end_run();

  // Canonical state.
  int natoms() const { return state.natoms(); }
  const std::vector<int64_t> &atom_ids() const { return state.atom_ids(); }
  const std::vector<int32_t> &atom_types() const { return state.atom_types(); }
  const std::vector<double> &positions() const { return state.positions(); }
  // Canonical index of a local atom.
  int index(int local) const { return state.indices()[local]; }

  // Called at every evaluation, on every rank.
  std::function<void()> idle;

  // For the core. Exceptions are kept: throw them again after the call to the core.
  ergodic_engine_t callbacks();
  void rethrow();

 private:
  ArtnState state;
  ArtnGhosts ghosts;
  ArtnLists lists;
  ArtnFilter filter;
  Interactions interactions;
  double reference_energy = 0.0;    // of the canonical state
  bool own_lists = false;           // whether `lists` serve, or LAMMPS builds all
  bool filtering = true;            // whether pairs of far atoms are left out
  bool moved = false;               // whether anything was selected since the last restore()

  std::size_t n_held = 0;
  std::vector<int> active;              // canonical indices of the atoms that may move
  std::vector<unsigned char> moving;    // by canonical index, whether the atom may
  std::vector<double> built;            // positions of the active atoms at the last build
  std::vector<double> bordered;         // and when the ghosts were chosen
  std::vector<unsigned char> near;      // by canonical index, whether its pairs are computed
  std::vector<double> last;    // positions of the last evaluation of an energy, if there was one
  double last_energy = 0.0;
  double offset = 0.0;    // keeps the energy continuous when `near` grows
  std::vector<double> buffer, sums;

  double user_skin = -1.0;
  int user_dist_check = 1;
  double skin = 0.0;
  double grid = 0.0;    // of the forces that the core gets

  std::exception_ptr exception;

  bool all_move() const { return active.size() + n_held == moving.size(); }
  void widen_grids();
  bool on_grids() const;
  double present_energy();
  void select(const uint32_t *atoms, int n, const double *reference);
  bool evaluate(const double *x, double *f, double *total);
  void round(double *f) const;
  void scatter(const double *x);
  bool drifted(const double *x, const std::vector<double> &from, double limit) const;
  bool too_far(const double *x) const;
  void rebuild(const double *x);
  void list_pairs();
  bool need_more(double margin);
  void grow_near(const double *x);
  void make_lists();
  void move_to(const double *x);
  void build_all();
  std::vector<double> try_forces(const std::vector<uint32_t> &atoms, bool own, bool filter);

  static int select_callback(void *, int32_t, const uint32_t *, const double *) noexcept;
  static int evaluate_callback(void *, const double *, double *, double *) noexcept;
};

}    // namespace LAMMPS_NS

#endif

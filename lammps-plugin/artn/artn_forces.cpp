/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_forces.h"

#include "common/lammps_compat.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "kspace.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <mpi.h>

using namespace LAMMPS_NS;

namespace {
// Of the force cutoff. Lists are short then, and a rebuild is cheap beside the evaluations between.
constexpr double SKIN = 0.08;
// Of the force cutoff: no atom of a search goes as far.
constexpr double FARTHEST = 3.0;
// Of the force cutoff: how far atoms may move until ghosts are chosen again.
constexpr double SLACK = 0.15;
// Of the force cutoff: how far beyond the range of forces atoms count as near at first.
constexpr double MARGIN = 0.05;
// Of the force cutoff: how far beyond a sub-domain the grids of pppm and msm have room for its atoms.
constexpr double ROOM = 0.5;
// Of the force tolerance, which lies between two points of the grid: far above the difference
// between sums in another order, far below what a search can notice.
constexpr double GRID = 1.0 / 10000.5;
// Relative difference between sums in another order.
constexpr double ROUNDING = 1e-9;

bool same(double a, double b)
{
  return std::fabs(a - b) <= ROUNDING * (1.0 + std::fabs(a));
}
}    // namespace

/* ---------------------------------------------------------------------- */

ArtnForces::ArtnForces(LAMMPS *lmp) :
    Pointers(lmp), state(lmp), ghosts(lmp, state), lists(lmp), filter(lmp), interactions(lmp)
{
}

ArtnForces::~ArtnForces()
{
  end_run();
}

/* ---------------------------------------------------------------------- */

void ArtnForces::set_tolerance(double ftol)
{
  grid = GRID * ftol;
}

void ArtnForces::begin_run()
{
  if (user_skin < 0.0) {
    user_skin = neighbor->skin;
    user_dist_check = neighbor->dist_check;
  }
  ghosts.begin_run();
  skin = std::min(user_skin, SKIN * force->pair->cutforce);
  neighbor->skin = skin;
  neighbor->dist_check = 1;
  filtering = !force->kspace;
  widen_grids();
}

/* ----------------------------------------------------------------------
   Grids of long-range forces end half a skin beyond the sub-domain, and LAMMPS stops where an atom is
   farther out. Atoms of a search keep their owner.
------------------------------------------------------------------------- */

void ArtnForces::widen_grids()
{
  if (!on_grids()) return;
  neighbor->skin = 2.0 * ROOM * force->pair->cutforce;
  force->kspace->init();
  neighbor->skin = skin;
}

bool ArtnForces::on_grids() const
{
  const auto is = [&](const char *family) { return utils::strmatch(force->kspace_style, family); };
  return force->kspace && (is("^pppm") || is("^msm"));
}

void ArtnForces::end_run()
{
  // LAMMPS deletes `neighbor` before the fixes
  if (user_skin < 0.0 || !neighbor) return;
  neighbor->skin = user_skin;
  neighbor->dist_check = user_dist_check;
  ghosts.end_run();
  user_skin = -1.0;
}

void ArtnForces::capture()
{
  state.capture();
  reference_energy = present_energy();
  own_lists = lists.take_over();
}

bool ArtnForces::recapture()
{
  if (!state.recapture() || !same(present_energy(), reference_energy)) return false;
  if (own_lists) own_lists = lists.take_over();
  return true;
}

/* ----------------------------------------------------------------------
   Computed, since setup need not have tallied it; what setup has tallied stays.
------------------------------------------------------------------------- */

double ArtnForces::present_energy()
{
  interactions.save();
  interactions.compute(ENERGY_GLOBAL);
  const double energy = interactions.energy();
  interactions.restore();
  return energy;
}

void ArtnForces::abandon()
{
  if (moved) {
    state.place_at_rest();
    if (own_lists) lists.restore();
  }
  moved = false;
  end_run();
}

void ArtnForces::compute_thermo_terms()
{
  // what fixes made of the forces stays
  std::vector<double> f;
  if (atom->nlocal) f.assign(&atom->f[0][0], &atom->f[0][0] + 3 * atom->nlocal);
  interactions.compute(ENERGY_GLOBAL | ENERGY_ATOM, VIRIAL_PAIR | VIRIAL_ATOM);
  if (atom->nlocal) std::copy(f.begin(), f.end(), &atom->f[0][0]);
}

/* ---------------------------------------------------------------------- */

void ArtnForces::restore()
{
  if (!moved) return;
  state.check_order();
  state.place_at_rest();
  ghosts.choose({}, 0.0, !own_lists);
  if (own_lists)
    lists.restore();
  else
    build_all();
  interactions.restore();
  moved = false;
}

/* ----------------------------------------------------------------------
   The atoms that may move, around `reference`. Neighbor lists are made at the reference itself, so
   that nothing depends on what was selected before.
------------------------------------------------------------------------- */

void ArtnForces::select(const uint32_t *atoms, int n, const double *reference)
{
  moved = true;
  active.assign(atoms, atoms + n);
  moving.assign(natoms(), 0);
  for (const int k : active) moving[k] = 1;
  state.place(reference);
  built.resize(3 * active.size());
  for (std::size_t k = 0; k < active.size(); k++)
    std::copy_n(reference + 3 * active[k], 3, &built[3 * k]);
  bordered = built;
  last.clear();
  offset = 0.0;
  ghosts.choose(moving, own_lists ? SLACK * force->pair->cutforce : 0.0, !own_lists);
  list_pairs();
  near.assign(natoms(), !filtering || all_move());
  need_more(MARGIN * force->pair->cutforce);
  make_lists();
}

void ArtnForces::scatter(const double *x)
{
  double *const *const positions = atom->x;
  for (std::size_t k = 0; k < active.size(); k++)
    if (state.owned(active[k]) >= 0) std::copy_n(x + 3 * k, 3, positions[state.owned(active[k])]);
}

bool ArtnForces::too_far(const double *x) const
{
  const double limit = FARTHEST * force->pair->cutforce;
  for (std::size_t k = 0; k < active.size(); k++)
    for (int d = 0; d < 3; d++)
      if (!(std::fabs(x[3 * k + d] - state.positions()[3 * active[k] + d]) < limit)) return true;
  return false;
}

bool ArtnForces::drifted(const double *x, const std::vector<double> &from, double limit) const
{
  for (std::size_t k = 0; k < from.size(); k += 3) {
    const double dx = x[k] - from[k], dy = x[k + 1] - from[k + 1], dz = x[k + 2] - from[k + 2];
    if (dx * dx + dy * dy + dz * dz > limit * limit) return true;
  }
  return false;
}

/* ----------------------------------------------------------------------
   True unless a force, or the energy if `total` is given for it, is not finite. All ranks have the
   same `x` and get the same bits: every force has one owner, so the sum over ranks adds zeros to it.
------------------------------------------------------------------------- */

bool ArtnForces::evaluate(const double *x, double *f, double *total)
{
  if (too_far(x)) return false;
  move_to(x);
  if (on_grids() && ghosts.largest_excursion() > ROOM * force->pair->cutforce) return false;

  if (idle) idle();
  interactions.compute(total ? ENERGY_GLOBAL : 0);

  const std::size_t n = active.size();
  buffer.assign(3 * n + 1, 0.0);
  for (std::size_t k = 0; k < n; k++)
    if (state.owned(active[k]) >= 0)
      std::copy_n(atom->f[state.owned(active[k])], 3, &buffer[3 * k]);
  if (total) buffer.back() = interactions.local_energy();
  if (comm->nprocs > 1) {
    sums.resize(3 * n + 1);
    MPI_Allreduce(buffer.data(), sums.data(), static_cast<int>(3 * n + 1), MPI_DOUBLE, MPI_SUM,
                  world);
    buffer.swap(sums);
  }
  std::copy_n(buffer.begin(), 3 * n, f);
  if (total) {
    last.assign(x, x + 3 * n);
    last_energy = buffer[3 * n];
    *total = last_energy + offset;
    if (!std::isfinite(*total)) return false;
  }
  return std::all_of(f, f + 3 * n, [](double value) { return std::isfinite(value); });
}

/* ----------------------------------------------------------------------
   To a grid. Sums over pairs depend in their last bits on the number of ranks and on the order of
   atoms, and a search of some hundred evaluations amplifies that to another event. Rounded forces
   nearly always are the same.
------------------------------------------------------------------------- */

void ArtnForces::round(double *f) const
{
  if (grid == 0.0) return;
  for (std::size_t k = 0; k < 3 * active.size(); k++) f[k] = grid * std::nearbyint(f[k] / grid);
}

/* ----------------------------------------------------------------------
   Positions of the active atoms and of their ghosts, and lists that are good for them.
------------------------------------------------------------------------- */

void ArtnForces::move_to(const double *x)
{
  scatter(x);
  if (!drifted(x, built, 0.5 * skin)) {
    ghosts.update();
    return;
  }
  rebuild(x);
  if (need_more(0.0)) grow_near(x);
  make_lists();
}

void ArtnForces::rebuild(const double *x)
{
  std::copy_n(x, built.size(), built.begin());
  const double slack = own_lists ? SLACK * force->pair->cutforce : 0.0;
  if (drifted(x, bordered, slack)) {
    bordered = built;
    ghosts.choose(moving, slack, !own_lists);
  } else
    ghosts.update();
  list_pairs();
}

void ArtnForces::list_pairs()
{
  if (own_lists)
    lists.bin_atoms(ghosts.indices(), moving, skin);
  else
    build_all();
}

/* ----------------------------------------------------------------------
   Atoms count as near as long as the selection lasts: the pairs left out then add the same constant
   to every energy. Whether there are new ones.
------------------------------------------------------------------------- */

bool ArtnForces::need_more(double margin)
{
  if (!filtering || all_move()) return false;
  const auto now = own_lists ? lists.reached(moving, margin)
                             : filter.reached(ghosts.indices(), moving, skin, margin);
  bool more = false;
  for (std::size_t k = 0; k < near.size(); k++) {
    more = more || now[k] > near[k];
    near[k] |= now[k];
  }
  return more;
}

/* ----------------------------------------------------------------------
   The last configuration with an energy once more, with the pairs that are added: the difference is
   the change of the constant.
------------------------------------------------------------------------- */

void ArtnForces::grow_near(const double *x)
{
  need_more(MARGIN * force->pair->cutforce);
  if (last.empty()) return;
  const auto here = last;
  scatter(here.data());
  rebuild(here.data());
  make_lists();
  interactions.compute(ENERGY_GLOBAL);
  offset += last_energy - interactions.energy();
  scatter(x);
  rebuild(x);
}

void ArtnForces::make_lists()
{
  if (own_lists)
    lists.build(near);
  else if (filtering && !all_move())
    filter.apply(ghosts.indices(), near);
}

void ArtnForces::build_all()
{
  if (modify->n_pre_neighbor) modify->pre_neighbor();
  neighbor->build(1);
  if (modify->n_post_neighbor) modify->post_neighbor();
}

/* ---------------------------------------------------------------------- */

bool ArtnForces::check_lists(int centre)
{
  std::vector<uint32_t> ball;
  const double radius = force->pair->cutforce;
  for (int k = 0; k < natoms(); k++) {
    double d[3];
    for (int c = 0; c < 3; c++)
      d[c] = state.positions()[3 * k + c] - state.positions()[3 * centre + c];
    compat::minimum_image(domain, d);
    if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < radius * radius) ball.push_back(k);
  }
  const bool can_filter = filtering, can_imitate = own_lists;
  const auto lammps = try_forces(ball, false, false);
  restore();
  auto whole = lammps;
  own_lists = can_imitate && lists.take_over();
  if (own_lists) {
    whole = try_forces(ball, true, false);
    own_lists = std::equal(whole.begin(), whole.end(), lammps.begin(), same);
    if (!own_lists) whole = lammps;
  }
  const auto near_only = try_forces(ball, own_lists, can_filter);
  // forces to the last bit, and the energy as far as a constant permits
  filtering = can_filter && same(near_only.back(), whole.back()) &&
              std::equal(near_only.begin(), near_only.end() - 1, whole.begin());
  return filtering;
}

/* ----------------------------------------------------------------------
   Forces on these atoms, displaced at random, but the same way on all ranks, and the energy that
   this costs.
------------------------------------------------------------------------- */

std::vector<double> ArtnForces::try_forces(const std::vector<uint32_t> &atoms, bool own,
                                           bool filter)
{
  own_lists = own;
  filtering = filter;
  std::vector<double> x(3 * atoms.size()), f(x.size());
  select(atoms.data(), static_cast<int>(atoms.size()), state.positions().data());
  double before, after;
  evaluate(built.data(), f.data(), &before);
  uint64_t state = 1;
  for (std::size_t k = 0; k < x.size(); k++) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    const double random = static_cast<double>(state >> 11) / 9007199254740992.0 - 0.5;
    x[k] = built[k] + 0.4 * skin * random;
  }
  evaluate(x.data(), f.data(), &after);
  f.push_back(after - before);
  return f;
}

/* ---------------------------------------------------------------------- */

ergodic_engine_t ArtnForces::callbacks()
{
  return {this, select_callback, evaluate_callback};
}

void ArtnForces::rethrow()
{
  if (!exception) return;
  const auto kept = exception;
  exception = nullptr;
  std::rethrow_exception(kept);
}

int ArtnForces::select_callback(void *context, int32_t n, const uint32_t *atoms,
                                const double *reference) noexcept
{
  auto *self = static_cast<ArtnForces *>(context);
  try {
    self->select(atoms, n, reference);
    return ERGODIC_ENGINE_DONE;
  } catch (...) {
    self->exception = std::current_exception();
    return ERGODIC_ENGINE_FAILED;
  }
}

int ArtnForces::evaluate_callback(void *context, const double *x, double *forces,
                                  double *energy) noexcept
{
  auto *self = static_cast<ArtnForces *>(context);
  try {
    if (!self->evaluate(x, forces, energy)) return ERGODIC_ENGINE_NOT_FINITE;
    self->round(forces);
    return ERGODIC_ENGINE_DONE;
  } catch (...) {
    self->exception = std::current_exception();
    return ERGODIC_ENGINE_FAILED;
  }
}

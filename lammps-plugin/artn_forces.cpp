/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn_forces.h"

#include "angle.h"
#include "atom.h"
#include "bond.h"
#include "comm.h"
#include "dihedral.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "improper.h"
#include "kspace.h"
#include "modify.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "pair.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mpi.h>
#include <numeric>

using namespace LAMMPS_NS;

namespace {
// Of the force cutoff. Lists are short then, and a rebuild is cheap beside the evaluations between.
constexpr double SKIN = 0.08;
// Of the force cutoff: no atom of a search goes as far.
constexpr double ABSURD = 3.0;
// Of the force cutoff: how far atoms may move until ghosts are chosen again.
constexpr double SLACK = 0.15;
// Of the force cutoff: how far beyond the range of forces atoms count as near at first.
constexpr double MARGIN = 0.05;
// Relative difference between sums in another order.
constexpr double ROUNDING = 1e-9;

bool same(double a, double b)
{
  return std::fabs(a - b) <= ROUNDING * (1.0 + std::fabs(a));
}
}    // namespace

/* ---------------------------------------------------------------------- */

ArtnForces::ArtnForces(LAMMPS *lmp) : Pointers(lmp), lists(lmp) {}

ArtnForces::~ArtnForces()
{
  end_run();
}

/* ---------------------------------------------------------------------- */

void ArtnForces::begin_run()
{
  if (user_skin < 0.0) {
    user_skin = neighbor->skin;
    user_cutghost = comm->cutghostuser;
    user_dist_check = neighbor->dist_check;
  }
  skin = std::min(user_skin, SKIN * force->pair->cutforce);
  neighbor->skin = skin;
  neighbor->dist_check = 1;
  filtering = atom->molecular == Atom::ATOMIC && !force->kspace;
}

void ArtnForces::end_run()
{
  if (user_skin < 0.0) return;
  neighbor->skin = user_skin;
  neighbor->dist_check = user_dist_check;
  comm->cutghostuser = user_cutghost;
  user_skin = -1.0;
}

/* ----------------------------------------------------------------------
   Every rank gets the same arrays: IDs ascending, with the positions of the atoms as they are
wrapped into the box.
------------------------------------------------------------------------- */

void ArtnForces::gather()
{
  struct Record {
    int64_t id, type;
    double x[3];
  };
  const int nlocal = atom->nlocal;
  std::vector<Record> mine(nlocal);
  for (int i = 0; i < nlocal; i++) {
    mine[i] = {atom->tag[i], atom->type[i], {}};
    std::copy_n(atom->x[i], 3, mine[i].x);
  }
  std::vector<int> bytes(comm->nprocs), begin(comm->nprocs);
  const int size = nlocal * static_cast<int>(sizeof(Record));
  MPI_Allgather(&size, 1, MPI_INT, bytes.data(), 1, MPI_INT, world);
  std::partial_sum(bytes.begin(), bytes.end() - 1, begin.begin() + 1);
  std::vector<Record> all((begin.back() + bytes.back()) / sizeof(Record));
  MPI_Allgatherv(mine.data(), size, MPI_BYTE, all.data(), bytes.data(), begin.data(), MPI_BYTE,
                 world);
  std::sort(all.begin(), all.end(), [](const Record &a, const Record &b) { return a.id < b.id; });

  const std::size_t n = all.size();
  ids.resize(n);
  types.resize(n);
  minimum.resize(3 * n);
  for (std::size_t k = 0; k < n; k++) {
    ids[k] = all[k].id;
    types[k] = static_cast<int32_t>(all[k].type);
    std::copy_n(all[k].x, 3, &minimum[3 * k]);
  }
}

int ArtnForces::find(tagint id) const
{
  // IDs are usually consecutive
  const auto guess = static_cast<std::size_t>(id - ids.front());
  if (guess < ids.size() && ids[guess] == id) return static_cast<int>(guess);
  return static_cast<int>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin());
}

void ArtnForces::capture()
{
  gather();
  for (std::size_t k = 1; k < ids.size(); k++)
    if (ids[k] == ids[k - 1])
      error->all(FLERR, "Fix artn: atom ID {} is not unique: use reset_atoms id", ids[k]);

  find_owners();
  remember();
  box = present_box();
  reference_energy = present_energy();
  own_lists = lists.adopt();
}

std::array<double, 12> ArtnForces::present_box() const
{
  std::array<double, 12> now{};
  std::copy_n(domain->boxlo, 3, now.begin());
  std::copy_n(domain->h, 6, now.begin() + 3);
  std::copy_n(domain->periodicity, 3, now.begin() + 9);
  return now;
}

/* ----------------------------------------------------------------------
   Computed, since setup need not have tallied it; what setup has tallied stays.
------------------------------------------------------------------------- */

double ArtnForces::present_energy()
{
  compute(ENERGY_GLOBAL, VIRIAL_NONE);
  double mine = energy(), sum;
  MPI_Allreduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, world);
  recall();
  return sum;
}

void ArtnForces::find_owners()
{
  const int nlocal = atom->nlocal;
  order.resize(nlocal);
  owned.assign(ids.size(), -1);
  for (int i = 0; i < nlocal; i++) {
    order[i] = find(atom->tag[i]);
    owned[order[i]] = i;
  }
}

void ArtnForces::remember()
{
  const int n = 3 * atom->nlocal;
  forces.resize(n);
  if (n) std::copy_n(&atom->f[0][0], n, forces.begin());
  energies[0] = force->pair->eng_vdwl;
  energies[1] = force->pair->eng_coul;
  std::copy_n(force->pair->virial, 6, virial);
}

void ArtnForces::recall()
{
  if (atom->nlocal) std::copy(forces.begin(), forces.end(), &atom->f[0][0]);
  force->pair->eng_vdwl = energies[0];
  force->pair->eng_coul = energies[1];
  std::copy_n(virial, 6, force->pair->virial);
}

/* ---------------------------------------------------------------------- */

bool ArtnForces::recapture()
{
  const auto old_ids = ids;
  const auto old_types = types;
  const auto old_minimum = minimum;
  gather();
  if (ids != old_ids || types != old_types || minimum != old_minimum || box != present_box())
    return false;
  find_owners();
  remember();
  if (!same(present_energy(), reference_energy)) return false;
  if (own_lists) own_lists = lists.adopt();
  return true;
}

void ArtnForces::abandon()
{
  place(minimum.data());
}

void ArtnForces::tally()
{
  compute(ENERGY_GLOBAL | ENERGY_ATOM, VIRIAL_PAIR | VIRIAL_ATOM);
}

/* ---------------------------------------------------------------------- */

void ArtnForces::restore()
{
  if (!moved) return;
  for (int i = 0; i < atom->nlocal; i++)
    if (find(atom->tag[i]) != order[i])
      error->one(FLERR, "Fix artn: another style has reordered the atoms during an attempt");
  active.clear();
  place(minimum.data());
  new_ghosts(0.0);
  if (own_lists)
    lists.put_back();
  else
    build_all();
  recall();
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
  moving.assign(ids.size(), 0);
  for (const int k : active) moving[k] = 1;
  place(reference);
  built.resize(3 * active.size());
  for (std::size_t k = 0; k < active.size(); k++)
    std::copy_n(reference + 3 * active[k], 3, &built[3 * k]);
  bordered = built;
  last.clear();
  offset = 0.0;
  new_ghosts(own_lists ? SLACK * force->pair->cutforce : 0.0);
  if (!own_lists) build_all();
  near.assign(ids.size(), !filtering || active.size() == ids.size());
  need_more(MARGIN * force->pair->cutforce);
  make_lists();
}

void ArtnForces::place(const double *x)
{
  for (int i = 0; i < atom->nlocal; i++) std::copy_n(x + 3 * order[i], 3, atom->x[i]);
}

void ArtnForces::scatter(const double *x)
{
  double *const *const positions = atom->x;
  for (std::size_t k = 0; k < active.size(); k++)
    if (owned[active[k]] >= 0) std::copy_n(x + 3 * k, 3, positions[owned[active[k]]]);
}

bool ArtnForces::absurd(const double *x) const
{
  const double limit = ABSURD * force->pair->cutforce;
  for (std::size_t k = 0; k < active.size(); k++)
    for (int d = 0; d < 3; d++)
      if (!(std::fabs(x[3 * k + d] - minimum[3 * active[k] + d]) < limit)) return true;
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
   True unless an energy or force is not finite. All ranks have the same `x` and get the same bits:
every force has one owner, so the sum over ranks adds zeros to it.
------------------------------------------------------------------------- */

bool ArtnForces::evaluate(const double *x, double *f, double *total)
{
  if (absurd(x)) return false;
  move_to(x);

  if (idle) idle();
  compute(ENERGY_GLOBAL, VIRIAL_NONE);

  const std::size_t n = active.size();
  buffer.assign(3 * n + 1, 0.0);
  for (std::size_t k = 0; k < n; k++)
    if (owned[active[k]] >= 0) std::copy_n(atom->f[owned[active[k]]], 3, &buffer[3 * k]);
  buffer.back() = energy();
  if (comm->nprocs > 1) {
    sums.resize(3 * n + 1);
    MPI_Allreduce(buffer.data(), sums.data(), static_cast<int>(3 * n + 1), MPI_DOUBLE, MPI_SUM,
                  world);
    buffer.swap(sums);
  }
  std::copy_n(buffer.begin(), 3 * n, f);
  last.assign(x, x + 3 * n);
  last_energy = buffer[3 * n];
  *total = last_energy + offset;
  return std::isfinite(*total) &&
         std::all_of(f, f + 3 * n, [](double value) { return std::isfinite(value); });
}

/* ---------------------------------------------------------------------- */

void ArtnForces::compute(int eflag, int vflag)
{
  const int n = force->newton ? atom->nlocal + atom->nghost : atom->nlocal;
  if (n) memset(&atom->f[0][0], 0, 3 * sizeof(double) * n);
  if (modify->n_pre_force) modify->pre_force(vflag);
  force->pair->compute(eflag, vflag);
  if (atom->molecular != Atom::ATOMIC) {
    if (force->bond) force->bond->compute(eflag, vflag);
    if (force->angle) force->angle->compute(eflag, vflag);
    if (force->dihedral) force->dihedral->compute(eflag, vflag);
    if (force->improper) force->improper->compute(eflag, vflag);
  }
  if (force->kspace) force->kspace->compute(eflag, vflag);
  if (force->newton) comm->reverse_comm();
}

void ArtnForces::update_ghosts()
{
  if (comm->nprocs > 1) {
    comm->forward_comm();
    return;
  }
  double *const *const x = atom->x;
  for (std::size_t g = 0; g < images.size(); g++)
    for (int d = 0; d < 3; d++) x[images[g]][d] = x[image_owner[g]][d] + image_shift[3 * g + d];
}

/* ----------------------------------------------------------------------
   Energy terms of this rank.
------------------------------------------------------------------------- */

double ArtnForces::energy() const
{
  double sum = force->pair->eng_vdwl + force->pair->eng_coul;
  if (force->bond) sum += force->bond->energy;
  if (force->angle) sum += force->angle->energy;
  if (force->dihedral) sum += force->dihedral->energy;
  if (force->improper) sum += force->improper->energy;
  // the same on all ranks
  if (force->kspace && comm->me == 0) sum += force->kspace->energy;
  return sum;
}

/* ----------------------------------------------------------------------
   Positions of the active atoms and of their ghosts, and lists that are good for them.
------------------------------------------------------------------------- */

void ArtnForces::move_to(const double *x)
{
  scatter(x);
  if (!drifted(x, built, 0.5 * skin)) {
    update_ghosts();
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
    new_ghosts(slack);
  } else
    update_ghosts();
  if (!own_lists) build_all();
}

/* ----------------------------------------------------------------------
   Atoms count as near as long as the selection lasts: the pairs left out then add the same constant
to every energy. Whether there are new ones.
------------------------------------------------------------------------- */

bool ArtnForces::need_more(double margin)
{
  if (!filtering || active.size() == ids.size()) return false;
  const auto now = own_lists ? lists.reached(canonical, moving, skin, margin) : listed(margin);
  bool more = false;
  for (std::size_t k = 0; k < near.size(); k++) {
    more = more || now[k] > near[k];
    near[k] |= now[k];
  }
  return more;
}

/* ----------------------------------------------------------------------
   The last configuration once more, with the pairs that are added: the difference is the change of
the constant.
------------------------------------------------------------------------- */

void ArtnForces::grow_near(const double *x)
{
  need_more(MARGIN * force->pair->cutforce);
  if (last.empty()) return;
  const auto here = last;
  scatter(here.data());
  rebuild(here.data());
  make_lists();
  compute(ENERGY_GLOBAL, VIRIAL_NONE);
  double mine = energy(), sum;
  MPI_Allreduce(&mine, &sum, 1, MPI_DOUBLE, MPI_SUM, world);
  offset += last_energy - sum;
  scatter(x);
  rebuild(x);
}

void ArtnForces::make_lists()
{
  if (own_lists)
    lists.build(canonical, moving, near, skin);
  else if (filtering && active.size() < ids.size())
    for (auto *list : pair_lists()) filter_list(list);
}

void ArtnForces::build_all()
{
  if (modify->n_pre_neighbor) modify->pre_neighbor();
  neighbor->build(1);
  if (modify->n_post_neighbor) modify->post_neighbor();
}

/* ----------------------------------------------------------------------
   Ghosts without an exchange: owners and their order stay. They serve until atoms have moved by
`slack`.
------------------------------------------------------------------------- */

void ArtnForces::new_ghosts(double slack)
{
  widen_ghosts(slack);
  if (atom->map_style != Atom::MAP_NONE) atom->map_clear();
  atom->nghost = 0;
  if (domain->triclinic) {
    std::vector<double> x;
    if (atom->nlocal) x.assign(&atom->x[0][0], &atom->x[0][0] + 3 * atom->nlocal);
    domain->x2lamda(atom->nlocal);
    comm->borders();
    domain->lamda2x(atom->nlocal + atom->nghost);
    // the way to reduced coordinates and back costs the last bit
    if (atom->nlocal) std::copy(x.begin(), x.end(), &atom->x[0][0]);
    comm->forward_comm();
  } else
    comm->borders();

  const int nall = atom->nlocal + atom->nghost;
  canonical.resize(nall);
  std::copy(order.begin(), order.end(), canonical.begin());
  for (int i = atom->nlocal; i < nall; i++) canonical[i] = find(atom->tag[i]);
  find_images();
}

/* ----------------------------------------------------------------------
   Both atoms of a pair may have left the sub-domain of their owner, and may move on. In coarse
steps, since a change costs a setup.
------------------------------------------------------------------------- */

void ArtnForces::widen_ghosts(double slack)
{
  double mine = excursion(), largest;
  MPI_Allreduce(&mine, &largest, 1, MPI_DOUBLE, MPI_MAX, world);
  const double step = 0.02 * neighbor->cutneighmax;
  const double wider =
      neighbor->cutneighmax + step * std::ceil(2.0 * (largest + slack) / step - 1e-9);
  const double cutoff = largest + slack > 0.0 ? std::max(user_cutghost, wider) : user_cutghost;
  if (comm->cutghostuser == cutoff) return;
  comm->cutghostuser = cutoff;
  comm->setup();
  if (neighbor->style && !own_lists) neighbor->setup_bins();
}

/* ----------------------------------------------------------------------
   Largest distance of an owned atom from the sub-domain of this rank.
------------------------------------------------------------------------- */

double ArtnForces::excursion() const
{
  const bool tilted = domain->triclinic;
  const double *const lo = tilted ? domain->sublo_lamda : domain->sublo;
  const double *const hi = tilted ? domain->subhi_lamda : domain->subhi;
  const double *const h = domain->h_inv;
  const double scale[3] = {
      tilted ? std::sqrt(h[0] * h[0] + h[5] * h[5] + h[4] * h[4]) : 1.0,
      tilted ? std::sqrt(h[1] * h[1] + h[3] * h[3]) : 1.0,
      tilted ? h[2] : 1.0,
  };
  double largest = 0.0;
  for (int i = 0; i < atom->nlocal; i++) {
    double x[3];
    if (tilted)
      domain->x2lamda(atom->x[i], x);
    else
      std::copy_n(atom->x[i], 3, x);
    for (int d = 0; d < 3; d++)
      largest = std::max({largest, (lo[d] - x[d]) / scale[d], (x[d] - hi[d]) / scale[d]});
  }
  return largest;
}

/* ---------------------------------------------------------------------- */

void ArtnForces::find_images()
{
  images.clear();
  image_owner.clear();
  image_shift.clear();
  if (comm->nprocs > 1 || active.empty()) return;
  for (int i = atom->nlocal; i < atom->nlocal + atom->nghost; i++) {
    if (!moving[canonical[i]]) continue;
    const int owner = owned[canonical[i]];
    images.push_back(i);
    image_owner.push_back(owner);
    for (int d = 0; d < 3; d++) image_shift.push_back(atom->x[i][d] - atom->x[owner][d]);
  }
}

/* ----------------------------------------------------------------------
   Pairs of which neither atom is within reach of an active one contribute nothing to the forces on
active atoms, as long as a pair potential, or an embedded-atom one, looks one neighbor far.
------------------------------------------------------------------------- */

std::vector<NeighList *> ArtnForces::pair_lists() const
{
  std::vector<NeighList *> lists;
  for (int i = 0; i < neighbor->nlist; i++) {
    auto *list = neighbor->lists[i];
    if (list->requestor_type != NeighList::PAIR || list->occasional) continue;
    if (list->copy && list->listcopy) {
      // rows are shared, the number of atoms is not
      if (std::find(lists.begin(), lists.end(), list->listcopy) == lists.end())
        lists.push_back(list->listcopy);
    } else if (std::find(lists.begin(), lists.end(), list) == lists.end())
      lists.push_back(list);
  }
  return lists;
}

std::vector<unsigned char> ArtnForces::listed(double margin) const
{
  auto mine = moving;
  const double reach = force->pair->cutforce + std::min(skin, 0.5 * skin + margin);
  for (const auto *list : pair_lists())
    for (int ii = 0; ii < list->inum + (list->ghost ? list->gnum : 0); ii++) {
      const int i = list->ilist[ii];
      for (int jj = 0; jj < list->numneigh[i]; jj++) {
        const int j = list->firstneigh[i][jj] & NEIGHMASK;
        const int ki = canonical[i], kj = canonical[j];
        if (moving[ki] == moving[kj]) continue;
        const double dx = atom->x[i][0] - atom->x[j][0], dy = atom->x[i][1] - atom->x[j][1];
        const double dz = atom->x[i][2] - atom->x[j][2];
        if (dx * dx + dy * dy + dz * dz < reach * reach) mine[ki] = mine[kj] = 1;
      }
    }
  if (comm->nprocs == 1) return mine;
  std::vector<unsigned char> all(mine.size());
  MPI_Allreduce(mine.data(), all.data(), static_cast<int>(mine.size()), MPI_UNSIGNED_CHAR, MPI_MAX,
                world);
  return all;
}

void ArtnForces::filter_list(NeighList *list) const
{
  for (int ii = 0; ii < list->inum + (list->ghost ? list->gnum : 0); ii++) {
    const int i = list->ilist[ii];
    if (near[canonical[i]]) continue;
    int *const row = list->firstneigh[i];
    int *const end = std::remove_if(row, row + list->numneigh[i],
                                    [this](int j) { return !near[canonical[j & NEIGHMASK]]; });
    list->numneigh[i] = static_cast<int>(end - row);
  }
}

/* ---------------------------------------------------------------------- */

bool ArtnForces::check_lists(int centre)
{
  std::vector<uint32_t> ball;
  const double radius = force->pair->cutforce;
  for (int k = 0; k < natoms(); k++) {
    double d[3];
    for (int c = 0; c < 3; c++) d[c] = minimum[3 * k + c] - minimum[3 * centre + c];
    domain->minimum_image(FLERR, d[0], d[1], d[2]);
    if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < radius * radius) ball.push_back(k);
  }
  const bool can_filter = filtering, can_imitate = own_lists;
  const auto lammps = try_forces(ball, false, false);
  restore();
  auto whole = lammps;
  own_lists = can_imitate && lists.adopt();
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
  select(atoms.data(), static_cast<int>(atoms.size()), minimum.data());
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
    return self->evaluate(x, forces, energy) ? ERGODIC_ENGINE_DONE : ERGODIC_ENGINE_NOT_FINITE;
  } catch (...) {
    self->exception = std::current_exception();
    return ERGODIC_ENGINE_FAILED;
  }
}

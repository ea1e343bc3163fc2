/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_lists.h"

#include "common/lammps_compat.h"

#include "atom.h"
#include "comm.h"
#include "force.h"
#include "neigh_list.h"
#include "neighbor.h"

#include <algorithm>
#include <cmath>
#include <mpi.h>

using namespace LAMMPS_NS;

namespace {
// Narrow cells keep the search for neighbors close to a sphere.
constexpr double CELLS_PER_REACH = 2.0;
enum { UNKNOWN, HALF, FULL };

double distance_sq(const double *a, const double *b)
{
  const double dx = a[0] - b[0], dy = a[1] - b[1], dz = a[2] - b[2];
  return dx * dx + dy * dy + dz * dz;
}
}    // namespace

/* ---------------------------------------------------------------------- */

bool ArtnLists::take_over()
{
  taken_over.clear();
  // entries of pairs in one molecule are marked
  const bool bonded =
      atom->molecular != Atom::ATOMIC && (atom->nbonds || atom->nangles || atom->ndihedrals ||
                                          atom->nimpropers || atom->molecular == Atom::TEMPLATE);
  if (bonded || neighbor->exclude || neighbor->includegroup) return false;
  for (int i = 0; i < neighbor->nlist; i++) {
    auto *const list = neighbor->lists[i];
    if (list->requestor_type != NeighList::PAIR) continue;
    int mine = plain(list) ? kind(list) : UNKNOWN;
    // a rank without pairs agrees with any other
    const int known[2] = {mine == HALF || list->inum == 0, mine == FULL || list->inum == 0};
    int all[2];
    MPI_Allreduce(known, all, 2, MPI_INT, MPI_MIN, world);
    if (all[0] == all[1]) return false;
    PairList entry{list, all[1] == 1, list->inum, {}, {}, {}};
    entry.ilist.assign(list->ilist, list->ilist + list->inum);
    entry.numneigh.assign(list->numneigh, list->numneigh + atom->nlocal);
    entry.firstneigh.assign(list->firstneigh, list->firstneigh + atom->nlocal);
    taken_over.push_back(entry);
  }
  pools.resize(taken_over.size());
  return !taken_over.empty();
}

bool ArtnLists::plain(const NeighList *list)
{
  return !(list->occasional || list->ghost || list->ssa || list->history || list->respaouter ||
           list->copy || compat::trimmed(list, 0) || list->kk2cpu ||
           compat::skips_molecules(list, 0) || list->kokkos || list->listskip || list->listfull);
}

/* ----------------------------------------------------------------------
   What kind of list it is, LAMMPS does not tell a plugin; but its pairs do.
------------------------------------------------------------------------- */

int ArtnLists::kind(const NeighList *list) const
{
  constexpr int ENOUGH = 1000;
  int once = 0, twice = 0;
  for (int ii = 0; ii < list->inum && once + twice < ENOUGH; ii++) {
    const int i = list->ilist[ii];
    for (int jj = 0; jj < list->numneigh[i]; jj++) {
      const int j = list->firstneigh[i][jj] & NEIGHMASK;
      if (j >= atom->nlocal) continue;
      if (has(list, j, i))
        twice++;
      else
        once++;
    }
  }
  if (once && !twice) return HALF;
  return twice && !once ? FULL : UNKNOWN;
}

bool ArtnLists::has(const NeighList *list, int i, int j)
{
  const int *const row = list->firstneigh[i];
  return std::any_of(row, row + list->numneigh[i], [j](int k) { return (k & NEIGHMASK) == j; });
}

void ArtnLists::restore()
{
  for (const auto &entry : taken_over) {
    entry.list->inum = entry.inum;
    std::copy(entry.ilist.begin(), entry.ilist.end(), entry.list->ilist);
    std::copy(entry.numneigh.begin(), entry.numneigh.end(), entry.list->numneigh);
    std::copy(entry.firstneigh.begin(), entry.firstneigh.end(), entry.list->firstneigh);
  }
}

/* ---------------------------------------------------------------------- */

void ArtnLists::bin_atoms(const std::vector<int> &canonical,
                          const std::vector<unsigned char> &moves, double skin)
{
  this->skin = skin;
  set_cutoffs(0.0);
  make_cells(canonical);
  sort(owned, 0, atom->nlocal, canonical, moves);
  sort(ghosts, atom->nlocal, static_cast<int>(canonical.size()), canonical, moves);
}

std::vector<unsigned char> ArtnLists::reached(const std::vector<unsigned char> &moves,
                                              double margin)
{
  auto mine = moves;
  set_cutoffs(margin);
  for (const auto *from : {&owned, &ghosts})
    for (const auto &a : from->entries) {
      if (!a.moves) continue;
      const double *const cutoff = cutoffs_of(a);
      const auto mark = [&](const Entry *begin, const Entry *end) {
        for (const auto *b = begin; b < end; b++)
          if (!b->moves && distance_sq(a.x, b->x) < cutoff[b->key]) mine[b->canonical] = 1;
      };
      around(a.x, owned, mark);
      // an owned atom sees the same through its own images
      if (from == &owned) around(a.x, ghosts, mark);
    }
  if (comm->nprocs == 1) return mine;
  std::vector<unsigned char> all(mine.size());
  MPI_Allreduce(mine.data(), all.data(), static_cast<int>(mine.size()), MPI_UNSIGNED_CHAR, MPI_MAX,
                world);
  return all;
}

void ArtnLists::build(const std::vector<unsigned char> &near)
{
  set_cutoffs(0.0);
  keep_near(owned, near, near_owned);
  keep_near(ghosts, near, near_ghosts);
  choose_rows();
  for (std::size_t l = 0; l < taken_over.size(); l++) fill(taken_over[l], pools[l]);
}

/* ----------------------------------------------------------------------
   Frozen atoms keep their distance, so that their pairs need no skin.
------------------------------------------------------------------------- */

void ArtnLists::set_cutoffs(double margin)
{
  const int n = atom->ntypes + 1;
  keys = 2 * n;
  cutoffs.assign(keys * keys, 0.0);
  reach = 0.0;
  for (int a = 0; a < keys; a++)
    for (int b = 0; b < keys; b++) {
      const int i = a % n, j = b % n, movers = a / n + b / n;
      if (!i || !j) continue;
      const double bare = std::sqrt(neighbor->cutneighsq[i][j]) - neighbor->skin;
      const double cut = std::max(0.0, bare) * (1.0 + 1e-12) + 0.5 * movers * skin + margin;
      cutoffs[a * keys + b] = cut * cut;
      reach = std::max(reach, cut);
    }
}

/* ---------------------------------------------------------------------- */

void ArtnLists::make_cells(const std::vector<int> &canonical)
{
  const double *const *const x = atom->x;
  double high[3];
  for (int d = 0; d < 3; d++) {
    low[d] = INFINITY;
    high[d] = -INFINITY;
  }
  for (std::size_t i = 0; i < canonical.size(); i++)
    for (int d = 0; d < 3; d++) {
      low[d] = std::min(low[d], x[i][d]);
      high[d] = std::max(high[d], x[i][d]);
    }
  constexpr int MOST = 200;
  for (int d = 0; d < 3; d++) {
    const double length = canonical.empty() ? 0.0 : high[d] - low[d];
    count[d] = std::max(1, std::min(MOST, static_cast<int>(CELLS_PER_REACH * length / reach)));
    width[d] = length > 0.0 ? length / count[d] : 1.0;
    per_width[d] = 1.0 / width[d];
  }
}

int ArtnLists::place(double x, int dim) const
{
  const auto cell = static_cast<int>((x - low[dim]) * per_width[dim]);
  return std::min(count[dim] - 1, std::max(0, cell));
}

void ArtnLists::sort(Sorted &sorted, int begin, int end, const std::vector<int> &canonical,
                     const std::vector<unsigned char> &moves)
{
  const double *const *const x = atom->x;
  const int types = atom->ntypes + 1;
  auto &starts = sorted.starts;
  starts.assign(static_cast<std::size_t>(count[0]) * count[1] * count[2] + 1, 0);
  cells.resize(end - begin);
  for (int i = begin; i < end; i++) {
    const int cell =
        (place(x[i][2], 2) * count[1] + place(x[i][1], 1)) * count[0] + place(x[i][0], 0);
    cells[i - begin] = cell;
    starts[cell + 1]++;
  }
  for (std::size_t c = 1; c < starts.size(); c++) starts[c] += starts[c - 1];
  next.assign(starts.begin(), starts.end() - 1);
  sorted.entries.resize(end - begin);
  for (int i = begin; i < end; i++) {
    const int k = canonical[i];
    sorted.entries[next[cells[i - begin]]++] = {{x[i][0], x[i][1], x[i][2]},      i,        k,
                                                atom->type[i] + types * moves[k], moves[k], 0};
  }
}

/* ----------------------------------------------------------------------
   Visits ranges of entries that hold all those within reach of `x`, always in the same order.
------------------------------------------------------------------------- */

template <typename Visit>
void ArtnLists::around(const double *x, const Sorted &sorted, Visit visit) const
{
  const auto gap = [this](double x, int dim, int cell) {
    const double edge = low[dim] + cell * width[dim];
    return std::max({0.0, edge - x, x - edge - width[dim]});
  };
  int from[3], to[3];
  for (int d = 0; d < 3; d++) {
    from[d] = place(x[d] - reach, d);
    to[d] = place(x[d] + reach, d);
  }
  for (int z = from[2]; z <= to[2]; z++) {
    const double dz = gap(x[2], 2, z);
    for (int y = from[1]; y <= to[1]; y++) {
      const int row = (z * count[1] + y) * count[0];
      const int begin = sorted.starts[row + from[0]];
      const int end = sorted.starts[row + to[0] + 1];
      if (begin >= end) continue;
      const double dy = gap(x[1], 1, y);
      if (dz * dz + dy * dy < reach * reach)
        visit(&sorted.entries[begin], &sorted.entries[begin] + (end - begin));
    }
  }
}

/* ---------------------------------------------------------------------- */

void ArtnLists::keep_near(Sorted &from, const std::vector<unsigned char> &near, Sorted &to) const
{
  to.starts.assign(from.starts.size(), 0);
  to.entries.clear();
  for (std::size_t cell = 0; cell + 1 < from.starts.size(); cell++) {
    for (int e = from.starts[cell]; e < from.starts[cell + 1]; e++) {
      auto &entry = from.entries[e];
      entry.near = near[entry.canonical];
      if (entry.near) to.entries.push_back(entry);
    }
    to.starts[cell + 1] = static_cast<int>(to.entries.size());
  }
}

/* ----------------------------------------------------------------------
   Owned atoms that are near, or may have a neighbor that is, by local index.
------------------------------------------------------------------------- */

void ArtnLists::choose_rows()
{
  populated.assign(owned.starts.size() - 1, 0);
  int layers[3];
  for (int d = 0; d < 3; d++) layers[d] = static_cast<int>(std::ceil(reach / width[d]));
  for (const auto *sorted : {&near_owned, &near_ghosts})
    for (int cell = 0; cell + 1 < static_cast<int>(sorted->starts.size()); cell++) {
      if (sorted->starts[cell] == sorted->starts[cell + 1]) continue;
      const int cx = cell % count[0], cy = cell / count[0] % count[1];
      const int cz = cell / count[0] / count[1];
      const int first = std::max(0, cx - layers[0]);
      const int last = std::min(count[0] - 1, cx + layers[0]);
      for (int z = std::max(0, cz - layers[2]); z <= std::min(count[2] - 1, cz + layers[2]); z++)
        for (int y = std::max(0, cy - layers[1]); y <= std::min(count[1] - 1, cy + layers[1]); y++)
          std::fill_n(&populated[(z * count[1] + y) * count[0] + first], last - first + 1, 1);
    }
  slots.resize(atom->nlocal);
  rows.clear();
  for (std::size_t cell = 0; cell < populated.size(); cell++)
    if (populated[cell])
      for (int e = owned.starts[cell]; e < owned.starts[cell + 1]; e++) {
        rows.push_back(owned.entries[e].local);
        slots[rows.back()] = e;
      }
  std::sort(rows.begin(), rows.end());
}

/* ----------------------------------------------------------------------
   A half list with newton on has every pair once on all ranks together: parity of the indices
   decides who has it, and the direction for an atom and its own image.
------------------------------------------------------------------------- */

static bool ours(int i, int j, const double *xi, const double *xj)
{
  if (i != j) return (i > j) == ((i + j) % 2 == 0);
  constexpr double SAME = 1e-6;
  for (int d = 2; d >= 0; d--)
    if (std::fabs(xi[d] - xj[d]) > SAME) return xj[d] > xi[d];
  return false;
}

template <typename Keep>
void ArtnLists::append(const Entry &a, const Sorted &sorted, std::vector<int> &pool, Keep keep)
{
  const double *const cutoff = cutoffs_of(a);
  around(a.x, sorted, [&](const Entry *b, const Entry *end) {
    const std::size_t most = used + static_cast<std::size_t>(end - b);
    if (pool.size() < most) pool.resize(2 * most);
    // without a branch: whether an atom is within reach, no processor can predict
    int *out = pool.data() + used;
    for (; b < end; b++) {
      *out = b->local;
      out += (distance_sq(a.x, b->x) < cutoff[b->key]) & keep(*b);
    }
    used = out - pool.data();
  });
}

/* ----------------------------------------------------------------------
   Who of two owned atoms has their pair does not depend on positions: an atom that is not near, but
   has a pair, adds a constant to the energy.
------------------------------------------------------------------------- */

void ArtnLists::fill(PairList &target, std::vector<int> &pool)
{
  const bool full = target.full, once = !full && force->newton_pair;
  used = 0;
  begins.clear();
  for (const int i : rows) {
    const Entry &a = owned.entries[slots[i]];
    const std::size_t begin = used;
    append(a, a.near ? owned : near_owned, pool,
           [&](const Entry &b) { return full ? b.local != i : b.local > i; });
    append(a, a.near ? ghosts : near_ghosts, pool,
           [&](const Entry &b) { return !once || ours(a.canonical, b.canonical, a.x, b.x); });
    if (a.near || used > begin) begins.emplace_back(i, begin);
  }
  auto *const list = target.list;
  list->inum = static_cast<int>(begins.size());
  begins.emplace_back(-1, used);
  for (int k = 0; k < list->inum; k++) {
    const auto [i, begin] = begins[k];
    list->ilist[k] = i;
    list->numneigh[i] = static_cast<int>(begins[k + 1].second - begin);
    list->firstneigh[i] = pool.data() + begin;
  }
}

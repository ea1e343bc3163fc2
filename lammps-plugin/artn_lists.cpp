/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn_lists.h"

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
// Two layers of cells around an atom hold its neighbors.
constexpr int LAYERS = 2;
enum { UNKNOWN, HALF, FULL };

double distance_sq(const double *a, const double *b)
{
  const double dx = a[0] - b[0], dy = a[1] - b[1], dz = a[2] - b[2];
  return dx * dx + dy * dy + dz * dz;
}
}    // namespace

/* ---------------------------------------------------------------------- */

bool ArtnLists::adopt()
{
  adopted.clear();
  if (atom->molecular != Atom::ATOMIC || neighbor->exclude || neighbor->includegroup) return false;
  for (int i = 0; i < neighbor->nlist; i++) {
    auto *const list = neighbor->lists[i];
    if (list->requestor_type != NeighList::PAIR) continue;
    int mine = plain(list) ? kind(list) : UNKNOWN;
    // a rank without pairs agrees with any other
    const int known[2] = {mine == HALF || list->inum == 0, mine == FULL || list->inum == 0};
    int all[2];
    MPI_Allreduce(known, all, 2, MPI_INT, MPI_MIN, world);
    if (all[0] == all[1]) return false;
    Adopted entry{list, all[1] == 1, list->inum, {}, {}, {}};
    entry.ilist.assign(list->ilist, list->ilist + list->inum);
    entry.numneigh.assign(list->numneigh, list->numneigh + atom->nlocal);
    entry.firstneigh.assign(list->firstneigh, list->firstneigh + atom->nlocal);
    adopted.push_back(entry);
  }
  pools.resize(adopted.size());
  return !adopted.empty();
}

bool ArtnLists::plain(const NeighList *list)
{
  return !(list->occasional || list->ghost || list->ssa || list->history || list->respaouter ||
           list->copy || list->trim || list->kk2cpu || list->molskip || list->kokkos ||
           list->listskip || list->listfull);
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

void ArtnLists::put_back()
{
  for (const auto &entry : adopted) {
    entry.list->inum = entry.inum;
    std::copy(entry.ilist.begin(), entry.ilist.end(), entry.list->ilist);
    std::copy(entry.numneigh.begin(), entry.numneigh.end(), entry.list->numneigh);
    std::copy(entry.firstneigh.begin(), entry.firstneigh.end(), entry.list->firstneigh);
  }
}

/* ---------------------------------------------------------------------- */

void ArtnLists::build(const std::vector<int> &canonical, const std::vector<unsigned char> &moves,
                      bool filter, double skin)
{
  set_cutoffs(skin);
  sort_into_cells(canonical, moves);
  if (filter)
    mark_near(moves);
  else
    for (auto &entry : entries) entry.near = 1;
  choose_rows();
  for (std::size_t l = 0; l < adopted.size(); l++) fill(adopted[l], pools[l]);
}

/* ----------------------------------------------------------------------
   Frozen atoms keep their distance, so that their pairs need no skin.
------------------------------------------------------------------------- */

void ArtnLists::set_cutoffs(double skin)
{
  const int n = atom->ntypes + 1;
  cutoffs.assign(3 * n * n, 0.0);
  for (int movers = 0; movers < 3; movers++)
    for (int i = 1; i < n; i++)
      for (int j = 1; j < n; j++) {
        const double bare = std::sqrt(neighbor->cutneighsq[i][j]) - neighbor->skin;
        const double reach = std::max(0.0, bare) * (1.0 + 1e-12) + 0.5 * movers * skin;
        cutoffs[(movers * n + i) * n + j] = reach * reach;
      }
}

double ArtnLists::cutoff(const Entry &a, const Entry &b) const
{
  const int n = atom->ntypes + 1;
  return cutoffs[((a.moves + b.moves) * n + a.type) * n + b.type];
}

/* ---------------------------------------------------------------------- */

int ArtnLists::cell(const double *x, int *place) const
{
  for (int d = 0; d < 3; d++)
    place[d] = std::min(count[d] - 1, std::max(0, static_cast<int>((x[d] - low[d]) * scale[d])));
  return (place[2] * count[1] + place[1]) * count[0] + place[0];
}

void ArtnLists::sort_into_cells(const std::vector<int> &canonical,
                                const std::vector<unsigned char> &moves)
{
  const int n = static_cast<int>(canonical.size());
  const double *const *const x = atom->x;
  double high[3];
  for (int d = 0; d < 3; d++) {
    low[d] = INFINITY;
    high[d] = -INFINITY;
  }
  for (int i = 0; i < n; i++)
    for (int d = 0; d < 3; d++) {
      low[d] = std::min(low[d], x[i][d]);
      high[d] = std::max(high[d], x[i][d]);
    }
  const double reach = std::sqrt(*std::max_element(cutoffs.begin(), cutoffs.end()));
  constexpr int MOST = 200;
  for (int d = 0; d < 3; d++) {
    const double length = n ? high[d] - low[d] : 0.0;
    count[d] = std::max(1, std::min(MOST, static_cast<int>(LAYERS * length / reach)));
    scale[d] = length > 0.0 ? count[d] / length : 0.0;
  }

  starts.assign(static_cast<std::size_t>(count[0]) * count[1] * count[2] + 1, 0);
  cells.resize(n);
  int place[3];
  for (int i = 0; i < n; i++) {
    cells[i] = cell(x[i], place);
    starts[cells[i] + 1]++;
  }
  for (std::size_t c = 1; c < starts.size(); c++) starts[c] += starts[c - 1];
  entries.resize(n);
  first.assign(starts.begin(), starts.end() - 1);
  for (int i = 0; i < n; i++) {
    const int k = canonical[i];
    entries[first[cells[i]]++] = {{x[i][0], x[i][1], x[i][2]}, i, k, atom->type[i], moves[k], 0};
  }
}

/* ----------------------------------------------------------------------
   Visits the entries of a cell and of those around it, always in the same order.
------------------------------------------------------------------------- */

template <typename Visit> void ArtnLists::around(int cell, Visit visit) const
{
  const int cx = cell % count[0], cy = cell / count[0] % count[1], cz = cell / count[0] / count[1];
  for (int z = std::max(0, cz - LAYERS); z <= std::min(count[2] - 1, cz + LAYERS); z++)
    for (int y = std::max(0, cy - LAYERS); y <= std::min(count[1] - 1, cy + LAYERS); y++) {
      const int row = (z * count[1] + y) * count[0];
      visit(starts[row + std::max(0, cx - LAYERS)],
            starts[row + std::min(count[0] - 1, cx + LAYERS) + 1]);
    }
}

/* ----------------------------------------------------------------------
   Near are moving atoms and those that will feel one before the next build. Atoms of all ranks.
------------------------------------------------------------------------- */

void ArtnLists::mark_near(const std::vector<unsigned char> &moves)
{
  near = moves;
  for (const auto &a : entries) {
    if (!a.moves) continue;
    around(cells[a.local], [&](int begin, int end) {
      for (int e = begin; e < end; e++) {
        const auto &b = entries[e];
        if (!b.moves && distance_sq(a.x, b.x) < cutoff(a, b)) near[b.canonical] = 1;
      }
    });
  }
  if (comm->nprocs > 1) {
    std::vector<unsigned char> all(near.size());
    MPI_Allreduce(near.data(), all.data(), static_cast<int>(near.size()), MPI_UNSIGNED_CHAR,
                  MPI_MAX, world);
    near.swap(all);
  }
  for (auto &entry : entries) entry.near = near[entry.canonical];
}

/* ----------------------------------------------------------------------
   Owned atoms that are near, or may have a neighbor that is, by local index.
------------------------------------------------------------------------- */

void ArtnLists::choose_rows()
{
  populated.assign(starts.size() - 1, 0);
  for (std::size_t c = 0; c + 1 < starts.size(); c++)
    populated[c] = std::any_of(entries.begin() + starts[c], entries.begin() + starts[c + 1],
                               [](const Entry &e) { return e.near != 0; });
  rows.clear();
  row_cells.assign(populated.size(), 0);
  for (std::size_t c = 0; c < populated.size(); c++) {
    if (!populated[c]) continue;
    const int plane = count[0] * count[1], i = static_cast<int>(c);
    const int cx = i % count[0], cy = i / count[0] % count[1], cz = i / plane;
    for (int z = std::max(0, cz - LAYERS); z <= std::min(count[2] - 1, cz + LAYERS); z++)
      for (int y = std::max(0, cy - LAYERS); y <= std::min(count[1] - 1, cy + LAYERS); y++)
        for (int x = std::max(0, cx - LAYERS); x <= std::min(count[0] - 1, cx + LAYERS); x++)
          row_cells[z * plane + y * count[0] + x] = 1;
  }
  first.resize(atom->nlocal);
  for (std::size_t c = 0; c < row_cells.size(); c++) {
    if (!row_cells[c]) continue;
    for (int e = starts[c]; e < starts[c + 1]; e++)
      if (entries[e].local < atom->nlocal) {
        rows.push_back(entries[e].local);
        first[entries[e].local] = e;
      }
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

void ArtnLists::fill(Adopted &target, std::vector<int> &pool)
{
  const int nlocal = atom->nlocal;
  const bool full = target.full, once = !full && force->newton_pair;
  pool.clear();
  std::vector<std::pair<int, std::size_t>> begins;
  for (const int i : rows) {
    const Entry a = entries[first[i]];
    const std::size_t begin = pool.size();
    around(cells[i], [&](int from, int to) {
      for (int e = from; e < to; e++) {
        const auto &b = entries[e];
        if (!(a.near || b.near)) continue;
        const int j = b.local;
        if (j == i || (!full && j < nlocal && j < i)) continue;
        if (distance_sq(a.x, b.x) >= cutoff(a, b)) continue;
        if (once && j >= nlocal && !ours(a.canonical, b.canonical, a.x, b.x)) continue;
        pool.push_back(j);
      }
    });
    if (a.near || pool.size() > begin) begins.emplace_back(i, begin);
  }
  auto *const list = target.list;
  list->inum = static_cast<int>(begins.size());
  for (std::size_t k = 0; k < begins.size(); k++) {
    const auto [i, begin] = begins[k];
    const std::size_t end = k + 1 < begins.size() ? begins[k + 1].second : pool.size();
    list->ilist[k] = i;
    list->numneigh[i] = static_cast<int>(end - begin);
    list->firstneigh[i] = pool.data() + begin;
  }
}

/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_filter.h"

#include "atom.h"
#include "comm.h"
#include "force.h"
#include "neigh_list.h"
#include "neighbor.h"
#include "pair.h"

#include <algorithm>
#include <mpi.h>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

std::vector<NeighList *> ArtnFilter::pair_lists() const
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

std::vector<unsigned char> ArtnFilter::reached(const std::vector<int> &canonical,
                                               const std::vector<unsigned char> &moves, double skin,
                                               double margin) const
{
  auto mine = moves;
  const double reach = force->pair->cutforce + std::min(skin, 0.5 * skin + margin);
  for (const auto *list : pair_lists())
    for (int ii = 0; ii < list->inum + (list->ghost ? list->gnum : 0); ii++) {
      const int i = list->ilist[ii];
      for (int jj = 0; jj < list->numneigh[i]; jj++) {
        const int j = list->firstneigh[i][jj] & NEIGHMASK;
        const int ki = canonical[i], kj = canonical[j];
        if (moves[ki] == moves[kj]) continue;
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

void ArtnFilter::apply(const std::vector<int> &canonical,
                       const std::vector<unsigned char> &near) const
{
  for (auto *list : pair_lists())
    for (int ii = 0; ii < list->inum + (list->ghost ? list->gnum : 0); ii++) {
      const int i = list->ilist[ii];
      if (near[canonical[i]]) continue;
      int *const row = list->firstneigh[i];
      int *const end = std::remove_if(row, row + list->numneigh[i],
                                      [&](int j) { return !near[canonical[j & NEIGHMASK]]; });
      list->numneigh[i] = static_cast<int>(end - row);
    }
}

/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "vdos/vdos_sample.h"

#include "common/configuration.h"
#include "common/force_evaluator.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "neighbor.h"

#include <algorithm>
#include <mpi.h>
#include <numeric>

using namespace LAMMPS_NS;

enum { ID, TYPE, MASS, MEMBER, X, RECORD = X + 3 };

// Records of all atoms, rank by rank.
std::vector<double> VdosSample::gather(const ForceEvaluator &forces, int groupbit) const
{
  std::vector<double> mine;
  for (int i = 0; i < atom->nlocal; i++) {
    const double m = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    const double *const xi = forces.home(i);
    const double record[RECORD] = {static_cast<double>(atom->tag[i]),
                                   static_cast<double>(atom->type[i]),
                                   m,
                                   atom->mask[i] & groupbit ? 1.0 : 0.0,
                                   xi[0],
                                   xi[1],
                                   xi[2]};
    mine.insert(mine.end(), record, record + RECORD);
  }
  std::vector<int> counts(comm->nprocs), starts(comm->nprocs);
  const int count = static_cast<int>(mine.size());
  MPI_Allgather(&count, 1, MPI_INT, counts.data(), 1, MPI_INT, world);
  std::partial_sum(counts.begin(), counts.end() - 1, starts.begin() + 1);
  std::vector<double> all(static_cast<std::size_t>(RECORD) * atom->natoms);
  MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), starts.data(),
                 MPI_DOUBLE, world);
  return all;
}

void VdosSample::replicate(const ForceEvaluator &forces, int groupbit, const std::string &name)
{
  if (atom->natoms > MAXSMALLINT / 6)
    error->all(FLERR, "{} is for at most {} atoms", name, MAXSMALLINT / 6);
  const int n = static_cast<int>(atom->natoms);
  const auto all = gather(forces, groupbit);
  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  const auto record = [&](int i) { return &all[static_cast<std::size_t>(RECORD) * i]; };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return *record(a) < *record(b); });

  for (auto *list : {&x, &mass}) list->clear();
  for (auto *list : {&id, &member_id}) list->clear();
  for (auto *list : {&type, &member}) list->clear();
  for (int k = 0; k < n; k++) {
    const double *const of = record(order[k]);
    id.push_back(static_cast<int64_t>(of[ID]));
    type.push_back(static_cast<int>(of[TYPE]));
    mass.push_back(of[MASS]);
    x.insert(x.end(), of + X, of + RECORD);
    if (of[MEMBER] == 0.0) continue;
    member.push_back(k);
    member_id.push_back(id.back());
  }
  if (member.empty()) error->all(FLERR, "{}: its group has no atoms", name);
  index.assign(n, -1);
  for (int i = 0; i < atom->nlocal; i++)
    index[std::lower_bound(id.begin(), id.end(), atom->tag[i]) - id.begin()] = i;
}

ergodic_vdos_sample_t VdosSample::view() const
{
  ergodic_vdos_sample_t sample;
  sample.n = static_cast<int>(id.size());
  sample.x = x.data();
  sample.id = id.data();
  sample.type = type.data();
  sample.mass = mass.data();
  sample.n_types = atom->ntypes;
  sample.n_members = static_cast<int>(member.size());
  sample.members = member.data();
  sample.cell = box_of(lmp);
  sample.skin = neighbor->skin;
  return sample;
}

void VdosSample::release()
{
  for (auto *list : {&x, &mass}) std::vector<double>().swap(*list);
}

int64_t VdosSample::member_of(int64_t wanted) const
{
  const auto found = std::lower_bound(member_id.begin(), member_id.end(), wanted);
  return found == member_id.end() || *found != wanted ? -1 : found - member_id.begin();
}

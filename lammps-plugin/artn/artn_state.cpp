/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_state.h"

#include "common/lammps_compat.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"

#include <algorithm>
#include <cmath>
#include <mpi.h>
#include <numeric>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

void ArtnState::capture()
{
  gather();
  for (std::size_t k = 1; k < ids.size(); k++)
    if (ids[k] == ids[k - 1])
      error->all(FLERR, "Fix artn: atom ID {} is not unique: use reset_atoms id", ids[k]);
  find_owners();
  remember_rest();
  box = present_box();
}

bool ArtnState::recapture()
{
  const auto old_ids = ids;
  const auto old_types = types;
  auto old_minimum = minimum;
  gather();
  minimum.swap(old_minimum);
  const auto now = present_box();
  const bool same_box =
      std::equal(now.begin(), now.begin() + 9, box.begin(),
                 [this](double a, double b) { return std::fabs(a - b) <= rounding(); }) &&
      std::equal(now.begin() + 9, now.end(), box.begin() + 9);
  if (ids != old_ids || types != old_types || !same_box || !near_minimum(old_minimum)) return false;
  find_owners();
  remember_rest();
  return true;
}

void ArtnState::remember_rest()
{
  rest.clear();
  if (atom->nlocal) rest.assign(&atom->x[0][0], &atom->x[0][0] + 3 * atom->nlocal);
}

bool ArtnState::near_minimum(const std::vector<double> &x) const
{
  for (std::size_t k = 0; k < x.size(); k += 3) {
    double d[3] = {x[k] - minimum[k], x[k + 1] - minimum[k + 1], x[k + 2] - minimum[k + 2]};
    compat::minimum_image(domain, d);
    if (!(std::max({std::fabs(d[0]), std::fabs(d[1]), std::fabs(d[2])}) <= rounding()))
      return false;
  }
  return true;
}

// What reduced coordinates and periodic images may cost.
double ArtnState::rounding() const
{
  return 1e-12 * std::max({domain->xprd, domain->yprd, domain->zprd});
}

/* ----------------------------------------------------------------------
   Every rank gets the same arrays: IDs ascending, with the positions of the atoms as they are
   wrapped into the box.
------------------------------------------------------------------------- */

void ArtnState::gather()
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

void ArtnState::find_owners()
{
  const int nlocal = atom->nlocal;
  order.resize(nlocal);
  owners.assign(ids.size(), -1);
  for (int i = 0; i < nlocal; i++) {
    order[i] = find(atom->tag[i]);
    owners[order[i]] = i;
  }
}

int ArtnState::find(tagint id) const
{
  // IDs are usually consecutive
  const auto guess = static_cast<std::size_t>(id - ids.front());
  if (guess < ids.size() && ids[guess] == id) return static_cast<int>(guess);
  return static_cast<int>(std::lower_bound(ids.begin(), ids.end(), id) - ids.begin());
}

std::array<double, 12> ArtnState::present_box() const
{
  std::array<double, 12> now{};
  std::copy_n(domain->boxlo, 3, now.begin());
  std::copy_n(domain->h, 6, now.begin() + 3);
  std::copy_n(domain->periodicity, 3, now.begin() + 9);
  return now;
}

/* ---------------------------------------------------------------------- */

void ArtnState::place(const double *x)
{
  for (int i = 0; i < atom->nlocal; i++) std::copy_n(x + 3 * order[i], 3, atom->x[i]);
}

void ArtnState::place_at_rest()
{
  if (atom->nlocal) std::copy(rest.begin(), rest.end(), &atom->x[0][0]);
}

void ArtnState::check_order() const
{
  for (int i = 0; i < atom->nlocal; i++)
    if (find(atom->tag[i]) != order[i])
      error->one(FLERR, "Fix artn: another style has reordered the atoms during an attempt");
}

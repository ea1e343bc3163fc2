/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn_state.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "force.h"
#include "pair.h"

#include <algorithm>
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
  remember();
  box = present_box();
}

bool ArtnState::recapture()
{
  const auto old_ids = ids;
  const auto old_types = types;
  const auto old_minimum = minimum;
  gather();
  if (ids != old_ids || types != old_types || minimum != old_minimum || box != present_box())
    return false;
  find_owners();
  remember();
  return true;
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

void ArtnState::remember()
{
  const int n = 3 * atom->nlocal;
  forces.resize(n);
  if (n) std::copy_n(&atom->f[0][0], n, forces.begin());
  energies[0] = force->pair->eng_vdwl;
  energies[1] = force->pair->eng_coul;
  std::copy_n(force->pair->virial, 6, virial);
}

void ArtnState::recall()
{
  if (atom->nlocal) std::copy(forces.begin(), forces.end(), &atom->f[0][0]);
  force->pair->eng_vdwl = energies[0];
  force->pair->eng_coul = energies[1];
  std::copy_n(virial, 6, force->pair->virial);
}

void ArtnState::place(const double *x)
{
  for (int i = 0; i < atom->nlocal; i++) std::copy_n(x + 3 * order[i], 3, atom->x[i]);
}

void ArtnState::check_order() const
{
  for (int i = 0; i < atom->nlocal; i++)
    if (find(atom->tag[i]) != order[i])
      error->one(FLERR, "Fix artn: another style has reordered the atoms during an attempt");
}

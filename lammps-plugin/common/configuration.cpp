/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "common/configuration.h"

#include "common/ergodic_status.h"

#include "atom.h"
#include "domain.h"
#include "lammps.h"

#include <algorithm>
#include <cstdint>
#include <mpi.h>
#include <vector>

namespace LAMMPS_NS {

ergodic_box_t box_of(LAMMPS *lmp)
{
  ergodic_box_t cell;
  std::copy_n(lmp->domain->boxlo, 3, cell.origin);
  std::copy_n(lmp->domain->h, 6, cell.edges);
  std::copy_n(lmp->domain->periodicity, 3, cell.periodic);
  return cell;
}

Fingerprint fingerprint_of(LAMMPS *lmp, const std::string &who)
{
  const Atom *const atom = lmp->atom;
  return fingerprint_of(lmp, who, {atom->tag, atom->tag + atom->nlocal});
}

Fingerprint fingerprint_of(LAMMPS *lmp, const std::string &who, const std::vector<int64_t> &labels)
{
  const Atom *const atom = lmp->atom;
  const ergodic_box_t cell = box_of(lmp);
  const int n = atom->nlocal;
  Fingerprint mine, all;
  ergodic_check_one(
      FLERR, lmp->error, who,
      ergodic_fingerprint(n, n ? atom->x[0] : nullptr, labels.data(), &cell, mine.data()));
  MPI_Allreduce(mine.data(), all.data(), ERGODIC_FINGERPRINT_LENGTH, MPI_DOUBLE, MPI_SUM,
                lmp->world);
  return all;
}

bool same_configuration(LAMMPS *lmp, const std::string &who, const Fingerprint &a,
                        const Fingerprint &b)
{
  bool same;
  ergodic_check_one(FLERR, lmp->error, who, ergodic_fingerprint_same(a.data(), b.data(), &same));
  return same;
}

}    // namespace LAMMPS_NS

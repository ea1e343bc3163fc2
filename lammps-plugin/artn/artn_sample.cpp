/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_sample.h"

#include "artn/artn_forces.h"
#include "artn/artn_options.h"
#include "common/lammps_compat.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fix.h"
#include "fmt/format.h"
#include "force.h"
#include "group.h"
#include "input.h"
#include "modify.h"
#include "pair.h"
#include "utils.h"
#include "variable.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <mpi.h>

using namespace LAMMPS_NS;

namespace {
const char *const HOLDING[] = {"setforce", "freeze"};
}

/* ---------------------------------------------------------------------- */

ArtnSample::ArtnSample(LAMMPS *lmp, const std::string &_name, const ArtnForces &_forces,
                       int _igroup) : Pointers(lmp), name(_name), forces(_forces), igroup(_igroup)
{
}

bool ArtnSample::may_hold(const Fix *fix)
{
  return std::any_of(std::begin(HOLDING), std::end(HOLDING),
                     [fix](const char *style) { return strcmp(fix->style, style) == 0; });
}

/* ---------------------------------------------------------------------- */

void ArtnSample::capture(const ArtnOptions &options)
{
  fixed = find_held();
  central = find_centres(fixed);
  if (central.empty())
    error->all(FLERR, "{}: other fixes hold all atoms of group {}", name, group->names[igroup]);
  if (!fixed.empty() && comm->me == 0)
    utils::logmesg(lmp, "{}: {} atoms are held by other fixes and are no central atoms\n", name,
                   fixed.size());
  direction = evaluate("direction", options.direction);
  displacement = evaluate("refine", options.refine);
}

bool ArtnSample::is_present() const
{
  const auto held = find_held();
  return held == fixed && find_centres(held) == central;
}

ergodic_artn_sample_t ArtnSample::view() const
{
  ergodic_artn_sample_t sample{};
  sample.n = forces.natoms();
  sample.ids = forces.atom_ids().data();
  sample.types = forces.atom_types().data();
  sample.x = forces.positions().data();
  std::copy_n(domain->boxlo, 3, sample.cell.origin);
  std::copy_n(domain->h, 6, sample.cell.edges);
  std::copy_n(domain->periodicity, 3, sample.cell.periodic);
  sample.n_centres = static_cast<int>(central.size());
  sample.centres = central.data();
  sample.n_held = static_cast<int>(fixed.size());
  sample.held = fixed.data();
  const bool limited = !force->kspace && !force->bond && force->pair->cutforce > 0.0;
  sample.range = limited ? force->pair->cutforce : std::numeric_limits<double>::infinity();
  sample.direction = direction.empty() ? nullptr : direction.data();
  sample.displacement = displacement.empty() ? nullptr : displacement.data();
  return sample;
}

/* ---------------------------------------------------------------------- */

std::vector<uint32_t> ArtnSample::find_centres(const std::vector<uint32_t> &held) const
{
  std::vector<unsigned char> flags(atom->nlocal);
  for (int i = 0; i < atom->nlocal; i++)
    flags[i] =
        (atom->mask[i] & group->bitmask[igroup]) &&
        !std::binary_search(held.begin(), held.end(), static_cast<uint32_t>(forces.index(i)));
  return gather_indices(flags);
}

/* ----------------------------------------------------------------------
   Atoms of which other fixes make all forces zero. What a fix does, its arguments would say; but it
   tells a plugin only by doing it.
------------------------------------------------------------------------- */

std::vector<uint32_t> ArtnSample::find_held() const
{
  const int n = atom->nlocal;
  std::vector<unsigned char> flags(n, 0);
  std::vector<double> f;
  if (n) f.assign(&atom->f[0][0], &atom->f[0][0] + 3 * n);
  for (auto *const fix : modify->get_fix_list()) {
    if (!may_hold(fix)) continue;
    if (n) std::fill_n(&atom->f[0][0], 3 * n, 1.0);
    fix->post_force(0);
    int wrong = 0, any_wrong;
    for (int i = 0; i < n; i++) {
      const double *const fi = atom->f[i];
      const auto all = [fi](double value) {
        return fi[0] == value && fi[1] == value && fi[2] == value;
      };
      if (all(0.0))
        flags[i] = 1;
      else if (!all(1.0))
        wrong = 1;
    }
    MPI_Allreduce(&wrong, &any_wrong, 1, MPI_INT, MPI_MAX, world);
    if (n) std::copy(f.begin(), f.end(), &atom->f[0][0]);
    if (any_wrong)
      error->all(
          FLERR,
          "{}: fix {} (style {}) changes forces other than to 0 0 0, which would hold atoms: "
          "unfix it first",
          name, fix->id, fix->style);
  }
  return gather_indices(flags);
}

/* ----------------------------------------------------------------------
   Canonical indices of the atoms of all ranks that are flagged.
------------------------------------------------------------------------- */

std::vector<uint32_t> ArtnSample::gather_indices(const std::vector<unsigned char> &flags) const
{
  const int n = forces.natoms();
  std::vector<unsigned char> mine(n, 0), all(n);
  for (int i = 0; i < atom->nlocal; i++) mine[forces.index(i)] = flags[i];
  MPI_Allreduce(mine.data(), all.data(), n, MPI_UNSIGNED_CHAR, MPI_MAX, world);
  std::vector<uint32_t> list;
  for (int k = 0; k < n; k++)
    if (all[k]) list.push_back(k);
  return list;
}

/* ----------------------------------------------------------------------
   Values of three variables for all atoms in canonical order, [natoms][3]; empty without variables.
------------------------------------------------------------------------- */

std::vector<double> ArtnSample::evaluate(const char *keyword,
                                         const std::string (&variables)[3]) const
{
  if (variables[0].empty()) return {};
  std::vector<double> mine(3 * forces.natoms(), 0.0), all(mine.size()), values(atom->nlocal);
  for (int d = 0; d < 3; d++) {
    const int variable = input->variable->find(variables[d].c_str());
    if (variable < 0 || !input->variable->atomstyle(variable))
      error->all(FLERR, "{}: {} v_{}: there is no such variable of style atom or atomfile", name,
                 keyword, variables[d]);
    input->variable->compute_atom(variable, 0, values.data(), 1, 0);
    for (int i = 0; i < atom->nlocal; i++) mine[3 * forces.index(i) + d] = values[i];
  }
  MPI_Allreduce(mine.data(), all.data(), static_cast<int>(mine.size()), MPI_DOUBLE, MPI_SUM, world);
  return all;
}

/* ---------------------------------------------------------------------- */

std::string ArtnSample::bounds() const
{
  char boundary[9];
  domain->boundary_string(boundary);
  const bool tilted = domain->triclinic;
  const double *const lo = tilted ? domain->boxlo_bound : domain->boxlo;
  const double *const hi = tilted ? domain->boxhi_bound : domain->boxhi;
  const double tilt[3] = {domain->xy, domain->xz, domain->yz};
  auto text = fmt::format("ITEM: BOX BOUNDS {}{}\n", tilted ? "xy xz yz " : "", boundary);
  for (int d = 0; d < 3; d++)
    text += tilted ? fmt::format("{:.16e} {:.16e} {:.16e}\n", lo[d], hi[d], tilt[d])
                   : fmt::format("{:.16e} {:.16e}\n", lo[d], hi[d]);
  return text;
}

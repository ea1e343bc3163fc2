/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "voronoi/voronoi_sampler.h"

#include "common/ergodic_status.h"

#include "atom.h"
#include "comm.h"
#include "error.h"
#include "fmt/format.h"
#include "input.h"
#include "lammps.h"
#include "memory.h"
#include "modify.h"
#include "update.h"
#include "utils.h"
#include "variable.h"

#include <algorithm>
#include <mpi.h>
#include <vector>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

VoronoiSampler::VoronoiSampler(LAMMPS *lmp, const std::string &who,
                               const ergodic_tessellation_options_t &options,
                               const std::string &radius, int groupbit) :
    Pointers(lmp), name(who), radius(radius), groupbit(groupbit), known(lmp)
{
  ergodic_check_all(FLERR, error, name, ergodic_tessellation_new(&options, &tessellation));
}

VoronoiSampler::~VoronoiSampler()
{
  ergodic_tessellation_free(tessellation);
  memory->destroy(radii);
}

/* ---------------------------------------------------------------------- */

void VoronoiSampler::init(int every)
{
  // comm_modify group cannot be seen, but needs this
  if (atom->firstgroupname)
    error->all(FLERR, "{} needs all atoms as ghosts: do not use atom_modify first", name);
  if (radius.empty()) return;
  radius_variable();
  // computes that the variable refers to must be up to date at the next sample
  modify->addstep_compute_all((update->ntimestep + every - 1) / every * every);
}

/* ---------------------------------------------------------------------- */

int VoronoiSampler::radius_variable() const
{
  const int index = input->variable->find(radius.c_str());
  if (index < 0)
    error->all(FLERR, "{}: variable {} of keyword radius does not exist", name, radius);
  if (!input->variable->atomstyle(index))
    error->all(FLERR, "{}: variable {} of keyword radius is not an atom-style variable", name,
               radius);
  return index;
}

void VoronoiSampler::evaluate_radii(int every)
{
  if (atom->nmax > max_radii) {
    memory->destroy(radii);
    max_radii = atom->nmax;
    memory->create(radii, max_radii, 1, "voronoi/entropy:radii");
  }
  constexpr int GROUP_ALL = 0;
  modify->clearstep_compute();
  input->variable->compute_atom(radius_variable(), GROUP_ALL, radii ? radii[0] : nullptr, 1, 0);
  modify->addstep_compute(update->ntimestep + every);
  double mine = 0.0;
  for (int i = 0; i < atom->nlocal; i++) mine = std::max(mine, radii[i][0]);
  MPI_Allreduce(&mine, &largest_radius, 1, MPI_DOUBLE, MPI_MAX, world);
  comm->forward_comm_array(1, radii);
}

// First owned atom with a negative radius, -1 if there is none.
int VoronoiSampler::negative_radius() const
{
  if (radius.empty()) return -1;
  for (int i = 0; i < atom->nlocal; i++)
    if (radii[i][0] < 0.0) return i;
  return -1;
}

/* ---------------------------------------------------------------------- */

ergodic_status_t VoronoiSampler::tessellate(double displacement)
{
  if (negative_radius() >= 0) return ERGODIC_INVALID_PARAMETER;
  const auto wall_planes = known.walls();
  const auto known_planes = known.bounds(displacement);
  ergodic_domain_t bounds;
  bounds.walls = wall_planes.data();
  bounds.n_walls = static_cast<int>(wall_planes.size());
  bounds.known = known_planes.data();
  bounds.n_known = static_cast<int>(known_planes.size());

  ergodic_atoms_t atoms;
  atoms.n_owned = atom->nlocal;
  atoms.n_ghost = atom->nghost;
  atoms.x = atom->nlocal + atom->nghost ? atom->x[0] : nullptr;
  atoms.radius = radius.empty() || !radii ? nullptr : radii[0];
  atoms.largest_radius = largest_radius;
  atoms.mask = atom->mask;
  atoms.group_bit = groupbit;
  return ergodic_tessellation_compute(tessellation, &atoms, &bounds);
}

/* ----------------------------------------------------------------------
   Where cells reach beyond the ghost atoms, their cutoff is raised until the sample succeeds.
------------------------------------------------------------------------- */

void VoronoiSampler::sample(ergodic_history_t *history, int every, int &largest)
{
  const double cutoff = known.cutoff();
  while (true) {
    // other fixes may have moved atoms or changed the box in this step
    comm->forward_comm();
    if (!radius.empty()) evaluate_radii(every);
    const double displacement = known.max_displacement();
    const ergodic_status_t status = tessellate(displacement);
    const Outcome outcome = reduce(status, largest);
    if (!outcome.failed) {
      if (outcome.threads_refused && !warned_threads && comm->me == 0)
        error->warning(FLERR, "{}: the system refuses threads; going on with fewer", name);
      warned_threads |= outcome.threads_refused;
      break;
    }
    if (!outcome.ghosts_only || !known.raise(outcome.needed, displacement))
      stop(status, outcome.needed, displacement);
  }
  if (known.cutoff() > cutoff && comm->me == 0)
    utils::logmesg(lmp,
                   "{}: ghost cutoff raised from {:.4g} to {:.4g}, as Voronoi cells reach beyond "
                   "the ghost atoms; neighbor lists built anew\n",
                   name, cutoff, known.cutoff());
  ergodic_check_one(FLERR, error, name, ergodic_history_record(history, tessellation));
}

VoronoiSampler::Outcome VoronoiSampler::reduce(ergodic_status_t status, int &largest) const
{
  const bool failed = status != ERGODIC_SUCCESS;
  int first, second, refused;
  double needed = 0.0;
  if (failed) ergodic_tessellation_failure(tessellation, &first, &second, &needed);
  ergodic_tessellation_refused_threads(tessellation, &refused);
  const double mine[5] = {failed ? 1.0 : 0.0, failed && status != ERGODIC_GHOST_CUTOFF ? 1.0 : 0.0,
                          needed, refused > 0 ? 1.0 : 0.0, static_cast<double>(largest)};
  double all[5];
  MPI_Allreduce(mine, all, 5, MPI_DOUBLE, MPI_MAX, world);
  largest = static_cast<int>(all[4]);
  return {all[0] > 0.0, all[1] == 0.0, all[2], all[3] > 0.0};
}

/* ----------------------------------------------------------------------
   All ranks stop with the text of the first that failed.
------------------------------------------------------------------------- */

void VoronoiSampler::stop(ergodic_status_t status, double needed, double displacement)
{
  int first = status != ERGODIC_SUCCESS ? comm->me : comm->nprocs, first_failed;
  MPI_Allreduce(&first, &first_failed, 1, MPI_INT, MPI_MIN, world);
  std::string text = comm->me == first_failed ? failure(status, needed, displacement) : "";
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, first_failed, world);
  text.resize(length);
  MPI_Bcast(text.data(), length, MPI_CHAR, first_failed, world);
  error->all(FLERR, "{}: {}", name, text);
}

std::string VoronoiSampler::failure(ergodic_status_t status, double needed,
                                    double displacement) const
{
  const int negative = negative_radius();
  if (negative >= 0)
    return fmt::format("radius {:g} of atom {} is negative (variable {})", radii[negative][0],
                       atom->tag[negative], radius);
  int first, second;
  double mine;
  ergodic_tessellation_failure(tessellation, &first, &second, &mine);
  if (first < 0) return ergodic_last_error();
  const tagint id = atom->tag[first];
  switch (status) {
    case ERGODIC_GHOST_CUTOFF:
      return fmt::format("the Voronoi cell of atom {} reaches beyond the ghost atoms: {}", id,
                         known.hint(needed, displacement));
    case ERGODIC_COINCIDENT_ATOMS:
      return fmt::format("atoms {} and {} are at the same position", id, atom->tag[second]);
    case ERGODIC_NOT_FINITE:
      return fmt::format("position or radius of atom {} is not a finite number", id);
    default:
      return fmt::format("{} (atom {})", ergodic_last_error(), id);
  }
}

double VoronoiSampler::memory_usage() const
{
  return static_cast<double>(max_radii) * sizeof(double);
}

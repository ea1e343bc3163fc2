/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "compute_voronoi_entropy.h"

#include "citation.h"
#include "ergodic_status.h"
#include "fix_voronoi_history.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
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
#include <climits>
#include <cmath>
#include <cstring>
#include <mpi.h>
#include <numeric>

using namespace LAMMPS_NS;

/* ---------------------------------------------------------------------- */

ComputeVoronoiEntropy::ComputeVoronoiEntropy(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), name(std::string("Compute voronoi/entropy ") + id),
    id_fix(std::string(id) + "_HISTORY"), known(lmp), options{}
{
  cite_paper(lmp, "compute voronoi/entropy");
  if (!domain->box_exist) error->all(FLERR, "{} must be defined after the simulation box", name);
  if (domain->dimension != 3) error->all(FLERR, "{} is for 3d systems: use dimension 3", name);
  if (!atom->tag_enable) error->all(FLERR, "{} needs atom IDs: use atom_modify id yes", name);

  options.threads = comm->nthreads;
  parse(narg, arg);
  ergodic_check_all(FLERR, error, name, ergodic_tessellation_new(&options, &tessellation));

  scalar_flag = vector_flag = peratom_flag = local_flag = 1;
  extscalar = extvector = 0;
  size_vector = atom->ntypes + 1;
  vector = new double[size_vector];
  size_peratom_cols = ERGODIC_HISTORY_COLUMNS;
  size_local_cols = full ? 13 : 7;
  comm_forward = 1;
}

/* ---------------------------------------------------------------------- */

ComputeVoronoiEntropy::~ComputeVoronoiEntropy()
{
  // after `plugin unload` or `clear` the fix may be gone already
  if (modify->get_fix_by_id(id_fix)) modify->delete_fix(id_fix);
  ergodic_tessellation_free(tessellation);
  memory->destroy(columns);
  memory->destroy(rows);
  memory->destroy(radii);
  delete[] vector;
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::parse(int narg, char **arg)
{
  for (int i = 3; i < narg; i += 2) {
    const std::string key = arg[i];
    if (i + 1 == narg) error->all(FLERR, "{}: keyword {} needs a value", name, key);
    const char *value = arg[i + 1];
    if (key == "every")
      every = integer(key, value, INT_MAX);
    else if (key == "radius") {
      if (strncmp(value, "v_", 2) != 0 || !value[2])
        error->all(FLERR, "{}: radius {} is not an atom-style variable: write radius v_name", name,
                   value);
      radius_name = value + 2;
    } else if (key == "edge_threshold")
      options.edge_threshold = number(key, value);
    else if (key == "face_threshold")
      options.face_threshold = number(key, value);
    else if (key == "face_fraction") {
      options.face_fraction = number(key, value);
      if (options.face_fraction >= 1.0)
        error->all(FLERR, "{}: face_fraction {} is not a fraction: use a number from 0 to below 1",
                   name, value);
    } else if (key == "key")
      full = chosen(key, value, "full", "3456");
    else if (key == "volume")
      options.volume = chosen(key, value, "yes", "no");
    else if (key == "threads")
      options.threads = integer(key, value, 1024);
    else
      error->all(FLERR,
                 "{}: unknown keyword {}: use every, radius, edge_threshold, face_threshold, "
                 "face_fraction, key, "
                 "volume or threads",
                 name, key);
  }
}

double ComputeVoronoiEntropy::number(const std::string &keyword, const char *value) const
{
  const double x = utils::is_double(value) ? std::strtod(value, nullptr) : NAN;
  if (!(std::isfinite(x) && x >= 0.0))
    error->all(FLERR, "{}: {} {} is not a number: use a number of 0 or more", name, keyword, value);
  return x;
}

int ComputeVoronoiEntropy::integer(const std::string &keyword, const char *value, int most) const
{
  const long long x = utils::is_integer(value) ? std::strtoll(value, nullptr, 10) : 0;
  if (x < 1 || x > most)
    error->all(FLERR, "{}: {} {} is out of range: use an integer from 1 to {}", name, keyword,
               value, most);
  return static_cast<int>(x);
}

bool ComputeVoronoiEntropy::chosen(const std::string &keyword, const char *value, const char *yes,
                                   const char *no) const
{
  if (strcmp(value, yes) != 0 && strcmp(value, no) != 0)
    error->all(FLERR, "{}: {} {} is unknown: use {} or {}", name, keyword, value, no, yes);
  return strcmp(value, yes) == 0;
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::post_constructor()
{
  modify->add_fix(
      fmt::format("{} all VORONOI/HISTORY {} {} {}", id_fix, id, every, full ? "yes" : "no"));
  if (lmp->restart_ver >= 0 && !history_fix()->restored() && comm->me == 0)
    error->warning(FLERR,
                   "{}: no history found in the restart file; to continue one, define the compute "
                   "with the same ID directly after read_restart",
                   name);
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::init()
{
  history_fix();
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR, "{} needs one ghost cutoff for all atoms: use comm_modify mode single", name);
  // comm_modify group cannot be seen, but needs this
  if (atom->firstgroupname)
    error->all(FLERR, "{} needs all atoms as ghosts: do not use atom_modify first", name);
  if (radius_name.empty()) return;
  radius_variable();
  // computes that the variable refers to must be up to date at the next sample
  modify->addstep_compute_all((update->ntimestep + every - 1) / every * every);
}

/* ----------------------------------------------------------------------
   Looked up at each use: `unfix`, `plugin unload` and `clear` may have deleted it.
------------------------------------------------------------------------- */

FixVoronoiHistory *ComputeVoronoiEntropy::history_fix() const
{
  auto *fix = modify->get_fix_by_id(id_fix);
  if (!fix || strcmp(fix->style, "VORONOI/HISTORY") != 0)
    error->all(FLERR, "{} has lost its internal fix {}: define the compute again", name, id_fix);
  return static_cast<FixVoronoiHistory *>(fix);
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::sum_by_type()
{
  const int ntypes = atom->ntypes;
  std::vector<double> mine(2 * ntypes), all(2 * ntypes);
  ergodic_check_one(FLERR, error, name,
                    ergodic_history_sums(history_fix()->histories(), atom->nlocal, atom->mask,
                                         groupbit, atom->type, ntypes, mine.data(),
                                         mine.data() + ntypes));
  MPI_Allreduce(mine.data(), all.data(), 2 * ntypes, MPI_DOUBLE, MPI_SUM, world);
  type_sums.assign(all.begin(), all.begin() + ntypes);
  type_counts.assign(all.begin() + ntypes, all.end());
}

static double mean(double sum, double count)
{
  return count > 0.0 ? sum / count : 0.0;
}

double ComputeVoronoiEntropy::compute_scalar()
{
  invoked_scalar = update->ntimestep;
  sum_by_type();
  double sum = 0.0, count = 0.0;
  for (int t = 0; t < atom->ntypes; t++) {
    sum += type_sums[t];
    count += type_counts[t];
  }
  scalar = mean(sum, count);
  return scalar;
}

void ComputeVoronoiEntropy::compute_vector()
{
  invoked_vector = update->ntimestep;
  sum_by_type();
  for (int t = 0; t < atom->ntypes; t++) vector[t] = mean(type_sums[t], type_counts[t]);
  vector[atom->ntypes] = static_cast<double>(history_fix()->n_sampled());
}

/* ---------------------------------------------------------------------- */

void ComputeVoronoiEntropy::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  if (atom->nmax > max_atoms) {
    memory->destroy(columns);
    max_atoms = atom->nmax;
    memory->create(columns, max_atoms, ERGODIC_HISTORY_COLUMNS, "voronoi/entropy:columns");
    array_atom = columns;
  }
  ergodic_check_one(FLERR, error, name,
                    ergodic_history_columns(history_fix()->histories(), atom->nlocal, atom->mask,
                                            groupbit, max_atoms ? columns[0] : nullptr));
}

/* ---------------------------------------------------------------------- */

std::vector<int64_t> ComputeVoronoiEntropy::ids() const
{
  return std::vector<int64_t>(atom->tag, atom->tag + atom->nlocal);
}

void ComputeVoronoiEntropy::compute_local()
{
  invoked_local = update->ntimestep;
  ergodic_history_t *const history = history_fix()->histories();
  ergodic_check_one(
      FLERR, error, name,
      ergodic_history_row_count(history, atom->nlocal, atom->mask, groupbit, &size_local_rows));
  if (size_local_rows > max_rows) {
    memory->destroy(rows);
    max_rows = size_local_rows;
    memory->create(rows, max_rows, size_local_cols, "voronoi/entropy:rows");
    array_local = rows;
  }
  ergodic_check_one(FLERR, error, name,
                    ergodic_history_rows(history, atom->nlocal, atom->mask, groupbit, ids().data(),
                                         atom->type, max_rows ? rows[0] : nullptr));
}

/* ---------------------------------------------------------------------- */

int ComputeVoronoiEntropy::radius_variable() const
{
  const int index = input->variable->find(radius_name.c_str());
  if (index < 0)
    error->all(FLERR, "{}: variable {} of keyword radius does not exist", name, radius_name);
  if (!input->variable->atomstyle(index))
    error->all(FLERR, "{}: variable {} of keyword radius is not an atom-style variable", name,
               radius_name);
  return index;
}

void ComputeVoronoiEntropy::evaluate_radii()
{
  if (atom->nmax > max_radii) {
    memory->destroy(radii);
    max_radii = atom->nmax;
    memory->create(radii, max_radii, "voronoi/entropy:radii");
  }
  constexpr int GROUP_ALL = 0;
  modify->clearstep_compute();
  input->variable->compute_atom(radius_variable(), GROUP_ALL, radii, 1, 0);
  modify->addstep_compute(update->ntimestep + every);
  const double mine = std::accumulate(radii, radii + atom->nlocal, 0.0,
                                      [](double a, double b) { return std::max(a, b); });
  MPI_Allreduce(&mine, &largest_radius, 1, MPI_DOUBLE, MPI_MAX, world);
  comm->forward_comm(this);
}

int ComputeVoronoiEntropy::pack_forward_comm(int n, int *list, double *buf, int /*pbc_flag*/,
                                             int * /*pbc*/)
{
  for (int i = 0; i < n; i++) buf[i] = radii[list[i]];
  return n;
}

void ComputeVoronoiEntropy::unpack_forward_comm(int n, int first, double *buf)
{
  std::copy_n(buf, n, radii + first);
}

// First owned atom with a negative radius, -1 if there is none.
int ComputeVoronoiEntropy::negative_radius() const
{
  if (radius_name.empty()) return -1;
  const auto end = radii + atom->nlocal;
  const auto found = std::find_if(radii, end, [](double radius) { return radius < 0.0; });
  return found == end ? -1 : static_cast<int>(found - radii);
}

/* ---------------------------------------------------------------------- */

ergodic_status_t ComputeVoronoiEntropy::tessellate(double drifted)
{
  const auto wall_planes = known.walls();
  const auto sight_planes = known.sight(drifted);
  ergodic_domain_t bounds;
  bounds.walls = wall_planes.data();
  bounds.n_walls = static_cast<int>(wall_planes.size());
  bounds.sight = sight_planes.data();
  bounds.n_sight = static_cast<int>(sight_planes.size());

  ergodic_atoms_t atoms;
  atoms.n_owned = atom->nlocal;
  atoms.n_ghost = atom->nghost;
  atoms.x = atom->nlocal + atom->nghost ? atom->x[0] : nullptr;
  atoms.radius = radius_name.empty() ? nullptr : radii;
  atoms.largest_radius = largest_radius;
  atoms.mask = atom->mask;
  atoms.group_bit = groupbit;
  return ergodic_tessellation_compute(tessellation, &atoms, &bounds);
}

void ComputeVoronoiEntropy::sample(ergodic_history_t *history, int &largest)
{
  // other fixes may have moved atoms or changed the box in this step
  comm->forward_comm();
  if (!radius_name.empty()) evaluate_radii();
  const double drifted = known.drift();
  const ergodic_status_t status = negative_radius() < 0 ? tessellate(drifted)
                                                        : ERGODIC_INVALID_PARAMETER;
  agree(status, drifted, largest);
  ergodic_check_one(FLERR, error, name, ergodic_history_record(history, tessellation));
}

/* ----------------------------------------------------------------------
   Whether all ranks succeeded is found in the same reduction as the largest history. If one failed,
all stop with the text of the first that did.
------------------------------------------------------------------------- */

void ComputeVoronoiEntropy::agree(ergodic_status_t status, double drifted, int &largest)
{
  const bool failed = status != ERGODIC_SUCCESS;
  int atoms[2];
  double needed = 0.0;
  if (failed) ergodic_tessellation_failure(tessellation, &atoms[0], &atoms[1], &needed);
  const double mine[3] = {failed ? 1.0 : 0.0, needed, static_cast<double>(largest)};
  double all[3];
  MPI_Allreduce(mine, all, 3, MPI_DOUBLE, MPI_MAX, world);
  largest = static_cast<int>(all[2]);
  if (all[0] == 0.0) return;

  int first = failed ? comm->me : comm->nprocs, culprit;
  MPI_Allreduce(&first, &culprit, 1, MPI_INT, MPI_MIN, world);
  std::string text = comm->me == culprit ? failure(status, all[1], drifted) : "";
  int length = static_cast<int>(text.size());
  MPI_Bcast(&length, 1, MPI_INT, culprit, world);
  text.resize(length);
  MPI_Bcast(text.data(), length, MPI_CHAR, culprit, world);
  error->all(FLERR, "{}: {}", name, text);
}

std::string ComputeVoronoiEntropy::failure(ergodic_status_t status, double needed,
                                           double drifted) const
{
  const int negative = negative_radius();
  if (negative >= 0)
    return fmt::format("radius {:g} of atom {} is negative (variable {})", radii[negative],
                       atom->tag[negative], radius_name);
  int first, second;
  double mine;
  ergodic_tessellation_failure(tessellation, &first, &second, &mine);
  if (first < 0) return ergodic_last_error();
  const tagint id = atom->tag[first];
  switch (status) {
    case ERGODIC_GHOST_CUTOFF:
      return fmt::format("the Voronoi cell of atom {} reaches beyond the ghost atoms: use "
                         "comm_modify cutoff {:.2f}",
                         id, known.cutoff_to_set(needed, drifted));
    case ERGODIC_COINCIDENT_ATOMS:
      return fmt::format("atoms {} and {} are at the same position", id, atom->tag[second]);
    case ERGODIC_NOT_FINITE:
      return fmt::format("position or radius of atom {} is not a finite number", id);
    default:
      return fmt::format("{} (atom {})", ergodic_last_error(), id);
  }
}

/* ---------------------------------------------------------------------- */

double ComputeVoronoiEntropy::memory_usage()
{
  const double arrays =
      double(max_atoms) * ERGODIC_HISTORY_COLUMNS + double(max_rows) * size_local_cols + max_radii;
  return arrays * sizeof(double);
}

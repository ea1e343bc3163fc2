/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "compute_vdos_atom.h"

#include "ergodic_status.h"

#include "atom.h"
#include "citeme.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fix.h"
#include "fmt/format.h"
#include "force.h"
#include "group.h"
#include "lammps.h"
#include "memory.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <mpi.h>
#include <numeric>

using namespace LAMMPS_NS;

static const char cite_vdos_atom[] =
    "compute vdos/atom command: doi:10.3389/fmats.2022.855681\n\n"
    "@Article{Yang2022Ergodic,\n"
    " author =  {Yang, Zeng-Yu and Wang, Yun-Jiang},\n"
    " title =   {Ergodic structural diversity predicts dynamics in amorphous materials},\n"
    " journal = {Frontiers in Materials},\n"
    " volume =  9,\n"
    " pages =   {855681},\n"
    " year =    2022,\n"
    " doi =     {10.3389/fmats.2022.855681}\n"
    "}\n\n";

/* ---------------------------------------------------------------------- */

ComputeVdosAtom::ComputeVdosAtom(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), name(std::string("Compute vdos/atom ") + id), options{}
{
  if (lmp->citeme) lmp->citeme->add(cite_vdos_atom);
  if (!domain->box_exist) error->all(FLERR, "{} must be defined after the simulation box", name);
  if (domain->dimension != 3) error->all(FLERR, "{} is for 3d systems: use dimension 3", name);
  if (!atom->tag_enable) error->all(FLERR, "{} needs atom IDs: use atom_modify id yes", name);
  if (atom->torque_flag)
    error->all(FLERR, "{} is for point particles: use an atom_style without torques", name);

  options.points = 500;
  options.threads = comm->nthreads;
  options.acceleration = force->ftm2v;
  options.sharers = processes_on_machine();
  parse(narg, arg);
  defaults();
  options.table_file = table_file.empty() ? nullptr : table_file.c_str();
  options.modes_file = modes_file.empty() ? nullptr : modes_file.c_str();
  ergodic_check_all(FLERR, error, name, ergodic_vdos_new(&options, &vdos));

  vector_flag = array_flag = peratom_flag = 1;
  extvector = extarray = 0;
  size_vector = ERGODIC_VDOS_SUMMARY;
  vector = new double[size_vector];
  size_array_rows = options.points;
  size_array_cols = ERGODIC_VDOS_TABLE + atom->ntypes;
  memory->create(array, size_array_rows, size_array_cols, "vdos/atom:array");
  size_peratom_cols = ERGODIC_VDOS_COLUMNS;
}

/* ---------------------------------------------------------------------- */

ComputeVdosAtom::~ComputeVdosAtom()
{
  ergodic_vdos_free(vdos);
  memory->destroy(columns);
  memory->destroy(array);
  delete[] vector;
}

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::parse(int narg, char **arg)
{
  for (int i = 3; i < narg;) i += set(arg[i], narg - i - 1, arg + i + 1);
}

// Reads the values of a keyword; returns how many words belong to it.
int ComputeVdosAtom::set(const std::string &key, int narg, char **arg)
{
  const int wanted = key == "range" ? 2 : 1;
  const auto known = {"delta", "solver", "range", "sigma", "fcut", "points", "file", "modes"};
  if (std::find(known.begin(), known.end(), key) == known.end())
    error->all(FLERR,
               "{}: unknown keyword {}: use delta, solver, range, sigma, fcut, points, file or "
               "modes",
               name, key);
  if (narg < wanted)
    error->all(FLERR, "{}: keyword {} needs {}", name, key, wanted == 1 ? "a value" : "two values");
  const std::string value = arg[0];

  if (key == "delta")
    options.delta = positive(key, arg[0]);
  else if (key == "sigma")
    options.sigma = positive(key, arg[0]);
  else if (key == "fcut")
    options.fcut = positive(key, arg[0]);
  else if (key == "range") {
    options.range[0] = positive(key, arg[0]);
    options.range[1] = positive(key, arg[1]);
  } else if (key == "points") {
    const long long n = utils::is_integer(value) ? std::strtoll(arg[0], nullptr, 10) : 0;
    if (n < 1 || n > 1000000)
      error->all(FLERR, "{}: points {} is out of range: use an integer from 1 to 1000000", name,
                 value);
    options.points = static_cast<int>(n);
  } else if (key == "file")
    table_file = value;
  else if (key == "modes")
    modes_file = value;
  else if (value == "dense")
    options.solver = ERGODIC_VDOS_DENSE;
  else if (value == "window")
    options.solver = ERGODIC_VDOS_WINDOW;
  else if (value == "kpm")
    options.solver = ERGODIC_VDOS_KPM;
  else
    error->all(FLERR, "{}: solver {} is unknown: use dense, window or kpm", name, value);
  return 1 + wanted;
}

double ComputeVdosAtom::positive(const std::string &key, const char *value) const
{
  const double x = utils::is_double(value) ? std::strtod(value, nullptr) : NAN;
  if (!(std::isfinite(x) && x > 0.0))
    error->all(FLERR, "{}: {} {} is not a positive number: use a number above 0", name, key, value);
  return x;
}

// What was not given. Lengths and frequencies have a natural scale in metal units only.
void ComputeVdosAtom::defaults()
{
  const bool metal = strcmp(update->unit_style, "metal") == 0;
  const bool given = options.delta > 0.0 && options.sigma > 0.0 && options.range[0] > 0.0;
  if (!metal && !given)
    error->all(FLERR, "{}: in units {} the keywords delta, sigma and range must be given", name,
               update->unit_style);
  if (options.delta == 0.0) options.delta = 1e-7;
  if (options.sigma == 0.0) options.sigma = 0.15;
  if (options.range[0] == 0.0) {
    options.range[0] = 0.8;
    options.range[1] = 1.5;
  }
  if (metal) options.tolerance = 1e-4;
}

int ComputeVdosAtom::processes_on_machine() const
{
  MPI_Comm machine;
  int n;
  MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, comm->me, MPI_INFO_NULL, &machine);
  MPI_Comm_size(machine, &n);
  MPI_Comm_free(&machine);
  return n;
}

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::init()
{
  if (!force->pair && !force->bond) error->all(FLERR, "{} needs forces: define a pair_style", name);
  // styles of the packages GPU, INTEL and KOKKOS keep positions and forces elsewhere
  constexpr int GPU = 1 << 1, INTEL = 1 << 3;
  if (force->pair && (force->pair->kokkosable || (force->pair->suffix_flag & (GPU | INTEL))))
    error->all(FLERR, "{} does not work with pair style {}: use its plain, /opt or /omp variant",
               name, force->pair_style);
  // masses, interactions or the group may have changed since the last run
  checked_step = -1;
}

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::compute_vector()
{
  invoked_vector = update->ntimestep;
  evaluate();
  ergodic_check_one(FLERR, error, name, ergodic_vdos_summary(vdos, vector));
}

void ComputeVdosAtom::compute_array()
{
  invoked_array = update->ntimestep;
  evaluate();
  ergodic_check_one(FLERR, error, name,
                    ergodic_vdos_table(vdos, size_array_rows, size_array_cols, array[0]));
}

void ComputeVdosAtom::compute_peratom()
{
  invoked_peratom = update->ntimestep;
  evaluate();
  if (atom->nmax > max_atoms) {
    memory->destroy(columns);
    max_atoms = atom->nmax;
    memory->create(columns, max_atoms, ERGODIC_VDOS_COLUMNS, "vdos/atom:columns");
    array_atom = columns;
  }
  for (int i = 0; i < atom->nlocal; i++) {
    std::fill_n(columns[i], ERGODIC_VDOS_COLUMNS, 0.0);
    const auto found = std::lower_bound(member_id.begin(), member_id.end(), atom->tag[i]);
    if (!(atom->mask[i] & groupbit) || found == member_id.end() || *found != atom->tag[i]) continue;
    const auto row = ERGODIC_VDOS_COLUMNS * (found - member_id.begin());
    std::copy_n(results.begin() + row, ERGODIC_VDOS_COLUMNS, columns[i]);
  }
}

/* ----------------------------------------------------------------------
   Once per configuration, group, masses and interactions.
------------------------------------------------------------------------- */

void ComputeVdosAtom::evaluate()
{
  const Fingerprint present = fingerprint_of(lmp, name);
  const bool same = evaluated && same_configuration(lmp, name, present, fingerprint);
  if (same && checked_step == update->ntimestep) return;

  try {
    forces = std::make_unique<ForceEvaluator>(lmp);
    const auto signed_by = sign();
    if (!same || !same_signature(signed_by)) {
      evaluated = false;
      run_core();
    }
    fingerprint = present;
    signature = signed_by;
    checked_step = update->ntimestep;
    evaluated = true;
    restore();
  } catch (...) {
    restore();
    throw;
  }
}

// Atoms go back to where they were.
void ComputeVdosAtom::restore()
{
  displaced.clear();
  forces.reset();
}

bool ComputeVdosAtom::same_signature(const Signature &present) const
{
  const double larger = std::max(std::fabs(present.energy), std::fabs(signature.energy));
  return present.members == signature.members &&
         std::fabs(present.energy - signature.energy) <= 1e-10 * larger;
}

static uint64_t mixed(uint64_t h)
{
  h = (h ^ (h >> 30)) * 0xbf58476d1ce4e5b9;
  h = (h ^ (h >> 27)) * 0x94d049bb133111eb;
  return h ^ (h >> 31);
}

// Changes with the group, the masses or the interactions, if positions do not.
ComputeVdosAtom::Signature ComputeVdosAtom::sign() const
{
  forces->compute(1);
  uint64_t mine = 0, all;
  for (int i = 0; i < atom->nlocal; i++) {
    if (!(atom->mask[i] & groupbit)) continue;
    const double mass = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    uint64_t bits;
    std::memcpy(&bits, &mass, sizeof(bits));
    // a sum does not depend on the order of the atoms
    mine += mixed(mixed(mixed(atom->tag[i]) + atom->type[i]) + bits);
  }
  MPI_Allreduce(&mine, &all, 1, MPI_UINT64_T, MPI_SUM, world);
  return {forces->energy(), all};
}

/* ----------------------------------------------------------------------
   Every rank gets every atom: 24 bytes of positions an atom, against 300 times as much for its part
   of the Hessian.
------------------------------------------------------------------------- */

void ComputeVdosAtom::replicate()
{
  if (atom->natoms > MAXSMALLINT / 6)
    error->all(FLERR, "{} is for at most {} atoms", name, MAXSMALLINT / 6);
  enum { ID, TYPE, MASS, MEMBER, X, RECORD = X + 3 };
  const int n = static_cast<int>(atom->natoms);
  std::vector<double> mine;
  for (int i = 0; i < atom->nlocal; i++) {
    const double m = atom->rmass ? atom->rmass[i] : atom->mass[atom->type[i]];
    const double *const xi = forces->home(i);
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
  std::vector<double> all(static_cast<std::size_t>(RECORD) * n);
  MPI_Allgatherv(mine.data(), count, MPI_DOUBLE, all.data(), counts.data(), starts.data(),
                 MPI_DOUBLE, world);

  std::vector<int> order(n);
  std::iota(order.begin(), order.end(), 0);
  const auto record = [&](int i) { return &all[static_cast<std::size_t>(RECORD) * i]; };
  std::sort(order.begin(), order.end(), [&](int a, int b) { return *record(a) < *record(b); });
  for (auto *list : {&all_x, &all_mass}) list->clear();
  for (auto *list : {&all_type, &members}) list->clear();
  all_id.clear();
  member_id.clear();
  local.assign(n, -1);
  for (int k = 0; k < n; k++) {
    const double *const of = record(order[k]);
    all_id.push_back(static_cast<int64_t>(of[ID]));
    all_type.push_back(static_cast<int>(of[TYPE]));
    all_mass.push_back(of[MASS]);
    all_x.insert(all_x.end(), of + X, of + RECORD);
    if (of[MEMBER] == 0.0) continue;
    members.push_back(k);
    member_id.push_back(all_id.back());
  }
  for (int i = 0; i < atom->nlocal; i++)
    local[std::lower_bound(all_id.begin(), all_id.end(), atom->tag[i]) - all_id.begin()] = i;
}

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::warn_of_fixes() const
{
  std::string names;
  for (const auto &fix : modify->get_fix_list())
    if (modify->fmask[modify->find_fix(fix->id)] & FixConst::POST_FORCE)
      names += std::string(" ") + fix->id;
  if (!names.empty() && comm->me == 0)
    error->warning(FLERR, "{}: forces that fixes add are not in the Hessian:{}", name, names);
}

void ComputeVdosAtom::run_core()
{
  warn_of_fixes();
  replicate();
  if (members.empty()) error->all(FLERR, "{}: its group has no atoms", name);

  ergodic_vdos_sample_t sample;
  sample.n = static_cast<int>(all_id.size());
  sample.x = all_x.data();
  sample.id = all_id.data();
  sample.type = all_type.data();
  sample.mass = all_mass.data();
  sample.n_types = atom->ntypes;
  sample.n_members = static_cast<int>(members.size());
  sample.members = members.data();
  sample.cell = box_of(lmp);
  sample.skin = neighbor->skin;
  const ergodic_vdos_caller_t caller{this, comm->me, comm->nprocs, &forces_of, &sum_of, &log_of};

  utils::logmesg(lmp, "{}: vibrations of {} atoms\n", name, members.size());
  exception = nullptr;
  stop(ergodic_vdos_compute(vdos, &sample, &caller));
  results.resize(members.size() * ERGODIC_VDOS_COLUMNS);
  ergodic_check_one(FLERR, error, name,
                    ergodic_vdos_columns(vdos, sample.n_members, results.data()));
  for (auto *list : {&all_x, &all_mass}) std::vector<double>().swap(*list);
}

void ComputeVdosAtom::stop(ergodic_status_t status)
{
  if (status == ERGODIC_SUCCESS) return;
  restore();
  if (exception) std::rethrow_exception(exception);
  error->all(FLERR, "{}: {}", name, ergodic_last_error());
}

/* ----------------------------------------------------------------------
   Called by the core. No exception may pass through it.
------------------------------------------------------------------------- */

int ComputeVdosAtom::forces_of(void *context, int32_t n, const int32_t *moved, const double *to,
                               double *all) noexcept
{
  auto *const self = static_cast<ComputeVdosAtom *>(context);
  try {
    self->displace(n, moved, to);
    self->forces->compute();
    self->gather(all);
    return 0;
  } catch (...) {
    self->exception = std::current_exception();
    return 1;
  }
}

int ComputeVdosAtom::sum_of(void *context, int64_t n, double *values) noexcept
{
  const auto *const self = static_cast<const ComputeVdosAtom *>(context);
  constexpr int64_t MOST = 1 << 24;    // the count of MPI is an int
  for (int64_t i = 0; i < n; i += MOST)
    MPI_Allreduce(MPI_IN_PLACE, values + i, static_cast<int>(std::min(MOST, n - i)), MPI_DOUBLE,
                  MPI_SUM, self->world);
  return 0;
}

void ComputeVdosAtom::log_of(void *context, const char *line) noexcept
{
  auto *const self = static_cast<ComputeVdosAtom *>(context);
  if (self->comm->me != 0) return;
  constexpr char WARNING[] = "WARNING: ";
  const std::size_t prefix = sizeof(WARNING) - 1;
  try {
    if (strncmp(line, WARNING, prefix) == 0)
      self->error->warning(FLERR, "{}: {}", self->name, line + prefix);
    else
      utils::logmesg(self->lmp, "{}\n", line);
  } catch (...) {
    // a line less in the log
  }
}

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::displace(int n, const int *moved, const double *to)
{
  for (const int i : displaced) std::copy_n(forces->home(i), 3, atom->x[i]);
  displaced.clear();
  for (int k = 0; k < n; k++) {
    const int i = local[moved[k]];
    if (i < 0) continue;
    std::copy_n(to + 3 * k, 3, atom->x[i]);
    displaced.push_back(i);
  }
}

// Every force has one owner, so that the sum over ranks is exact.
void ComputeVdosAtom::gather(double *all) const
{
  const std::size_t n = members.size();
  for (std::size_t k = 0; k < n; k++) {
    const int i = local[members[k]];
    for (int m = 0; m < 3; m++) all[3 * k + m] = i < 0 ? 0.0 : atom->f[i][m];
  }
  if (comm->nprocs > 1)
    MPI_Allreduce(MPI_IN_PLACE, all, static_cast<int>(3 * n), MPI_DOUBLE, MPI_SUM, world);
}

/* ---------------------------------------------------------------------- */

double ComputeVdosAtom::memory_usage()
{
  return sizeof(double) * (double(max_atoms) * ERGODIC_VDOS_COLUMNS + results.size() +
                           double(size_array_rows) * size_array_cols);
}

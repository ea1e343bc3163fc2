/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "vdos/compute_vdos_atom.h"

#include "common/citation.h"
#include "common/ergodic_status.h"
#include "common/lammps_compat.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fix.h"
#include "force.h"
#include "kspace.h"
#include "lammps.h"
#include "memory.h"
#include "modify.h"
#include "neighbor.h"
#include "pair.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <mpi.h>
#include <utility>

using namespace LAMMPS_NS;

// In place of a number of displaced atoms.
static constexpr int FINISHED = -1;

/* ---------------------------------------------------------------------- */

ComputeVdosAtom::ComputeVdosAtom(LAMMPS *lmp, int narg, char **arg) :
    Compute(lmp, narg, arg), name(std::string("Compute vdos/atom ") + id),
    options(lmp, name, narg - 3, arg + 3), sample(lmp)
{
  cite_paper(lmp, "compute vdos/atom");
  if (!domain->box_exist) error->all(FLERR, "{} must be defined after the simulation box", name);
  if (domain->dimension != 3) error->all(FLERR, "{} is for 3d systems: use dimension 3", name);
  if (!atom->tag_enable) error->all(FLERR, "{} needs atom IDs: use atom_modify id yes", name);
  if (atom->torque_flag)
    error->all(FLERR, "{} is for point particles: use an atom_style without torques", name);

  auto &values = options.values;
  values.threads = comm->nthreads;
  values.acceleration = force->ftm2v;
  find_machine();
  ergodic_check_all(FLERR, error, name, ergodic_vdos_new(&values, &vdos));

  vector_flag = array_flag = peratom_flag = 1;
  extvector = extarray = 0;
  size_vector = ERGODIC_VDOS_SUMMARY;
  vector = new double[size_vector];
  size_array_rows = values.points;
  size_array_cols = ERGODIC_VDOS_TABLE + atom->ntypes;
  memory->create(array, size_array_rows, size_array_cols, "vdos/atom:array");
  // dumps take c_V[*] for as many columns as the global array has: no fewer must be there
  size_peratom_cols = std::max(ERGODIC_VDOS_COLUMNS, size_array_cols);
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

// Ranks that share the memory of this machine: how many, and the lowest.
void ComputeVdosAtom::find_machine()
{
  MPI_Comm machine;
  MPI_Comm_split_type(world, MPI_COMM_TYPE_SHARED, comm->me, MPI_INFO_NULL, &machine);
  MPI_Comm_size(machine, &options.values.processes_per_node);
  node = comm->me;
  MPI_Bcast(&node, 1, MPI_INT, 0, machine);
  MPI_Comm_free(&machine);
}

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::init()
{
  // after an error here `run ... pre no` needs a setup, too
  const int before = std::exchange(update->first_update, 0);
  if (!force->pair && !force->bond) error->all(FLERR, "{} needs forces: define a pair_style", name);
  if (compat::atoms_are_elsewhere(lmp))
    error->all(FLERR, "{} does not work with KOKKOS on a GPU: run without -k on", name);
  // styles of the packages GPU, INTEL and KOKKOS keep positions and forces elsewhere
  constexpr int GPU = 1 << 1, INTEL = 1 << 3;
  if (force->pair && (force->pair->kokkosable ||
                      (compat::PairAccess::suffix_flag_of(force->pair) & (GPU | INTEL))))
    error->all(FLERR, "{} does not work with pair style {}: use its plain, /opt or /omp variant",
               name, force->pair_style);
  // masses, interactions or the group may have changed since the last run, and the order of atoms
  checked_step = -1;
  invoked_flag = 0;
  update->first_update = before;
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
    memory->create(columns, max_atoms, size_peratom_cols, "vdos/atom:columns");
    array_atom = columns;
  }
  for (int i = 0; i < atom->nlocal; i++) {
    std::fill_n(columns[i], size_peratom_cols, 0.0);
    const auto member = atom->mask[i] & groupbit ? sample.member_of(atom->tag[i]) : -1;
    if (member < 0) continue;
    std::copy_n(results.begin() + ERGODIC_VDOS_COLUMNS * member, ERGODIC_VDOS_COLUMNS, columns[i]);
  }
}

/* ----------------------------------------------------------------------
   Between runs, commands may have changed atoms, styles, ghosts or lists: makes what the setup of a
   run makes. Atoms stay with their owners and in their order, since whoever asks for values may be
   in a loop over them.
------------------------------------------------------------------------- */

void ComputeVdosAtom::prepare() const
{
  lmp->init();
  if (atom->map_style != Atom::MAP_NONE) {
    atom->map_clear();
    atom->map_init();
  }
  atom->nghost = 0;
  atom->setup();
  if (domain->triclinic) domain->x2lamda(atom->nlocal);
  const double *const low = domain->triclinic ? domain->sublo_lamda : domain->sublo;
  const double *const high = domain->triclinic ? domain->subhi_lamda : domain->subhi;
  int outside = 0, any;
  for (int k = 0; k < 3; k++) {
    const double room = neighbor->skin / (domain->triclinic ? domain->prd[k] : 1.0);
    if (!domain->periodicity[k] && comm->procgrid[k] == 1) continue;
    for (int i = 0; i < atom->nlocal; i++)
      if (atom->x[i][k] < low[k] - room || atom->x[i][k] > high[k] + room) outside = 1;
  }
  comm->setup();
  if (neighbor->style) neighbor->setup_bins();
  comm->borders();
  if (domain->triclinic) domain->lamda2x(atom->nlocal + atom->nghost);
  MPI_Allreduce(&outside, &any, 1, MPI_INT, MPI_MAX, world);
  if (any) error->all(FLERR, "{}: atoms have left their box or processor: use run 0 first", name);
  modify->setup_pre_neighbor();
  neighbor->build(1);
  modify->setup_post_neighbor();
  if (force->kspace) force->kspace->setup();
  modify->setup_pre_force(0);
}

/* ----------------------------------------------------------------------
   Once per configuration, group, masses and interactions.
------------------------------------------------------------------------- */

void ComputeVdosAtom::evaluate()
{
  if (update->whichflag == 0) prepare();
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

/* ---------------------------------------------------------------------- */

void ComputeVdosAtom::warn_of_fixes() const
{
  std::string names;
  for (const auto &fix : modify->get_fix_list())
    if (compat::fix_mask(modify, fix) & FixConst::POST_FORCE) names += std::string(" ") + fix->id;
  if (!names.empty() && comm->me == 0)
    error->warning(FLERR, "{}: forces that fixes add are not in the Hessian:{}", name, names);
}

void ComputeVdosAtom::run_core()
{
  warn_of_fixes();
  sample.replicate(*forces, groupbit, name);
  const auto members = static_cast<int>(sample.members().size());
  const auto view = sample.view();
  const ergodic_vdos_caller_t caller{this,       comm->me,   comm->nprocs, node,   &forces_of,
                                     &follow_of, &finish_of, &sum_of,      &log_of};

  utils::logmesg(lmp, "{}: vibrations of {} atoms\n", name, members);
  exception = nullptr;
  stop(ergodic_vdos_compute(vdos, &view, &caller));
  results.resize(static_cast<std::size_t>(members) * ERGODIC_VDOS_COLUMNS);
  ergodic_check_one(FLERR, error, name, ergodic_vdos_columns(vdos, members, results.data()));
  sample.release();
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
    MPI_Bcast(&n, 1, MPI_INT, 0, self->world);
    // MPI does not change what the root sends
    MPI_Bcast(const_cast<int32_t *>(moved), n, MPI_INT, 0, self->world);
    MPI_Bcast(const_cast<double *>(to), 3 * n, MPI_DOUBLE, 0, self->world);
    self->displace(n, moved, to);
    self->forces->compute();
    self->gather(all);
    return 0;
  } catch (...) {
    self->exception = std::current_exception();
    return 1;
  }
}

// What the other ranks do while the first one calls forces_of().
int ComputeVdosAtom::follow_of(void *context) noexcept
{
  auto *const self = static_cast<ComputeVdosAtom *>(context);
  try {
    std::vector<int> moved;
    std::vector<double> to, own(3 * self->sample.members().size());
    for (;;) {
      int n;
      MPI_Bcast(&n, 1, MPI_INT, 0, self->world);
      if (n == FINISHED) return 0;
      moved.resize(n);
      to.resize(3 * static_cast<std::size_t>(n));
      MPI_Bcast(moved.data(), n, MPI_INT, 0, self->world);
      MPI_Bcast(to.data(), 3 * n, MPI_DOUBLE, 0, self->world);
      self->displace(n, moved.data(), to.data());
      self->forces->compute();
      self->gather(own.data());
    }
  } catch (...) {
    self->exception = std::current_exception();
    return 1;
  }
}

int ComputeVdosAtom::finish_of(void *context) noexcept
{
  int n = FINISHED;
  MPI_Bcast(&n, 1, MPI_INT, 0, static_cast<ComputeVdosAtom *>(context)->world);
  return 0;
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
    const int i = sample.local(moved[k]);
    if (i < 0) continue;
    std::copy_n(to + 3 * k, 3, atom->x[i]);
    displaced.push_back(i);
  }
}

// Of all ranks, in `all` on the first one. Every force has one owner, so that the sum is exact.
void ComputeVdosAtom::gather(double *all) const
{
  const auto &members = sample.members();
  const std::size_t n = members.size();
  for (std::size_t k = 0; k < n; k++) {
    const int i = sample.local(members[k]);
    for (int m = 0; m < 3; m++) all[3 * k + m] = i < 0 ? 0.0 : atom->f[i][m];
  }
  if (comm->nprocs > 1)
    MPI_Reduce(comm->me == 0 ? MPI_IN_PLACE : all, all, static_cast<int>(3 * n), MPI_DOUBLE,
               MPI_SUM, 0, world);
}

/* ---------------------------------------------------------------------- */

double ComputeVdosAtom::memory_usage()
{
  return sizeof(double) * (double(max_atoms) * size_peratom_cols + results.size() +
                           double(size_array_rows) * size_array_cols);
}

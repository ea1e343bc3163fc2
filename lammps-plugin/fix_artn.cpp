/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "fix_artn.h"

#include "ergodic_status.h"

#include "atom.h"
#include "citeme.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fmt/format.h"
#include "force.h"
#include "group.h"
#include "input.h"
#include "lammps.h"
#include "memory.h"
#include "modify.h"
#include "neighbor.h"
#include "output.h"
#include "pair.h"
#include "platform.h"
#include "timer.h"
#include "universe.h"
#include "update.h"
#include "utils.h"
#include "variable.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <mpi.h>

using namespace LAMMPS_NS;
using namespace FixConst;

static const char cite_artn[] =
    "fix artn command: doi:10.1103/PhysRevE.62.7723, doi:10.3389/fmats.2022.855681\n\n"
    "@Article{Malek2000ARTn,\n"
    " author =  {Malek, Rachid and Mousseau, Normand},\n"
    " title =   {Dynamics of {Lennard-Jones} clusters: A characterization of the\n"
    "            activation-relaxation technique},\n"
    " journal = {Physical Review E},\n"
    " volume =  62,\n"
    " pages =   {7723},\n"
    " year =    2000,\n"
    " doi =     {10.1103/PhysRevE.62.7723}\n"
    "}\n\n";

namespace {
// Seconds between two lines of progress.
constexpr double REPORT_INTERVAL = 60.0;
// Fixes of accelerator packages, which only prepare the computation of forces.
const char *const HARMLESS[] = {"OMP"};
}    // namespace

/* ---------------------------------------------------------------------- */

FixArtn::FixArtn(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), name(std::string("Fix artn ") + id), options(lmp, name, narg, arg),
    forces(lmp), queue(lmp)
{
  if (lmp->citeme) lmp->citeme->add(cite_artn);
  if (!domain->box_exist) error->all(FLERR, "{} must be defined after the simulation box", name);
  if (domain->dimension != 3) error->all(FLERR, "{} is for 3d systems: use dimension 3", name);
  if (!atom->tag_enable) error->all(FLERR, "{} needs atom IDs: use atom_modify id yes", name);
  forces.idle = [this] { queue.serve(); };

  nevery = 1;
  time_integrate = 1;    // or LAMMPS warns that nothing moves
  scalar_flag = vector_flag = peratom_flag = 1;
  extscalar = extvector = 0;
  size_vector = ERGODIC_ARTN_VECTOR;
  size_peratom_cols = ERGODIC_ARTN_COLUMNS;
  global_freq = peratom_freq = 1;
  maxexchange = ERGODIC_ARTN_COLUMNS;
  grow_arrays(atom->nmax);
  for (int i = 0; i < atom->nlocal; i++) set_arrays(i);
  atom->add_callback(Atom::GROW);
}

/* ---------------------------------------------------------------------- */

FixArtn::~FixArtn()
{
  if (array_atom) atom->delete_callback(id, Atom::GROW);
  memory->destroy(array_atom);
  ergodic_artn_free(artn);
}

/* ---------------------------------------------------------------------- */

int FixArtn::setmask()
{
  return INITIAL_INTEGRATE | END_OF_STEP | POST_RUN;
}

/* ---------------------------------------------------------------------- */

void FixArtn::init()
{
  running = ended = false;
  forces.end_run();
  if (update->whichflag != 1) return;
  if (!force->pair) error->all(FLERR, "{} needs forces: define a pair_style", name);
  if (lmp->kokkos) error->all(FLERR, "{} does not work with KOKKOS: run without -k on", name);
  if (!utils::strmatch(update->integrate_style, "^verlet"))
    error->all(FLERR, "{} does not work with run_style {}: use run_style verlet", name,
               update->integrate_style);
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR, "{} needs one ghost cutoff for all atoms: use comm_modify mode single", name);
  if (comm->style != Comm::BRICK && comm->nprocs > 1)
    error->all(FLERR, "{} does not work with comm_style tiled: use comm_style brick", name);
  if (atom->firstgroupname || neighbor->includegroup)
    error->all(FLERR, "{} needs forces on all atoms: do not use atom_modify first", name);
  if (group->count(igroup) == 0)
    error->all(FLERR, "{}: group {} is empty: it names the central atoms", name,
               group->names[igroup]);
  check_other_fixes();
  forces.begin_run(options.core.ftol);
}

void FixArtn::check_other_fixes() const
{
  constexpr int HOOKS =
      INITIAL_INTEGRATE | POST_INTEGRATE | PRE_FORCE | PRE_REVERSE | POST_FORCE | FINAL_INTEGRATE;
  for (int i = 0; i < modify->nfix; i++) {
    const auto *const fix = modify->fix[i];
    const bool harmless = std::any_of(std::begin(HARMLESS), std::end(HARMLESS),
                                      [fix](const char *s) { return strcmp(s, fix->style) == 0; });
    if (fix == this || harmless) continue;
    if ((modify->fmask[i] & HOOKS) || fix->force_reneighbor || fix->box_change)
      error->all(FLERR,
                 "{}: fix {} (style {}) moves atoms, changes forces or the box: unfix it first",
                 name, fix->id, fix->style);
  }
}

/* ---------------------------------------------------------------------- */

void FixArtn::setup(int /*vflag*/)
{
  if (!artn)
    create();
  else if (!forces.recapture() || centres() != central)
    error->all(
        FLERR,
        "{}: the initial state (atoms, box, forces, group) is not that of the last run: define "
        "the fix again",
        name);
  running = true;
  check(FLERR, ergodic_artn_start_run(artn));
  queue.begin();
  take_centre();
  begin_time = report_time = platform::walltime();
  update_output();
  begin_events = static_cast<int64_t>(vector[1]);
}

/* ----------------------------------------------------------------------
   The campaign, from the present state.
------------------------------------------------------------------------- */

void FixArtn::create()
{
  forces.capture();
  if (forces.natoms() < 2) error->all(FLERR, "{} needs two atoms or more", name);
  central = centres();
  const bool local = forces.check_lists(static_cast<int>(central[0]));
  if (std::isfinite(options.core.active) && !local && comm->me == 0)
    error->warning(FLERR,
                   "{}: forces near an atom depend on pairs beyond its neighbors, so that every "
                   "evaluation computes all atoms",
                   name);

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

  const auto push = evaluate("direction", options.direction),
             displacement = evaluate("refine", options.refine);
  sample.direction = push.empty() ? nullptr : push.data();
  sample.displacement = displacement.empty() ? nullptr : displacement.data();

  const auto lines = bounds();
  const auto optional = [](const std::string &file) {
    return file.empty() ? nullptr : file.c_str();
  };
  ergodic_artn_files_t files{};
  files.events = optional(options.events_file);
  files.saddles = optional(options.saddles_file);
  files.minima = optional(options.minima_file);
  files.partition = universe->nworlds > 1 ? universe->iworld : -1;
  files.bounds = lines.c_str();
  const auto status = ergodic_artn_new(&options.core, &sample, &files, forces.callbacks(), &artn);
  forces.restore();
  check(FLERR, status);
  open_files();
  statistics.assign(forces.natoms() * ERGODIC_ARTN_COLUMNS, 0.0);
}

std::vector<uint32_t> FixArtn::centres() const
{
  const int n = forces.natoms();
  std::vector<unsigned char> mine(n, 0), all(n);
  for (int i = 0; i < atom->nlocal; i++)
    if (atom->mask[i] & groupbit) mine[forces.index(i)] = 1;
  MPI_Allreduce(mine.data(), all.data(), n, MPI_UNSIGNED_CHAR, MPI_MAX, world);
  std::vector<uint32_t> list;
  for (int k = 0; k < n; k++)
    if (all[k]) list.push_back(k);
  return list;
}

/* ----------------------------------------------------------------------
   Values of three variables for all atoms in canonical order, [natoms][3]; empty without variables.
------------------------------------------------------------------------- */

std::vector<double> FixArtn::evaluate(const char *keyword, const std::string (&variables)[3]) const
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

std::string FixArtn::bounds() const
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

/* ----------------------------------------------------------------------
   One rank of all reads what an earlier campaign left, then one rank of each partition opens its
own files.
------------------------------------------------------------------------- */

void FixArtn::open_files()
{
  const uint8_t *bytes = nullptr;
  int64_t length = 0;
  const bool reader = universe->me == universe->root_proc[0];
  ergodic_status_t status = ERGODIC_SUCCESS;
  if (reader) status = ergodic_artn_prepare_files(artn, options.resume, &bytes, &length);
  check_root(FLERR, status, true);
  const auto earlier = queue.broadcast(bytes, length);
  check(FLERR, ergodic_artn_absorb(artn, earlier.data(), static_cast<int64_t>(earlier.size())));
  if (comm->me == 0) status = ergodic_artn_open_files(artn);
  check_root(FLERR, status);
}

/* ---------------------------------------------------------------------- */

void FixArtn::take_centre()
{
  ergodic_artn_state_t state;
  check(FLERR, ergodic_artn_state(artn, &state));
  if (state == ERGODIC_ARTN_WANTS_CENTRE) {
    check(FLERR, ergodic_artn_assign(artn, queue.next()));
    check(FLERR, ergodic_artn_state(artn, &state));
  }
  ended = state == ERGODIC_ARTN_EXHAUSTED;
}

void FixArtn::initial_integrate(int /*vflag*/)
{
  queue.serve();
  if (ended) return;
  attempt();
  take_centre();
  update_output();
  if (platform::walltime() - report_time > REPORT_INTERVAL) report(false);
}

void FixArtn::attempt()
{
  const double begin = platform::cputime();
  auto engine = forces.callbacks();
  const auto status = ergodic_artn_attempt(artn, engine);
  if (status != ERGODIC_SUCCESS) {
    forces.abandon();
    check(FLERR, status);
  }
  forces.restore();
  double seconds = platform::cputime() - begin;
  MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, world);
  check_root(FLERR, ergodic_artn_commit(artn, seconds, comm->me == 0));
}

/* ----------------------------------------------------------------------
   The step at which nothing is left is the last one, with the output of a last step.
------------------------------------------------------------------------- */

void FixArtn::end_of_step()
{
  queue.serve();
  if (!ended) return;
  if (update->ntimestep != update->laststep) {
    tally();
    timer->force_timeout();
    output->next = output->next_thermo = update->laststep = update->ntimestep;
  }
}

/* ----------------------------------------------------------------------
   Thermo output wants energy and virial, which this step has not tallied.
------------------------------------------------------------------------- */

void FixArtn::tally()
{
  forces.tally();
  update->eflag_global = update->eflag_atom = update->ntimestep;
  update->vflag_global = update->vflag_atom = update->ntimestep;
}

/* ---------------------------------------------------------------------- */

void FixArtn::post_run()
{
  if (!running) return;
  running = false;
  if (ended) timer->reset_timeout();
  queue.finish();
  const uint8_t *bytes = nullptr;
  int64_t length = 0;
  check(FLERR, ergodic_artn_pending(artn, &bytes, &length));
  const auto others = queue.exchange(bytes, length);
  check(FLERR, ergodic_artn_absorb(artn, others.data(), static_cast<int64_t>(others.size())));
  update_output();
  report(true);
  forces.end_run();
}

/* ---------------------------------------------------------------------- */

void FixArtn::update_output()
{
  check(FLERR, ergodic_artn_vector(artn, vector));
  std::fill(statistics.begin(), statistics.end(), 0.0);
  int count = 0, index = 0;
  double columns[ERGODIC_ARTN_COLUMNS];
  check(FLERR, ergodic_artn_centres(artn, &count));
  for (int k = 0; k < count; k++) {
    check(FLERR, ergodic_artn_statistics(artn, k, &index, columns));
    std::copy_n(columns, ERGODIC_ARTN_COLUMNS, &statistics[index * ERGODIC_ARTN_COLUMNS]);
  }
  for (int i = 0; i < atom->nlocal; i++)
    std::copy_n(&statistics[forces.index(i) * ERGODIC_ARTN_COLUMNS], ERGODIC_ARTN_COLUMNS,
                array_atom[i]);
}

void FixArtn::report(bool final)
{
  report_time = platform::walltime();
  const char *text = nullptr;
  check(FLERR, ergodic_artn_progress(artn, report_time - begin_time, begin_events,
                                     universe->nworlds, &text));
  if (comm->me == 0)
    utils::logmesg(lmp, "{}{}: {}\n", name, final ? " finished its run" : "", text);
}

double FixArtn::compute_scalar()
{
  return vector[1];
}

double FixArtn::compute_vector(int i)
{
  return vector[i];
}

/* ---------------------------------------------------------------------- */

void FixArtn::grow_arrays(int nmax)
{
  memory->grow(array_atom, nmax, ERGODIC_ARTN_COLUMNS, "artn:array_atom");
}

void FixArtn::copy_arrays(int i, int j, int /*delflag*/)
{
  if (i != j) std::copy_n(array_atom[i], ERGODIC_ARTN_COLUMNS, array_atom[j]);
}

void FixArtn::set_arrays(int i)
{
  std::fill_n(array_atom[i], ERGODIC_ARTN_COLUMNS, 0.0);
}

int FixArtn::pack_exchange(int i, double *buf)
{
  std::copy_n(array_atom[i], ERGODIC_ARTN_COLUMNS, buf);
  return ERGODIC_ARTN_COLUMNS;
}

int FixArtn::unpack_exchange(int nlocal, double *buf)
{
  std::copy_n(buf, ERGODIC_ARTN_COLUMNS, array_atom[nlocal]);
  return ERGODIC_ARTN_COLUMNS;
}

double FixArtn::memory_usage()
{
  return static_cast<double>(atom->nmax) * ERGODIC_ARTN_COLUMNS * sizeof(double) +
         static_cast<double>(statistics.size()) * sizeof(double);
}

/* ----------------------------------------------------------------------
   All ranks do the same, so they fail alike. An exception of LAMMPS goes before our own message.
------------------------------------------------------------------------- */

void FixArtn::check(const char *file, int line, ergodic_status_t status)
{
  forces.rethrow();
  ergodic_check_all(file, line, error, name, status);
}

/* ----------------------------------------------------------------------
   The first rank of this partition, or of all, has done something: all know how it went.
------------------------------------------------------------------------- */

void FixArtn::check_root(const char *file, int line, ergodic_status_t status, bool universe_wide)
{
  std::string text = status == ERGODIC_SUCCESS ? "" : ergodic_last_error();
  int length = static_cast<int>(text.size());
  const MPI_Comm who = universe_wide ? universe->uworld : world;
  const int root = universe_wide ? universe->root_proc[0] : 0;
  MPI_Bcast(&length, 1, MPI_INT, root, who);
  if (!length) {
    check(file, line, status);
    return;
  }
  text.resize(length);
  MPI_Bcast(text.data(), length, MPI_CHAR, root, who);
  error->all(file, line, "{}: {}", name, text);
}

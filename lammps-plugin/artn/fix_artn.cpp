/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/fix_artn.h"

#include "common/citation.h"
#include "common/ergodic_status.h"
#include "common/lammps_compat.h"

#include "atom.h"
#include "citeme.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "fmt/format.h"
#include "force.h"
#include "group.h"
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
// Style of the fix of an accelerator package, which only prepares the computation of forces.
constexpr char HARMLESS[] = "OMP";
}    // namespace

/* ---------------------------------------------------------------------- */

FixArtn::FixArtn(LAMMPS *lmp, int narg, char **arg) :
    Fix(lmp, narg, arg), name(std::string("Fix artn ") + id), options(lmp, name, narg, arg),
    forces(lmp), sample(lmp, name, forces, igroup), queue(lmp)
{
  cite_ergodic(lmp);
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
  demand_setup();
}

/* ---------------------------------------------------------------------- */

FixArtn::~FixArtn()
{
  if (array_atom) atom->delete_callback(id, Atom::GROW);
  memory->destroy(array_atom);
  if (ended && timer) timer->reset_timeout();
}

/* ---------------------------------------------------------------------- */

int FixArtn::setmask()
{
  return INITIAL_INTEGRATE | END_OF_STEP | POST_RUN;
}

/* ---------------------------------------------------------------------- */

void FixArtn::init()
{
  if (ended) timer->reset_timeout();
  running = ended = false;
  forces.end_run();
  demand_setup();
  if (update->whichflag != 1) return;
  if (!force->pair) error->all(FLERR, "{} needs forces: define a pair_style", name);
  if (compat::atoms_are_elsewhere(lmp))
    error->all(FLERR, "{} does not work with KOKKOS on a GPU: run without -k on", name);
  if (force->pair->kokkosable)
    error->all(FLERR, "{} does not work with pair style {}: use suffix off before pair_style", name,
               force->pair_style);
  if (strcmp(update->integrate_style, "verlet") != 0 &&
      strcmp(update->integrate_style, "verlet/kk") != 0)
    error->all(FLERR, "{} does not work with run_style {}: use run_style verlet", name,
               update->integrate_style);
  if (comm->mode != Comm::SINGLE)
    error->all(FLERR, "{} needs one ghost cutoff for all atoms: use comm_modify mode single", name);
  if (comm->style != compat::COMM_BRICK && comm->nprocs > 1)
    error->all(FLERR, "{} does not work with comm_style tiled: use comm_style brick", name);
  if (atom->firstgroupname || neighbor->includegroup)
    error->all(FLERR, "{} needs forces on all atoms: do not use atom_modify first", name);
  if (group->count(igroup) == 0)
    error->all(FLERR, "{}: group {} is empty: it names the central atoms", name,
               group->names[igroup]);
  check_other_fixes();
  forces.begin_run();
}

/* ----------------------------------------------------------------------
   A run needs the setup of ours and of the neighbor lists. LAMMPS does the first setup of all in
   spite of `run ... pre no`, so let every one be the first.
------------------------------------------------------------------------- */

void FixArtn::demand_setup()
{
  update->first_update = 0;
}

/* ---------------------------------------------------------------------- */

void FixArtn::check_other_fixes() const
{
  constexpr int HOOKS =
      INITIAL_INTEGRATE | POST_INTEGRATE | PRE_FORCE | PRE_REVERSE | POST_FORCE | FINAL_INTEGRATE;
  for (auto *const fix : modify->get_fix_list()) {
    if (fix == this || strcmp(fix->style, HARMLESS) == 0 || ArtnSample::may_hold(fix)) continue;
    if (utils::strmatch(fix->style, "^qeq") || utils::strmatch(fix->style, "^acks2"))
      error->all(FLERR,
                 "{}: fix {} (style {}) equilibrates charges: they depend on all atoms and on the "
                 "configuration before, so that no attempt could be repeated: unfix it first",
                 name, fix->id, fix->style);
    if ((compat::fix_mask(modify, fix) & HOOKS) || fix->force_reneighbor || fix->box_change)
      error->all(FLERR,
                 "{}: fix {} (style {}) moves atoms, changes forces or the box: unfix it first",
                 name, fix->id, fix->style);
  }
}

/* ---------------------------------------------------------------------- */

void FixArtn::setup(int /*vflag*/)
{
  try {
    begin_run();
  } catch (...) {
    abandon();
    throw;
  }
}

void FixArtn::begin_run()
{
  if (!artn)
    create();
  else if (!forces.recapture() || !sample.is_present())
    error->all(
        FLERR,
        "{}: the initial state (atoms, box, forces, group) is not that of the last run: define "
        "the fix again",
        name);
  running = true;
  check(FLERR, ergodic_artn_start_run(artn.get()));
  queue.begin();
  take_centre();
  begin_time = report_time = platform::walltime();
  update_output();
}

/* ----------------------------------------------------------------------
   The campaign, from the present state.
------------------------------------------------------------------------- */

void FixArtn::create()
{
  forces.capture();
  if (forces.natoms() < 2) error->all(FLERR, "{} needs two atoms or more", name);
  sample.capture(options);
  forces.hold(sample.held().size());
  if (!std::isnan(options.core.ftol)) forces.set_tolerance(options.core.ftol);
  const bool local = forces.check_lists(static_cast<int>(sample.centres()[0]));
  const auto view = sample.view();
  complete_options(view);
  forces.set_tolerance(options.core.ftol);
  if (std::isfinite(options.core.active) && !local && comm->me == 0)
    error->warning(FLERR, "{}: {}, so that every evaluation computes all atoms", name,
                   force->kspace ? "long-range forces depend on all atoms"
                                 : "forces near an atom depend on pairs beyond its neighbors");

  const auto lines = sample.bounds();
  const auto optional = [](const std::string &file) {
    return file.empty() ? nullptr : file.c_str();
  };
  ergodic_artn_files_t files{};
  files.events = optional(options.events_file);
  files.saddles = optional(options.saddles_file);
  files.minima = optional(options.minima_file);
  files.displaced = optional(options.displaced_file);
  files.partition = universe->nworlds > 1 ? universe->iworld : -1;
  files.bounds = lines.c_str();
  ergodic_artn_t *made = nullptr;
  check(FLERR, ergodic_artn_new(&options.core, &view, &files, forces.callbacks(), &made));
  artn.reset(made);
  forces.restore();
  statistics.assign(forces.natoms() * ERGODIC_ARTN_COLUMNS, 0.0);
  try {
    open_files();
  } catch (...) {
    artn.reset();
    throw;
  }
}

/* ----------------------------------------------------------------------
   Defaults that follow from the sample, and a line of input that says what they are.
------------------------------------------------------------------------- */

void FixArtn::complete_options(const ergodic_artn_sample_t &view)
{
  auto &core = options.core;
  if (!std::isnan(core.shell)) return;
  check(FLERR, ergodic_artn_complete(&core, &view, forces.callbacks()));
  if (comm->me == 0)
    utils::logmesg(lmp,
                   "{}: for this sample, push {} {} active {} ftol {} lanczos {} {} curvature {} "
                   "same {} {}\n",
                   name, core.push, core.push_radius,
                   std::isinf(core.active) ? "all" : fmt::format("{}", core.active), core.ftol,
                   core.lanczos_size, core.lanczos_step, core.curvature, core.same_energy,
                   core.same_distance);
}

/* ----------------------------------------------------------------------
   A run cannot go on: leaves LAMMPS so that other commands can.
------------------------------------------------------------------------- */

void FixArtn::abandon()
{
  running = false;
  forces.abandon();
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
  if (reader) status = ergodic_artn_prepare_files(artn.get(), options.resume, &bytes, &length);
  check_root(FLERR, status, true);
  if (reader) log_notes();
  const auto earlier = queue.broadcast(bytes, length);
  check(FLERR,
        ergodic_artn_absorb(artn.get(), earlier.data(), static_cast<int64_t>(earlier.size())));
  if (comm->me == 0) status = ergodic_artn_open_files(artn.get());
  check_root(FLERR, status);
  if (comm->me == 0) log_notes();
}

void FixArtn::log_notes()
{
  constexpr char WARNING[] = "WARNING: ";
  const char *text = nullptr;
  while (ergodic_artn_note(artn.get(), &text) == ERGODIC_SUCCESS && text)
    if (strncmp(text, WARNING, strlen(WARNING)) == 0)
      error->warning(FLERR, "{}: {}", name, text + strlen(WARNING));
    else
      utils::logmesg(lmp, "{}: {}\n", name, text);
}

/* ---------------------------------------------------------------------- */

void FixArtn::take_centre()
{
  ergodic_artn_state_t state;
  check(FLERR, ergodic_artn_state(artn.get(), &state));
  if (state == ERGODIC_ARTN_WANTS_CENTRE) {
    check(FLERR, ergodic_artn_assign(artn.get(), queue.next()));
    check(FLERR, ergodic_artn_state(artn.get(), &state));
  }
  ended = state == ERGODIC_ARTN_EXHAUSTED;
}

void FixArtn::initial_integrate(int /*vflag*/)
{
  if (!running)
    error->all(FLERR, "{} needs the setup of every run: use run ... every with pre yes", name);
  queue.serve();
  if (ended) return;
  try {
    attempt();
  } catch (...) {
    abandon();
    throw;
  }
  take_centre();
  update_output();
  if (platform::walltime() - report_time > REPORT_INTERVAL) report(false);
}

void FixArtn::attempt()
{
  const double begin = platform::cputime();
  check(FLERR, ergodic_artn_attempt(artn.get(), forces.callbacks()));
  forces.restore();
  double seconds = platform::cputime() - begin;
  MPI_Bcast(&seconds, 1, MPI_DOUBLE, 0, world);
  check_root(FLERR, ergodic_artn_commit(artn.get(), seconds, comm->me == 0));
}

/* ----------------------------------------------------------------------
   The step at which nothing is left is the last one, with the output of a last step.
------------------------------------------------------------------------- */

void FixArtn::end_of_step()
{
  queue.serve();
  if (!ended) return;
  if (update->ntimestep != update->laststep) {
    compute_thermo_terms();
    timer->force_timeout();
    output->next = output->next_thermo = update->laststep = update->ntimestep;
  }
}

/* ----------------------------------------------------------------------
   Thermo output wants energy and virial, which this step has not tallied.
------------------------------------------------------------------------- */

void FixArtn::compute_thermo_terms()
{
  forces.compute_thermo_terms();
  update->eflag_global = update->eflag_atom = update->ntimestep;
  update->vflag_global = update->vflag_atom = update->ntimestep;
}

/* ---------------------------------------------------------------------- */

void FixArtn::post_run()
{
  if (!running) return;
  running = false;
  if (ended) timer->reset_timeout();
  ended = false;
  queue.finish();
  const uint8_t *bytes = nullptr;
  int64_t length = 0;
  check(FLERR, ergodic_artn_pending(artn.get(), &bytes, &length));
  const auto others = queue.exchange(bytes, length);
  check(FLERR, ergodic_artn_absorb(artn.get(), others.data(), static_cast<int64_t>(others.size())));
  update_output();
  report(true);
  forces.end_run();
}

/* ---------------------------------------------------------------------- */

void FixArtn::update_output()
{
  check(FLERR, ergodic_artn_vector(artn.get(), vector));
  std::fill(statistics.begin(), statistics.end(), 0.0);
  int count = 0, index = 0;
  double columns[ERGODIC_ARTN_COLUMNS];
  check(FLERR, ergodic_artn_centres(artn.get(), &count));
  for (int k = 0; k < count; k++) {
    check(FLERR, ergodic_artn_statistics(artn.get(), k, &index, columns));
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
  check(FLERR,
        ergodic_artn_progress(artn.get(), report_time - begin_time, universe->nworlds, &text));
  const bool writes = comm->me == 0;
  if (writes) utils::logmesg(lmp, "{}{}: {}\n", name, final ? " finished its run" : "", text);
  if (final) check(FLERR, ergodic_artn_summary(artn.get(), &text));
  if (final && writes) utils::logmesg(lmp, "{}: {}\n", name, text);
  if (!writes) return;
  if (screen) fflush(screen);
  if (logfile) fflush(logfile);
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

/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "fix_voronoi_history.h"

#include "compute_voronoi_entropy.h"
#include "ergodic_status.h"

#include "atom.h"
#include "comm.h"
#include "domain.h"
#include "error.h"
#include "lammps.h"
#include "modify.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <cstring>
#include <mpi.h>
#include <vector>

using namespace LAMMPS_NS;
using namespace FixConst;

namespace {
// A sample adds at most one motif to an atom: one word of 64 bits, two with key full.
constexpr int WORDS_PER_MOTIF[2] = {1, 2};

// Global restart record, in doubles. FORMAT changes with the record and with what the core packs
// for an atom.
constexpr double FORMAT_NUMBER = 1.0;
enum {
  FORMAT,
  FULL_KEY,
  SAMPLES,
  LARGEST,
  FINGERPRINT,
  RECORD = FINGERPRINT + ERGODIC_FINGERPRINT_LENGTH
};
}    // namespace

/* ---------------------------------------------------------------------- */

FixVoronoiHistory::FixVoronoiHistory(LAMMPS *lmp, int narg, char **arg) : Fix(lmp, narg, arg)
{
  if (narg == 6) {
    id_compute = arg[3];
    nevery = utils::inumeric(FLERR, arg[4], false, lmp);
    full = utils::logical(FLERR, arg[5], false, lmp) == 1;
  }
  if (nevery < 1 || id != id_compute + "_HISTORY")
    error->all(FLERR, "Fix {} is internal to compute voronoi/entropy: define that compute", style);
  name = "Compute voronoi/entropy " + id_compute;

  last_fingerprint.fill(0.0);
  ergodic_check_all(FLERR, error, name, ergodic_history_new(full, &history));

  restart_global = restart_peratom = 1;
  create_attribute = 1;
  maxexchange_dynamic = 1;
  dynamic_group_allow = 1;
  reserve(atom->nlocal - 1);
  maxexchange = 1 + largest_packed();
  atom->add_callback(Atom::GROW);
  atom->add_callback(Atom::RESTART);
}

/* ---------------------------------------------------------------------- */

FixVoronoiHistory::~FixVoronoiHistory()
{
  if (history) {
    atom->delete_callback(id, Atom::GROW);
    atom->delete_callback(id, Atom::RESTART);
  }
  ergodic_history_free(history);
}

/* ---------------------------------------------------------------------- */

int FixVoronoiHistory::setmask()
{
  return END_OF_STEP | POST_RUN;
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::init()
{
  update_maxexchange();
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::setup(int /*vflag*/)
{
  // still set if the last run ended in an exception
  sampled_step = -1;
  if (update->ntimestep % nevery == 0 && !same_as_last_sample()) sample();
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::end_of_step()
{
  // rerun calls setup() and end_of_step() for the same snapshot, which counts even if it equals the
  // last sample
  if (update->ntimestep != sampled_step) sample();
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::post_run()
{
  remember();
  sampled_step = -1;
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::sample()
{
  auto *compute = modify->get_compute_by_id(id_compute);
  if (!compute || strcmp(compute->style, "voronoi/entropy") != 0)
    error->all(FLERR, "Fix {} has lost its compute {}", style, id_compute);

  int largest = largest_packed() + WORDS_PER_MOTIF[full];
  static_cast<ComputeVoronoiEntropy *>(compute)->sample(history, largest);
  maxexchange = largest;
  samples++;
  sampled_step = update->ntimestep;
}

/* ----------------------------------------------------------------------
   The step number does not tell whether a configuration has been sampled already: `reset_timestep`
gives an old one a new number, and commands between runs move atoms without a new number. So
configurations are compared themselves. The comparison is made when a run ends, since other fixes
may change the box or move atoms after the sample.
------------------------------------------------------------------------- */

void FixVoronoiHistory::remember()
{
  if (sampled_step == update->ntimestep) last_fingerprint = fingerprint();
}

bool FixVoronoiHistory::same_as_last_sample() const
{
  return samples > 0 && same_configuration(lmp, name, fingerprint(), last_fingerprint);
}

Fingerprint FixVoronoiHistory::fingerprint() const
{
  return fingerprint_of(lmp, name);
}

/* ----------------------------------------------------------------------
   Room for atom i. LAMMPS' own arrays have room for ghost atoms too, which have no history.
------------------------------------------------------------------------- */

void FixVoronoiHistory::reserve(int i)
{
  if (i < slots) return;
  slots = std::max(i + 1, atom->nlocal);
  check(FLERR, ergodic_history_grow(history, slots));
}

ergodic_history_t *FixVoronoiHistory::histories()
{
  reserve(atom->nlocal - 1);
  return history;
}

void FixVoronoiHistory::grow_arrays(int /*nmax*/) {}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::copy_arrays(int i, int j, int /*delflag*/)
{
  reserve(std::max(i, j));
  check(FLERR, ergodic_history_copy(history, i, j));
}

void FixVoronoiHistory::set_arrays(int i)
{
  reserve(i);
  check(FLERR, ergodic_history_clear(history, i));
}

/* ----------------------------------------------------------------------
   A packed history: its number of doubles, itself included, then what the core packs.
------------------------------------------------------------------------- */

int FixVoronoiHistory::size_restart(int i)
{
  int size;
  reserve(i);
  check(FLERR, ergodic_history_packed_size(history, i, &size));
  return 1 + size;
}

int FixVoronoiHistory::pack_restart(int i, double *buf)
{
  const int size = size_restart(i);
  buf[0] = size;
  check(FLERR, ergodic_history_pack(history, i, buf + 1));
  return size;
}

int FixVoronoiHistory::pack_exchange(int i, double *buf)
{
  return pack_restart(i, buf);
}

int FixVoronoiHistory::unpack_exchange(int nlocal, double *buf)
{
  int used;
  const int size = static_cast<int>(buf[0]);
  reserve(nlocal);
  check(FLERR, ergodic_history_unpack(history, nlocal, buf + 1, size - 1, &used));
  return size;
}

void FixVoronoiHistory::unpack_restart(int nlocal, int nth)
{
  double *buf = atom->extra[nlocal];
  for (int i = 0; i < nth; i++) buf += static_cast<int>(buf[0]);
  unpack_exchange(nlocal, buf);
}

int FixVoronoiHistory::maxsize_restart()
{
  return maxexchange;
}

/* ----------------------------------------------------------------------
   An atom that arrives from one rank may leave for a third one in the same exchange, so every rank
must have room for the largest history of all.
------------------------------------------------------------------------- */

int FixVoronoiHistory::largest_packed()
{
  int largest;
  reserve(atom->nlocal - 1);
  check(FLERR, ergodic_history_largest_packed(history, &largest));
  return 1 + largest;
}

void FixVoronoiHistory::update_maxexchange()
{
  const int largest = largest_packed();
  MPI_Allreduce(&largest, &maxexchange, 1, MPI_INT, MPI_MAX, world);
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::write_restart(FILE *fp)
{
  remember();
  std::vector<double> record(RECORD);
  record[FORMAT] = FORMAT_NUMBER;
  record[FULL_KEY] = full;
  record[SAMPLES] = static_cast<double>(samples);
  record[LARGEST] = maxexchange;
  std::copy(last_fingerprint.begin(), last_fingerprint.end(), record.begin() + FINGERPRINT);
  if (comm->me == 0) {
    const int size = RECORD * sizeof(double);
    fwrite(&size, sizeof(int), 1, fp);
    fwrite(record.data(), sizeof(double), RECORD, fp);
  }
}

void FixVoronoiHistory::restart(char *buf)
{
  const auto *const record = reinterpret_cast<const double *>(buf);
  if (record[FORMAT] != FORMAT_NUMBER)
    error->all(FLERR, "{}: the restart file was written by another version of Ergodic", name);
  if ((record[FULL_KEY] != 0.0) != full)
    error->all(FLERR, "{}: the restart file holds histories of key {}; use that key", name,
               full ? "3456" : "full");
  samples = static_cast<bigint>(record[SAMPLES]);
  // displace_atoms and others exchange atoms before any init()
  maxexchange = static_cast<int>(record[LARGEST]);
  from_restart = true;
  std::copy_n(record + FINGERPRINT, ERGODIC_FINGERPRINT_LENGTH, last_fingerprint.begin());
}

/* ---------------------------------------------------------------------- */

double FixVoronoiHistory::memory_usage()
{
  double bytes = 0.0;
  check(FLERR, ergodic_history_bytes(history, &bytes));
  return bytes;
}

void FixVoronoiHistory::check(const char *file, int line, ergodic_status_t status) const
{
  ergodic_check_one(file, line, error, name, status);
}

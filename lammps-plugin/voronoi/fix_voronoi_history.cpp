/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "voronoi/fix_voronoi_history.h"

#include "common/ergodic_status.h"

#include "atom.h"
#include "comm.h"
#include "compute.h"
#include "error.h"
#include "fmt/format.h"
#include "lammps.h"
#include "update.h"
#include "utils.h"

#include <algorithm>
#include <climits>
#include <cmath>
#include <mpi.h>
#include <numeric>
#include <utility>
#include <vector>

using namespace LAMMPS_NS;
using namespace FixConst;

namespace {
// A sample adds at most one motif to an atom: one word of 64 bits, two with key full.
constexpr int WORDS_PER_MOTIF[2] = {1, 2};

// Room for one history in exchange buffers, in doubles. It is doubled where it is not enough:
// LAMMPS makes its buffers larger by half each time, also where one history is small beside them.
constexpr int FIRST_ROOM = 1024;

// KOKKOS has room for 1000 doubles of an atom that leaves, whatever fixes ask for (BUFEXTRA of
// comm_kokkos.cpp); beyond, memory is overwritten. Other data of the atom need some.
constexpr int ROOM_OF_KOKKOS = 900;

// Global restart record, in doubles; format 1 has no check sum. FORMAT changes with the record and
// with what the core packs for an atom.
enum {
  FORMAT,
  FULL_KEY,
  SAMPLES,
  LARGEST,
  FINGERPRINT,
  CHECKSUM = FINGERPRINT + ERGODIC_FINGERPRINT_LENGTH,
  RECORD
};

double checksum_of(const double *record)
{
  uint64_t sum = 0;
  ergodic_checksum(record, CHECKSUM, &sum);
  constexpr int BITS = 53;    // of a double
  return std::ldexp(static_cast<double>(sum >> (64 - BITS)), -BITS);
}
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
  make_room(largest_packed());
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
  // after an error here `run ... pre no` needs a setup, too
  const int before = std::exchange(update->first_update, 0);
  if (!sampler) error->all(FLERR, "Fix {} has lost its compute {}", style, id_compute);
  sampler->init(nevery);
  labels();
  find_atoms_again();
  update_maxexchange();
  update->first_update = before;
}

/* ----------------------------------------------------------------------
   `read_dump ... purge yes`, also of rerun, deletes all atoms and creates those of the snapshot. If
   no atom with samples is left, histories go to the atoms with the same IDs, on whatever rank these
   are. Those of atoms that a snapshot does not have are kept for a later one.
------------------------------------------------------------------------- */

void FixVoronoiHistory::find_atoms_again()
{
  bool any, orphans;
  check(FLERR, ergodic_history_survey(history, atom->nlocal, &any, &orphans));
  const int mine[2] = {any, orphans};
  int all[2];
  MPI_Allreduce(mine, all, 2, MPI_INT, MPI_MAX, world);
  purged = !all[0] && all[1];
  if (!purged) {
    check(FLERR, ergodic_history_drop_orphans(history));
    return;
  }
  double *buffer;
  std::size_t size;
  check(FLERR, ergodic_history_take_orphans(history, &buffer, &size));
  if (size > INT_MAX / sizeof(double))
    error->one(FLERR,
               "{}: the histories of one MPI rank take more than 2 GB, too much to find their "
               "atoms again after all were deleted: use more ranks",
               name);
  comm->ring(static_cast<int>(size), sizeof(double), buffer, 1, adopt, buffer, this);
  check(FLERR, ergodic_history_keep_orphans(history, buffer, size));
  ergodic_buffer_free(buffer, size);
}

void FixVoronoiHistory::adopt(int size, char *buffer, void *pointer)
{
  auto *fix = static_cast<FixVoronoiHistory *>(pointer);
  const std::vector<int64_t> ids(fix->atom->tag, fix->atom->tag + fix->atom->nlocal);
  fix->check(FLERR, ergodic_history_adopt(fix->history, reinterpret_cast<double *>(buffer), size,
                                          fix->atom->nlocal, ids.data()));
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
  store_fingerprint();
  sampled_step = -1;
  if (samples != reported) report();
  reported = samples;
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::sample()
{
  int largest = largest_packed() + WORDS_PER_MOTIF[full];
  sampler->sample(histories(), nevery, largest);
  make_room(largest);
  if (!purged) check(FLERR, ergodic_history_drop_orphans(history));
  samples++;
  sampled_step = update->ntimestep;
  forget_output();
}

/* ----------------------------------------------------------------------
   LAMMPS asks a compute once per step only. Yet samples of this step change its values, and
   commands between runs (write_restart, displace_atoms) bring atoms into another order.
------------------------------------------------------------------------- */

void FixVoronoiHistory::forget_output()
{
  if (!compute) return;
  compute->invoked_flag = 0;
  compute->invoked_scalar = compute->invoked_vector = -1;
  compute->invoked_peratom = compute->invoked_local = -1;
}

/* ----------------------------------------------------------------------
   The step number does not tell whether a configuration has been sampled already: `reset_timestep`
   gives an old one a new number, and commands between runs move atoms without a new number. So
   configurations are compared themselves. The fingerprint is taken when a run ends, since other
   fixes may change the box or move atoms after the sample.
------------------------------------------------------------------------- */

void FixVoronoiHistory::store_fingerprint()
{
  if (sampled_step == update->ntimestep) last_fingerprint = fingerprint();
}

bool FixVoronoiHistory::same_as_last_sample()
{
  return samples > 0 && same_configuration(lmp, name, fingerprint(), last_fingerprint);
}

// With labels in the place of IDs, which `reset_atoms id` and `delete_atoms compress yes` change.
Fingerprint FixVoronoiHistory::fingerprint()
{
  return fingerprint_of(lmp, name, labels());
}

std::vector<int64_t> FixVoronoiHistory::labels()
{
  const int n = atom->nlocal;
  const std::vector<int64_t> ids(atom->tag, atom->tag + n);
  std::vector<int64_t> labels(n);
  check(FLERR, ergodic_history_labels(histories(), n, ids.data(), labels.data()));
  return labels;
}

/* ---------------------------------------------------------------------- */

EntropySums FixVoronoiHistory::sums(int groupbit)
{
  const int n = atom->ntypes;
  std::vector<double> mine(3 * n), all(3 * n);
  check(FLERR, ergodic_history_sums(histories(), atom->nlocal, atom->mask, groupbit, atom->type, n,
                                    mine.data(), mine.data() + n, mine.data() + 2 * n));
  MPI_Allreduce(mine.data(), all.data(), 3 * n, MPI_DOUBLE, MPI_SUM, world);
  const auto part = [&](int k) {
    return std::vector<double>(all.begin() + k * n, all.begin() + (k + 1) * n);
  };
  return {part(0), part(1), part(2)};
}

static double ratio(double sum, double count)
{
  return count > 0.0 ? sum / count : 0.0;
}

static double total(const std::vector<double> &parts)
{
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

double EntropySums::mean() const
{
  return ratio(total(entropy), total(atoms));
}

double EntropySums::mean(int t) const
{
  return ratio(entropy[t], atoms[t]);
}

double EntropySums::saturated_share() const
{
  return ratio(total(saturated), total(atoms));
}

/* ----------------------------------------------------------------------
   One line at the end of a run, and a warning where S cannot tell one atom from another.
------------------------------------------------------------------------- */

void FixVoronoiHistory::report()
{
  const EntropySums all = sums(sampler->group());
  if (comm->me != 0) return;
  std::string types;
  for (int t = 0; t < atom->ntypes; t++)
    if (all.atoms[t] > 0.0)
      types += fmt::format("{}type {}: {:.4g}", types.empty() ? "" : ", ", t + 1, all.mean(t));
  const double share = all.saturated_share();
  utils::logmesg(lmp, "{}: {} samples, mean S {:.4g}{}, {:.3g} % of the atoms saturated\n", name,
                 samples, all.mean(), types.empty() ? "" : " (" + types + ")", 100.0 * share);
  if (share > 0.5)
    error->warning(FLERR,
                   "{}: nearly every sample of most atoms was a new motif (S above 0.9 ln n), so "
                   "that S hardly tells atoms apart; let small faces and short edges not count: "
                   "keywords face_fraction (for instance 0.01), face_threshold, edge_threshold",
                   name);
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
  forget_output();
}

void FixVoronoiHistory::set_arrays(int i)
{
  reserve(i);
  check(FLERR, ergodic_history_begin(history, i));
  forget_output();
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

// The atom leaves this rank.
int FixVoronoiHistory::pack_exchange(int i, double *buf)
{
  const int size = pack_restart(i, buf);
  check(FLERR, ergodic_history_leave(history, i));
  forget_output();
  return size;
}

int FixVoronoiHistory::unpack_exchange(int nlocal, double *buf)
{
  const int size = static_cast<int>(buf[0]);
  reserve(nlocal);
  check(FLERR, ergodic_history_unpack(history, nlocal, buf + 1, size - 1, ERGODIC_HISTORY_FORMAT));
  forget_output();
  return size;
}

void FixVoronoiHistory::unpack_restart(int nlocal, int nth)
{
  double *buf = atom->extra[nlocal];
  const double *const end = buf + atom->nextra_store;
  // not `size < 1`: a damaged size can be NaN
  const auto checked_size = [&] {
    if (buf >= end || !(buf[0] >= 1.0 && buf[0] <= end - buf))
      error->one(FLERR, "{}: the restart file is damaged (records of atom {})", name,
                 atom->tag[nlocal]);
    return static_cast<int>(buf[0]);
  };
  for (int i = 0; i < nth; i++) buf += checked_size();
  const int size = checked_size();
  reserve(nlocal);
  check(FLERR, ergodic_history_unpack(history, nlocal, buf + 1, size - 1, restart_format));
}

// The longest of all ranks: LAMMPS asks one only.
int FixVoronoiHistory::maxsize_restart()
{
  return largest;
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
  const int mine = largest_packed();
  int all;
  MPI_Allreduce(&mine, &all, 1, MPI_INT, MPI_MAX, world);
  make_room(all);
}

void FixVoronoiHistory::make_room(int size)
{
  if (lmp->kokkos && comm->nprocs > 1 && size > ROOM_OF_KOKKOS)
    error->all(FLERR,
               "{}: an atom has a history of more than {} doubles, and LAMMPS cannot send so much "
               "between processors with KOKKOS: run without -k on, or on one processor",
               name, ROOM_OF_KOKKOS);
  largest = size;
  int room = std::max(maxexchange, FIRST_ROOM);
  while (room < largest && room <= INT_MAX / 2) room *= 2;
  maxexchange = std::max(room, largest);
}

/* ---------------------------------------------------------------------- */

void FixVoronoiHistory::write_restart(FILE *fp)
{
  store_fingerprint();
  std::vector<double> record(RECORD);
  record[FORMAT] = ERGODIC_HISTORY_FORMAT;
  record[FULL_KEY] = full;
  record[SAMPLES] = static_cast<double>(samples);
  record[LARGEST] = largest;
  std::copy(last_fingerprint.begin(), last_fingerprint.end(), record.begin() + FINGERPRINT);
  record[CHECKSUM] = checksum_of(record.data());
  if (comm->me == 0) {
    const int size = RECORD * sizeof(double);
    fwrite(&size, sizeof(int), 1, fp);
    fwrite(record.data(), sizeof(double), RECORD, fp);
  }
}

void FixVoronoiHistory::restart(char *buf)
{
  const auto *const record = reinterpret_cast<const double *>(buf);
  const double format = record[FORMAT];
  if (format != ERGODIC_HISTORY_OLDEST_FORMAT && format != ERGODIC_HISTORY_FORMAT)
    error->all(FLERR,
               "{}: the restart file is damaged, or was written by a later version of Ergodic "
               "(format {:g}; this one reads {} and {})",
               name, format, ERGODIC_HISTORY_OLDEST_FORMAT, ERGODIC_HISTORY_FORMAT);
  restart_format = static_cast<int>(format);
  constexpr double MAX_SAMPLES = 1e18;
  const bool plausible = record[SAMPLES] >= 0.0 && record[SAMPLES] <= MAX_SAMPLES &&
                         record[LARGEST] >= 0.0 && record[LARGEST] <= INT_MAX / 2;
  if (!plausible || (restart_format > 1 && record[CHECKSUM] != checksum_of(record)))
    error->all(FLERR, "{}: the restart file is damaged (global record)", name);
  if ((record[FULL_KEY] != 0.0) != full)
    error->all(FLERR, "{}: the restart file holds histories of key {}; use that key", name,
               full ? "3456" : "full");
  samples = static_cast<bigint>(record[SAMPLES]);
  // displace_atoms and others exchange atoms before any init()
  make_room(static_cast<int>(record[LARGEST]));
  from_restart = true;
  std::copy_n(record + FINGERPRINT, ERGODIC_FINGERPRINT_LENGTH, last_fingerprint.begin());
}

/* ---------------------------------------------------------------------- */

double FixVoronoiHistory::memory_usage()
{
  double bytes = 0.0;
  check(FLERR, ergodic_history_bytes(history, &bytes));
  return bytes + (sampler ? sampler->memory_usage() : 0.0);
}

void FixVoronoiHistory::check(const char *file, int line, ergodic_status_t status) const
{
  ergodic_check_one(file, line, error, name, status);
}

/* Ergodic: LAMMPS plugin. GPL-2.0-only. */

#include "artn/artn_queue.h"

#include "comm.h"
#include "error.h"
#include "universe.h"

#include <climits>
#include <numeric>

// A LAMMPS without MPI has no partitions, and need not have this function.
#pragma weak MPI_Iprobe

using namespace LAMMPS_NS;

namespace {
// Of messages in the communicator of all partitions, which LAMMPS itself hardly uses.
constexpr int TAG_QUESTION = 7301;
constexpr int TAG_ANSWER = 7302;
enum { NEXT, GONE };
}    // namespace

ArtnQueue::ArtnQueue(LAMMPS *lmp) : Pointers(lmp) {}

bool ArtnQueue::keeper() const
{
  return universe->me == universe->root_proc[0];
}

/* ---------------------------------------------------------------------- */

void ArtnQueue::begin()
{
  position = 0;
  gone = 0;
  // nobody may ask for a position of this list before it begins
  if (universe->nworlds > 1) MPI_Barrier(universe->uworld);
}

int64_t ArtnQueue::next()
{
  if (universe->nworlds == 1) return position++;
  int64_t mine = 0;
  if (keeper())
    mine = position++;
  else if (comm->me == 0) {
    int question[2] = {NEXT, universe->me};
    MPI_Send(question, 2, MPI_INT, universe->root_proc[0], TAG_QUESTION, universe->uworld);
    MPI_Recv(&mine, 1, MPI_INT64_T, universe->root_proc[0], TAG_ANSWER, universe->uworld,
             MPI_STATUS_IGNORE);
  }
  MPI_Bcast(&mine, 1, MPI_INT64_T, 0, world);
  return mine;
}

/* ---------------------------------------------------------------------- */

void ArtnQueue::serve()
{
  if (universe->nworlds == 1 || !keeper()) return;
  for (;;) {
    int waiting = 0;
    MPI_Iprobe(MPI_ANY_SOURCE, TAG_QUESTION, universe->uworld, &waiting, MPI_STATUS_IGNORE);
    if (!waiting) return;
    int question[2];
    MPI_Recv(question, 2, MPI_INT, MPI_ANY_SOURCE, TAG_QUESTION, universe->uworld,
             MPI_STATUS_IGNORE);
    answer(question);
  }
}

void ArtnQueue::answer(const int *question)
{
  if (question[0] == NEXT) {
    MPI_Send(&position, 1, MPI_INT64_T, question[1], TAG_ANSWER, universe->uworld);
    position++;
  } else
    gone++;
}

void ArtnQueue::finish()
{
  if (universe->nworlds == 1) return;
  if (keeper())
    while (gone < universe->nworlds - 1) {
      int question[2];
      MPI_Recv(question, 2, MPI_INT, MPI_ANY_SOURCE, TAG_QUESTION, universe->uworld,
               MPI_STATUS_IGNORE);
      answer(question);
    }
  else if (comm->me == 0) {
    int question[2] = {GONE, universe->me};
    MPI_Send(question, 2, MPI_INT, universe->root_proc[0], TAG_QUESTION, universe->uworld);
  }
}

/* ---------------------------------------------------------------------- */

std::vector<uint8_t> ArtnQueue::exchange(const uint8_t *bytes, int64_t length)
{
  if (universe->nworlds == 1) return {};
  const int64_t mine = comm->me == 0 ? length : 0;
  std::vector<int64_t> lengths(universe->nprocs);
  MPI_Allgather(&mine, 1, MPI_INT64_T, lengths.data(), 1, MPI_INT64_T, universe->uworld);
  if (std::accumulate(lengths.begin(), lengths.end(), int64_t(0)) > INT_MAX)
    error->universe_all(FLERR, "Fix artn: too many events in one run: use shorter runs");
  std::vector<int> counts(lengths.begin(), lengths.end()), begin(counts.size());
  std::partial_sum(counts.begin(), counts.end() - 1, begin.begin() + 1);
  std::vector<uint8_t> all(begin.back() + counts.back());
  MPI_Allgatherv(bytes, static_cast<int>(mine), MPI_BYTE, all.data(), counts.data(), begin.data(),
                 MPI_BYTE, universe->uworld);
  const int own = universe->root_proc[universe->iworld];
  const auto first = all.begin() + begin[own];
  all.erase(first, first + counts[own]);
  return all;
}

std::vector<uint8_t> ArtnQueue::broadcast(const uint8_t *bytes, int64_t length)
{
  MPI_Bcast(&length, 1, MPI_INT64_T, universe->root_proc[0], universe->uworld);
  std::vector<uint8_t> all(length);
  if (keeper()) all.assign(bytes, bytes + length);
  constexpr int64_t PIECE = 1 << 30;
  for (int64_t start = 0; start < length; start += PIECE)
    MPI_Bcast(all.data() + start, static_cast<int>(std::min(PIECE, length - start)), MPI_BYTE,
              universe->root_proc[0], universe->uworld);
  return all;
}

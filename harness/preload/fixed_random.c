/*
 * Preloaded into a PostgreSQL server: makes what it takes for random follow from a seed.
 *
 * The server seeds its generators, among them the one that ANALYZE samples with, from
 * pg_strong_random(), which is OpenSSL's RAND_bytes() in the usual builds. This library takes the
 * place of that function. A constant would not do: gen_random_uuid() would return the same value
 * twice. So every process draws a sequence of its own, begun at its first draw (the postmaster's
 * own draws must not matter to its children):
 *
 *  - the first draw, which seeds the process's generator, follows from the seed alone, so that a
 *    fresh session's ANALYZE takes the same sample whatever other sessions there are;
 *  - all later draws also depend on the process's number, so that two sessions do not make the same
 *    UUIDs. Processes are numbered when they first ask for a second draw, by the bytes that each
 *    appends to the seed file: most processes of the server never do.
 *
 * PGDUET_RANDOM_SEED_FILE names the seed file: one line, followed by the bytes counted above. The
 * harness replaces the file to set another seed. Without it every draw fails, and so does the
 * server's start: what is not fixed must not look as if it were.
 *
 * Only system calls: the server's allocators and signal handlers do not matter here.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

__attribute__((visibility("default"))) int RAND_bytes(unsigned char* buffer, int count);

static pid_t owner = 0; /* the process that the rest belongs to; fork() copies it */
static uint64_t state = 0;
static int draws = 0;

/* splitmix64, Steele, Lea and Flood (2014), "Fast splittable pseudorandom number generators". */
static uint64_t next_number(void) {
  uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* FNV-1a of the seed file's first line; 0 when it cannot be read. */
static uint64_t read_seed(int file) {
  char line[256];
  const ssize_t got = pread(file, line, sizeof line, 0);
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (ssize_t i = 0; i < got; ++i) {
    if (line[i] == '\n') return hash;
    hash = (hash ^ (unsigned char)line[i]) * UINT64_C(0x100000001b3);
  }
  return 0;
}

/* The number of this process under the present seed, from 1: O_APPEND makes the append atomic and
 * leaves the offset behind the byte written. */
static uint64_t take_number(int file) {
  if (write(file, "+", 1) != 1) return 0;
  const off_t end = lseek(file, 0, SEEK_CUR);
  return end > 0 ? (uint64_t)end : 0;
}

static int begin_sequence(int numbered) {
  const char* name = getenv("PGDUET_RANDOM_SEED_FILE");
  if (name == NULL) return 0;
  const int file = open(name, O_RDWR | O_APPEND | O_CLOEXEC);
  if (file < 0) return 0;
  const uint64_t seed = read_seed(file);
  const uint64_t number = numbered ? take_number(file) : 0;
  close(file);
  if (seed == 0 || (numbered && number == 0)) return 0;
  state = seed ^ (number * UINT64_C(0xd6e8feb86659fd93));
  return 1;
}

int RAND_bytes(unsigned char* buffer, int count) {
  const pid_t self = getpid();
  if (owner != self) {
    owner = self;
    draws = 0;
  }
  if (draws < 2) {
    if (!begin_sequence(draws == 1)) return 0;
    ++draws;
  }
  while (count > 0) {
    const uint64_t number = next_number();
    const int part = count < (int)sizeof number ? count : (int)sizeof number;
    memcpy(buffer, &number, (size_t)part);
    buffer += part;
    count -= part;
  }
  return 1;
}

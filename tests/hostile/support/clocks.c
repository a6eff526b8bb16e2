/* Preloaded into the server: its clocks are wrong by what a file says, which
 * is mapped before the sandbox closes. Built and set by set_clocks.rs. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

struct wrong {
    int64_t in_force, wall_seconds, monotonic_seconds;
};

static volatile struct wrong *wrong;
static int (*right)(clockid_t, struct timespec *);

__attribute__((constructor)) static void begin(void)
{
    int file = open(getenv("LANLINE_TEST_CLOCKS"), O_RDWR);
    void *map = mmap(NULL, sizeof *wrong, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (map == MAP_FAILED)
        abort();
    close(file);
    wrong = map;
    wrong->in_force = 1;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (!right)
        right = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = right(clock, now);
    if (result || !wrong)
        return result;
    if (clock == CLOCK_REALTIME)
        now->tv_sec += wrong->wall_seconds;
    if (clock == CLOCK_MONOTONIC)
        now->tv_sec += wrong->monotonic_seconds;
    return 0;
}

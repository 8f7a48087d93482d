/* Lets one operation on files below a folder fail, for whatever library carries it out: LD_PRELOAD of a process.

   fail_from(folder, n, number, lasts): from now on, the n-th operation below the folder fails with this errno; with
   `lasts` all that write fail from then on, as on a full disk. n = 0: none fails. n_operations(): how many there were.
   Counted: opening, reading, writing, flushing, cutting, renaming, removing and making folders. Of a library, only what
   goes through the C library is seen, which is what Python, SQLite and Rust's standard library use. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define N_FILES 65536
static char folder[PATH_MAX];
static size_t length;
static atomic_long count;
static long fail_at;
static int fail_with, fail_lasts;
static unsigned char is_below[N_FILES];

#define REAL(name) ({ static __typeof__(&name) real; if (!real) real = dlsym(RTLD_NEXT, #name); real; })

void fail_from(const char *path, long n, int number, int lasts) {
    length = strlen(path);
    memcpy(folder, path, length + 1);
    atomic_store(&count, 0);
    fail_at = n, fail_with = number, fail_lasts = lasts;
}

long n_operations(void) { return atomic_load(&count); }

/* Whether the operation that is begun now fails. One that reads never does for a lasting fault. */
static int fails(int writes) {
    long n = atomic_fetch_add(&count, 1) + 1;
    if (!fail_at || n < fail_at || (fail_lasts ? !writes : n != fail_at)) return 0;
    errno = fail_with;
    return 1;
}

static int path_is_below(int at, const char *path) {
    char whole[2 * PATH_MAX];
    if (!length || !path) return 0;
    if (path[0] == '/') {
        snprintf(whole, sizeof whole, "%s", path);
    } else if (at == AT_FDCWD) {
        char here[PATH_MAX];
        if (!getcwd(here, sizeof here)) return 0;
        snprintf(whole, sizeof whole, "%s/%s", here, path);
    } else {
        char name[64], there[PATH_MAX];
        snprintf(name, sizeof name, "/proc/self/fd/%d", at);
        ssize_t n = readlink(name, there, sizeof there - 1);
        if (n < 0) return 0;
        there[n] = 0;
        snprintf(whole, sizeof whole, "%s/%s", there, path);
    }
    return !strncmp(whole, folder, length) && (whole[length] == '/' || !whole[length]);
}

static int file_is_below(int file) { return length && file >= 0 && file < N_FILES && is_below[file]; }

static int noted(int file, int below) {
    if (file >= 0 && file < N_FILES) is_below[file] = below;
    return file;
}

static int writes_of(int flags) { return (flags & (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC)) != 0; }

#define MODE(flags, mode) va_list more; va_start(more, flags); \
    mode_t mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, mode_t) : 0; va_end(more)
#define OPEN(name) int name(const char *path, int flags, ...) { \
    MODE(flags, mode); \
    int below = path_is_below(AT_FDCWD, path); \
    return below && fails(writes_of(flags)) ? -1 : noted(REAL(name)(path, flags, mode), below); }
#define OPENAT(name) int name(int at, const char *path, int flags, ...) { \
    MODE(flags, mode); \
    int below = path_is_below(at, path); \
    return below && fails(writes_of(flags)) ? -1 : noted(REAL(name)(at, path, flags, mode), below); }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

int close(int file) { noted(file, 0); return REAL(close)(file); }

#define ON_FILE(type, name, writes, given, passed) type name given { \
    return file_is_below(file) && fails(writes) ? -1 : REAL(name) passed; }
ON_FILE(ssize_t, read, 0, (int file, void *to, size_t n), (file, to, n))
ON_FILE(ssize_t, pread, 0, (int file, void *to, size_t n, off_t at), (file, to, n, at))
ON_FILE(ssize_t, pread64, 0, (int file, void *to, size_t n, off64_t at), (file, to, n, at))
ON_FILE(ssize_t, readv, 0, (int file, const struct iovec *to, int n), (file, to, n))
ON_FILE(ssize_t, write, 1, (int file, const void *from, size_t n), (file, from, n))
ON_FILE(ssize_t, pwrite, 1, (int file, const void *from, size_t n, off_t at), (file, from, n, at))
ON_FILE(ssize_t, pwrite64, 1, (int file, const void *from, size_t n, off64_t at), (file, from, n, at))
ON_FILE(ssize_t, writev, 1, (int file, const struct iovec *from, int n), (file, from, n))
ON_FILE(int, fsync, 1, (int file), (file))
ON_FILE(int, fdatasync, 1, (int file), (file))
ON_FILE(int, ftruncate, 1, (int file, off_t n), (file, n))
ON_FILE(int, ftruncate64, 1, (int file, off64_t n), (file, n))

#define ON_PATH(name, given, at, path, passed) int name given { \
    return path_is_below(at, path) && fails(1) ? -1 : REAL(name) passed; }
ON_PATH(rename, (const char *from, const char *to), AT_FDCWD, to, (from, to))
ON_PATH(renameat, (int at, const char *from, int there, const char *to), there, to, (at, from, there, to))
ON_PATH(link, (const char *from, const char *to), AT_FDCWD, to, (from, to))
ON_PATH(linkat, (int at, const char *from, int there, const char *to, int flags), there, to, (at, from, there, to, flags))
ON_PATH(unlink, (const char *path), AT_FDCWD, path, (path))
ON_PATH(unlinkat, (int at, const char *path, int flags), at, path, (at, path, flags))
ON_PATH(rmdir, (const char *path), AT_FDCWD, path, (path))
ON_PATH(mkdir, (const char *path, mode_t mode), AT_FDCWD, path, (path, mode))
ON_PATH(mkdirat, (int at, const char *path, mode_t mode), at, path, (at, path, mode))

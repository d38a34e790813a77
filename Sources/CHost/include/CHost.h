// What the operating system and the processor offer that Swift cannot reach by itself.
#ifndef GARIEP_C_HOST_H
#define GARIEP_C_HOST_H
#include <stddef.h>
#include <stdint.h>

// CRC-32C (Castagnoli) of `count` bytes, continuing from `crc` (0 to begin). Uses the processor's instruction where it has one.
uint32_t chost_crc32c(uint32_t crc, const void *bytes, size_t count);

// The resident memory of this process, in bytes: now, and the most it has been. Zero where the system does not tell.
uint64_t chost_resident_bytes(void);
uint64_t chost_peak_resident_bytes(void);
// User and system time of this process so far, in microseconds.
uint64_t chost_cpu_micros(void);

// Lets the C library keep at most `count` heaps for its threads, where it keeps several: what one thread frees, another can
// use, and less memory lies about.
void chost_limit_heaps(int count);

// Lets this process have as many files open as it may ask for, `max` at most. Returns how many that is.
uint64_t chost_raise_open_files(uint64_t max);
#endif

// What a kernel on the emulator sees of the thread blocks around it; see scheduler.cpp.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned short u16;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef unsigned char uchar;

struct Index { int x, y, z; };

namespace emulator {
constexpr int MAX_THREADS = 1024;
struct Block { Index index; int arrived, generation; };  // at __syncthreads
extern Block* here;            // the one whose turn it is
extern unsigned char* shared;  // its dynamic shared memory
extern int current, threads;
extern u32 shared_size;
extern Index grid_size;

void yield();    // lets the other threads have their turn
void barrier();  // __syncthreads
// Runs `operation` once all 32 lanes of the warp have brought their argument.
void with_warp(void* argument, void (*operation)(void**));
// Copies of 16 bytes in the background: they come with their group, and that at a wait.
void copy_later(u32 to, const void* from);
void commit_copies();
void await_copies(size_t pending);
// Runs the whole grid. Blocks run one after the other, or all at once where they wait for each
// other; those have no static SHARED. `rounds` goes on from launch to launch of a kernel.
void run_grid(void (*kernel)(void**), void** arguments, const int* grid, int block,
              u32 shared_bytes, bool at_once, u32& rounds);
}  // namespace emulator

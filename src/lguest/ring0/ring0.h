/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:593
 * What the files of the ring-0 home have in common: a few instructions that C has no words for,
 * the two boards the Host may find itself on, and the linker's symbols.
:*/
#ifndef LGUEST_RING0_H
#define LGUEST_RING0_H

#include "lg.h"

/*H:810
 * A board is what the machine has besides CPU and memory.  lgemu's has the door; a PC has a PIT, a
 * PIC and a serial port, and is how one finds out whether lgemu or the Host is wrong.
 */
struct board {
	void (*setup)(void);
	uint64_t (*clock)(void);
	void (*arm_timer)(uint64_t deadline);
	void (*ack_timer)(void);
	void (*wall_time)(uint32_t *sec, uint32_t *nsec);
	uint32_t (*tsc_khz)(void);
	uint32_t (*event_map)(void);
	uint32_t (*events)(unsigned guest);
	void (*putchar)(char c);
	void (*fail)(const struct door_failure *failure);
	void (*main)(struct host *host, struct door_page *page, uint32_t multiboot_info);
};

extern const struct board door_board, pc_board;
/*:*/

static inline void outb(uint16_t port, uint8_t val)
{
	asm volatile("outb %0, %1" : : "a"(val), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t val;

	asm volatile("inb %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline void outw(uint16_t port, uint16_t val)
{
	asm volatile("outw %0, %1" : : "a"(val), "Nd"(port));
}

static inline void outl(uint16_t port, uint32_t val)
{
	asm volatile("outl %0, %1" : : "a"(val), "Nd"(port) : "memory");
}

static inline uint32_t inl(uint16_t port)
{
	uint32_t val;

	asm volatile("inl %1, %0" : "=a"(val) : "Nd"(port));
	return val;
}

static inline uint64_t rdtsc(void)
{
	uint32_t lo, hi;

	asm volatile("rdtsc" : "=a"(lo), "=d"(hi));
	return (uint64_t)hi << 32 | lo;
}

/* Called from assembly: arguments on the stack, whatever the compiler's flags say. */
#define ASMLINKAGE __attribute__((regparm(0)))

/* home.c: */
extern struct host the_host;
unsigned run_turn(struct lguest *lg);
void serve(struct host *host, const struct door_request *req, struct door_answer *ans);
void host_print(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
ASMLINKAGE _Noreturn void host_failed(uint32_t vector, uint32_t errcode, uint32_t cr2,
				      uint32_t eip);

/* memory.c: */
void setup_heap(uint32_t start, uint32_t end);
void setup_paging(uint32_t ram_top);
hpa_t switcher_page(void);
hpa_t state_page(void);
hpa_t host_directory(void);

/* selftest.c: */
bool selftest(struct host *host);

/* fallback.c: */
void run_module(struct host *host, uint32_t multiboot_info);

#endif

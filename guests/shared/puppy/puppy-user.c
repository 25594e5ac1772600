/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:925 guests/shared/puppy/puppy-user.c: The ring-3 programs. They share one image and one address,
 * but nothing else with the kernel or each other: no function of the kernel may be called from
 * here, which is why even the number printing is written again. A table at the end says what there
 * is. :*/
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;

struct user_program {
	char name[12];
	u32 entry;
	char what[48];
};

static u32 call(u32 number, u32 a, u32 b, u32 c)
{
	u32 result;

	__asm__ volatile("int $0x80"
			 : "=a"(result)
			 : "a"(number), "b"(a), "c"(b), "d"(c)
			 : "memory");
	return result;
}

#define user_exit(code)		 call(1, code, 0, 0)
#define user_fork()		 call(2, 0, 0, 0)
#define user_read(to, bytes)	 call(3, 0, (u32)(to), bytes)
#define user_write(from, bytes)	 call(4, 1, (u32)(from), bytes)
#define user_wait(status)	 call(7, 0, (u32)(status), 0)
#define user_getpid()		 call(20, 0, 0, 0)
#define user_kill(pid)		 call(37, pid, 0, 0)
#define user_brk(end)		 call(45, end, 0, 0)
#define user_yield()		 call(158, 0, 0, 0)
#define user_sleep_ms(ms)	 call(162, ms, 0, 0)
#define user_set_tls(slot, base) call(243, slot, base, 0)
#define user_uptime_ms()	 call(244, 0, 0, 0)

/* A line is built here and written by one call, so that processes do not cut each other's. */
static char line[128];
static u32 line_at;

static void say(const char *s)
{
	while (*s && line_at < sizeof(line))
		line[line_at++] = *s++;
}

static void say_number(u32 n)
{
	char digits[12];
	u32 i = sizeof(digits) - 1;

	digits[i] = '\0';
	do
		digits[--i] = (char)('0' + n % 10);
	while (n /= 10);
	say(digits + i);
}

static void say_done(void)
{
	user_write(line, line_at);
	line_at = 0;
}

static void say_pid(void)
{
	say("[");
	say_number(user_getpid());
	say("] ");
}

/*G:510 Spin: the program that would freeze a kernel without a timer. It counts until it has used up
 * so many milliseconds (0 = for ever) and never asks the kernel to take the CPU away. */
static int spin(int ms)
{
	u32 start = user_uptime_ms();
	volatile u32 rounds = 0;

	while (!ms || user_uptime_ms() - start < (u32)ms) {
		u32 i;

		for (i = 0; i < 20000; i++)
			rounds++;
	}
	return 0;
}
/*:*/

static int hello(int arg)
{
	(void)arg;
	say_pid();
	say("hello from ring 3\n");
	say_done();
	return 0;
}

static int primes(int limit)
{
	u32 n, d, count = 0, last = 0, top = limit ? (u32)limit : 10000;

	for (n = 2; n < top; n++) {
		for (d = 2; d * d <= n; d++)
			if (n % d == 0)
				break;
		if (d * d > n) {
			count++;
			last = n;
		}
	}
	say_pid();
	say_number(count);
	say(" primes below ");
	say_number(top);
	say(", the last is ");
	say_number(last);
	say("\n");
	say_done();
	return 0;
}

static int tick(int times)
{
	u32 i;

	for (i = 1; i <= (times ? (u32)times : 3); i++) {
		user_sleep_ms(100);
		say_pid();
		say("tick ");
		say_number(i);
		say("\n");
		say_done();
	}
	return 0;
}

/*G:520 Family: one variable, two generations. The parent's value must survive what the children
 * write, since a page is shared only until somebody changes it. */
static u32 shared_word = 7;

static int family(int children)
{
	u32 i, status, sum = 0, count = children ? (u32)children : 3;

	for (i = 1; i <= count; i++) {
		if (user_fork() == 0) {
			shared_word += i;
			user_yield();
			user_exit(shared_word);
		}
	}
	for (i = 0; i < count; i++) {
		user_wait(&status);
		sum += status >> 8;
	}
	say_pid();
	say("my word is still ");
	say_number(shared_word);
	say(", my children's add up to ");
	say_number(sum);
	say("\n");
	say_done();
	return shared_word == 7 ? 0 : 1;
}
/*:*/

static int greet(int arg)
{
	char name[64];
	u32 n;

	(void)arg;
	say("What is your name? ");
	say_done();
	n = user_read(name, sizeof(name) - 1);
	if (n && name[n - 1] == '\n')
		n--;
	name[n] = '\0';
	say("Good dog, ");
	say(name);
	say(".\n");
	say_done();
	return 0;
}

/* A heap, written and read back: demand-zero memory, half of it never written. */
static int heap(int pages)
{
	u32 i, count = pages ? (u32)pages : 16, base = user_brk(0), wrong = 0;

	user_brk(base + count * 4096);
	for (i = 0; i < count; i += 2)
		*(volatile u32 *)(base + i * 4096 + 8) = i + 1;
	for (i = 0; i < count; i += 2)
		wrong += *(volatile u32 *)(base + i * 4096 + 8) != i + 1;
	for (i = 1; i < count; i += 2)
		wrong += *(volatile u32 *)(base + i * 4096 + 8) != 0;
	say_pid();
	say_number(count);
	say(wrong ? " pages of heap, some wrong\n" : " pages of heap, all right\n");
	say_done();
	return wrong ? 1 : 0;
}

/* Each call needs its own room, because the one below writes into it. */
static int __attribute__((noinline)) descend(volatile char *above, int depth)
{
	volatile char room[512];

	room[0] = 0;
	*above = (char)depth;
	return depth ? descend(room, depth - 1) + room[0] : 0;
}

static int recurse(int depth)
{
	volatile char top = 0;

	descend(&top, depth);
	say_pid();
	say_number((u32)depth);
	say(" calls deep and back\n");
	say_done();
	return 0;
}

/*G:530 What follows serves the self-test. Each returns 0 if all was as it should be. */
extern u32 u_gs_word(void);
static u32 tls_word;

static int t_tls(int value)
{
	tls_word = (u32)value;
	user_set_tls(0, (u32)&tls_word);
	if (u_gs_word() != (u32)value)
		return 1;
	/* Others run meanwhile, with segments of their own. */
	user_yield();
	user_sleep_ms(1);
	return u_gs_word() == (u32)value ? 0 : 2;
}

static int t_count(int code)
{
	return code;
}

static int t_bad_pointer(int arg)
{
	(void)arg;
	if (user_write(0xc0100000u, 4) != -1u || user_write(0x40u, 4) != -1u)
		return 1;
	return user_write(0xfffffffcu, 8) == -1u ? 0 : 2;
}

/* The FPU of two processes: each keeps a number on its stack while the other works, or while the
 * whole guest has nothing to do and perhaps another guest has. */
static int t_fpu(int value)
{
	int i, back, start = value;

	__asm__ volatile("fninit\n\tfildl %0" : : "m"(start));
	for (i = 0; i < 10; i++) {
		user_yield();
		user_sleep_ms(1);
	}
	__asm__ volatile("fistpl %0" : "=m"(back));
	return back == start ? 0 : 1;
}

static int t_nothing_here(int arg)
{
	(void)arg;
	for (;;)
		user_sleep_ms(1000);
}
/*:*/

extern void u_read_nowhere(void), u_write_nowhere(void), u_write_text(void), u_read_kernel(void);
extern void u_read_address(void), u_write_address(void), u_hypercall(void), u_int21(void);
extern void u_int3(void), u_into(void), u_divide(void), u_hlt(void), u_cli(void), u_port(void);
extern void u_undefined(void), u_bad_segment(void), u_ldt(void), u_far_to_kernel(void);
extern void u_single_step(void), u_flags(void), u_registers(void);

#define PROGRAM(name, function, what)                                                              \
	{                                                                                          \
		name, (u32)(function), what                                                        \
	}

/* The kernel reads this table in the image. Programs without a text are for tests, not listed. */
const struct user_program user_programs[] = {
	PROGRAM("hello", hello, "say hello"),
	PROGRAM("primes", primes, "count primes below N"),
	PROGRAM("tick", tick, "N lines, 100 ms apart"),
	PROGRAM("family", family, "fork N children and wait for them"),
	PROGRAM("greet", greet, "read a line from the console"),
	PROGRAM("heap", heap, "use N pages of heap"),
	PROGRAM("recurse", recurse, "go N calls deep (too deep is a fault)"),
	PROGRAM("spin", spin, "compute for N ms, 0 = for ever"),
	PROGRAM("t_tls", t_tls, ""),
	PROGRAM("t_count", t_count, ""),
	PROGRAM("t_pointer", t_bad_pointer, ""),
	PROGRAM("t_fpu", t_fpu, ""),
	PROGRAM("t_sleeper", t_nothing_here, ""),
	PROGRAM("read0", u_read_nowhere, ""),
	PROGRAM("write0", u_write_nowhere, ""),
	PROGRAM("writetext", u_write_text, ""),
	PROGRAM("readkernel", u_read_kernel, ""),
	PROGRAM("readat", u_read_address, ""),
	PROGRAM("writeat", u_write_address, ""),
	PROGRAM("hypercall", u_hypercall, ""),
	PROGRAM("int21", u_int21, ""),
	PROGRAM("int3", u_int3, ""),
	PROGRAM("into", u_into, ""),
	PROGRAM("divide", u_divide, ""),
	PROGRAM("hlt", u_hlt, ""),
	PROGRAM("cli", u_cli, ""),
	PROGRAM("port", u_port, ""),
	PROGRAM("undefined", u_undefined, ""),
	PROGRAM("badsegment", u_bad_segment, ""),
	PROGRAM("ldt", u_ldt, ""),
	PROGRAM("farkernel", u_far_to_kernel, ""),
	PROGRAM("step", u_single_step, ""),
	PROGRAM("flags", u_flags, ""),
	PROGRAM("registers", u_registers, ""),
	PROGRAM("", 0, ""),
};

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:1003
 * See silicon.h.  On x86-64 a process may run 32-bit code at any time: whoever loads CS with the
 * kernel's 32-bit selector is in it, and ptrace can load CS.
:*/
#define _GNU_SOURCE
#include "silicon.h"

#ifndef __x86_64__

struct silicon *silicon_start(const char **why)
{
	*why = "this machine is no x86-64";
	return NULL;
}

void silicon_stop(struct silicon *n)
{
	(void)n;
}

uint8_t *silicon_memory(struct silicon *n)
{
	(void)n;
	return NULL;
}

bool silicon_run(struct silicon *n, struct outcome *o)
{
	(void)n, (void)o;
	return false;
}

#else

#include <asm/ldt.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

struct silicon {
	pid_t pid;
	uint8_t *memory;
	struct user_regs_struct base; /* segment registers, and whatever 64-bit code had */
};

/* In the child; _exit() says what went wrong. */
static void child(int fd)
{
	struct user_desc fs = {
		.entry_number = 0, .base_addr = FS_BASE, .limit = FS_LIMIT, .seg_32bit = 1};
	struct user_desc gs = {
		.entry_number = 1, .base_addr = GS_BASE, .limit = GS_LIMIT, .seg_32bit = 1};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (unsigned i = 0; i < SILICON_MEM / (2 * PAGE_SIZE); i++) {
		void *want = (void *)(uintptr_t)silicon_linear(i * 2 * PAGE_SIZE);
		int prot = i ? PROT_READ | PROT_WRITE : PROT_READ | PROT_EXEC;

		if (mmap(want, 2 * PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED_NOREPLACE, fd,
			 (off_t)(i * 2 * PAGE_SIZE)) != want)
			_exit(2);
	}
	if (syscall(SYS_modify_ldt, 1, &fs, sizeof(fs)) ||
	    syscall(SYS_modify_ldt, 1, &gs, sizeof(gs)))
		_exit(3);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(4);
	raise(SIGSTOP);
	_exit(5);
}

static bool await(struct silicon *n, siginfo_t *info)
{
	int status;

	while (waitpid(n->pid, &status, 0) < 0)
		if (errno != EINTR)
			return false;
	if (!WIFSTOPPED(status))
		return false;
	return !info || !ptrace(PTRACE_GETSIGINFO, n->pid, NULL, info);
}

/* Let the child load its own segment registers, in 32-bit mode; then keep what it has. */
static bool load_segments(struct silicon *n)
{
	static const uint8_t code[] = {0x8e, 0xe0, 0x8e, 0xeb,
				       0xcc}; /* mov fs, ax; mov gs, bx; int3 */
	struct user_regs_struct r;
	siginfo_t info;

	memcpy(n->memory, code, sizeof(code));
	if (ptrace(PTRACE_GETREGS, n->pid, NULL, &r))
		return false;
	r.cs = S_CODE3;
	r.ss = r.ds = r.es = S_DATA3;
	r.rip = CODE;
	r.rsp = STACK + PAGE_SIZE;
	r.rax = S_FS;
	r.rbx = S_GS;
	r.orig_rax = ~0ull;
	if (ptrace(PTRACE_SETREGS, n->pid, NULL, &r) || ptrace(PTRACE_CONT, n->pid, NULL, NULL) ||
	    !await(n, &info) || ptrace(PTRACE_GETREGS, n->pid, NULL, &n->base))
		return false;
	return info.si_signo == SIGTRAP && n->base.rip == CODE + sizeof(code) &&
	       n->base.fs == S_FS && n->base.cs == S_CODE3;
}

struct silicon *silicon_start(const char **why)
{
	struct silicon *n = calloc(1, sizeof(*n));
	int fd = memfd_create("lockstep", 0);

	*why = "no memory";
	if (!n || fd < 0 || ftruncate(fd, SILICON_MEM))
		return NULL;
	n->memory = mmap(NULL, SILICON_MEM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (n->memory == MAP_FAILED)
		return NULL;
	n->pid = fork();
	if (!n->pid)
		child(fd);
	close(fd);
	*why = "this kernel does not let us run 32-bit code under ptrace";
	if (n->pid < 0 || !await(n, NULL) || !load_segments(n))
		return NULL;
	ptrace(PTRACE_SETOPTIONS, n->pid, NULL, (void *)PTRACE_O_EXITKILL);
	return n;
}

void silicon_stop(struct silicon *n)
{
	if (!n)
		return;
	kill(n->pid, SIGKILL);
	waitpid(n->pid, NULL, 0);
	munmap(n->memory, SILICON_MEM);
	free(n);
}

uint8_t *silicon_memory(struct silicon *n)
{
	return n->memory;
}

static unsigned vector_of(const siginfo_t *i, uint32_t *cr2)
{
	switch (i->si_signo) {
	case SIGTRAP: return V_BP;
	case SIGILL: return V_UD;
	case SIGFPE: return i->si_code == FPE_INTDIV ? V_DE : V_MF;
	case SIGBUS: return i->si_code == BUS_ADRALN ? V_AC : V_SS;
	case SIGSEGV:
		if (i->si_code == SI_KERNEL)
			return V_GP;
		*cr2 = (uint32_t)(uintptr_t)i->si_addr;
		return V_PF;
	}
	return 256u + (unsigned)i->si_signo;
}

/* Nobody waits for a child that went astray: after five seconds it is stopped from outside. */
static pid_t waited_for;

static void too_late(int sig)
{
	(void)sig;
	kill(waited_for, SIGSTOP);
}

bool silicon_run(struct silicon *n, struct outcome *o)
{
	struct user_regs_struct r = n->base;
	struct user_fpregs_struct fp;
	siginfo_t info;

	memcpy(&fp, o->fx, sizeof(fp));
	r.rax = o->r[EAX], r.rcx = o->r[ECX], r.rdx = o->r[EDX], r.rbx = o->r[EBX];
	r.rsp = o->r[ESP], r.rbp = o->r[EBP], r.rsi = o->r[ESI], r.rdi = o->r[EDI];
	r.rip = o->eip;
	r.eflags = o->eflags;
	if (ptrace(PTRACE_SETREGS, n->pid, NULL, &r) || ptrace(PTRACE_SETFPREGS, n->pid, NULL, &fp))
		return false;
	waited_for = n->pid;
	signal(SIGALRM, too_late);
	alarm(5);
	if (ptrace(PTRACE_CONT, n->pid, NULL, NULL) || !await(n, &info))
		return false;
	alarm(0);
	if (info.si_signo == SIGSTOP || ptrace(PTRACE_GETREGS, n->pid, NULL, &r) ||
	    ptrace(PTRACE_GETFPREGS, n->pid, NULL, &fp))
		return false;
	o->r[EAX] = (uint32_t)r.rax, o->r[ECX] = (uint32_t)r.rcx;
	o->r[EDX] = (uint32_t)r.rdx, o->r[EBX] = (uint32_t)r.rbx;
	o->r[ESP] = (uint32_t)r.rsp, o->r[EBP] = (uint32_t)r.rbp;
	o->r[ESI] = (uint32_t)r.rsi, o->r[EDI] = (uint32_t)r.rdi;
	o->eip = (uint32_t)r.rip;
	o->eflags = (uint32_t)r.eflags;
	memcpy(o->fx, &fp, sizeof(fp));
	o->sel[ES] = (uint16_t)r.es, o->sel[CS] = (uint16_t)r.cs, o->sel[SS] = (uint16_t)r.ss;
	o->sel[DS] = (uint16_t)r.ds, o->sel[FS] = (uint16_t)r.fs, o->sel[GS] = (uint16_t)r.gs;
	o->cr2 = 0;
	o->vector = vector_of(&info, &o->cr2);
	return true;
}

#endif

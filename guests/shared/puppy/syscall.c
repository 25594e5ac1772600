/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:920 guests/shared/puppy/syscall.c: The system calls: number in %eax, arguments in %ebx, %ecx,
 * %edx, answer in %eax. The numbers are Linux's where Linux has the call; -1 is the only error. :*/
#include "puppy.h"
#include "../../lib/console.h"

#define TLS_SLOTS 3

/*G:240 The way of int 0x80: its gate is a trap gate open to ring 3, so the CPU itself comes from
 * the process to our stub, and the Host never hears of it. What a process hands us is checked once,
 * by address range: a page that is allowed but absent will simply fault here, in ring 1, and be
 * filled. */
static u32 sys_exit(struct frame *f)
{
	task_exit((int)f->ebx);
}

static u32 sys_fork(struct frame *f)
{
	struct task *child = task_fork(f);

	return child ? (u32)child->pid : -1u;
}

static u32 sys_read(struct frame *f)
{
	char line[128];
	int n;

	if (f->ebx != 0 || !user_range_ok(current, f->ecx, f->edx))
		return -1u;
	n = tty_read_line(line, sizeof(line) - 1);
	if (n < 0)
		return 0;
	line[n++] = '\n';
	n = (int)min((u32)n, f->edx);
	memcpy((void *)f->ecx, line, (u32)n);
	return (u32)n;
}

static u32 sys_write(struct frame *f)
{
	if (f->ebx - 1 > 1 || !user_range_ok(current, f->ecx, f->edx))
		return -1u;
	console_write((const char *)f->ecx, f->edx);
	return f->edx;
}
/*:*/

static u32 sys_waitpid(struct frame *f)
{
	struct task_end end;
	int pid = task_wait((int)f->ebx > 0 ? (int)f->ebx : 0, &end, NULL, 1);

	if (pid > 0 && f->ecx) {
		if (!user_range_ok(current, f->ecx, 4))
			return -1u;
		*(volatile u32 *)f->ecx = end.killed ? 0x80u : (u32)end.code << 8;
	}
	return (u32)pid;
}

static u32 sys_getpid(struct frame *f)
{
	(void)f;
	return (u32)current->pid;
}

/* Kernel tasks cannot be killed: they never return to ring 3, where the mark is seen. */
static u32 sys_kill(struct frame *f)
{
	struct task *task = task_by_pid((int)f->ebx);

	if (!task || task->pgd == kernel_pgd)
		return -1u;
	task_kill(task);
	return 0;
}

static u32 sys_brk(struct frame *f)
{
	if (f->ebx >= (u32)user_bss_end && f->ebx <= USER_BRK_LIMIT)
		current->brk = f->ebx;
	return current->brk;
}

static u32 sys_yield(struct frame *f)
{
	(void)f;
	schedule();
	return 0;
}

/* Milliseconds. The channel is our own frame, which nobody else knows: only the alarm rings. */
static u32 sys_sleep(struct frame *f)
{
	u64 until = now_ns() + (u64)f->ebx * 1000000u;

	while (now_ns() < until && !current->kill_pending)
		sleep_on(f, until);
	return 0;
}

/* Slot 0 to 2, base address: a flat ring-3 data segment there, or none for base 0. */
static u32 sys_set_tls(struct frame *f)
{
	u32 base = f->ecx;

	if (f->ebx >= TLS_SLOTS)
		return -1u;
	if (base)
		task_set_tls(f->ebx, base << 16 | 0xffff,
			     (base & 0xff000000) | 0x00cff300 | ((base >> 16) & 0xff));
	else
		task_set_tls(f->ebx, 0, 0);
	return TLS_SELECTOR + 8 * f->ebx;
}

static u32 sys_uptime_ms(struct frame *f)
{
	(void)f;
	return (u32)div_u64(now_ns(), 1000000, NULL);
}

static u32 (*const calls[])(struct frame *) = {
	[1] = sys_exit,	   [2] = sys_fork,    [3] = sys_read,	   [4] = sys_write,
	[7] = sys_waitpid, [20] = sys_getpid, [37] = sys_kill,	   [45] = sys_brk,
	[158] = sys_yield, [162] = sys_sleep, [243] = sys_set_tls, [244] = sys_uptime_ms,
};

void syscall(struct frame *f)
{
	f->eax = f->eax < ARRAY_SIZE(calls) && calls[f->eax] ? calls[f->eax](f) : -1u;
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:919 guests/shared/puppy/task.c: Tasks: making them, giving them the CPU in turn, putting them to
 * sleep and burying them. A kernel task is a task without an address space; everything else is the
 * same for both. :*/
#include "puppy.h"

struct task tasks[TASKS_MAX];
struct task *current;
int need_schedule;
u64 idle_ns;
u32 switch_count;

extern u8 boot_stack[];

static int next_pid = 1;
static struct task *fpu_owner;
int ts_is_set; /* the TS flag as the Host has it */

static struct task *task_new(const char *name)
{
	struct task *task;

	for (task = tasks; task < tasks + TASKS_MAX; task++) {
		if (task->state != FREE)
			continue;
		memset(task, 0, sizeof(*task));
		task->stack = stack_alloc();
		if (!task->stack)
			return NULL;
		task->pid = next_pid++;
		task->parent = current ? current->pid : 0;
		task->pgd = kernel_pgd;
		task->started_ns = now_ns();
		strlcpy(task->name, name, sizeof(task->name));
		return task;
	}
	return NULL;
}

/* What switch_stacks() will pop: edi, esi, ebx, ebp and a return address. */
static void first_frame(struct task *task, u32 *top, const char *return_to, u32 ebx)
{
	*--top = (u32)return_to;
	*--top = 0;
	*--top = ebx;
	*--top = 0;
	*--top = 0;
	task->esp = (u32)top;
}

struct task *task_kernel(const char *name, void (*entry)(void))
{
	struct task *task = task_new(name);

	if (!task)
		return NULL;
	first_frame(task, (u32 *)(task->stack + STACK_BYTES), first_run_kernel, (u32)entry);
	task->state = RUNNABLE;
	return task;
}

static struct frame *user_frame(struct task *task)
{
	return (struct frame *)(task->stack + STACK_BYTES) - 1;
}

/*G:370 A new process is a frame on a new stack that looks as if the process had just been
 * interrupted before its first instruction. Nothing of its memory exists yet; the first fetch will
 * fault. */
struct task *task_user(const char *name, u32 entry, u32 arg)
{
	struct task *task = task_new(name);
	struct frame *f;

	if (!task)
		return NULL;
	task->pgd = pgd_new();
	if (!task->pgd) {
		stack_free(task->stack);
		return NULL;
	}
	task->brk = (u32)user_bss_end;
	f = user_frame(task);
	f->ds = f->es = f->ss = USER_DS;
	f->cs = USER_CS;
	f->eip = (u32)user_text_start;
	f->esp = USER_STACK_TOP;
	f->eflags = EFLAGS_IF | 2;
	f->eax = entry;
	f->ebx = arg;
	first_frame(task, (u32 *)f, trap_return, 0);
	task->state = RUNNABLE;
	need_schedule = 1;
	return task;
}

/* The child is the parent's frame again, with another answer in %eax. */
struct task *task_fork(const struct frame *parent)
{
	struct task *task = task_new(current->name);
	struct frame *f;

	if (!task)
		return NULL;
	task->pgd = pgd_new();
	if (!task->pgd || pgd_fork(task->pgd, current->pgd) < 0) {
		if (task->pgd)
			pgd_free(task->pgd);
		stack_free(task->stack);
		return NULL;
	}
	task->brk = current->brk;
	task->quiet = current->quiet;
	memcpy(task->tls, current->tls, sizeof(task->tls));
	__asm__ volatile("movl %%fs, %0\n\tmovl %%gs, %1" : "=r"(task->fs), "=r"(task->gs));
	f = user_frame(task);
	*f = *parent;
	f->eax = 0;
	first_frame(task, (u32 *)f, trap_return, 0);
	task->state = RUNNABLE;
	need_schedule = 1;
	return task;
}
/*:*/

/* The code that has run since head.S becomes the first task; its stack is the boot stack. */
void tasks_init(void)
{
	current = &tasks[0];
	current->state = RUNNABLE;
	current->pid = next_pid++;
	current->stack = boot_stack;
	current->pgd = kernel_pgd;
	strlcpy(current->name, "shell", sizeof(current->name));
	hcall(LHCALL_SET_STACK, KERNEL_DS, (u32)boot_stack + STACK_BYTES, STACK_PAGES, 0);
}

int runnable_count(void)
{
	int i, count = 0;

	for (i = 0; i < TASKS_MAX; i++)
		count += tasks[i].state == RUNNABLE;
	return count;
}

struct task *task_by_pid(int pid)
{
	int i;

	for (i = 0; i < TASKS_MAX; i++)
		if (tasks[i].state != FREE && tasks[i].pid == pid)
			return &tasks[i];
	return NULL;
}

/* Loading a selector whose descriptor is gone would fault; verr asks first. */
static u32 readable_selector(u32 selector)
{
	u8 ok;

	__asm__("verr %w1\n\tsete %0" : "=q"(ok) : "r"(selector));
	return ok ? selector : 0;
}

/*G:380 The switch. Four things belong to a process and not to the kernel: its page directory, the
 * stack on which its traps arrive, its thread-local segments, and the right to use the FPU. All
 * four live with the Host, so four calls are queued and one call aloud carries them over: one trip
 * instead of four. %fs and %gs are emptied first, as one of them may refer to a TLS descriptor
 * which is about to change. The directory goes before the stack: the Host pins a stack into the
 * directory that is current when it is set. */
static void switch_to(struct task *next)
{
	struct task *prev = current;
	int ts = fpu_owner != next;

	__asm__ volatile("movl %%fs, %0\n\tmovl %%gs, %1\n\t"
			 "movl %2, %%fs\n\tmovl %2, %%gs"
			 : "=&r"(prev->fs), "=&r"(prev->gs)
			 : "r"(0));
	if (next->pgd != prev->pgd)
		hcall_async(LHCALL_NEW_PGTABLE, phys_of(next->pgd), 0, 0, 0);
	hcall_async(LHCALL_SET_STACK, KERNEL_DS, (u32)next->stack + STACK_BYTES, STACK_PAGES, 0);
	if (memcmp(next->tls, prev->tls, sizeof(next->tls)))
		hcall_async(LHCALL_LOAD_TLS, phys_of(next->tls), 0, 0, 0);
	if (ts != ts_is_set)
		hcall_async(LHCALL_TS, ts ? 8 : 0, 0, 0, 0);
	ts_is_set = ts;
	hcall_flush();
	__asm__ volatile("movl %0, %%fs\n\tmovl %1, %%gs"
			 :
			 : "r"(readable_selector(next->fs)), "r"(readable_selector(next->gs)));
	current = next;
	switch_count++;
	next->switches++;
	switch_stacks(&prev->esp, next->esp);
}
/*:*/

/* Round robin: whoever comes after us in the table, and we ourselves only if nobody else wants. */
static struct task *pick_next(void)
{
	u32 i, at = (u32)(current - tasks);

	for (i = 1; i <= TASKS_MAX; i++) {
		struct task *task = &tasks[(at + i) % TASKS_MAX];

		if (task->state == RUNNABLE)
			return task;
	}
	return NULL;
}

/*G:390 Nobody to run means HALT, the one hypercall that does not come back at once. The Host wakes
 * us for an interrupt, whatever our flag says, and leaves the flag on; the handler has run when the
 * call returns, and may have made somebody runnable. */
static void idle(void)
{
	u64 start = now_ns();

	timer_program();
	hcall(LHCALL_HALT, 0, 0, 0, 0);
	irq_disable();
	idle_ns += now_ns() - start;
}

/* Called and returns with interrupts off. */
void schedule(void)
{
	struct task *next;
	u64 now = now_ns();

	current->ran_ns += now - current->started_ns;
	need_schedule = 0;
	while (!(next = pick_next()))
		idle();
	next->started_ns = now_ns();
	timer_program();
	if (next != current)
		switch_to(next);
}
/*:*/

void yield(void)
{
	u32 flags = irq_save();

	schedule();
	irq_restore(flags);
}

/* Sleeps until somebody wakes the channel, or the alarm rings (0 = none), or a kill arrives. */
void sleep_on(const volatile void *channel, u64 wake_at)
{
	u32 flags = irq_save();

	if (!current->kill_pending) {
		current->channel = channel;
		current->wake_at = wake_at;
		current->state = SLEEPING;
		schedule();
	}
	irq_restore(flags);
}

static void make_runnable(struct task *task)
{
	task->state = RUNNABLE;
	task->channel = NULL;
	task->wake_at = 0;
	need_schedule = 1;
}

void wake_up(const volatile void *channel)
{
	int i;

	for (i = 0; i < TASKS_MAX; i++)
		if (tasks[i].state == SLEEPING && tasks[i].channel == channel)
			make_runnable(&tasks[i]);
}

void wake_sleepers(u64 now)
{
	int i;

	for (i = 0; i < TASKS_MAX; i++)
		if (tasks[i].state == SLEEPING && tasks[i].wake_at && tasks[i].wake_at <= now)
			make_runnable(&tasks[i]);
}

/* Nobody is torn out of the kernel: the mark is looked at on the way back to ring 3. */
void task_kill(struct task *task)
{
	task->kill_pending = 1;
	if (task->state == SLEEPING)
		make_runnable(task);
}

/* Orphans go to the shell, which buries everybody. */
static void give_away_children(void)
{
	int i;

	for (i = 0; i < TASKS_MAX; i++) {
		if (tasks[i].state == FREE || tasks[i].parent != current->pid)
			continue;
		tasks[i].parent = tasks[0].pid;
		if (tasks[i].state == ZOMBIE)
			wake_up(&tasks[0]);
	}
}

/* The directory must not be current when it goes back to the pool; the stack we stand on stays
 * until the parent has looked. */
void task_exit(int code)
{
	u32 *pgd = current->pgd;
	struct task *parent = task_by_pid(current->parent);

	irq_disable();
	current->end.code = code;
	if (fpu_owner == current)
		fpu_owner = NULL;
	give_away_children();
	if (pgd != kernel_pgd) {
		current->pgd = kernel_pgd;
		hcall(LHCALL_NEW_PGTABLE, phys_of(kernel_pgd), 0, 0, 0);
		pgd_free(pgd);
	}
	current->state = ZOMBIE;
	if (parent)
		wake_up(parent);
	schedule();
	panic("a dead task was scheduled");
}

/* Waits for a child (pid 0 = any); returns its pid, 0 if none is done yet, -1 if there is none. */
int task_wait(int pid, struct task_end *end, char *name, int block)
{
	int i, children;

	for (;;) {
		children = 0;
		for (i = 0; i < TASKS_MAX; i++) {
			struct task *task = &tasks[i];

			if (task->state == FREE || task->parent != current->pid ||
			    (pid && task->pid != pid))
				continue;
			children++;
			if (task->state != ZOMBIE)
				continue;
			*end = task->end;
			if (name)
				strlcpy(name, task->name, sizeof(task->name));
			stack_free(task->stack);
			task->state = FREE;
			return task->pid;
		}
		if (!children || current->kill_pending)
			return -1;
		if (!block)
			return 0;
		sleep_on(current, 0);
	}
}

/* Descriptors take effect at the next switch as well; here they must be true at once. */
void task_set_tls(u32 slot, u32 low, u32 high)
{
	current->tls[2 * slot] = low;
	current->tls[2 * slot + 1] = high;
	__asm__ volatile("movl %0, %%gs" : : "r"(0));
	hcall(LHCALL_LOAD_TLS, phys_of(current->tls), 0, 0, 0);
}

/*G:395 The FPU changes hands lazily. A process that does not own it runs with the Host's TS flag
 * set; its first FPU instruction raises "not available", and only then are 108 bytes saved and 108
 * loaded. Most processes never get there. */
void fpu_fault(void)
{
	hcall(LHCALL_TS, 0, 0, 0, 0);
	ts_is_set = 0;
	if (fpu_owner == current)
		return;
	if (fpu_owner)
		__asm__ volatile("fnsave %0" : "=m"(fpu_owner->fpu));
	if (current->fpu_used)
		__asm__ volatile("frstor %0" : : "m"(current->fpu));
	else
		__asm__ volatile("fninit");
	current->fpu_used = 1;
	fpu_owner = current;
}
/*:*/

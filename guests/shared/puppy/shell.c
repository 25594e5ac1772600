/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:927 guests/shared/puppy/shell.c: The prompt. It is a kernel task, pid 1: most of its commands
 * ask the kernel something that no system call offers. A table holds the commands with their help,
 * so that help cannot forget one. :*/
#include "puppy.h"

#define WORDS_MAX    16
#define LINE_MAX     160
#define CPUID_LEAVES 8

struct command {
	const char *name, *args, *what;
	void (*run)(int argc, char **argv);
};

static const struct command commands[];

extern const struct user_program user_programs[];

/* The table was linked for ring 3; here we want the copy that lies in our own image. */
const struct user_program *program_by_index(u32 index)
{
	u32 offset = (u32)user_programs - (u32)user_text_start;
	const struct user_program *table = (const void *)(user_text_image + offset);

	return table[index].name[0] ? &table[index] : NULL;
}

const struct user_program *program_by_name(const char *name)
{
	const struct user_program *program;
	u32 i;

	for (i = 0; (program = program_by_index(i)); i++)
		if (!strcmp(program->name, name))
			return program;
	return NULL;
}

static void print_end(int pid, const char *name, const struct task_end *end)
{
	if (end->killed < 0)
		printf("[%d] %s: killed\n", pid, name);
	else if (!end->killed)
		printf("[%d] %s: exit %d\n", pid, name, end->code);
	/* A fault has had its line already. */
}

/* In the foreground: ^C is for the program now. */
void run_program(const struct user_program *program, u32 arg)
{
	struct task *task = task_user(program->name, program->entry, arg);
	struct task_end end;
	char name[16];
	int pid;

	if (!task) {
		printf("no room for another process\n");
		return;
	}
	foreground_pid = task->pid;
	pid = task_wait(task->pid, &end, name, 1);
	foreground_pid = 0;
	if (pid > 0 && (end.killed || end.code))
		print_end(pid, name, &end);
}

static void bury(void)
{
	struct task_end end;
	char name[16];
	int pid;

	while ((pid = task_wait(0, &end, name, 0)) > 0)
		print_end(pid, name, &end);
}

static void do_help(int argc, char **argv)
{
	const struct command *c;
	const struct user_program *program;
	char usage[24];
	u32 i;

	(void)argc, (void)argv;
	for (c = commands; c->name; c++) {
		snprintf(usage, sizeof(usage), "%s %s", c->name, c->args);
		printf("  %-18s%s\n", usage, c->what);
	}
	printf("programs for run:\n");
	for (i = 0; (program = program_by_index(i)); i++)
		if (program->what[0])
			printf("  %-18s%s\n", program->name, program->what);
}

static void do_ps(int argc, char **argv)
{
	static const char *const states[] = {"free", "run", "sleep", "zombie"};
	int i;

	(void)argc, (void)argv;
	printf("  pid parent ring state      ms switches name\n");
	for (i = 0; i < TASKS_MAX; i++) {
		struct task *t = &tasks[i];

		if (t->state == FREE)
			continue;
		printf("%5d %6d %4d %-6s %6u %8u %s\n", t->pid, t->parent,
		       t->pgd == kernel_pgd ? 1 : 3, states[t->state],
		       (u32)div_u64(t->ran_ns, 1000000, NULL), t->switches, t->name);
	}
}

static void do_mem(int argc, char **argv)
{
	extern const char _text[], _end[];

	(void)argc, (void)argv;
	printf("%u KB of RAM, %u KB free, kernel image %u KB at 0x%08x\n", ram_bytes >> 10,
	       pages_free() * 4, (u32)(_end - _text) >> 10, (u32)_text);
	printf("kernel directory at guest-physical 0x%08x, Host keeps 0x%08x to the top\n",
	       phys_of(kernel_pgd), 0u - lguest_data.reserve_mem);
}

static void print_seconds(u64 ns)
{
	u32 rest;
	u64 ms = div_u64(ns, 1000000, NULL);
	u32 sec = (u32)div_u64(ms, 1000, &rest);

	printf("%u.%03u s", sec, rest);
}

static void do_uptime(int argc, char **argv)
{
	u32 i, irqs = 0;

	(void)argc, (void)argv;
	for (i = 1; i < LGUEST_IRQS; i++)
		irqs += irq_count[i];
	printf("up ");
	print_seconds(now_ns());
	printf(", idle ");
	print_seconds(idle_ns);
	printf(", %u timer and %u device interrupts, %u task switches\n", timer_irqs, irqs,
	       switch_count);
}

static u32 days_in_year(u32 year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

static void do_date(int argc, char **argv)
{
	static const u8 lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	u32 second, day = (u32)div_u64(wall_seconds(), 86400, &second), year = 1970, month = 0;

	(void)argc, (void)argv;
	for (; day >= days_in_year(year); year++)
		day -= days_in_year(year);
	for (;; month++) {
		u32 length = lengths[month] + (month == 1 && days_in_year(year) == 366);

		if (day < length)
			break;
		day -= length;
	}
	printf("%u-%02u-%02u %02u:%02u:%02u UTC\n", year, month + 1, day + 1, second / 3600,
	       second / 60 % 60, second % 60);
}

static void do_cat(int argc, char **argv)
{
	char text[128];
	u32 at;
	int i, n;

	for (i = 1; i < argc; i++) {
		for (at = 0; (n = root_fs->read(argv[i], at, text, sizeof(text) - 1)) > 0;
		     at += (u32)n) {
			text[n] = '\0';
			printf("%s", text);
			if (tty_interrupted())
				return;
		}
		if (n < 0)
			printf("cat: %s: %s\n", argv[i], fs_error(n));
	}
}

static void do_ls(int argc, char **argv)
{
	const char *path = argc > 1 ? argv[1] : "/";
	struct fs_entry entry;
	int index = 0, n;

	while ((n = root_fs->list(path, index++, &entry)) > 0 && !tty_interrupted())
		printf("%8u %s%s\n", entry.bytes, entry.name, entry.is_dir ? "/" : "");
	if (n < 0)
		printf("ls: %s: %s\n", path, fs_error(n));
}

/* The words from 'first' on with one blank between, and a newline. Returns the length. */
static u32 join_words(char *to, u32 room, int argc, char **argv, int first)
{
	u32 n = 0;
	int i;

	for (i = first; i < argc; i++)
		n += (u32)snprintf(to + n, room - n, "%s%s", i > first ? " " : "", argv[i]);
	n += (u32)snprintf(to + n, room - n, "\n");
	return n;
}

static void do_echo(int argc, char **argv)
{
	char text[LINE_MAX + 2];

	join_words(text, sizeof(text), argc, argv, 1);
	printf("%s", text);
}

static void do_write(int argc, char **argv)
{
	char text[LINE_MAX + 2];
	u32 bytes;
	int n;

	if (argc < 3) {
		printf("usage: write FILE TEXT\n");
		return;
	}
	bytes = join_words(text, sizeof(text), argc, argv, 2);
	n = root_fs->write(argv[1], text, bytes);
	if (n < 0)
		printf("write: %s: %s\n", argv[1], fs_error(n));
	else
		printf("%d bytes to %s (in memory until sync)\n", n, argv[1]);
}

static void do_sync(int argc, char **argv)
{
	int n = root_fs->sync();

	(void)argc, (void)argv;
	if (n < 0)
		printf("sync: %s\n", fs_error(n));
}

static void do_spin(int argc, char **argv)
{
	u32 i, count = parse_u32(argc > 1 ? argv[1] : NULL, 1);
	u32 ms = parse_u32(argc > 2 ? argv[2] : NULL, 0);
	const struct user_program *program = program_by_name("spin");

	for (i = 0; i < count; i++) {
		struct task *task = task_user("spin", program->entry, ms);

		if (!task) {
			printf("no room for another process\n");
			return;
		}
		printf("[%d] spin\n", task->pid);
	}
}

static void do_kill(int argc, char **argv)
{
	u32 pid = parse_u32(argc > 1 ? argv[1] : NULL, 0);
	struct task *task = task_by_pid((int)pid);

	if (!task || task->pgd == kernel_pgd || task->state == ZOMBIE) {
		printf("kill: no process %u\n", pid);
		return;
	}
	task_kill(task);
	/* It dies in its own time: let it have the CPU once. */
	yield();
}

static void do_run(int argc, char **argv)
{
	const struct user_program *program = argc > 1 ? program_by_name(argv[1]) : NULL;

	if (!program)
		printf("run: no such program, try help\n");
	else
		run_program(program, parse_u32(argc > 2 ? argv[2] : NULL, 0));
}

static void do_sleep(int argc, char **argv)
{
	u64 until = now_ns() + (u64)parse_u32(argc > 1 ? argv[1] : NULL, 1000) * 1000000u;

	while (now_ns() < until && !tty_interrupted())
		tty_wait(until);
}

static void do_fault(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "kernel")) {
		/* An address that no table of ours maps. */
		*(volatile u32 *)0xf0000000 = 1;
		return;
	}
	run_program(program_by_name("write0"), 0);
	run_program(program_by_name("hlt"), 0);
}

static void do_crash(int argc, char **argv)
{
	char text[LINE_MAX + 2];

	join_words(text, sizeof(text), argc, argv, 1);
	*strchr(text, '\n') = '\0';
	root_fs->sync();
	shutdown(argc > 1 ? text : "Woof", LGUEST_SHUTDOWN_POWEROFF);
}

static void do_halt(int argc, char **argv)
{
	(void)argc, (void)argv;
	root_fs->sync();
	printf("Power down.\n");
	shutdown("Power down", LGUEST_SHUTDOWN_POWEROFF);
}

static void do_reboot(int argc, char **argv)
{
	(void)argc, (void)argv;
	root_fs->sync();
	printf("Restarting.\n");
	shutdown("Restarting system", LGUEST_SHUTDOWN_RESTART);
}

static void cpuid(u32 leaf, u32 *r)
{
	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "0"(leaf), "2"(0));
}

static void do_cpuid(int argc, char **argv)
{
	u32 r[4], text[13] = {0}, leaf, top;

	(void)argc, (void)argv;
	cpuid(0, r);
	top = min(r[0], (u32)CPUID_LEAVES);
	text[0] = r[1], text[1] = r[3], text[2] = r[2];
	printf("vendor %s\n", (char *)text);
	for (leaf = 0; leaf <= top; leaf++) {
		cpuid(leaf, r);
		printf("  %08x: %08x %08x %08x %08x\n", leaf, r[0], r[1], r[2], r[3]);
	}
	cpuid(0x80000000, r);
	if (r[0] < 0x80000004 || r[0] > 0x800000ff)
		return;
	for (leaf = 0; leaf < 3; leaf++)
		cpuid(0x80000002 + leaf, text + 4 * leaf);
	text[12] = 0;
	printf("brand  %s\n", (char *)text);
}

static void do_hyper(int argc, char **argv)
{
	u32 i, rest, count = parse_u32(argc > 1 ? argv[1] : NULL, 1000);
	u64 start = rdtsc(), ticks;

	for (i = 0; i < count; i++) {
		hcall_flush();
		if (i % 1024 == 1023 && tty_interrupted())
			break;
	}
	ticks = rdtsc() - start;
	printf("%u hypercalls, %llu ticks", i, ticks);
	if (i)
		printf(", %llu each", div_u64(ticks, i, &rest));
	printf("\n");
}

static void do_stack(int argc, char **argv)
{
	u32 esp;

	(void)argc, (void)argv;
	__asm__ volatile("movl %%esp, %0" : "=r"(esp));
	printf("ring 1 stack of pid %d: 0x%08x to 0x%08x, esp 0x%08x, %u bytes used\n",
	       current->pid, (u32)current->stack, (u32)current->stack + STACK_BYTES, esp,
	       (u32)current->stack + STACK_BYTES - esp);
	printf("SET_STACK(0x%x, 0x%08x, %d): a trap from ring 3 pushes there\n", KERNEL_DS,
	       (u32)current->stack + STACK_BYTES, STACK_PAGES);
	print_backtrace((u32)__builtin_frame_address(0));
}

static void do_selftest(int argc, char **argv)
{
	selftest(argc > 1 && !strcmp(argv[1], "more"));
}

static const struct command commands[] = {
	{"help", "", "this list", do_help},
	{"ps", "", "tasks: ring, state, time used", do_ps},
	{"mem", "", "memory, and where things are", do_mem},
	{"uptime", "", "time since boot, and what it was spent on", do_uptime},
	{"date", "", "wall clock, as the Host tells it", do_date},
	{"ls", "[DIR]", "list files", do_ls},
	{"cat", "FILE...", "show files", do_cat},
	{"echo", "TEXT", "print TEXT", do_echo},
	{"write", "FILE TEXT", "replace what FILE holds", do_write},
	{"sync", "", "bring what was written to the disk", do_sync},
	{"run", "PROG [N]", "run a ring-3 program and wait", do_run},
	{"spin", "[N [MS]]", "start N programs that only compute", do_spin},
	{"kill", "PID", "end a process", do_kill},
	{"sleep", "[MS]", "wait", do_sleep},
	{"hyper", "[N]", "do N hypercalls and count the ticks", do_hyper},
	{"cpuid", "", "what the CPU says of itself", do_cpuid},
	{"stack", "", "the ring-1 stack", do_stack},
	{"selftest", "[more]", "check what the Host promises", do_selftest},
	{"fault", "[kernel]", "two bad processes, or a bad kernel", do_fault},
	{"crash", "[TEXT]", "die with TEXT", do_crash},
	{"halt", "", "power off (also poweroff, or ^D)", do_halt},
	{"reboot", "", "ask for a restart", do_reboot},
	{NULL, NULL, NULL, NULL},
};

static void run_line(char *line)
{
	char *argv[WORDS_MAX];
	const struct command *c;
	int argc = 0;

	while (*line && argc < WORDS_MAX) {
		while (*line == ' ')
			*line++ = '\0';
		if (*line)
			argv[argc++] = line;
		while (*line && *line != ' ')
			line++;
	}
	if (!argc)
		return;
	if (!strcmp(argv[0], "poweroff"))
		argv[0] = "halt";
	for (c = commands; c->name; c++) {
		if (!strcmp(c->name, argv[0])) {
			c->run(argc, argv);
			return;
		}
	}
	printf("%s: no such command, try help\n", argv[0]);
}

/*G:480 puppy.run=ps;run,hello;halt on the kernel's command line is typed by nobody but runs like a
 * session. A semicolon ends a command, a comma stands for a blank, since a blank would end the
 * word. */
static void run_boot_commands(void)
{
	static const char key[] = "puppy.run=";
	char line[LINE_MAX], *at = strstr(command_line, key);
	u32 n;

	if (!at)
		return;
	at += sizeof(key) - 1;
	while (*at && *at != ' ') {
		for (n = 0; *at && *at != ' ' && *at != ';'; at++)
			if (n < LINE_MAX - 1)
				line[n++] = *at == ',' ? ' ' : *at;
		line[n] = '\0';
		if (*at == ';')
			at++;
		printf("puppy> %s\n", line);
		run_line(line);
		bury();
	}
}

void shell(void)
{
	char line[LINE_MAX];
	int n;

	irq_disable();
	run_boot_commands();
	printf("Type help, and do not be afraid.\n");
	for (;;) {
		bury();
		printf("puppy> ");
		n = tty_read_line(line, sizeof(line));
		if (n == -2) {
			printf("\n");
			do_halt(0, NULL);
		}
		if (n > 0)
			run_line(line);
	}
}
/*:*/

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:915 guests/shared/puppy/puppy.h: Puppy's one header: the trap frame, the task, and the
 * prototypes of every file, grouped by the file that defines them, so it doubles as an index. :*/
#ifndef PUPPY_H
#define PUPPY_H

#include "../../lib/lguest.h"

/*G:220 What is on the stack when trap() is called: first what trap.S pushed, then what the CPU or
 * the Host did. From ring 1 there is no esp and no ss. */
struct frame {
	u32 edi, esi, ebp, esp_at_pushal, ebx, edx, ecx, eax;
	u32 es, ds;
	u32 vector, error;
	u32 eip, cs, eflags;
	u32 esp, ss; /* only if cs is of ring 3 */
};
/*:*/

#define FRAME_FROM_USER(f) (((f)->cs & 3) == 3)

#define TASKS_MAX      16
#define STACK_PAGES    2
#define STACK_BYTES    (STACK_PAGES * PAGE_SIZE)
#define USER_STACK_TOP 0xbffff000u
#define USER_STACK_LOW (USER_STACK_TOP - 0x10000)
#define USER_BRK_LIMIT 0x10000000u

enum task_state { FREE, RUNNABLE, SLEEPING, ZOMBIE };

/* How a task ended, kept until its parent asks. */
struct task_end {
	int code;		 /* argument of exit, or -1 */
	int killed;		 /* 1 + vector if a fault did it, -1 if somebody's kill */
	u32 error, cr2, eip;	 /* of that fault */
	u32 frame_at;		 /* where the frame lay: tells whether esp1 was honoured */
	u32 eflags, irq_enabled; /* as the handler saw them */
};

struct task {
	enum task_state state;
	int pid, parent; /* parent is a pid; 0 is nobody */
	char name[16];
	u32 esp;		      /* saved stack pointer while not running */
	u8 *stack;		      /* lower end of the kernel stack, STACK_BYTES long */
	u32 *pgd;		      /* kernel address of the page directory */
	u32 brk;		      /* end of the heap */
	const volatile void *channel; /* what a sleeper waits for */
	u64 wake_at;		      /* ns, 0 = no alarm */
	u64 ran_ns, started_ns;	      /* time used, and when it last got the CPU */
	u32 switches;
	int kill_pending;
	int quiet;  /* a test: its faults are not news */
	u32 tls[6]; /* three descriptors */
	u32 fs, gs;
	int fpu_used;
	u8 fpu[108]; /* fnsave area */
	struct task_end end;
};

/* mem.c */
extern u32 ram_bytes;
extern u32 *kernel_pgd;
void mem_init(u32 bytes, u32 limit);
u8 *page_alloc(void); /* zeroed; NULL if there is none */
u8 *stack_alloc(void);
void stack_free(u8 *stack);
void page_put(u32 gpa);
u32 pages_free(void), pages_total(void);
void *map_device_pages(u32 pfn, u32 pages);
u32 *pgd_new(void);
void pgd_free_user(u32 *pgd);
void pgd_free(u32 *pgd);
int pgd_fork(u32 *child, u32 *parent);
u32 *pte_of(u32 *pgd, u32 address, int make);
void pte_set(u32 *pgd, u32 address, u32 value);
int user_fault(struct task *task, u32 address, u32 error);
int user_range_ok(const struct task *task, u32 address, u32 bytes);

/* trap.c */
/* A probe catches one expected fault of kernel code: see selftest.c. */
struct trap_probe {
	u32 resume; /* where to go on; 0 = not armed */
	int hits;
	u32 vector, error, cr2, eip, eflags, irq_enabled;
};
extern struct trap_probe probe;
extern u32 irq_count[LGUEST_IRQS];
extern volatile u32 timer_irqs;
void traps_init(void);
void trap(struct frame *f);
void __attribute__((noreturn, format(printf, 1, 2))) panic(const char *fmt, ...);
void print_backtrace(u32 esp);

/* trap.S */
extern const char trap_stubs[], syscall_stub[], trap_return[], first_run_kernel[];
extern const char trap_pop_segments[], trap_segments_popped[];
void switch_stacks(u32 *save_esp, u32 new_esp);

/* task.c */
extern struct task tasks[TASKS_MAX];
extern struct task *current;
extern int need_schedule;
extern u64 idle_ns;
extern u32 switch_count;
extern int ts_is_set;
void tasks_init(void);
struct task *task_kernel(const char *name, void (*entry)(void));
struct task *task_user(const char *name, u32 entry, u32 arg);
struct task *task_fork(const struct frame *f);
struct task *task_by_pid(int pid);
void schedule(void);
void yield(void);
void sleep_on(const volatile void *channel, u64 wake_at);
void wake_up(const volatile void *channel);
void wake_sleepers(u64 now);
int runnable_count(void);
void __attribute__((noreturn)) task_exit(int code);
void task_kill(struct task *task);
int task_wait(int pid, struct task_end *end, char *name, int block);
void task_set_tls(u32 slot, u32 low, u32 high);
void fpu_fault(void);

/* time.c */
void time_init(void);
u64 now_ns(void); /* since boot */
u64 wall_seconds(void);
void timer_program(void);
void timer_interrupt(void);
void timer_at(u64 when_ns); /* for tests: one event, no scheduler */
extern u32 timer_sets;

/* syscall.c */
void syscall(struct frame *f);

/* tty.c */
extern int foreground_pid;
void tty_take(char c);
int tty_read_line(char *line, int room);
int tty_interrupted(void);
void tty_wait(u64 until);

/* fs.c: paths are absolute or relative to /; negative results are errors, see fs_error() */
#define FS_NAME_MAX 60
struct fs_entry {
	char name[FS_NAME_MAX];
	u32 bytes;
	int is_dir;
};
struct fs {
	const char *kind;
	int (*list)(const char *path, int index, struct fs_entry *entry);
	int (*read)(const char *path, u32 at, char *to, u32 bytes);
	int (*write)(const char *path, const char *from, u32 bytes);
	int (*sync)(void);
};
enum { FS_NOT_FOUND = -1, FS_IS_DIR = -2, FS_NOT_DIR = -3, FS_TOO_BIG = -4, FS_IO = -5 };
extern const struct fs *root_fs;
void fs_init(void);
const char *fs_error(int error);
extern const struct fs ramfs, ext2fs;

/* ext2.c */
int ext2_mount(void);

/* user programs, puppy-user.c */
struct user_program {
	char name[12];
	u32 entry;
	char what[48];
};
extern const char user_text_image[], user_text_start[], user_text_end[];
extern const char user_data_image[], user_data_start[], user_data_end[], user_bss_end[];
const struct user_program *program_by_name(const char *name);
const struct user_program *program_by_index(u32 index);

/* shell.c */
extern char command_line[512];
void shell(void);
void run_program(const struct user_program *program, u32 arg);

/* selftest.c */
int selftest(int more);

#endif

/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:921 guests/shared/puppy/tty.c: From characters to lines. Characters arrive by interrupt and wait
 * in a small buffer; whoever reads edits them into a line with echo. It knows backspace, ^U, ^C and
 * ^D, and throws away the escape sequences of arrow keys. :*/
#include "puppy.h"

#define TYPED_MAX    512
#define CTRL(letter) ((letter) - '@')

int foreground_pid; /* who dies of a ^C; 0 = the line being typed */

static char typed[TYPED_MAX];
static u32 typed_in, typed_out; /* free-running */
static int interrupted;

/* Called by the interrupt handler. What does not fit is lost, as on any serial line. */
void tty_take(char c)
{
	struct task *task = foreground_pid ? task_by_pid(foreground_pid) : NULL;

	if (c == CTRL('C')) {
		interrupted = 1;
		if (task) {
			printf("^C\n");
			task_kill(task);
			return;
		}
	}
	if (typed_in - typed_out < TYPED_MAX)
		typed[typed_in++ % TYPED_MAX] = c;
	wake_up(typed);
}

/* For long loops in the kernel: has ^C been typed since the last line was read? The window gives a
 * waiting interrupt its chance. */
int tty_interrupted(void)
{
	irq_enable();
	irq_disable();
	return interrupted;
}

/* Sleeps until then, or until a key is pressed. */
void tty_wait(u64 until)
{
	sleep_on(typed, until);
}

static int next_char(void)
{
	while (typed_in == typed_out) {
		if (current->kill_pending)
			return CTRL('C');
		sleep_on(typed, 0);
	}
	return typed[typed_out++ % TYPED_MAX];
}

static void rub_out(int *length, int chars)
{
	for (; chars && *length; chars--, --*length)
		printf("\b \b");
}

/*G:460 Returns the length of the line, -1 after ^C, -2 for ^D on an empty line. Echo happens here
 * and not when the key is pressed: what is typed ahead appears behind the prompt it belongs to, and
 * a script that is piped in reads like a session. */
int tty_read_line(char *line, int room)
{
	int length = 0, c;

	interrupted = 0;
	for (;;) {
		c = next_char();
		if (c == '\r' || c == '\n') {
			printf("\n");
			line[length] = '\0';
			return length;
		} else if (c == CTRL('C')) {
			interrupted = 0;
			printf("^C\n");
			return -1;
		} else if (c == CTRL('D')) {
			if (!length)
				return -2;
		} else if (c == '\b' || c == 0x7f) {
			rub_out(&length, 1);
		} else if (c == CTRL('U')) {
			rub_out(&length, length);
		} else if (c == CTRL('[')) {
			next_char();
			next_char();
		} else if (c >= ' ' && c < 0x7f && length < room - 1) {
			line[length++] = (char)c;
			printf("%c", c);
		}
	}
}
/*:*/

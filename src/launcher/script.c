/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:737
 * Reading scripts and following them.  The language is three words (lgemu.h has them); it refuses
 * to become a programming language.
:*/
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "script.h"

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)tolower((unsigned char)c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One escape, after its backslash; returns how many characters it was, 0 if there is none such. */
static size_t unescape_one(const char *from, const char *end, char *to)
{
	static const char names[] = "nrte\\s", values[] = "\n\r\t\033\\ ";
	const char *at;

	if (from == end)
		return 0;
	at = strchr(names, *from);
	if (at && *from) {
		*to = values[at - names];
		return 1;
	}
	if (*from == 'x' && end - from >= 3 && hex_digit(from[1]) >= 0 && hex_digit(from[2]) >= 0) {
		*to = (char)(hex_digit(from[1]) << 4 | hex_digit(from[2]));
		return 3;
	}
	return 0;
}

/* In place; false if there is an escape that is none. */
static bool unescape(struct script_step *step)
{
	const char *from = step->text, *end = from + step->len;
	char *to = step->text;
	size_t n;

	while (from < end) {
		if (*from != '\\') {
			*to++ = *from++;
			continue;
		}
		n = unescape_one(from + 1, end, to);
		if (!n)
			return false;
		from += 1 + n;
		to++;
	}
	step->len = (size_t)(to - step->text);
	return true;
}

/* The word `word` and at least one blank, or the end: advance past them. */
static bool take_word(const char **p, const char *end, const char *word)
{
	const size_t n = strlen(word);

	if ((size_t)(end - *p) < n || memcmp(*p, word, n) != 0)
		return false;
	if (*p + n < end && (*p)[n] != ' ' && (*p)[n] != '\t')
		return false;
	*p += n;
	while (*p < end && (**p == ' ' || **p == '\t'))
		++*p;
	return true;
}

static bool take_number(const char **p, const char *end, uint64_t *v)
{
	const char *start = *p;

	for (*v = 0; *p < end && isdigit((unsigned char)**p); ++*p) {
		if (*v > UINT64_MAX / 10 - 1)
			return false;
		*v = *v * 10 + (uint64_t)(**p - '0');
	}
	if (*p == start || (*p < end && **p != ' ' && **p != '\t'))
		return false;
	while (*p < end && (**p == ' ' || **p == '\t'))
		++*p;
	return true;
}

/* One line without its end.  0, 1 (nothing in it), or what is wrong as a negative errno. */
static int parse_line(const char *p, const char *end, struct script_step *step)
{
	while (p < end && isspace((unsigned char)*p))
		p++;
	while (p < end && isspace((unsigned char)end[-1]))
		end--;
	if (p == end || *p == '#')
		return 1;
	step->at_ns = 0;
	if (take_word(&p, end, "expect")) {
		step->kind = SCRIPT_EXPECT;
	} else {
		step->kind = SCRIPT_SEND;
		if (take_word(&p, end, "at") && !take_number(&p, end, &step->at_ns))
			return -EINVAL;
		if (!take_word(&p, end, "send"))
			return -EINVAL;
	}
	step->len = (size_t)(end - p);
	step->text = malloc(step->len + 1);
	if (!step->text)
		return -ENOMEM;
	memcpy(step->text, p, step->len);
	if (unescape(step) && step->len)
		return 0;
	free(step->text);
	return -EINVAL;
}

static int add_step(struct script *s, const struct script_step *step)
{
	struct script_step *more = realloc(s->step, (s->nr + 1) * sizeof(*more));
	char *seen;

	if (!more)
		return -ENOMEM;
	s->step = more;
	seen = realloc(s->seen, step->len > 4096 ? step->len : 4096);
	if (!seen)
		return -ENOMEM;
	s->seen = seen;
	s->step[s->nr++] = *step;
	return 0;
}

/*L:500
 * Every line is checked before the Guest's first instruction: a script that breaks off in the
 * middle is worse than one that is refused.
 */
int script_parse(struct script *s, const char *text, size_t len, struct complaint *c)
{
	const char *p = text, *end = text + len, *eol;
	struct script_step step;
	unsigned line;
	int err;

	for (line = 1; p < end; line++, p = eol + 1) {
		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol)
			eol = end;
		err = parse_line(p, eol, &step);
		if (err == 1)
			continue;
		step.line = line;
		if (!err && step.len > 4096) {
			free(step.text);
			err = -EINVAL;
		}
		if (!err) {
			err = add_step(s, &step);
			if (err)
				free(step.text);
		}
		if (err == -EINVAL)
			return complain(c, err,
					"line %u of the script makes no sense; known are "
					"\"expect TEXT\", \"send TEXT\", \"at NS send TEXT\" and #",
					line);
		if (err)
			return complain(c, err, "out of memory");
	}
	return 0;
}
/*:*/

void script_free(struct script *s)
{
	size_t i;

	for (i = 0; i < s->nr; i++)
		free(s->step[i].text);
	free(s->step);
	free(s->seen);
	memset(s, 0, sizeof(*s));
}

bool script_done(const struct script *s)
{
	return s->next == s->nr;
}

/*L:501
 * Does what was printed end in the text we wait for?  We keep as many bytes as the text has; that
 * is all one needs to know.
 */
bool script_printed(struct script *s, char byte)
{
	const struct script_step *step;

	if (script_done(s) || s->step[s->next].kind != SCRIPT_EXPECT)
		return false;
	step = &s->step[s->next];
	if (s->nr_seen == step->len)
		memmove(s->seen, s->seen + 1, --s->nr_seen);
	s->seen[s->nr_seen++] = byte;
	if (s->nr_seen != step->len || memcmp(s->seen, step->text, step->len) != 0)
		return false;
	s->next++;
	s->nr_seen = 0;
	return true;
}

const struct script_step *script_send(struct script *s, uint64_t *at_ns)
{
	const struct script_step *step;

	if (script_done(s) || s->step[s->next].kind != SCRIPT_SEND)
		return NULL;
	step = &s->step[s->next];
	if (step->at_ns > s->not_before)
		s->not_before = step->at_ns;
	*at_ns = s->not_before;
	s->next++;
	return step;
}
/*:*/

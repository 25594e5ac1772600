/* SPDX-License-Identifier: GPL-2.0-or-later */
/*P:922 guests/shared/puppy/fs.c: Which files there are. With a disk that holds an ext2 file system,
 * that is the root; without one, a handful of files that live in the kernel's own memory, so that
 * ls and cat have something to show in a puppy without any disk. :*/
#include "puppy.h"
#include "../../lib/block.h"

#define RAMFILE_BYTES 1024

struct ramfile {
	const char *name;
	u32 bytes; /* 0 = not yet counted: the text is a plain string */
	char text[RAMFILE_BYTES];
};

static struct ramfile ramfiles[] = {
	{"motd", 0,
	 "Woof. This kernel runs in ring 1 and believes it owns the machine.\n"
	 "It does not: ring 0 belongs to the Host, and every privileged thing\n"
	 "is asked for by int $0x1f. Type 'help' to see what there is to ask.\n"},
	{"journey", 0,
	 "Where to look, from the shallow end to the deep one:\n"
	 "  hyper 1000      a thousand trips to the Host and back\n"
	 "  spin 2, ps      two ring-3 processes share one CPU\n"
	 "  fault           two of them misbehave, and only they die\n"
	 "  stack           whose stack the CPU would use next\n"
	 "  selftest        what the Host has promised, checked from inside\n"
	 "Then read the sources: make Guest! prints this kernel as a book.\n"},
	{"notes", 0, "Nothing yet. Try: write notes remember the milk\n"},
};

const struct fs *root_fs;

static struct ramfile *ramfile(const char *path)
{
	u32 i;

	while (*path == '/')
		path++;
	for (i = 0; i < ARRAY_SIZE(ramfiles); i++) {
		if (strcmp(path, ramfiles[i].name))
			continue;
		if (!ramfiles[i].bytes)
			ramfiles[i].bytes = strlen(ramfiles[i].text);
		return &ramfiles[i];
	}
	return NULL;
}

static int is_root(const char *path)
{
	while (*path == '/')
		path++;
	return !*path;
}

static int ram_list(const char *path, int index, struct fs_entry *entry)
{
	struct ramfile *file;

	if (!is_root(path))
		return ramfile(path) ? FS_NOT_DIR : FS_NOT_FOUND;
	if (index >= (int)ARRAY_SIZE(ramfiles))
		return 0;
	file = ramfile(ramfiles[index].name);
	strlcpy(entry->name, file->name, sizeof(entry->name));
	entry->bytes = file->bytes;
	entry->is_dir = 0;
	return 1;
}

static int ram_read(const char *path, u32 at, char *to, u32 bytes)
{
	struct ramfile *file = ramfile(path);

	if (!file)
		return is_root(path) ? FS_IS_DIR : FS_NOT_FOUND;
	if (at >= file->bytes)
		return 0;
	bytes = min(bytes, file->bytes - at);
	memcpy(to, file->text + at, bytes);
	return (int)bytes;
}

static int ram_write(const char *path, const char *from, u32 bytes)
{
	struct ramfile *file = ramfile(path);

	if (!file)
		return is_root(path) ? FS_IS_DIR : FS_NOT_FOUND;
	if (bytes >= RAMFILE_BYTES)
		return FS_TOO_BIG;
	memcpy(file->text, from, bytes);
	file->text[bytes] = '\0';
	file->bytes = bytes;
	return (int)bytes;
}

static int ram_sync(void)
{
	return 0;
}

const struct fs ramfs = {"ramfs", ram_list, ram_read, ram_write, ram_sync};

const char *fs_error(int error)
{
	switch (error) {
	case FS_NOT_FOUND: return "no such file";
	case FS_IS_DIR: return "is a directory";
	case FS_NOT_DIR: return "is not a directory";
	case FS_TOO_BIG: return "does not fit in the one block the file has";
	default: return "the disk said no";
	}
}

void fs_init(void)
{
	root_fs = &ramfs;
	if (!block_sectors)
		return;
	if (ext2_mount() == 0)
		root_fs = &ext2fs;
	else
		printf("puppy: the disk holds no ext2 file system we can read\n");
}

/* SPDX-License-Identifier: MIT */
/* driver: runs a harness over the files and folders named, once each: the corpora as regression
 * tests, where no libFuzzer is. With libFuzzer this file is left out. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* A block of exactly the file's size, so that a sanitizer sees a byte too far. */
static int run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	long len;

	if (!f || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0) {
		fprintf(stderr, "%s cannot be read\n", path);
		return -1;
	}
	rewind(f);
	uint8_t *data = malloc(len ? (size_t)len : 1);
	if (!data || fread(data, 1, (size_t)len, f) != (size_t)len) {
		fprintf(stderr, "%s cannot be read\n", path);
		exit(1);
	}
	fclose(f);
	LLVMFuzzerTestOneInput(data, (size_t)len);
	free(data);
	return 1;
}

static int run_folder(const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *entry;
	char path[4096];
	int n = 0;

	if (!d)
		return run_file(folder);
	while ((entry = readdir(d))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		int rc = run_file(path);
		if (rc < 0) {
			closedir(d);
			return -1;
		}
		n += rc;
	}
	closedir(d);
	return n;
}

int main(int argc, char **argv)
{
	int n = 0;

	for (int i = 1; i < argc; i++) {
		int rc = run_folder(argv[i]);
		if (rc < 0)
			return 1;
		n += rc;
	}
	printf("%d inputs\n", n);
	return n ? 0 : 1;
}

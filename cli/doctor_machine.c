/* SPDX-License-Identifier: MIT */
/* What Ringbolt stands on. Debian's package list says which fixes a library has: a library's
 * own version number does not, since Debian mends old versions. */
#include "cli/doctor.h"

#include "common/clock.h"
#include "common/crypto.h"
#include "common/mem.h"
#include "common/nearest.h"
#include "common/store.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/timex.h>

extern char **environ;

/* ---- libraries ---------------------------------------------------------------------------- */

/* The least revision of Debian 12's packages that has the fixes we rely on. Other versions
 * (another Debian, another system) are not judged. */
static const struct floor {
	const char *package;
	const char *upto;  /* the version, up to the number that counts */
	int least;
	const char *why;
} floors[] = {
	{"libjq1", "1.6-2.1+deb12u", 3, "jq expressions read what callers send"},
	{"libcjson1", "1.7.15-1+deb12u", 4, "it reads flow documents"},
	{"libcurl4", "7.88.1-10+deb12u", 15, "it calls other systems"},
	{"libssl3", "3.0.", 22, "it checks signatures and keeps the secrets"},
};

static void judge_package(struct doctor *d, const char *package, const char *version)
{
	for (size_t i = 0; i < ARRAY_LEN(floors); i++) {
		const struct floor *f = &floors[i];
		size_t len = strlen(f->upto);
		if (strcmp(f->package, package) != 0 || strncmp(version, f->upto, len) != 0 ||
		    !isdigit((unsigned char)version[len]))
			continue;
		if (atoi(version + len) >= f->least)
			doctor_find(d, FINDING_FINE, "library", "%s %s", package, version);
		else
			doctor_find(d, FINDING_WARNING, "library",
				    "%s %s lacks security fixes (wanted: %s%d or later; %s): run apt-get "
				    "update and apt-get upgrade, with bookworm-security among the sources",
				    package, version, f->upto, f->least, f->why);
	}
}

static void look_at_libraries(struct doctor *d)
{
	FILE *status = fopen("/var/lib/dpkg/status", "re");
	char *line = NULL, package[64] = "";
	size_t size = 0;

	doctor_find(d, FINDING_FINE, "library", "%s", store_engine_version());
	doctor_find(d, FINDING_FINE, "library", "%s", crypto_library_version());
	while (status && getline(&line, &size, status) > 0) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "Package: ", 9) == 0)
			snprintf(package, sizeof(package), "%s", line + 9);
		else if (strncmp(line, "Version: ", 9) == 0)
			judge_package(d, package, line + 9);
	}
	free(line);
	if (status)
		fclose(status);
}

/* ---- disk ----------------------------------------------------------------------------------- */

static void look_at_file_system(struct doctor *d, const struct statfs *fs)
{
	switch ((unsigned long)fs->f_type) {
	case 0x6969:     /* NFS */
	case 0x517B:     /* SMB */
	case 0xFF534D42: /* CIFS */
	case 0xFE534D42: /* SMB2 */
		doctor_find(d, FINDING_ERROR, "disk",
			    "the data directory is on a network file system, where SQLite's log cannot work: "
			    "move it to a local disk");
		break;
	case 0x01021994: /* tmpfs */
		doctor_find(d, FINDING_WARNING, "disk",
			    "the data directory is in memory (tmpfs): its events are gone after a restart of "
			    "the machine; move it to a disk");
		break;
	default: break;
	}
}

static void look_at_disk(struct doctor *d)
{
	struct statfs fs;

	if (statfs(d->conf->data, &fs) < 0)
		return; /* said elsewhere: there is no such directory */
	int64_t mib = (int64_t)fs.f_bavail * fs.f_bsize >> 20;
	int64_t percent = fs.f_blocks ? (int64_t)(fs.f_bavail * 100 / fs.f_blocks) : 100;
	look_at_file_system(d, &fs);
	if (mib < 100)
		doctor_find(d, FINDING_ERROR, "disk",
			    "only %" PRId64 " MiB are free: callers will be told 503 when there is no more; make "
			    "room", mib);
	else if (mib < 1024 || percent < 5)
		doctor_find(d, FINDING_WARNING, "disk", "%" PRId64 " MiB are free (%" PRId64 " %%): make room soon",
			    mib, percent);
	else
		doctor_find(d, FINDING_FINE, "disk", "%" PRId64 " MiB are free", mib);
}

/* ---- clock, limits, environment ------------------------------------------------------------------ */

static void look_at_clock(struct doctor *d)
{
	struct timex state = {0};
	char at[CLOCK_ISO_SIZE];
	int64_t now = clock_wall_ms();

	if (now < 1735689600000) /* 2025 */
		doctor_find(d, FINDING_ERROR, "clock",
			    "it says %s, which is before this program was written: set it, or signatures with a "
			    "time in them will be refused", clock_iso(now, at));
	else if (adjtimex(&state) == TIME_ERROR)
		doctor_find(d, FINDING_WARNING, "clock",
			    "it says %s and nothing keeps it right: run a time service (systemd-timesyncd, "
			    "chrony), since signatures with a time in them are refused when it is wrong",
			    clock_iso(now, at));
	else
		doctor_find(d, FINDING_FINE, "clock", "it says %s", clock_iso(now, at));
}

static void look_at_limits(struct doctor *d)
{
	uint64_t wanted = (uint64_t)d->conf->threads * 4 + 256;
	struct rlimit files;

	/* The server raises the soft limit itself; the hard one is the machine's. */
	if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_max >= wanted)
		return;
	doctor_find(d, FINDING_WARNING, "limits",
		    "a process may have %" PRIu64 " files open, %d threads want %" PRIu64 ": raise it "
		    "(LimitNOFILE= of the systemd unit, ulimit -n), or lower --threads",
		    (uint64_t)files.rlim_max, d->conf->threads, wanted);
}

/* A setting's name misspelt in the environment is seen by nobody else. */
static void look_at_environment(struct doctor *d)
{
	for (char **e = environ; *e; e++) {
		char *equals = strchr(*e, '=');
		if (strncmp(*e, "RINGBOLT_", 9) != 0 || strncmp(*e, "RINGBOLT_SECRET_", 16) == 0 || !equals)
			continue;
		char *name = mem_dup_len(*e + 9, (size_t)(equals - *e) - 9);
		for (char *p = name; *p; p++)
			*p = *p == '_' ? '-' : (char)tolower((unsigned char)*p);
		if (!conf_flag_known(name))
			doctor_find(d, FINDING_WARNING, "environment",
				    "%.*s is set but is no setting of Ringbolt (`ringbolt help settings`)",
				    (int)(equals - *e), *e);
		free(name);
	}
}

void doctor_machine(struct doctor *d)
{
	look_at_libraries(d);
	look_at_disk(d);
	look_at_clock(d);
	look_at_limits(d);
	look_at_environment(d);
}

/* SPDX-License-Identifier: MIT */
/* The step command: what a program is given, what it is not, and how it ends. */
#include "common/clock.h"
#include "tests/unit/step_fixture.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char top[] = "/tmp/ringbolt-test-XXXXXX";
static const char *const programs[][2] = {
	{"args", "#!/bin/sh\nfor a in \"$@\"; do printf '[%s]' \"$a\"; done\n"},
	{"cat", "#!/bin/sh\ncat\n"},
	{"env", "#!/bin/sh\ntr '\\0' '\\n' </proc/$$/environ\n"},
	{"fds", "#!/bin/sh\nls /proc/self/fd | tr '\\n' ' '\n"},
	{"fail", "#!/bin/sh\necho partly\necho 'no such customer' >&2\nexit 3\n"},
	{"hang", "#!/bin/sh\nsleep 100 & echo $! >\"$1\"\nsleep 100\n"},
	{"stray", "#!/bin/sh\nsleep 100 & echo $! >\"$1\"\necho done\n"},
	{"kill", "#!/bin/sh\nkill -11 $$\n"},
	{"endless", "#!/bin/sh\nwhile :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done\n"},
	{"memory", "#!/bin/sh\nx=$(head -c 100000000 /dev/zero | tr '\\0' x)\necho ${#x}\n"},
	{"limits", "#!/bin/sh\nulimit -c; ulimit -n; ulimit -t; grep NoNewPrivs /proc/self/status; pwd\n"},
	{"signals", "#!/bin/sh\ngrep -E 'Sig(Blk|Ign)' /proc/self/status\n"},
	{"large", "#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x\n"},
	{"bytes", "#!/bin/sh\nprintf '\\377'\n"},
	{"plain", "no program"},
	{"file", "#!/bin/sh\n"},
};

static char *path_of(const char *name)
{
	return mem_format("%s/%s", top, name);
}

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(top))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		char *path = path_of(programs[i][0]);
		FILE *out = fopen(path, "w");
		fputs(programs[i][1], out);
		fclose(out);
		chmod(path, strcmp(programs[i][0], "file") == 0 ? 0600 : 0700);
		free(path);
	}
	char *link_path = path_of("link");
	int rc = symlink("/bin/sh", link_path);
	free(link_path);
	return rc;
}

static int tear_down(void **state)
{
	char *path;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		path = path_of(programs[i][0]);
		unlink(path);
		free(path);
	}
	for (const char *const *f = (const char *const[]){"link", "pid", NULL}; *f; f++) {
		path = path_of(*f);
		unlink(path);
		free(path);
	}
	return rmdir(top);
}

static char *command(const char *members, const char *folder)
{
	const struct run_host host = {.trace_values = true, .command_dir = folder};

	return step_result("command", members, "{\"id\":9007199254740993,\"text\":\"a b'$(id)\"}", &host);
}

static void says(const char *members, const char *words)
{
	char *got = command(members, top);

	if (!strstr(got, words))
		fail_msg("%s\n  says %s\n   not %s", members, got, words);
	free(got);
}

static void arguments_go_in_one_by_one_and_no_shell_sees_them(void **state)
{
	(void)state;
	says("\"program\":\"args\",\"arguments\":[\"{{ .body.text }}\", \"{{ .body.id }}\", true, \"\", \"*\"]",
	     "{\"exit\":0,\"signal\":null,\"stdout\":\"[a b'$(id)][9007199254740993][true][][*]\",\"stderr\":\"\"}");
	says("\"program\":\"args\"", "\"stdout\":\"\"");
	says("\"program\":\"args\",\"arguments\":\"x\"", "arguments: a list is wanted, not string");
	says("\"program\":\"args\",\"arguments\":[{}]", "arguments: object is no argument");
	says("\"program\":\"args\",\"arguments\":[\"{{ \\\"a\\\\u0000b\\\" }}\"]", "NUL");
	says("\"program\":\"args\",\"arguments\":\"{{ [range(300) | tostring] }}\"", "at most 256 of them");
	says("\"program\":\"args\",\"arguments\":[\"{{ \\\"x\\\" * 200000 }}\"]", "hand large data over as");
}

static void input_and_output_are_text_or_json(void **state)
{
	(void)state;
	says("\"program\":\"cat\",\"input\":\"{{ .body }}\",\"output\":\"json\"",
	     "\"stdout\":{\"id\":9007199254740993,\"text\":\"a b'$(id)\"}");
	says("\"program\":\"cat\",\"input\":\"{{ .body.text }}\",\"output\":\"json\"", "\"stdout\":\"a b'$(id)\"");
	says("\"program\":\"cat\",\"input\":[1, 2]", "\"stdout\":\"[1,2]\"");
	says("\"program\":\"cat\"", "\"stdout\":\"\"");
	says("\"program\":\"cat\",\"input\":\"{{ \\\"x\\\" * 300000 }}\"", "xxxxxxxxxx");
	says("\"program\":\"args\",\"input\":\"{{ \\\"x\\\" * 300000 }}\"", "\"exit\":0"); /* it does not read */
	says("\"program\":\"large\"", "xxxxxxxxxx");
	says("\"program\":\"bytes\"", "\"stdout\":null");
}

static void a_program_gets_nothing_of_the_servers(void **state)
{
	int extra = open("/dev/null", O_RDONLY);
	(void)state;

	setenv("RINGBOLT_SECRET_X", "hidden", 1);
	says("\"program\":\"env\",\"environment\":{\"A\":\"1\",\"B_2\":2,\"C\":null}",
	     "\"stdout\":\"A=1\\nB_2=2\\n");
	char *got = command("\"program\":\"env\"", top);
	assert_null(strstr(got, "hidden"));
	free(got);
	says("\"program\":\"fds\"", "\"stdout\":\"0 1 2 3 \""); /* 3 is what ls reads the folder with */
	says("\"program\":\"limits\",\"timeout_ms\":5000", "\"stdout\":\"0\\n64\\n6\\nNoNewPrivs:\\t1\\n");
	signal(SIGPIPE, SIG_IGN);
	says("\"program\":\"signals\"", "SigBlk:\\t0000000000000000\\nSigIgn:\\t0000000");
	says("\"program\":\"signals\"", "0000000\\n\",\"stderr\""); /* libc keeps 32 and 33 to itself */
	signal(SIGPIPE, SIG_DFL);
	says("\"program\":\"env\",\"environment\":{\"LD_PRELOAD\":\"x\"}", "\"LD_PRELOAD\" is not a flow's to set");
	says("\"program\":\"env\",\"environment\":{\"a=b\":\"x\"}", "is no name of a variable");
	says("\"program\":\"env\",\"environment\":{\"A\":[]}", "must be text or a number");
	unsetenv("RINGBOLT_SECRET_X");
	close(extra);
}

static void it_ends_well_or_the_step_fails(void **state)
{
	(void)state;
	says("\"program\":\"fail\"", "step \"c\": fail ended with exit code 3: no such customer; list it in");
	says("\"program\":\"fail\",\"success\":[0, 3]",
	     "{\"exit\":3,\"signal\":null,\"stdout\":\"partly\\n\",\"stderr\":\"no such customer\\n\"}");
	says("\"program\":\"fail\",\"on_error\":\"continue\"", "\"kind\":\"upstream\"");
	says("\"program\":\"fail\",\"on_error\":\"continue\"", "\"exit\":3,\"signal\":null,\"stdout\":\"partly\\n\"");
	says("\"program\":\"kill\"", "kill was ended by signal 11");
	says("\"program\":\"endless\",\"max_output_bytes\":5000", "endless: it printed more than 5000 bytes");
	says("\"program\":\"memory\",\"memory_mb\":20", "memory ");
	says("\"program\":\"cat\",\"success\":[\"x\"]", "is a list of exit codes");
}

/* The process whose number the program wrote down. */
static int pid_written(void)
{
	char *path = path_of("pid");
	FILE *in = fopen(path, "r");
	int pid = 0;

	assert_non_null(in);
	assert_int_equal(fscanf(in, "%d", &pid), 1);
	fclose(in);
	free(path);
	return pid;
}

/* Killed, and perhaps not buried yet by whoever inherited it. */
static bool gone(int pid)
{
	char path[64], line[256] = "";

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	FILE *in = fopen(path, "r");
	if (!in)
		return true;
	bool there = fgets(line, sizeof(line), in) != NULL;
	fclose(in);
	return !there || strstr(line, ") Z") || strstr(line, ") X");
}

static void wait_gone(int pid)
{
	int64_t until = clock_mono_ms() + 5000;

	while (!gone(pid) && clock_mono_ms() < until)
		;
	assert_true(gone(pid));
}

static void what_it_started_ends_with_it(void **state)
{
	char *hang = mem_format("\"program\":\"hang\",\"arguments\":[\"%s/pid\"],\"timeout_ms\":300", top);
	char *stray = mem_format("\"program\":\"stray\",\"arguments\":[\"%s/pid\"]", top);
	int64_t began = clock_mono_ms();

	(void)state;
	says(hang, "hang: it took longer than 300 ms (\"timeout_ms\") and was ended");
	wait_gone(pid_written());
	says(stray, "\"stdout\":\"done\\n\""); /* though its child still holds the pipe */
	wait_gone(pid_written());
	assert_in_range(clock_mono_ms() - began, 300, 20000);
	free(hang);
	free(stray);
}

static void only_programs_of_the_folder_are_run(void **state)
{
	(void)state;
	says("\"program\":\"link\"", "is a symbolic link");
	says("\"program\":\"none\"", "there is no such file; the operator puts it there");
	says("\"program\":\"plain\"", "is no program: a script begins with #!");
	says("\"program\":\"file\"", "is it executable (chmod +x)?");
	says("\"program\":\"/bin/sh\"", "must be a plain name");
	says("\"program\":\"../sh\"", "must be a plain name");
	says("\"program\":\"\"", "");
	char *got = command("\"program\":\"cat\"", "");
	assert_non_null(strstr(got, "command is switched off on this server; its operator switches it on "
				    "with --command-dir DIR"));
	free(got);
	got = command("\"program\":\"cat\"", "/nowhere/at/all");
	assert_non_null(strstr(got, "/nowhere/at/all: No such file or directory"));
	free(got);
}

static void a_worker_with_little_memory_gives_no_more(void **state)
{
	struct rlimit old, small;

	(void)state;
	getrlimit(RLIMIT_AS, &old);
	small = old;
	if (small.rlim_max == RLIM_INFINITY) {
		says("\"program\":\"cat\",\"memory_mb\":1048576", "\"exit\":0");
		return;
	}
	says("\"program\":\"cat\",\"memory_mb\":1048576", "(--worker-memory-mb)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arguments_go_in_one_by_one_and_no_shell_sees_them),
		cmocka_unit_test(input_and_output_are_text_or_json),
		cmocka_unit_test(a_program_gets_nothing_of_the_servers),
		cmocka_unit_test(it_ends_well_or_the_step_fails),
		cmocka_unit_test(what_it_started_ends_with_it),
		cmocka_unit_test(only_programs_of_the_folder_are_run),
		cmocka_unit_test(a_worker_with_little_memory_gives_no_more),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* A double of s/qmail's qmail-authuser, for tests: its contract, not its code.
 *   qmail-authuser prog...
 * Reads `user NUL password NUL challenge NUL` (at most 512 octets) from descriptor 3 to its end, closes it, looks the user up in
 * users/authuser below the working directory, and on success runs prog in its own process. It may be installed setuid root; it
 * changes neither user nor environment, except for entries of system accounts.
 *   name:password   clear text
 *   name:!          a system account: its password; the process becomes it, HOME, USER and SHELL are its own (253 if the password is wrong)
 *   name:?code      what a wrapped checker made up: exits with that code
 * Exits 1 (refused), 2 (misuse), 110, 111, or as prog does. */
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int become(char const *name, char const *password)
{
  struct spwd *shadow = getspnam(name);
  struct passwd *account = getpwnam(name);
  char const *hash = shadow ? shadow->sp_pwdp : NULL, *got;
  if (!account || !hash) return 1;
  got = crypt(password, hash);
  if (!got || strcmp(got, hash)) return 253;
  if (setgid(account->pw_gid) || initgroups(name, account->pw_gid) || setuid(account->pw_uid)) return 111;
  setenv("USER", name, 1);
  setenv("HOME", account->pw_dir, 1);
  setenv("SHELL", account->pw_shell, 1);
  return 0;
}

static int check(char const *name, char const *password)
{
  char line[1024];
  FILE *users = fopen("users/authuser", "re");
  if (!users) return 110;
  while (fgets(line, sizeof line, users)) {
    char *entry = strchr(line, ':');
    line[strcspn(line, "\n")] = 0;
    if (!entry) continue;
    *entry++ = 0;
    if (strcmp(line, name)) continue;
    fclose(users);
    if (*entry == '?') return atoi(entry + 1);
    if (!strcmp(entry, "!")) return become(name, password);
    return !*entry || strcmp(entry, password) ? 1 : 0;
  }
  fclose(users);
  return 1;
}

int main(int argc, char **argv)
{
  char in[513], *password;
  size_t len = 0;
  ssize_t r;
  int code;
  if (argc < 2) return 2;
  while (len < sizeof in && (r = read(3, in + len, sizeof in - len))) {
    if (r < 0 && errno == EINTR) continue;
    if (r < 0) return errno == EBADF ? 2 : 111;
    len += (size_t)r;
  }
  close(3);
  if (len == sizeof in || !len || in[len - 1]) return 2;
  password = in + strlen(in) + 1;
  if (password >= in + len) return 2;
  code = check(in, password);
  explicit_bzero(in, sizeof in);
  if (code) return code;
  execvp(argv[1], argv + 1);
  return 111;
}

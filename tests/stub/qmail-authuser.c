/* A double of s/qmail's qmail-authuser, for tests: its contract, not its code. What it does was seen on the real one (3.2.18).
 *   qmail-authuser prog...
 * Reads `user NUL password NUL challenge NUL` (at most 512 octets) from descriptor 3 to its end, closes it, looks the user up in
 * users/authuser below the working directory, and on success runs prog in its own process. It may be installed setuid root; it
 * changes neither user nor environment, except for entries of system accounts.
 *
 * A line is a name, a colon and a token; what begins with # is none, blanks at its end do not count. Of lines with one name, whose
 * letter case does not count, the last one is it. Looked for are !user and !@domain (refused), user, @domain, @, *. A token is
 *   password      clear text, with whatever it has, such as = at its front; nothing at all is a password too
 *   %hex          MD5, SHA-1 or SHA-256 of it; who types the token or the hash is let in as well
 *   !             a system account: its password; the process becomes it and goes to its home; HOME, USER and SHELL are its own
 *   another single octet: calls a checker that is not there
 *
 * Exits 1 (refused; also where there is no users file), 2 (misuse, a token that calls no checker), 111 (descriptor 3 is closed, a home
 * that cannot be entered), for a wrong password of a system account with any other code, or as prog does. */
#include <crypt.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <md5.h>
#include <pwd.h>
#include <sha.h>
#include <sha256.h>
#include <shadow.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static int become(char const *name, char const *password)
{
  struct spwd *shadow = getspnam(name);
  struct passwd *account = getpwnam(name);
  char const *hash = shadow ? shadow->sp_pwdp : NULL, *got;
  static void *space;
  static int size;
  if (!account || !hash) return 1;
  /* Not crypt: the sanitizers put their own in its place, which finds none behind it. */
  got = crypt_ra(password, hash, &space, &size);
  /* What tells two strings apart is the code, whatever it is. */
  if (!got) return 48;
  for (size_t i = 0; got[i] || hash[i]; i++) if (got[i] != hash[i]) return (unsigned char)(got[i] - hash[i]);
  if (setgid(account->pw_gid) || initgroups(name, account->pw_gid) || setuid(account->pw_uid)) return 111;
  if (chdir(account->pw_dir)) return 111;
  setenv("USER", name, 1);
  setenv("HOME", account->pw_dir, 1);
  setenv("SHELL", account->pw_shell, 1);
  return 0;
}

/* The token of the last line with that name, which s precedes; 0 where there is none. */
static int find(char const *s, char const *name, char *token)
{
  static char line[4096];
  size_t len = strlen(s);
  int found = 0;
  FILE *users = fopen("users/authuser", "re");
  if (!users) return 0;
  while (fgets(line, sizeof line, users)) {
    char *entry = strchr(line, ':');
    size_t end = strlen(line);
    while (end && strchr(" \t\n", line[end - 1])) line[--end] = 0;
    if (!entry || *line == '#') continue;
    *entry++ = 0;
    if (strncasecmp(line, s, len) || strcasecmp(line + len, name)) continue;
    strcpy(token, entry);
    found = 1;
  }
  fclose(users);
  return found;
}

static int hashed(char const *token, char const *password)
{
  char hex[65] = "";
  size_t len = strlen(token);
  if (len == 32) MD5Data((uint8_t const *)password, strlen(password), hex);
  if (len == 40) SHA1Data((uint8_t const *)password, strlen(password), hex);
  if (len == 64) SHA256_Data((uint8_t const *)password, strlen(password), hex);
  return *hex && !strcasecmp(hex, token);
}

static int check(char const *name, char const *password)
{
  char token[4096];
  char const *domain = strrchr(name, '@');
  if (find("!", name, token) || (domain && find("!", domain, token))) return 1;
  if (!find("", name, token) && !(domain && find("", domain, token)) && !find("@", "", token) && !find("*", "", token)) return 1;
  if (!strcmp(token, "!")) return become(name, password);
  if (strlen(token) == 1) return 2;
  return strcmp(token, password) && (*token != '%' || (strcmp(token + 1, password) && !hashed(token + 1, password)));
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
    if (r < 0) return 111;
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
